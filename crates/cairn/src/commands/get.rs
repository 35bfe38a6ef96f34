//! `get`: downloads files and directories.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use cairn_client::get::{self, Target};
use cairn_client::{Answer, Error as ClientError};
use cairn_wire::Values;
use cairn_wire::kubo::get::Get;
use cairn_wire::text::escaped;

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    _: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let asked = request.typed::<Get>()?;
    if asked.compress
        && asked
            .compression_level
            .is_some_and(|level| !(1..=9).contains(&level))
    {
        return Err(Problem::usage("compression level must be between 1 and 9"));
    }
    let whole = asked.archive || asked.compress;
    let target = target(&asked, whole);
    let display_path = progress::is_enabled(super::given_flag(request, &["progress", "p"]));

    let answer = session
        .kubo
        .send(request.spec, values(&asked), None)
        .await?;
    let progress = Progress::bytes(display_path, answer.length());
    let mut shown_target = String::new();
    escaped(&target.to_string_lossy(), &mut shown_target);
    let kind = if whole { "archive" } else { "file(s)" };
    progress.suspend(|| {
        output
            .text(&format!("Saving {kind} to {shown_target}\n"))
            .and_then(|()| output.flush())
    })?;
    if whole {
        save(answer, &target, &progress).await
    } else {
        unpack(answer, target, &progress).await
    }
}

/// The request to the server, without local options.
fn values(asked: &Get) -> Values {
    let mut values = Values::default();
    values.argument(asked.path.clone());
    if asked.archive {
        values.option("archive", "true");
    }
    if asked.compress {
        values.option("compress", "true");
        if let Some(level) = asked.compression_level {
            values.option("compression-level", level.to_string());
        }
    }
    values
}

/// Where to write: the given path, or the last name of the content path in the working directory.
fn target(asked: &Get, whole: bool) -> PathBuf {
    let mut name = match asked.output.as_deref().filter(|output| !output.is_empty()) {
        Some(output) => output.as_bytes().to_vec(),
        None => {
            let mut names = asked.path.split(|&byte| byte == b'/').rev();
            match names.find(|name| !name.is_empty()).unwrap_or_default() {
                b"" | b"." | b".." => b"download".to_vec(),
                last => last.to_vec(),
            }
        }
    };
    if whole {
        if asked.archive && !name.ends_with(b".tar") && !name.ends_with(b".tar.gz") {
            name.extend_from_slice(b".tar");
        }
        if asked.compress && !name.ends_with(b".gz") {
            name.extend_from_slice(b".gz");
        }
    }
    PathBuf::from(OsString::from_vec(name))
}

/// Writes the bytes as they arrive.
async fn save(mut answer: Answer, target: &Path, progress: &Progress) -> Result<(), Problem> {
    let failed = |error: io::Error| {
        Problem::failed(format!("cannot write {}", target.display())).because(&error)
    };
    let mut file = File::create(target).map_err(failed)?;
    while let Some(bytes) = answer.chunk().await? {
        file.write_all(&bytes).map_err(failed)?;
        progress.add(bytes.len() as u64);
    }
    Ok(())
}

/// Extracts the archive while it arrives.
async fn unpack(answer: Answer, target: PathBuf, progress: &Progress) -> Result<(), Problem> {
    let unpacked = get::unpack(answer, Target::Path(target), |bytes| progress.add(bytes)).await;
    unpacked.map_err(|error| match error {
        ClientError::Extract(error) => Problem::from_error(&error),
        error => Problem::from(error).hint("the output is incomplete"),
    })
}
