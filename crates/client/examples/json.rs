//! Stores a value as a file and as a node, and reads both.
//!
//! `cargo run --example json -- [ADDRESS]`

use std::error::Error;

use cairn_client::{DEFAULT_ADDR, Kubo};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?).await
}

pub(crate) async fn run(kubo: &Kubo) -> Result<(), Box<dyn Error>> {
    let value = json!({ "name": "cairn", "stones": [1, 2, 3] });
    let file = kubo.add_json(&value).await?;
    let read: Value = kubo.get_json(&file).await?;
    assert_eq!(read, value);
    let nodes = kubo.dag().put_value(&value)?.await?;
    for node in nodes {
        let stones: Vec<u32> = kubo.dag().get(format!("{node}/stones")).value().await?;
        println!("{file} {node} {stones:?}");
    }
    Ok(())
}
