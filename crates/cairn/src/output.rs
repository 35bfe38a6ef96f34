//! Standard output.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use crate::error::Problem;

/// The buffer is written when it has this many bytes.
const GATHERED: usize = 64 * 1024;

/// The output format of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people, as `ipfs` prints them.
    Text,
    /// Records as the RPC sends them, one per line: `--enc=json`.
    Json,
    /// One object per line, also for the items of a list: `--json`.
    JsonLines,
}

impl Format {
    /// Whether the format is for programs.
    pub(crate) fn is_json(self) -> bool {
        self != Self::Text
    }
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Buffered standard output: the standard library's flushes at every line.
#[derive(Debug)]
pub(crate) struct Output {
    file: File,
    gathered: Vec<u8>,
}

impl Output {
    /// Standard output.
    pub(crate) fn stdout() -> Result<Self, Problem> {
        let file = io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| Problem::output(&error))?;
        Ok(Self {
            file: file.into(),
            gathered: Vec::new(),
        })
    }

    /// Prints text, at the latest with the next [`Self::flush`].
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Problem> {
        self.bytes(text.as_bytes())
    }

    /// Prints bytes, at the latest with the next [`Self::flush`].
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        if bytes.len() >= GATHERED {
            self.flush()?;
            return self
                .file
                .write_all(bytes)
                .map_err(|error| Problem::output(&error));
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes the buffer.
    pub(crate) fn flush(&mut self) -> Result<(), Problem> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.gathered);
        self.gathered.clear();
        written.map_err(|error| Problem::output(&error))
    }
}
