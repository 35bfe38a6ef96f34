//! What the program says when something is wrong.
//!
//! ```text
//! error: what could not be done
//!   caused by: why
//! hint: what to do about it
//! ```

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use cairn_client::{Error as ClientError, TransportError};
use cairn_wire::text::escaped;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The command failed: 1.
    Failed,
    /// The command line is wrong: 2; under the name `ipfs` 1, as there.
    Usage,
    /// Whoever read the output is gone: 0, and nothing is said.
    Unread,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    /// What clap has to say: it is said as it is.
    parser: Option<clap::Error>,
}

impl Problem {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            parser: None,
        }
    }

    /// The command failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds why: an error and all that it was caused by.
    pub(crate) fn because(mut self, cause: &dyn StdError) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// What could not be done.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// An error with its causes.
    pub(crate) fn from_error(error: &dyn StdError) -> Self {
        let problem = Self::failed(error.to_string());
        match error.source() {
            Some(cause) => problem.because(cause),
            None => problem,
        }
    }

    /// An error of standard output.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::new(Kind::Unread, "")
        } else {
            Self::failed("cannot write the output").because(error)
        }
    }

    /// Prints it and gives the exit code.
    pub(crate) fn report(&self, voice: &Voice) -> ExitCode {
        let usage = if voice.program == "ipfs" { 1 } else { 2 };
        if let Some(parser) = &self.parser {
            if voice.json && parser.use_stderr() {
                let _ = std::io::stderr().write_all(self.json(voice).as_bytes());
            } else {
                let _ = parser.print();
            }
            return ExitCode::from(if parser.use_stderr() { usage } else { 0 });
        }
        if self.kind == Kind::Unread {
            return ExitCode::SUCCESS;
        }
        // Nobody is left to tell when this fails.
        let text = if voice.json {
            self.json(voice)
        } else {
            self.shown(voice)
        };
        let _ = std::io::stderr().write_all(text.as_bytes());
        match self.kind {
            Kind::Failed | Kind::Unread => ExitCode::from(1),
            Kind::Usage => ExitCode::from(usage),
        }
    }

    /// The text, with what came from content made harmless.
    pub(crate) fn shown(&self, voice: &Voice) -> String {
        let mut out = String::new();
        // Scripts look for the word as `ipfs` writes it.
        let head = if voice.program == "ipfs" {
            "Error: "
        } else {
            "error: "
        };
        line(head, &self.message, &mut out);
        let mut last = self.message.as_str();
        for cause in &self.causes {
            // Some causes only repeat what was said.
            if !last.ends_with(cause.as_str()) {
                line("  caused by: ", cause, &mut out);
            }
            last = cause;
        }
        for hint in &self.hints {
            line("hint: ", &voice.fill(hint), &mut out);
        }
        out
    }

    /// One line of JSON: `error`, and `causes` and `hint` where there are any.
    pub(crate) fn json(&self, voice: &Voice) -> String {
        let mut object = serde_json::Map::new();
        let message = match &self.parser {
            Some(parser) => {
                let text = parser.render().to_string();
                let text = text.split("\n\nUsage:").next().unwrap_or(&text);
                text.trim().trim_start_matches("error: ").to_owned()
            }
            None => self.message.clone(),
        };
        object.insert("error".to_owned(), message.into());
        if !self.causes.is_empty() {
            object.insert("causes".to_owned(), self.causes.clone().into());
        }
        let hints: Vec<String> = self.hints.iter().map(|hint| voice.fill(hint)).collect();
        if !hints.is_empty() {
            object.insert("hint".to_owned(), hints.join("\n").into());
        }
        format!("{}\n", serde_json::Value::Object(object))
    }
}

/// How the program speaks: what it is called, and what a command in a hint begins with.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    /// What the program is called.
    pub(crate) program: &'static str,
    /// The repository that the command line names.
    pub(crate) repository: Option<PathBuf>,
    /// Whether errors are JSON.
    pub(crate) json: bool,
}

impl Voice {
    pub(crate) fn new(program: &'static str) -> Self {
        Self {
            program,
            repository: None,
            json: false,
        }
    }

    /// A hint with the program's name filled in, and with the repository where it is not the usual one.
    fn fill(&self, hint: &str) -> String {
        let Some(repository) = &self.repository else {
            return hint.replace("{program}", self.program);
        };
        let path = repository.display().to_string();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@%:,~".contains(&byte);
        let path = if !path.is_empty() && path.bytes().all(plain) {
            path
        } else {
            format!("'{}'", path.replace('\'', "'\\''"))
        };
        hint.replace("{program}", &format!("{} --repo-dir {path}", self.program))
    }
}

/// A message of several lines keeps them; any other control character is shown as an escape.
fn line(head: &str, message: &str, out: &mut String) {
    let indent = " ".repeat(head.len());
    for (at, text) in message.trim_end().split('\n').enumerate() {
        out.push_str(if at == 0 { head } else { &indent });
        escaped(text.trim_end_matches('\r'), out);
        let _ = writeln!(out);
    }
}

impl From<clap::Error> for Problem {
    fn from(error: clap::Error) -> Self {
        Self {
            parser: Some(error),
            ..Self::usage("")
        }
    }
}

impl From<cairn_wire::ParseError> for Problem {
    fn from(error: cairn_wire::ParseError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<TransportError> for Problem {
    fn from(error: TransportError) -> Self {
        let problem = Self::from_error(&error);
        match error {
            TransportError::Connect { .. } | TransportError::ConnectTimeout { .. } => problem.hint(
                "is the daemon running? Start it with `{program} daemon`, or leave `--api` out",
            ),
            TransportError::Certificate { .. } => problem.hint(
                "if the server's certificate is self-signed or from a private authority, name its PEM file with `--api-ca`",
            ),
            _ => problem,
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Connection(error) => error.into(),
            ClientError::Status { status, .. }
                if status == http::StatusCode::UNAUTHORIZED
                    || status == http::StatusCode::FORBIDDEN =>
            {
                Self::from_error(&error).hint(
                    "give the credentials with CAIRN_API_AUTH, `--api-auth-file` or `--api-auth`",
                )
            }
            ClientError::Status { status, .. } if status == http::StatusCode::NOT_FOUND => {
                Self::from_error(&error).hint("the server does not have this command")
            }
            other => Self::from_error(&other),
        }
    }
}
