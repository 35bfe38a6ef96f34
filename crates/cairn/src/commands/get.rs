//! `get`: downloads files and directories.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cairn_client::get::{self, EntryKind, ExtractError, Target};
use cairn_client::{Answer, Error as ClientError};
use cairn_wire::Values;
use cairn_wire::kubo::get::Get;
use cairn_wire::text::escaped;

use super::generic::Request;
use super::partial_file::PartialFile;
use crate::error::Problem;
use crate::globals::Globals;
use crate::interrupt::{self, Interrupts};
use crate::output::{Format, Output};
use crate::progress::{self, Progress};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
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
    let progress = Received {
        // The length is that of the content, not of the compressed bytes.
        length: answer.length().filter(|_| !asked.compress),
        bytes: 0,
        total: None,
        bar: Progress::bytes(display_path, None),
    };
    if globals.format != Format::JsonLines {
        let mut shown_target = String::new();
        escaped(&target.to_string_lossy(), &mut shown_target);
        let kind = if whole { "archive" } else { "file(s)" };
        progress.bar.suspend(|| {
            output
                .text(&format!("Saving {kind} to {shown_target}\n"))
                .and_then(|()| output.flush())
        })?;
    }
    if whole {
        save(answer, &target, progress).await
    } else {
        unpack(answer, target, progress).await
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

/// Writes the bytes as they arrive. The file gets its name when it is complete.
async fn save(mut answer: Answer, target: &Path, mut progress: Received) -> Result<(), Problem> {
    let failed = |error: io::Error| {
        Problem::failed(format!("cannot write {}", target.display())).because(&error)
    };
    let mut interrupts = Interrupts::new()?;
    let mut file = PartialFile::create(target).map_err(failed)?;
    loop {
        let chunk = tokio::select! {
            biased;
            signal = interrupts.next() => {
                drop((file, progress));
                interrupt::end(signal)
            }
            chunk = answer.chunk() => chunk?,
        };
        let Some(bytes) = chunk else {
            break;
        };
        file.write(&bytes).map_err(failed)?;
        progress.add(&bytes);
    }
    file.finish().map_err(failed)?;
    interrupts.release();
    Ok(())
}

/// Extracts the archive while it arrives.
async fn unpack(answer: Answer, target: PathBuf, mut progress: Received) -> Result<(), Problem> {
    let mut interrupts = Interrupts::new()?;
    let target = Target::Path(target);
    let received = |bytes: &Bytes| progress.add(bytes);
    let unpacked = get::unpack_until(answer, target, received, interrupts.next()).await;
    if let Ok(Some(signal)) = unpacked {
        drop(progress);
        interrupt::end(signal);
    }
    interrupts.release();
    unpacked.map(drop).map_err(|error| match error {
        ClientError::Extract(error) => Problem::from_error(&error),
        error => Problem::from(error).hint("the output is incomplete"),
    })
}

/// The progress in bytes received.
///
/// The server states the size of the content, but an archive of a directory has a header for each entry, which may be
/// more than the content. So a total is only shown for a file.
struct Received {
    length: Option<u64>,
    bytes: u64,
    /// The total that is shown.
    total: Option<u64>,
    bar: Progress,
}

impl Received {
    fn add(&mut self, chunk: &[u8]) {
        if self.bytes == 0
            && let Some(length) = self.length.filter(|_| begins_with_file(chunk))
        {
            self.total = Some(length);
            self.bar.total(length);
        }
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        // The header and the padding are not content.
        self.bar.set(self.bytes.min(self.total.unwrap_or(u64::MAX)));
    }
}

/// Whether the first entry of an archive is a file, as far as its first chunk shows.
fn begins_with_file(chunk: &[u8]) -> bool {
    let mut first = None;
    // Ends with an error at the first entry, or where the chunk does.
    let _ = get::each(chunk, |head, _| {
        first = Some(head.kind);
        Err(ExtractError::Empty)
    });
    first == Some(EntryKind::File)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Size of the blocks of an archive.
    const BLOCK: usize = 512;

    fn header(kind: u8, size: &[u8]) -> Vec<u8> {
        let mut header = vec![0; BLOCK];
        header[156] = kind;
        header[124..124 + size.len()].copy_from_slice(size);
        // The checksum counts its own field as spaces.
        let sum = header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }

    #[test]
    fn only_a_file_has_a_total() {
        let content = vec![b'a'; BLOCK];
        let file = [header(b'0', b"00000001000\0"), content].concat();
        assert!(begins_with_file(&file));
        // A record of a name of 374 bytes: 384 bytes, octal 600.
        let mut name = format!("384 path={}\n", "n".repeat(374)).into_bytes();
        name.resize(BLOCK, 0);
        let long_name = [header(b'x', b"00000000600\0"), name].concat();
        assert!(!begins_with_file(&long_name));
        assert!(begins_with_file(&[long_name, file.clone()].concat()));
        assert!(!begins_with_file(&header(b'5', b"00000000000\0")));
        assert!(!begins_with_file(&header(b'x', b"77777777777\0")));
        assert!(!begins_with_file(&file[..100]));

        let mut received = Received {
            length: Some(512),
            bytes: 0,
            total: None,
            bar: Progress::hidden(),
        };
        received.add(&file);
        assert_eq!((received.bytes, received.total), (1024, Some(512)));
    }
}
