//! Writes all below a root to a CAR file, and reads that file back.
//!
//! `cargo run --example car -- ROOT FILE [ADDRESS]`

use std::error::Error;

use cairn_client::groups::dag::ImportEvent;
use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or("usage: car ROOT FILE [ADDRESS]")?;
    let file = arguments.next().ok_or("usage: car ROOT FILE [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &root, &file).await
}

pub(crate) async fn run(kubo: &Kubo, root: &str, file: &str) -> Result<(), Box<dyn Error>> {
    let size = kubo.dag().stat(root).await?;
    println!("{} blocks, {} bytes", size.unique_blocks, size.total_size);
    kubo.dag().export(root).to_file(file).await?;
    for event in kubo.dag().import(file).stats(true).await? {
        match event {
            ImportEvent::Root(root) => println!("pinned {}", root.cid),
            ImportEvent::Stats { blocks, bytes } => println!("{blocks} blocks, {bytes} bytes"),
            _ => {}
        }
    }
    Ok(())
}
