//! Errors of the program and their output.
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
use cairn_store::shared::SharedError;
use cairn_wire::text::escaped;

/// The kind of a problem, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The command failed: 1.
    Failed,
    /// The command line is wrong: 2; under the name `ipfs` 1, as there.
    Usage,
    /// The reader of the output has gone: 0, without a message.
    OutputClosed,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: ProblemKind,
    message: String,
    /// Kubo's message, where it differs: printed if the program is called `ipfs`, because scripts match on it.
    kubo: Option<String>,
    causes: Vec<String>,
    hints: Vec<String>,
    /// An error of clap, printed as it is.
    parser: Option<clap::Error>,
}

impl Problem {
    fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            kubo: None,
            causes: Vec::new(),
            hints: Vec::new(),
            parser: None,
        }
    }

    /// The command failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Failed, message)
    }

    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Usage, message)
    }

    /// Adds the cause: an error and its causes.
    pub(crate) fn because(mut self, cause: &dyn StdError) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// Adds a cause that is only a text.
    pub(crate) fn because_text(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Begins the message with what it is about. Kubo's message stays as it is.
    pub(crate) fn about(mut self, what: &str) -> Self {
        if !self.message.contains(what) {
            self.message = format!("{what}: {}", self.message);
        }
        self
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Adds a hint what to do.
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
            Self::new(ProblemKind::OutputClosed, "")
        } else {
            Self::failed("cannot write the output").because(error)
        }
    }

    /// Prints it and gives the exit code.
    pub(crate) fn report(&self, style: &ErrorStyle) -> ExitCode {
        let usage = if style.program == "ipfs" { 1 } else { 2 };
        if let Some(parser) = &self.parser {
            if style.json && parser.use_stderr() {
                let _ = std::io::stderr().write_all(self.json(style).as_bytes());
            } else {
                let _ = parser.print();
            }
            return ExitCode::from(if parser.use_stderr() { usage } else { 0 });
        }
        if self.kind == ProblemKind::OutputClosed {
            return ExitCode::SUCCESS;
        }
        // If this fails, nothing can be reported.
        let text = if style.json {
            self.json(style)
        } else {
            self.render(style)
        };
        let _ = std::io::stderr().write_all(text.as_bytes());
        match self.kind {
            ProblemKind::Failed | ProblemKind::OutputClosed => ExitCode::from(1),
            ProblemKind::Usage => ExitCode::from(usage),
        }
    }

    fn message_in(&self, style: &ErrorStyle) -> &str {
        match &self.kubo {
            Some(kubo) if style.program == "ipfs" => kubo,
            _ => &self.message,
        }
    }

    /// The text, with untrusted content escaped.
    pub(crate) fn render(&self, style: &ErrorStyle) -> String {
        let mut out = String::new();
        // Scripts match on the word as `ipfs` writes it.
        let head = if style.program == "ipfs" {
            "Error: "
        } else {
            "error: "
        };
        let message = self.message_in(style);
        line(head, message, &mut out);
        let mut last = message;
        for cause in &self.causes {
            // Some causes only repeat the message.
            if !last.ends_with(cause.as_str()) {
                line("  caused by: ", cause, &mut out);
            }
            last = cause;
        }
        for hint in &self.hints {
            line("hint: ", &style.fill(hint), &mut out);
        }
        out
    }

    /// One line of JSON: `error`, and `causes` and `hint` if there are any.
    pub(crate) fn json(&self, style: &ErrorStyle) -> String {
        let mut object = serde_json::Map::new();
        let message = match &self.parser {
            Some(parser) => {
                let text = parser.render().to_string();
                let text = text.split("\n\nUsage:").next().unwrap_or(&text);
                text.trim().trim_start_matches("error: ").to_owned()
            }
            None => self.message_in(style).to_owned(),
        };
        object.insert("error".to_owned(), message.into());
        if !self.causes.is_empty() {
            object.insert("causes".to_owned(), self.causes.clone().into());
        }
        let hints: Vec<String> = self.hints.iter().map(|hint| style.fill(hint)).collect();
        if !hints.is_empty() {
            object.insert("hint".to_owned(), hints.join("\n").into());
        }
        format!("{}\n", serde_json::Value::Object(object))
    }
}

/// How errors are printed: the program's name, and how commands in hints begin.
#[derive(Clone, Debug)]
pub(crate) struct ErrorStyle {
    /// The name of the program.
    pub(crate) program: &'static str,
    /// The repository that the command line names.
    pub(crate) repository: Option<PathBuf>,
    /// Whether errors are JSON.
    pub(crate) json: bool,
}

impl ErrorStyle {
    pub(crate) fn new(program: &'static str) -> Self {
        Self {
            program,
            repository: None,
            json: false,
        }
    }

    /// Fills in the program's name in a hint, and the repository if it is not the default.
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

/// Line breaks of a message are kept; other control characters are escaped.
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

impl From<SharedError> for Problem {
    fn from(error: SharedError) -> Self {
        Self::from_error(&error)
    }
}

impl From<TransportError> for Problem {
    fn from(error: TransportError) -> Self {
        let problem = Self::from_error(&error);
        match error {
            TransportError::Connect { .. } | TransportError::ConnectTimeout { .. } => problem.hint(
                "is the daemon running? Start it with `{program} daemon`, or omit `--api`",
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
            ClientError::Response { error, .. } => {
                of_server(&error.message, error.detail.as_deref())
            }
            ClientError::Partial(partial) => of_server(partial.message(), partial.detail()),
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

/// A command that failed on the server: in the words of Cairn if it sent them, else in Kubo's, but with our own name.
fn of_server(message: &str, detail: Option<&str>) -> Problem {
    let own = match detail {
        Some(detail) => detail.to_owned(),
        None => message.replace("'ipfs daemon'", "'cairn daemon'"),
    };
    Problem {
        kubo: Some(message.to_owned()),
        ..Problem::failed(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_server_name_this_program() {
        let message = "must be run in online mode. Try running 'ipfs daemon' first";
        let problem = of_server(message, None);
        assert_eq!(
            problem.render(&ErrorStyle::new("cairn")),
            "error: must be run in online mode. Try running 'cairn daemon' first\n"
        );
        assert_eq!(
            problem.render(&ErrorStyle::new("ipfs")),
            format!("Error: {message}\n")
        );
        let problem = of_server("not pinned", Some("not pinned, or only indirectly")).about("CID");
        assert_eq!(problem.message(), "CID: not pinned, or only indirectly");
    }
}
