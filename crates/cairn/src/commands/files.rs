//! Files named on the command line.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use bytes::Bytes;
use cairn_client::{Content, Part};
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use crate::error::Problem;

/// Maximum number of bytes read from standard input at once.
const READ: usize = 1024 * 1024;
/// Pieces that wait to be sent.
const WAITING: usize = 2;

/// Files of a command that takes no directories.
pub(crate) fn plain(paths: &[OsString], argument: &str) -> Result<Vec<Part>, Problem> {
    if paths.is_empty() {
        return Ok(vec![stdin("")]);
    }
    let part = |path: &OsString| {
        if path == "-" {
            return Ok(stdin(""));
        }
        let found = std::fs::metadata(path).map_err(|error| unreadable(path.as_ref(), &error))?;
        if found.is_dir() {
            return Err(Problem::failed(format!(
                "invalid path '{}', argument '{argument}' does not support directories",
                path.display()
            )));
        }
        Ok(Part::file(base_name(path.as_ref()), path))
    };
    paths.iter().map(part).collect()
}

/// The last name of a path, as it is sent.
pub(crate) fn base_name(path: &Path) -> Vec<u8> {
    path.file_name()
        .unwrap_or(OsStr::new(""))
        .as_bytes()
        .to_vec()
}

/// The error of a path that does not exist or cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::failed(format!("cannot read {}", path.display())).because(error)
}

/// Standard input as a part. On a terminal, a note says that it is being read.
pub(crate) fn stdin(name: &str) -> Part {
    if io::stdin().is_terminal() {
        eprintln!("Reading from standard input; send Ctrl-d to stop.");
    }
    let (pieces, mut taken) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    // A separate thread: waiting for a terminal must not keep the program from exiting.
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut piece = vec![0; READ];
            let read = match input.read(&mut piece) {
                Ok(0) => return,
                Ok(count) => {
                    piece.truncate(count);
                    Ok(piece.into())
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            if pieces.blocking_send(read).is_err() || failed {
                return;
            }
        }
    });
    Part::new(
        name,
        Content::Stream(stream::poll_fn(move |context| taken.poll_recv(context)).boxed()),
    )
}
