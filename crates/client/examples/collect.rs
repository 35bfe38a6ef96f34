//! Removes what is not pinned, telling of each block as it goes.
//!
//! `cargo run --example collect -- [ADDRESS]`

use std::error::Error;

use cairn_client::groups::repo::Garbage;
use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?).await
}

pub(crate) async fn run(kubo: &Kubo) -> Result<(), Box<dyn Error>> {
    let before = kubo.repo().stat().await?.size;
    let mut removed = kubo.repo().gc().stream();
    while let Some(garbage) = removed.try_next().await? {
        match garbage {
            Garbage::Removed(cid) => println!("removed {cid}"),
            other => println!("{other:?}"),
        }
    }
    let after = kubo.repo().stat().await?.size;
    println!("{} bytes are free", before.saturating_sub(after));
    Ok(())
}
