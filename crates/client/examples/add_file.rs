//! Adds a file and prints its CID.
//!
//! `cargo run --example add_file -- PATH [ADDRESS]`

use std::error::Error;

use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: add_file PATH [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &path).await
}

pub(crate) async fn run(kubo: &Kubo, path: &str) -> Result<(), Box<dyn Error>> {
    let added = kubo.add(path).cid_version(1).await?;
    println!("{} {}", added.cid, added.name);
    Ok(())
}
