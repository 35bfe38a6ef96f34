//! Which recordings a server must already answer as the real program did, and why the others are not due.
//!
//! A list is a text file of lines:
//!
//! ```text
//! # a comment
//! run add.*                                  these are due: a name, or a prefix with a star
//! skip add.to-files: writes to MFS           except these, each with its reason
//! skip pin.verify pin.update: not yet            several names are parted by spaces
//! before dag.export.cbor POST /api/v0/… hex:a1…   a request that stands in for the effect of a case that is not due
//! ```
//!
//! The most specific line decides: a full name before any prefix, a longer prefix before a shorter one.

use anyhow::{Context, Result, bail, ensure};

use crate::recording::{Body, Bytes, Part, Recording, Request, Set, Step};

/// A selection of a set's recordings.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    rules: Vec<Rule>,
    steps: Vec<(String, Step)>,
}

#[derive(Debug, Clone)]
struct Rule {
    pattern: String,
    /// Why not; `None` where it is due.
    reason: Option<String>,
}

impl Rule {
    /// How specifically the rule names `name`; `None` where it does not.
    fn rank(&self, name: &str) -> Option<(bool, usize)> {
        match self.pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix).then_some((false, prefix.len())),
            None => (self.pattern == name).then_some((true, name.len())),
        }
    }
}

impl Selection {
    /// The list of what is due of [`Set::kubo`].
    ///
    /// # Errors
    /// The list is damaged, or names what the set does not have.
    pub fn kubo() -> Result<Self> {
        let due =
            Self::parse(include_str!("../recordings/due-kubo.txt")).context("due-kubo.txt")?;
        due.check(&Set::kubo()?)?;
        Ok(due)
    }

    /// Everything is due.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            rules: vec![Rule {
                pattern: "*".to_owned(),
                reason: None,
            }],
            steps: Vec::new(),
        }
    }

    /// Reads a list.
    ///
    /// # Errors
    /// A line is none of the forms above.
    pub fn parse(text: &str) -> Result<Self> {
        let mut due = Self::default();
        for (number, line) in text.lines().enumerate() {
            due.line(line.trim())
                .with_context(|| format!("line {}: {line}", number + 1))?;
        }
        Ok(due)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (verb, rest) = line
            .split_once(' ')
            .context("a verb and its object are needed")?;
        match verb {
            "run" => self
                .rules
                .extend(rest.split_whitespace().map(|pattern| Rule {
                    pattern: pattern.to_owned(),
                    reason: None,
                })),
            "skip" => {
                let (patterns, reason) = rest
                    .split_once(": ")
                    .context("a skip needs its reason after a colon")?;
                self.rules
                    .extend(patterns.split_whitespace().map(|pattern| Rule {
                        pattern: pattern.to_owned(),
                        reason: Some(reason.trim().to_owned()),
                    }));
            }
            "before" => {
                let words: Vec<_> = rest.split_whitespace().collect();
                let [name, method, target, data @ ..] = words.as_slice() else {
                    bail!("a name, a method and a target are needed")
                };
                ensure!(data.len() <= 1, "a step has one body at most");
                let body = data.first().map(|data| step_body(data)).transpose()?;
                let step = Step {
                    request: Request::of(method, target, body),
                    learn: None,
                    until: None,
                    pause: None,
                };
                self.steps.push(((*name).to_owned(), step));
            }
            _ => bail!("{verb} is not a verb"),
        }
        Ok(())
    }

    /// Why `name` is not due; `None` where it is.
    #[must_use]
    pub fn why_not(&self, name: &str) -> Option<&str> {
        self.rules
            .iter()
            .filter_map(|rule| rule.rank(name).map(|rank| (rank, rule)))
            .max_by_key(|(rank, _)| *rank)
            .map_or(Some("nothing says that it is due"), |(_, rule)| {
                rule.reason.as_deref()
            })
    }

    /// The due recordings of `set` in their order, with the steps that stand in for those left out.
    #[must_use]
    pub fn select(&self, set: &Set) -> Vec<Recording> {
        let mut selected = Vec::new();
        for recording in &set.recordings {
            if self.why_not(&recording.name).is_some() {
                continue;
            }
            let mut recording = recording.clone();
            let own = self
                .steps
                .iter()
                .filter(|(name, _)| *name == recording.name)
                .map(|(_, step)| step.clone());
            recording.before.extend(own);
            selected.push(recording);
        }
        selected
    }

    /// Every line names something that `set` has, and every step stands before a case that is due.
    fn check(&self, set: &Set) -> Result<()> {
        for rule in &self.rules {
            let used = set
                .recordings
                .iter()
                .any(|recording| rule.rank(&recording.name).is_some());
            ensure!(used, "no recording is called {}", rule.pattern);
        }
        for (name, _) in &self.steps {
            ensure!(
                set.get(name).is_some() && self.why_not(name).is_none(),
                "a step stands before {name}, which is not due"
            );
        }
        Ok(())
    }
}

/// `text:…` and `hex:…` are one file of a multipart body.
fn step_body(data: &str) -> Result<Body> {
    let data = match data.split_once(':') {
        Some(("text", text)) => Bytes::Text(text.to_owned()),
        Some(("hex", hex)) => {
            let bytes = data_encoding::HEXLOWER
                .decode(hex.as_bytes())
                .context("not hexadecimal")?;
            Bytes::Base64(data_encoding::BASE64.encode(&bytes))
        }
        _ => bail!("a body is text: or hex:, not {data}"),
    };
    Ok(Body::Parts(vec![Part {
        field: "file".to_owned(),
        file_name: Some("step".to_owned()),
        content_type: Some("application/octet-stream".to_owned()),
        headers: Vec::new(),
        data,
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_line_decides() {
        let due = Selection::parse(
            "run pin.* add.one\nskip pin.remote.* pin.verify: not yet\n# x\n\nrun pin.remote.ls",
        )
        .unwrap();
        assert_eq!(due.why_not("pin.ls"), None);
        assert_eq!(due.why_not("pin.remote.add"), Some("not yet"));
        assert_eq!(due.why_not("pin.remote.ls"), None);
        assert_eq!(due.why_not("pin.verify"), Some("not yet"));
        assert_eq!(due.why_not("add.one"), None);
        assert!(due.why_not("add.two").is_some());
    }

    #[test]
    fn damaged_lines_are_refused() {
        for line in [
            "run",
            "skip a",
            "walk a",
            "before a POST",
            "before a POST /x body",
            "before a POST /x hex:zz",
        ] {
            assert!(Selection::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_list_for_kubo_is_sound() {
        let set = Set::kubo().unwrap();
        let due = Selection::kubo().unwrap();
        assert!(due.select(&set).len() > 200);
    }
}
