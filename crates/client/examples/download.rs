//! Writes a directory and all below it into a directory of this machine.
//!
//! `cargo run --example download -- PATH DIRECTORY [ADDRESS]`

use std::error::Error;

use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: download PATH DIRECTORY [ADDRESS]")?;
    let directory = arguments
        .next()
        .ok_or("usage: download PATH DIRECTORY [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &path, &directory).await
}

pub(crate) async fn run(kubo: &Kubo, path: &str, directory: &str) -> Result<(), Box<dyn Error>> {
    let mut entries = kubo.ls(path).stream();
    while let Some(entry) = entries.try_next().await? {
        println!("{:?} {} {}", entry.kind, entry.size, entry.name);
    }
    kubo.get(path).to_dir(directory).await?;
    Ok(())
}
