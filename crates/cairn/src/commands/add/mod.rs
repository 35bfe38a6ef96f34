//! `add`: local files and directories.

mod ignore;
pub(super) mod walk;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use cairn_client::upload::{Symlinks, Walk, WalkOptions};
use cairn_client::{Records, Upload};
use cairn_wire::kubo::add::{Add, Added};
use futures_util::{StreamExt as _, stream};

use self::ignore::Ignore;
use self::walk::Root;
use super::files;
use super::generic::{Printer, Request, next_record};
use crate::error::Problem;
use crate::globals::Globals;
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
    let asked = request.typed::<Add>()?;
    let rules_file = asked
        .ignore_rules_path
        .as_deref()
        .filter(|path| !path.is_empty());
    let (ignore, told) = Ignore::read(rules_file.map(Path::new), &asked.ignore)?;
    for message in told {
        let mut shown = String::new();
        cairn_wire::text::escaped(&message, &mut shown);
        eprintln!("warning: {shown}");
    }
    let options = walk_options(&asked, ignore);
    let roots = roots(&request.files, &asked)?;

    let quiet = asked.quiet || asked.quieter || asked.silent;
    let typed = std::io::stdin().is_terminal() && roots.iter().any(Option::is_none);
    let shown = match asked.progress {
        // A bar would overwrite the typed text.
        _ if typed => false,
        None if quiet || globals.format.is_json() => false,
        given => progress::is_enabled(given),
    };
    let mut values = request.values.clone();
    if asked.progress.is_none() && shown {
        values.option("progress", "true");
    }
    let progress = Progress::bytes(shown, None);
    // The size of standard input is only known at its end.
    let mut size = (shown && roots.iter().all(Option::is_some)).then(|| {
        walk::size_of(
            roots.iter().filter_map(Option::as_ref).cloned().collect(),
            options.clone(),
        )
    });

    let stdin_name = asked.stdin_name.clone().unwrap_or_default();
    let mut parts: Vec<_> = roots
        .into_iter()
        .map(|root| {
            root.map_or_else(
                || Input::Stdin(stdin_name.clone()),
                |root| Input::Files(Box::new(root.walk(&options))),
            )
        })
        .collect();
    parts.sort_by(|one, other| one.name().cmp(other.name()));
    let parts = stream::iter(parts).flat_map(|entry| match entry {
        Input::Stdin(name) => stream::iter([Ok(files::stdin(&name))]).boxed(),
        Input::Files(walk) => stream::iter(walk).boxed(),
    });

    let answer = session
        .kubo
        .send(request.spec, values, Some(Upload::from_stream(parts)))
        .await?;
    let mut records = Records::<Added>::new(answer);
    let mut printer = Printer::new(request, globals)?;
    let mut count = ByteCount::default();
    let mut last = None;
    while let Some((line, added)) = next_record(&mut records, output).await? {
        if let Some(total) = size.as_ref().and_then(|size| size.try_recv().ok()) {
            progress.total(total);
            size = None;
        }
        if added.hash.is_empty() {
            progress.add(count.advance(&added));
            if globals.format.is_json() && asked.progress == Some(true) {
                printer.print(&line, output)?;
            }
        } else if asked.quieter && globals.format == Format::Text {
            last = Some(line);
        } else if !asked.silent {
            if shown {
                progress.suspend(|| printer.print(&line, output).and_then(|()| output.flush()))?;
            } else {
                printer.print(&line, output)?;
            }
        }
    }
    match last {
        Some(line) if !asked.silent => printer.print(&line, output),
        _ => Ok(()),
    }
}

/// The options for walking directories.
fn walk_options(asked: &Add, ignore: Ignore) -> WalkOptions {
    let mut options = WalkOptions::default();
    options.recursive = asked.recursive;
    options.hidden = asked.hidden;
    options.symlinks = if asked.dereference_symlinks {
        Symlinks::Follow
    } else {
        Symlinks::Keep
    };
    options.follow_root = false;
    options.refuse_special = true;
    options.absolute_paths = asked.nocopy;
    options.matcher = Some(Arc::new(ignore));
    options
}

/// The input: files, or standard input under a name.
enum Input {
    Stdin(String),
    Files(Box<Walk>),
}

impl Input {
    fn name(&self) -> &[u8] {
        match self {
            Self::Stdin(name) => name.as_bytes(),
            Self::Files(walk) => walk.name(),
        }
    }
}

/// The inputs of the command line; `None` is standard input. Two with the same name are refused, as they would be
/// indistinguishable.
fn roots(paths: &[OsString], asked: &Add) -> Result<Vec<Option<Root>>, Problem> {
    if paths.is_empty() {
        return Ok(vec![None]);
    }
    let mut roots: Vec<Option<Root>> = Vec::new();
    for path in paths {
        if path == "-" {
            if !roots.iter().any(Option::is_none) {
                roots.push(None);
            }
            continue;
        }
        if [b"http://".as_slice(), b"https://"]
            .iter()
            .any(|scheme| path.as_bytes().starts_with(scheme))
        {
            return Err(
                Problem::usage("adding from a URL is not supported").hint(format!(
                    "download it first: `curl -sL {} | {{program}} add`",
                    path.display()
                )),
            );
        }
        let follow = asked.dereference_args || asked.dereference_symlinks;
        let root = Root::find(path.as_ref(), asked.recursive, follow)?;
        match roots.iter().flatten().find(|other| other.name == root.name) {
            None => roots.push(Some(root)),
            Some(other) if other.path.parent() == root.path.parent() => {}
            Some(other) => {
                return Err(Problem::usage(format!(
                    "file name {} repeated under different import directories: {} and {}",
                    String::from_utf8_lossy(&root.name),
                    folder_of(&root.path),
                    folder_of(&other.path)
                )));
            }
        }
    }
    Ok(roots)
}

/// The directory of a path, for messages.
fn folder_of(path: &Path) -> std::path::Display<'_> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new(".").display(),
        Some(parent) => parent.display(),
        None => path.display(),
    }
}

/// Counts the bytes read of all files from the bytes read of each.
#[derive(Default)]
struct ByteCount {
    file: String,
    bytes: u64,
}

impl ByteCount {
    /// The bytes since the previous record.
    fn advance(&mut self, record: &Added) -> u64 {
        let bytes = record.bytes.unwrap_or(0);
        if record.name != self.file || bytes < self.bytes {
            self.file.clone_from(&record.name);
            self.bytes = 0;
        }
        let more = bytes - self.bytes;
        self.bytes = bytes;
        more
    }
}
