//! Calls every method of the SDK once and prints the outcome of each, one line per method, separated by a tab.
//!
//! The server is changed: use a repository that is not needed any more. `--stop` also calls `Kubo::stop`.
//!
//! `cargo run --example every_method -- ADDRESS [--stop]`

mod content;
mod node;
mod peers;
mod report;

use std::error::Error;
use std::time::Duration;

use cairn_client::Kubo;

pub(crate) use report::Report;

/// Limit of a response that is read into memory, in bytes.
const LIMIT: usize = 64 << 20;

/// A peer that does not exist.
const PEER: &str = "12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .ok_or("usage: every_method ADDRESS [--stop]")?;
    let stop = arguments.next().is_some_and(|last| last == "--stop");
    let kubo = Kubo::builder(address)
        .timeout(Duration::from_secs(20))
        .build()?;
    let mut report = run(&kubo).await?;
    if stop {
        report.call("stop", kubo.stop()).await;
    }
    for (method, outcome) in report.outcomes() {
        println!("{method}\t{outcome}");
    }
    Ok(())
}

/// Calls every method except `stop`.
pub(crate) async fn run(kubo: &Kubo) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    let folder = tempfile::tempdir()?;
    let made = content::run(kubo, folder.path(), &mut report).await?;
    node::run(kubo, &made, &mut report).await?;
    peers::run(kubo, &made, &mut report).await;
    node::finish(kubo, &mut report).await?;
    Ok(report)
}
