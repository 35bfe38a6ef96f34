//! Adds the pictures in a directory and all below it, and tells how far it has come.
//!
//! `cargo run --example add_directory -- PATH [ADDRESS]`

use std::error::Error;

use cairn_client::{AddEvent, DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: add_directory PATH [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &path).await
}

pub(crate) async fn run(kubo: &Kubo, path: &str) -> Result<(), Box<dyn Error>> {
    let mut events = kubo
        .add(path)
        .recursive(true)
        .pattern("**/*.jpg")
        .pattern("**/*.png")
        .stream();
    while let Some(event) = events.try_next().await? {
        match event {
            AddEvent::Progress { name, bytes } => println!("{name}: {bytes} bytes"),
            AddEvent::Added(added) => println!("{} {}", added.cid, added.name),
            _ => {}
        }
    }
    Ok(())
}
