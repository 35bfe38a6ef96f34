//! `cargo xtask size`: how big the program is.

use anyhow::{Context, Result};

use crate::process::release_binary;

/// Builds the release binary, which the profile strips, and prints its size.
pub(crate) fn run() -> Result<()> {
    let binary = release_binary()?;
    let bytes = std::fs::metadata(&binary)
        .with_context(|| format!("reading {}", binary.display()))?
        .len();
    println!(
        "{}: {bytes} bytes ({:.1} MiB)",
        binary.display(),
        bytes as f64 / f64::from(1 << 20)
    );
    Ok(())
}
