//! `cluster add`.

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cairn_client::cluster::{AddCall, AddEvent, AddLayout, AddedOutput, Target};
use cairn_client::upload::{Symlinks, WalkOptions};
use cairn_client::{Cid, Cluster, Upload};
use clap::{Arg, ArgAction, Command, ValueHint};
use futures_util::stream::{self, StreamExt as _};

use super::super::add::walk::{self, Root};
use super::super::files;
use super::super::pins::missing;
use super::connect::{self, connect, is_set, problem};
use super::{pin, print};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::progress::{self, Progress};

/// How often the bytes that were sent are shown.
const TICK: Duration = Duration::from_millis(100);

/// Its grammar.
pub(super) fn command() -> Command {
    let switch = |id, help| Arg::new(id).long(id).action(ArgAction::SetTrue).help(help);
    let value = |id, name, help| {
        Arg::new(id)
            .long(id)
            .value_name(name)
            .num_args(1)
            .help(help)
    };
    let command = connect::command("add", "Add files, directories or a CAR, and pin them")
        .long_about("Add files, directories or a CAR, and pin them.\n\nSeveral paths are wrapped in a directory, which is pinned. `-` is standard input.")
        .arg(
            Arg::new("paths")
                .value_name("PATH")
                .num_args(1..)
                .required(true)
                .value_hint(ValueHint::AnyPath)
                .value_parser(clap::value_parser!(OsString))
                .help("Files and directories to add"),
        )
        .arg(switch("recursive", "Add directories with all that is in them").short('r'))
        .arg(switch("hidden", "Add hidden files in directories").short('H'))
        .arg(switch("wrap-with-directory", "Wrap everything in a directory").short('w'))
        .arg(
            value("format", "FORMAT", "`unixfs` to add files, `car` to add the blocks of one CAR [default: unixfs]")
                .value_parser(["unixfs", "car"]),
        )
        .arg(switch("local", "Store the blocks only on the answering peer; others fetch them when they pin"))
        .arg(switch("no-pin", "Only store the blocks").conflicts_with("wait"))
        .arg(value("chunker", "CHUNKER", "How files are cut: `size-BYTES`, `rabin-MIN-AVG-MAX` or `buzhash` [default: size-262144]").short('s'))
        .arg(value("layout", "LAYOUT", "Layout of the DAGs of files [default: balanced]").value_parser(["balanced", "trickle"]))
        .arg(value("cid-version", "VERSION", "Version of CIDs [default: 0]").value_parser(clap::value_parser!(i64)))
        .arg(value("hash", "FUNCTION", "Hash function; others than the default need CID version 1 [default: sha2-256]"))
        .arg(
            value("raw-leaves", "BOOL", "Store the content of files in raw blocks [default: with CID version 1]")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(clap::value_parser!(bool)),
        )
        .arg(value("shard-size", "BYTES", "Split the DAG into shards of this size, which different peers may pin").value_parser(clap::value_parser!(u64)))
        .arg(switch("no-stream", "Get the response only after the upload, as some proxies need it"))
        .arg(switch("quiet", "Print only CIDs").short('q'))
        .arg(switch("quieter", "Print only the last CID").short('Q'))
        .arg(
            value("progress", "BOOL", "Show the progress [default: on a terminal]")
                .short('p')
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(clap::value_parser!(bool)),
        );
    pin::with_wait(pin::with_pin_options(command))
}

/// Runs it.
pub(super) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let walk = walk_options(invocation);
    let input = Input::read(invocation)?;
    let quiet = is_set(invocation, "quiet") || is_set(invocation, "quieter");
    let asked = invocation.own::<bool>("progress");
    let bar = match asked {
        None if quiet || globals.format.is_json() => false,
        given => progress::is_enabled(given),
    };
    let bar = Bar::new(bar, &input, &walk);
    let call = call(&cluster, input.upload(&walk), invocation)?.count_sent(bar.sent.clone());
    let mut printer = Printer::new(invocation, globals)?;
    let outcome = send(call, &bar, &mut printer).await;
    drop(bar);
    // What was added before an error is printed before it.
    let root = outcome.and_then(|()| printer.finish());
    printer.output.flush()?;
    let root = root?;
    pin::wait(&cluster, &root, Target::Pinned, invocation).await?;
    Ok(())
}

/// The upload with the options of the command line.
fn call(
    cluster: &Cluster,
    (upload, many): (Upload, bool),
    invocation: &Invocation,
) -> Result<AddCall, Problem> {
    let car = invocation.own::<String>("format").as_deref() == Some("car");
    if car && many {
        return Err(Problem::usage("only one CAR can be added at a time"));
    }
    let mut call = match car {
        true => cluster.add_car(upload),
        false => cluster.add(upload),
    };
    call = call
        .options(pin::pin_options(invocation)?)
        .recursive(is_set(invocation, "recursive"))
        .hidden(is_set(invocation, "hidden"))
        .wrap_with_directory(many || is_set(invocation, "wrap-with-directory"))
        .local(is_set(invocation, "local"))
        .pin(!is_set(invocation, "no-pin"))
        .buffered(is_set(invocation, "no-stream"));
    if let Some(chunker) = invocation.own::<String>("chunker") {
        call = call.chunker(chunker);
    }
    if invocation.own::<String>("layout").as_deref() == Some("trickle") {
        call = call.layout(AddLayout::Trickle);
    }
    let hash = invocation.own::<String>("hash");
    // Other functions have no CIDs of version 0.
    let implied = hash.as_deref().is_some_and(|hash| hash != "sha2-256");
    let version = invocation.own::<i64>("cid-version");
    call = call.cid_version(version.unwrap_or(i64::from(implied)));
    if let Some(hash) = hash {
        call = call.hash(hash);
    }
    if let Some(raw) = invocation.own::<bool>("raw-leaves") {
        call = call.raw_leaves(raw);
    }
    if let Some(size) = invocation.own::<u64>("shard-size") {
        call = call.sharded(size);
    }
    Ok(call)
}

fn walk_options(invocation: &Invocation) -> WalkOptions {
    let mut walk = WalkOptions::default();
    walk.recursive = is_set(invocation, "recursive");
    walk.hidden = is_set(invocation, "hidden");
    walk.symlinks = Symlinks::Keep;
    walk.follow_root = false;
    walk.refuse_special = true;
    walk
}

/// What is uploaded: paths, or standard input.
struct Input {
    roots: Vec<Root>,
    stdin: bool,
}

impl Input {
    fn read(invocation: &Invocation) -> Result<Self, Problem> {
        let matches = invocation.matches();
        let paths = matches.and_then(|all| all.try_get_many::<OsString>("paths").ok().flatten());
        let paths: Vec<&OsString> = paths.into_iter().flatten().collect();
        // The grammar lets arguments be missing, as standard input may have them for other commands.
        if paths.is_empty() {
            return Err(missing("PATH"));
        }
        if let [only] = paths.as_slice()
            && *only == "-"
        {
            return Ok(Self {
                roots: Vec::new(),
                stdin: true,
            });
        }
        let recursive = is_set(invocation, "recursive");
        let mut roots: Vec<Root> = Vec::new();
        for path in paths {
            let root = Root::find(Path::new(path), recursive, false)?;
            if roots.iter().any(|other| other.name == root.name) {
                let name = String::from_utf8_lossy(&root.name).into_owned();
                return Err(Problem::usage(format!("two paths have the name {name:?}")));
            }
            roots.push(root);
        }
        Ok(Self {
            roots,
            stdin: false,
        })
    }

    /// The upload, and whether it has several roots.
    fn upload(self, walk: &WalkOptions) -> (Upload, bool) {
        if self.stdin {
            return (Upload::one(files::stdin("")), false);
        }
        let many = self.roots.len() > 1;
        let walks: Vec<_> = self.roots.into_iter().map(|root| root.walk(walk)).collect();
        let parts = stream::iter(walks).flat_map(stream::iter);
        (Upload::from_stream(parts), many)
    }
}

/// The progress of an upload in bytes sent.
struct Bar {
    bar: Progress,
    sent: Arc<AtomicU64>,
    /// The size of all files, summed up while the upload runs.
    size: std::cell::RefCell<Option<std::sync::mpsc::Receiver<u64>>>,
}

impl Bar {
    fn new(shown: bool, input: &Input, walk: &WalkOptions) -> Self {
        let size =
            (shown && !input.stdin).then(|| walk::size_of(input.roots.clone(), walk.clone()));
        Self {
            bar: Progress::bytes(shown, None),
            sent: Arc::default(),
            size: size.into(),
        }
    }

    fn draw(&self) {
        let mut size = self.size.borrow_mut();
        if let Some(total) = size.as_ref().and_then(|size| size.try_recv().ok()) {
            self.bar.total(total);
            *size = None;
        }
        self.bar.set(self.sent.load(Ordering::Relaxed));
    }
}

/// Sends the upload and prints what was added.
async fn send(call: AddCall, bar: &Bar, printer: &mut Printer) -> Result<(), Problem> {
    let mut tick = tokio::time::interval(TICK);
    let mut events = drawn(bar, &mut tick, call.stream()).await?;
    while let Some(event) = drawn(bar, &mut tick, events.next()).await? {
        match event {
            AddEvent::Added(added) => {
                bar.bar.suspend(|| printer.print(&added))?;
                printer.last = Some(added);
            }
            AddEvent::Shard(shard) => bar.bar.suspend(|| printer.print(&shard))?,
            _ => {}
        }
    }
    Ok(())
}

/// Waits for something while the bar is drawn.
async fn drawn<T>(
    bar: &Bar,
    tick: &mut tokio::time::Interval,
    work: impl Future<Output = Result<T, cairn_client::cluster::ClusterError>>,
) -> Result<T, Problem> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done.map_err(|error| problem(&error)),
            _ = tick.tick() => bar.draw(),
        }
    }
}

/// Prints what was added.
struct Printer {
    output: Output,
    json: bool,
    quiet: bool,
    quieter: bool,
    /// The last node of the content.
    last: Option<AddedOutput>,
}

impl Printer {
    fn new(invocation: &Invocation, globals: &Globals) -> Result<Self, Problem> {
        Ok(Self {
            output: Output::stdout()?,
            json: globals.format.is_json(),
            quiet: is_set(invocation, "quiet"),
            quieter: is_set(invocation, "quieter"),
            last: None,
        })
    }

    fn line(&self, added: &AddedOutput) -> Result<String, Problem> {
        let Some(cid) = added.cid.as_ref().filter(|_| !self.json) else {
            return print::json(added);
        };
        Ok(match self.quiet || self.quieter || added.name.is_empty() {
            true if self.quiet || self.quieter => format!("{cid}\n"),
            true => format!("added {cid}\n"),
            false => format!("added {cid} {}\n", print::shown(&added.name)),
        })
    }

    fn print(&mut self, added: &AddedOutput) -> Result<(), Problem> {
        if self.quieter {
            return Ok(());
        }
        let line = self.line(added)?;
        self.output.text(&line)?;
        self.output.flush()
    }

    /// Prints the last node with `--quieter`, and returns its CID.
    fn finish(&mut self) -> Result<Cid, Problem> {
        let none = || Problem::failed("the peer did not say what it has added");
        let last = self.last.take().ok_or_else(none)?;
        if self.quieter {
            let line = self.line(&last)?;
            self.output.text(&line)?;
        }
        last.cid.map(Cid::from).ok_or_else(none)
    }
}
