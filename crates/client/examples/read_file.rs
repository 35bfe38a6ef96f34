//! Prints the beginning of a file, then writes all of it to this machine.
//!
//! `cargo run --example read_file -- PATH TARGET [ADDRESS]`

use std::error::Error;

use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: read_file PATH TARGET [ADDRESS]")?;
    let target = arguments
        .next()
        .ok_or("usage: read_file PATH TARGET [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &path, &target).await
}

pub(crate) async fn run(kubo: &Kubo, path: &str, target: &str) -> Result<(), Box<dyn Error>> {
    let head = kubo.cat(path).length(64).to_vec(64).await?;
    println!("{}", String::from_utf8_lossy(&head));
    let bytes = kubo.cat(path).to_file(target).await?;
    println!("{bytes} bytes are in {target}");
    Ok(())
}
