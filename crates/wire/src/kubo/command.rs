//! What the declaration of a command consists of.

use crate::shape::{Body, BodyKind, Reply, ReplyKind};
use crate::values::{Kind, ParseError, Values};

/// One command of the Kubo RPC: a type whose fields are its arguments and options.
pub trait Command: Listed + Sized + Send + Sync + 'static {
    /// Its path, what it takes, what it is.
    const SPEC: Spec;

    /// What its request carries.
    type Body: Body;

    /// What its answer holds.
    type Reply: Reply;

    /// What it works on.
    type Needs: Needs;

    /// Who runs it on the command line: [`Plain`] or [`Custom`].
    type Cli: 'static;

    /// Reads the fields from a query or a command line.
    fn from_values(values: &Values) -> Result<Self, ParseError>;

    /// The query that gives these fields; what equals its default is left out.
    fn to_values(&self) -> Values;

    /// Writes one record as `ipfs` prints it: what `encoding=text` answers and the CLI shows.
    fn text(&self, record: &RecordOf<Self>, out: &mut String);
}

/// A record of a command's answer.
pub type RecordOf<C> = <<C as Command>::Reply as Reply>::Record;

/// Implemented by the list of commands, [`crate::kubo_commands!`], alone: a command that is missing there does not compile.
#[diagnostic::on_unimplemented(
    message = "the command `{Self}` is not in the list of `kubo_commands!`",
    label = "add it to the list in `kubo/mod.rs`"
)]
pub trait Listed {}

/// What a command works on.
pub trait Needs: 'static {
    /// Whether it can only be answered with a repository open.
    const REPOSITORY: bool;
}

/// The command works on a repository.
#[derive(Debug)]
pub enum Repository {}

/// The command depends on its arguments alone: the command line runs it wherever it is, as `ipfs` does.
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

/// The command line does something of its own before or after the request.
#[derive(Debug)]
pub enum Custom {}

/// The facts of a command.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its path below `/api/v0/`, as in `block/put`; also its words on the command line.
    pub path: &'static str,
    /// Other paths that it answers at.
    pub aliases: &'static [&'static str],
    /// What it does: the lines of its documentation, the first being its summary, with a link to its spec.
    pub docs: &'static [&'static str],
    /// Command lines for the help; `{program}` stands for the program's name.
    pub examples: &'static [&'static str],
    /// What it takes in order, as `arg`.
    pub arguments: &'static [Argument],
    /// What it takes by name.
    pub options: &'static [OptionSpec],
    /// What its request carries.
    pub body: BodyKind,
    /// The files that its request carries.
    pub files: FilesSpec,
    /// What its answer holds.
    pub reply: ReplyKind,
    /// The option that asks for many records in place of one, where the request can ask.
    pub stream: Option<&'static str>,
    /// Whether many records are one at least, unless they are kept `silent`.
    pub never_empty: bool,
    /// Whether it changes nothing, so that a request may be sent again when its answer was lost.
    pub safe: bool,
    /// Whether it can only be answered with a repository open.
    pub needs_repository: bool,
    /// Whether help leaves it out.
    pub hidden: bool,
    /// The name of the element that a record is as XML; `None` where records have no such form.
    pub xml: Option<&'static str>,
}

/// The files that a request carries, as the command line takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesSpec {
    /// The name in messages and help.
    pub name: &'static str,
    /// Whether several may come.
    pub many: bool,
    /// Whether the command line may name folders.
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

/// A group of commands: a word of the command line that other words follow.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The path that its commands share, as in `block`.
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

/// An argument, given by place.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name in messages and help.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static [&'static str],
    /// Whether a request without it is refused.
    pub required: bool,
    /// Whether it takes all that is left.
    pub variadic: bool,
    /// Whether its value is a secret, which is never shown.
    pub secret: bool,
}

/// An option, given by name.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name, then its aliases. One letter is a short flag of the command line.
    pub names: &'static [&'static str],
    /// What it means.
    pub docs: &'static [&'static str],
    /// How its value is written.
    pub kind: Kind,
    /// The value that an absent one stands for, as text; `None` where that depends on something else.
    pub default: fn() -> Option<String>,
    /// The values that a completion offers; others may be possible. [`ANY_PATH`] stands for paths of this machine.
    pub values: &'static [&'static str],
}

/// Stands for any path among the values of an option.
pub const ANY_PATH: &str = "<path>";

impl OptionSpec {
    /// The name that is not an alias.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// Whether every command that has a group above it has one that is declared, or a command there.
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
