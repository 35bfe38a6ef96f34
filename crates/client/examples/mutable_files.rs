//! Keeps a log in a file of the mutable file system.
//!
//! `cargo run --example mutable_files -- LINE [ADDRESS]`

use std::error::Error;

use cairn_client::{DEFAULT_ADDR, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let line = arguments
        .next()
        .ok_or("usage: mutable_files LINE [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &line).await
}

pub(crate) async fn run(kubo: &Kubo, line: &str) -> Result<(), Box<dyn Error>> {
    const LOG: &str = "/logs/example.log";
    let files = kubo.files();
    let end = match files.stat(LOG).await {
        Ok(stat) => stat.size,
        Err(error) if error.is_not_found() => 0,
        Err(error) => return Err(error.into()),
    };
    files
        .write(LOG, format!("{line}\n").into_bytes())
        .create(true)
        .parents(true)
        .offset(end)
        .await?;
    print!("{}", files.read(LOG).to_string(1 << 20).await?);
    println!("{}", files.flush("/logs").await?);
    Ok(())
}
