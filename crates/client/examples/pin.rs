//! Pins content under a name, shows all pins of that kind, and removes it again.
//!
//! `cargo run --example pin -- PATH NAME [ADDRESS]`

use std::error::Error;

use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: pin PATH NAME [ADDRESS]")?;
    let name = arguments.next().ok_or("usage: pin PATH NAME [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &path, &name).await
}

pub(crate) async fn run(kubo: &Kubo, path: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let pins = kubo.pins();
    pins.add(path).name(name).await?;
    let mut listed = pins.ls().r#type("recursive").names(true).stream();
    while let Some(pin) = listed.try_next().await? {
        println!("{} {}", pin.cid, pin.name.unwrap_or_default());
    }
    pins.rm(path).await?;
    Ok(())
}
