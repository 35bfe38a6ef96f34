//! What a declaration consists of.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::values::{Kind, ParseError, Values};

/// One endpoint of the Kubo RPC: a type whose fields are its arguments and options.
pub trait Endpoint: Sized + Send + Sync + 'static {
    /// Where it is, what it takes, what it answers.
    const SPEC: Spec;

    /// One record of the answer: the whole of it, or one line of a stream. `()` where the answer is bytes or empty.
    type Reply: Serialize + DeserializeOwned + Send + 'static;

    /// Reads the fields from a query or a command line.
    fn from_values(values: &Values) -> Result<Self, ParseError>;

    /// The query that gives these fields; what equals its default is left out.
    fn to_values(&self) -> Values;

    /// Writes one record as `ipfs` prints it: what `encoding=text` answers and the CLI shows.
    fn text(&self, reply: &Self::Reply, out: &mut String);
}

/// The facts of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its path below `/api/v0/`, as in `block/put`; also its words on the command line.
    pub path: &'static str,
    /// What it does: the lines of its documentation, the first being its summary, with a link to its spec.
    pub docs: &'static [&'static str],
    /// Command lines for the help; `{program}` stands for the program's name.
    pub examples: &'static [&'static str],
    /// What it takes in order, as `arg`.
    pub arguments: &'static [Argument],
    /// What it takes by name.
    pub options: &'static [OptionSpec],
    /// What its request carries.
    pub body: Body,
    /// What its answer carries.
    pub reply: ReplyKind,
    /// The name of the element that a record is as XML; `None` where records have no such form.
    pub xml: Option<&'static str>,
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

/// What a request carries besides its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Nothing,
    /// `multipart/form-data` with files.
    Files {
        /// The name in messages and help.
        name: &'static str,
        /// Whether several may come.
        many: bool,
        /// Whether the command line may name folders.
        recursive: bool,
    },
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// One JSON value.
    One,
    /// JSON values as they come, one a line.
    Many,
    /// Bytes of a media type.
    Bytes(&'static str),
}
