//! The declaration of a command.

use crate::shape::{Body, BodyKind, Reply, ReplyKind};
use crate::values::{OptionKind, ParseError, Values};

/// One command of the Kubo RPC: a type whose fields are its arguments and options.
pub trait Command: Listed + Sized + Send + Sync + 'static {
    /// Its declaration.
    const SPEC: Spec;

    /// The body of its request.
    type Body: Body;

    /// Its reply.
    type Reply: Reply;

    /// Whether it needs a repository.
    type Needs: Needs;

    /// How the command line runs it: [`Plain`] or [`Custom`].
    type Cli: 'static;

    /// Reads the fields from a query or a command line.
    fn from_values(values: &Values) -> Result<Self, ParseError>;

    /// The query for these fields; fields with their default are left out.
    fn to_values(&self) -> Values;

    /// Writes one record as `ipfs` prints it: for `encoding=text` and the CLI.
    fn text(&self, record: &RecordOf<Self>, out: &mut String);
}

/// A record of a command's reply.
pub type RecordOf<C> = <<C as Command>::Reply as Reply>::Record;

/// Implemented only by the list of commands, [`crate::kubo_commands!`]: a command that is missing there does not
/// compile.
#[diagnostic::on_unimplemented(
    message = "the command `{Self}` is not in the list of `kubo_commands!`",
    label = "add it to the list in `kubo/mod.rs`"
)]
pub trait Listed {}

/// What a command needs to run.
pub trait Needs: 'static {
    /// Whether it needs an open repository.
    const REPOSITORY: bool;
}

/// The command needs a repository.
#[derive(Debug)]
pub enum Repository {}

/// The command only depends on its arguments: the command line runs it without a repository, as `ipfs` does.
#[derive(Debug)]
pub enum Nothing {}

impl Needs for Repository {
    const REPOSITORY: bool = true;
}

impl Needs for Nothing {
    const REPOSITORY: bool = false;
}

/// The command line sends the request and prints the records.
#[derive(Debug)]
pub enum Plain {}

/// The command line has its own code for the command.
#[derive(Debug)]
pub enum Custom {}

/// The declaration of a command.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its path below `/api/v0/`, as in `block/put`; also its name on the command line.
    pub path: &'static str,
    /// Other paths of the command.
    pub aliases: &'static [&'static str],
    /// The lines of its documentation: a summary, details, and a link to its reference.
    pub docs: &'static [&'static str],
    /// Example command lines for the help; `{program}` is replaced by the program's name.
    pub examples: &'static [&'static str],
    /// Positional arguments, sent as `arg`.
    pub arguments: &'static [Argument],
    /// Options.
    pub options: &'static [OptionSpec],
    /// The body of its request.
    pub body: BodyKind,
    /// The files of its request.
    pub files: FilesSpec,
    /// Its reply.
    pub reply: ReplyKind,
    /// The option that asks for many records instead of one, if there is one.
    pub stream: Option<&'static str>,
    /// Whether a stream of records has at least one, except with `silent`.
    pub never_empty: bool,
    /// Whether it changes nothing, so that a request may be repeated after its response was lost.
    pub safe: bool,
    /// Whether it needs an open repository.
    pub needs_repository: bool,
    /// Whether it is hidden in the help.
    pub hidden: bool,
    /// The name of a record's XML element; `None` if records have no XML form.
    pub xml: Option<&'static str>,
}

/// The files of a request, and how the command line accepts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesSpec {
    /// The name in messages and help.
    pub name: &'static str,
    /// Whether several files are accepted.
    pub many: bool,
    /// Whether the command line accepts directories.
    pub recursive: bool,
    /// Whether a request may come without any.
    pub optional: bool,
}

impl FilesSpec {
    /// None.
    pub const NONE: Self = Self {
        name: "",
        many: false,
        recursive: false,
        optional: false,
    };
}

/// A group of commands, such as `block`.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The common path of its commands.
    pub path: &'static str,
    /// Its line in the help.
    pub summary: &'static str,
}

impl Spec {
    /// The first line of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.docs.first().map_or("", |line| line.trim())
    }

    /// The option that has this name or alias.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.options
            .iter()
            .find(|option| option.names.contains(&name))
    }
}

/// A positional argument.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name in messages and help.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static [&'static str],
    /// Whether it is required.
    pub required: bool,
    /// Whether it takes all remaining values.
    pub variadic: bool,
    /// Whether its value is a secret, which is never shown.
    pub secret: bool,
}

/// An option.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name, then its aliases. One letter is a short flag of the command line.
    pub names: &'static [&'static str],
    /// What it means.
    pub docs: &'static [&'static str],
    /// How its value is written.
    pub kind: OptionKind,
    /// The default, as text; `None` if it depends on something else.
    pub default: fn() -> Option<String>,
    /// The values offered by shell completion; others may be valid. [`ANY_PATH`] stands for local paths.
    pub values: &'static [&'static str],
}

/// Any local path, in the values of an option.
pub const ANY_PATH: &str = "<path>";

impl OptionSpec {
    /// The name that is not an alias.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// Whether the group of every command is declared, or is a command itself.
pub(super) const fn all_grouped(specs: &[Spec], groups: &[Group]) -> bool {
    let mut at = 0;
    while at < specs.len() {
        let path = specs[at].path.as_bytes();
        let mut end = 0;
        while end < path.len() {
            if path[end] == b'/' && !is_known(path, end, specs, groups) {
                return false;
            }
            end += 1;
        }
        at += 1;
    }
    true
}

const fn is_known(path: &[u8], end: usize, specs: &[Spec], groups: &[Group]) -> bool {
    let mut at = 0;
    while at < groups.len() {
        if is_prefix(groups[at].path.as_bytes(), path, end) {
            return true;
        }
        at += 1;
    }
    at = 0;
    while at < specs.len() {
        if is_prefix(specs[at].path.as_bytes(), path, end) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether `name` is the first `end` bytes of `path`.
const fn is_prefix(name: &[u8], path: &[u8], end: usize) -> bool {
    if name.len() != end {
        return false;
    }
    let mut at = 0;
    while at < end {
        if name[at] != path[at] {
            return false;
        }
        at += 1;
    }
    true
}
