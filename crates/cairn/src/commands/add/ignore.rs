//! Ignored files: the rules of `--ignore` and `--ignore-rules-path`.
//!
//! Rules have the syntax of `.gitignore` and the semantics of `ipfs`, so that a tree gets the same CID: each is
//! matched against the name of a file or directory, not its path. Rules that git would apply and that have no effect
//! here are reported.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use cairn_client::Matcher;
use regex::Regex;

use crate::error::Problem;

/// Maximum size of a rules file, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// Rules in order; the last one that matches a name decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    fits: Regex,
    /// Whether it includes matching names: `!name`.
    keeps: bool,
}

impl Ignore {
    /// Reads the rules of a file, then those of the command line. Also returns warnings.
    pub(super) fn read(
        file: Option<&Path>,
        lines: &[String],
    ) -> Result<(Self, Vec<String>), Problem> {
        let text = file.map(read_rules).transpose()?.unwrap_or_default();
        let mut ignore = Self::default();
        let mut told = Vec::new();
        for line in text.split('\n').chain(lines.iter().map(String::as_str)) {
            ignore.add(line, &mut told);
        }
        Ok((ignore, told))
    }

    fn add(&mut self, line: &str, told: &mut Vec<String>) {
        let line = line.trim_end_matches('\r');
        if line.starts_with('#') {
            return;
        }
        let line = line.trim_matches(' ');
        let (keeps, rule) = match line.strip_prefix('!') {
            Some(rule) => (true, rule.strip_prefix(['!', '#']).unwrap_or(rule)),
            None => (false, line),
        };
        if rule.is_empty() {
            return;
        }
        let Ok(fits) = Regex::new(&expression(rule)) else {
            told.push(format!(
                "the rule {line:?} cannot be read and is passed over"
            ));
            return;
        };
        if needs_a_path(rule) {
            told.push(format!(
                "the rule {line:?} fits nothing: rules are held against names, which have no `/`"
            ));
        } else if rule.contains('?') {
            told.push(format!("in the rule {line:?}, `?` stands for itself alone"));
        }
        self.rules.push(Rule { fits, keeps });
    }

    /// Whether this name is ignored.
    fn leaves_out(&self, name: &OsStr) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let name = name.to_string_lossy();
        let last = self
            .rules
            .iter()
            .rev()
            .find(|rule| rule.fits.is_match(&name));
        last.is_some_and(|rule| !rule.keeps)
    }
}

impl Matcher for Ignore {
    fn matches(&self, path: &Path, _: bool) -> bool {
        path.file_name().is_none_or(|name| !self.leaves_out(name))
    }

    fn enters(&self, path: &Path) -> bool {
        self.matches(path, true)
    }
}

fn read_rules(path: &Path) -> Result<String, Problem> {
    let failed = |error: std::io::Error| {
        Problem::failed(format!("cannot read the rules in {}", path.display())).because(&error)
    };
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut text))
        .map_err(failed)?;
    if text.len() as u64 > LIMIT {
        return Err(Problem::failed(format!(
            "{} has more than {LIMIT} bytes of rules",
            path.display()
        )));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A rule as a regular expression over names and everything below them. Syntax that is the same in both, such as
/// `[a-z]` or `\*`, is kept.
fn expression(rule: &str) -> String {
    // A leading `**/` is implied by a rule without a slash.
    let (anchored, mut rest) = match rule.strip_prefix('/') {
        Some(rest) if rest.starts_with("**/") => (false, rest),
        Some(rest) => (true, rest),
        None => (false, rule),
    };
    let mut out = String::from(if anchored { "^(|/)" } else { "^(|.*/)" });
    while let Some(letter) = rest.chars().next() {
        let (token, meaning) = match letter {
            '/' if rest.starts_with("/**/") => ("/**/", "(/|/.+/)"),
            '*' if rest.starts_with("**/") => ("**/", "(|.*/)"),
            '/' if rest.starts_with("/**") => ("/**", "(|/.*)"),
            '\\' if rest.starts_with("\\*") => ("\\*", "\\*"),
            '*' => ("*", "[^/]*"),
            '.' => (".", "\\."),
            '?' => ("?", "\\?"),
            _ => {
                out.push(letter);
                rest = rest.get(letter.len_utf8()..).unwrap_or_default();
                continue;
            }
        };
        out.push_str(meaning);
        rest = rest.get(token.len()..).unwrap_or_default();
    }
    out.push_str(if out.ends_with('/') {
        "(|.*)$"
    } else {
        "(|/.*)$"
    });
    out
}

/// Whether only a path could match, never a name.
fn needs_a_path(rule: &str) -> bool {
    let mut rest = rule.strip_prefix('/').unwrap_or(rule);
    while let Some(inner) = rest
        .strip_prefix("**/")
        .or_else(|| rest.strip_suffix("/**"))
    {
        rest = inner;
    }
    rest.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(rules: &[&str], name: &str) -> bool {
        let rules: Vec<String> = rules.iter().map(|&rule| rule.to_owned()).collect();
        let (ignore, _) = Ignore::read(None, &rules).unwrap();
        ignore.leaves_out(name.as_ref())
    }

    #[test]
    fn rules_fit_names() {
        for (rule, name, fits) in [
            ("foo", "foo", true),
            ("foo", "food", false),
            ("foo", "afoo", false),
            ("*.log", "a.log", true),
            ("*.log", "a.logs", false),
            ("a.b", "axb", false),
            ("/top", "top", true),
            ("**/deep", "deep", true),
            ("/**/deep", "deep", true),
            ("all/**", "all", true),
            ("[ab]*", "bx", true),
            ("[ab]*", "cx", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"\#a", "#a", true),
            ("# a", "# a", false),
            ("  a  ", "a", true),
            ("a\r", "a", true),
            ("", "a", false),
            ("!", "!", false),
            // As in Kubo, and unlike in git.
            ("folder/", "folder", false),
            ("a/b", "b", false),
            ("a?c", "abc", false),
            ("a?c", "a?c", true),
        ] {
            assert_eq!(left_out(&[rule], name), fits, "{rule:?} {name:?}");
        }
    }

    #[test]
    fn the_last_rule_decides() {
        let rules = ["*.txt", "!keep.txt"];
        assert!(left_out(&rules, "a.txt"));
        assert!(!left_out(&rules, "keep.txt"));
        assert!(!left_out(&["!keep.txt"], "keep.txt"));
        assert!(left_out(&["!keep.txt", "*.txt"], "keep.txt"));
    }

    #[test]
    fn what_git_would_understand_otherwise_is_told() {
        let told = |rule: &str| Ignore::read(None, &[rule.to_owned()]).unwrap().1;
        for rule in ["folder/", "a/b", "/a/b", "a/**/b", "a?", "["] {
            assert_eq!(told(rule).len(), 1, "{rule:?}");
        }
        for rule in ["a", "/a", "**/a", "a/**", "*.x", "# a/b", ""] {
            assert!(told(rule).is_empty(), "{rule:?}");
        }
    }

    #[test]
    fn rules_come_from_a_file_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules");
        std::fs::write(&path, "# a comment\r\n*.a\r\n!b.a\n").unwrap();
        let (ignore, told) = Ignore::read(Some(&path), &["b.a".to_owned()]).unwrap();
        assert!(told.is_empty());
        assert!(ignore.leaves_out("x.a".as_ref()) && ignore.leaves_out("b.a".as_ref()));
        assert!(Ignore::read(Some(&folder.path().join("none")), &[]).is_err());
    }
}
