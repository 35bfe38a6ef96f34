//! The password of a new user: typed on a terminal, or read from the standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::oneshot;

use crate::error::Problem;
use crate::interrupt::{self, Interrupts};

/// Maximum length of a password, in bytes.
const MAX_PASSWORD: usize = 4 << 10;

/// Maximum number of bytes that are read: a password and its line end.
const LIMIT: u64 = MAX_PASSWORD as u64 + 2;

/// Asks for the password twice on a terminal; otherwise reads it from the standard input.
pub(super) async fn read() -> Result<String, Problem> {
    if !io::stdin().is_terminal() {
        let mut text = String::new();
        // One byte more shows that there is more.
        let read = io::stdin().take(LIMIT + 1).read_to_string(&mut text);
        read.map_err(|error| unreadable(&error))?;
        return only_line(&text).map(str::to_owned);
    }
    let mut interrupts = Interrupts::new()?;
    let silent = Silent::new().map_err(|error| unreadable(&error))?;
    let asked = tokio::select! {
        biased;
        signal = interrupts.next() => {
            drop(silent);
            eprintln!();
            interrupt::end(signal)
        }
        asked = ask_twice() => asked,
    };
    drop(silent);
    interrupts.release();
    asked
}

async fn ask_twice() -> Result<String, Problem> {
    let first = ask("Password: ").await?;
    let first = only_line(&first)?;
    let again = ask("Again: ").await?;
    if only_line(&again).ok() != Some(first) {
        return Err(Problem::failed("the two passwords are not the same"));
    }
    Ok(first.to_owned())
}

/// Asks for a line. A thread reads it: waiting for a terminal must not keep the program from exiting.
async fn ask(prompt: &str) -> Result<String, Problem> {
    eprint!("{prompt}");
    let (line, typed) = oneshot::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = io::stdin().lock().take(LIMIT + 1).read_line(&mut text);
        // Nobody waits for it any more if this fails.
        let _ = line.send(read.map(|_| text));
    });
    let read = typed
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)));
    // The line end was not echoed.
    eprintln!();
    read.map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> Problem {
    Problem::failed("cannot read the password").because(error)
}

/// The only line of a text, without its line end.
fn only_line(text: &str) -> Result<&str, Problem> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let reason = if line.is_empty() {
        "the password is empty"
    } else if line.contains('\n') {
        "the password has more than one line"
    } else if line.len() > MAX_PASSWORD {
        "the password is too long"
    } else {
        return Ok(line);
    };
    Err(Problem::usage(reason).hint(
        "type it on a terminal, or write one line to the standard input, as in `{program} cluster user add NAME < FILE`",
    ))
}

/// A terminal that does not show what is typed. It does again on drop.
struct Silent(Termios);

impl Silent {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // What was typed before was shown, and is not meant.
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // Nothing more can be done if this fails.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line() {
        for (text, password) in [
            ("secret\n", Some("secret")),
            ("secret\r\n", Some("secret")),
            (" two words ", Some(" two words ")),
            ("secret\nsecret\n", None),
            ("secret\n\n", None),
            ("\n", None),
            ("", None),
        ] {
            assert_eq!(only_line(text).ok(), password, "{text:?}");
        }
        assert!(only_line(&"x".repeat(MAX_PASSWORD)).is_ok());
        assert!(only_line(&"x".repeat(MAX_PASSWORD + 1)).is_err());
    }
}
