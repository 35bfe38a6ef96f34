//! Reads content that may not be there, and says what went wrong.
//!
//! `cargo run --example errors -- PATH [ADDRESS]`

use std::error::Error;
use std::time::Duration;

use cairn_client::{DEFAULT_ADDR, ErrorKind, Kubo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: errors PATH [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| DEFAULT_ADDR.to_owned());
    run(&Kubo::connect(address).await?, &path).await
}

pub(crate) async fn run(kubo: &Kubo, path: &str) -> Result<(), Box<dyn Error>> {
    let call = kubo
        .cat(path)
        .timeout(Duration::from_secs(10))
        .offline(true);
    match call.to_vec(1 << 20).await {
        Ok(bytes) => println!("{} bytes", bytes.len()),
        Err(error) if error.is_not_found() => println!("it is not here: {error}"),
        Err(error) if error.is_timeout() => println!("it took too long: {error}"),
        Err(error) if error.is_unauthorized() => println!("credentials are needed: {error}"),
        Err(error) if error.kind() == ErrorKind::Response => println!("refused: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
