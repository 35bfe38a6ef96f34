//! Patterns that select files in directories.

use std::path::Path;
use std::sync::Arc;

/// Selects files and directories to add.
pub trait Matcher: Send + Sync + std::fmt::Debug {
    /// Whether a file or directory is added. The path is relative to the added directory. Parent directories of matching files are
    /// always added.
    fn matches(&self, path: &Path, is_directory: bool) -> bool;

    /// Whether a directory is walked.
    fn enters(&self, path: &Path) -> bool {
        let _ = path;
        true
    }
}

/// A pattern: a glob as text, a regular expression (feature `regex`), or any [`Matcher`].
///
/// Globs match the path relative to the added directory: `*` matches any characters of a name, `?` one character, `[a-z]` and
/// `[!a-z]` one of a set, `**` any number of directories. Wildcards do not match a leading period, unless
/// [`AddCall::period_special`](crate::AddCall::period_special) is false. Regular expressions are searched for in the path.
#[derive(Clone, Debug)]
pub struct Pattern(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Glob(String),
    Matcher(Arc<dyn Matcher>),
}

impl Pattern {
    /// A pattern that uses a matcher.
    pub fn matcher(matcher: impl Matcher + 'static) -> Self {
        Self(Kind::Matcher(Arc::new(matcher)))
    }

    /// The matcher of this pattern.
    fn build(&self, period_special: bool) -> Arc<dyn Matcher> {
        match &self.0 {
            Kind::Glob(text) => Arc::new(Glob::new(text, period_special)),
            Kind::Matcher(matcher) => Arc::clone(matcher),
        }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(Kind::Glob(text.to_owned()))
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(Kind::Glob(text))
    }
}

#[cfg(feature = "regex")]
impl From<regex::Regex> for Pattern {
    fn from(regex: regex::Regex) -> Self {
        Self::matcher(Expression(regex))
    }
}

#[cfg(feature = "regex")]
#[derive(Debug)]
struct Expression(regex::Regex);

#[cfg(feature = "regex")]
impl Matcher for Expression {
    fn matches(&self, path: &Path, _: bool) -> bool {
        self.0.is_match(&path.to_string_lossy())
    }
}

/// Matches if any of several matchers does.
#[derive(Debug)]
struct AnyOf(Vec<Arc<dyn Matcher>>);

impl Matcher for AnyOf {
    fn matches(&self, path: &Path, is_directory: bool) -> bool {
        self.0.iter().any(|one| one.matches(path, is_directory))
    }

    fn enters(&self, path: &Path) -> bool {
        self.0.iter().any(|one| one.enters(path))
    }
}

/// The matcher of several patterns; `None` if there are none.
pub(crate) fn any_of(patterns: &[Pattern], period_special: bool) -> Option<Arc<dyn Matcher>> {
    let mut all: Vec<_> = patterns
        .iter()
        .map(|pattern| pattern.build(period_special))
        .collect();
    match all.len() {
        0 => None,
        1 => all.pop(),
        _ => Some(Arc::new(AnyOf(all))),
    }
}

/// A glob.
#[derive(Debug)]
pub(crate) struct Glob {
    labels: Vec<Label>,
    period_special: bool,
}

/// Pattern of one component of the path.
#[derive(Debug)]
enum Label {
    /// `**`: any number of directories.
    Directories,
    Name(Vec<Token>),
}

#[derive(Debug)]
enum Token {
    Letter(char),
    AnyLetter,
    AnyLetters,
    OneOf {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    pub(crate) fn new(text: &str, period_special: bool) -> Self {
        let labels = text
            .split('/')
            .filter(|label| !label.is_empty() && *label != ".")
            .map(|label| match label {
                "**" => Label::Directories,
                label => Label::Name(tokens(label)),
            });
        Self {
            labels: labels.collect(),
            period_special,
        }
    }

    /// Simulates the pattern as an NFA: which labels can follow after the path; the last element is the end of the pattern.
    fn reached(&self, path: &Path) -> Vec<bool> {
        let end = self.labels.len();
        let mut at = vec![false; end + 1];
        if let Some(first) = at.first_mut() {
            *first = true;
        }
        self.pass(&mut at);
        for name in path.iter() {
            let name: Vec<char> = name.to_string_lossy().chars().collect();
            let mut next = vec![false; end + 1];
            for (place, label) in self.labels.iter().enumerate() {
                if !at.get(place).copied().unwrap_or(false) {
                    continue;
                }
                let goes_to = match label {
                    Label::Directories if self.is_hidden(&name) => continue,
                    Label::Directories => place,
                    Label::Name(tokens) if self.fits(tokens, &name) => place + 1,
                    Label::Name(_) => continue,
                };
                if let Some(reached) = next.get_mut(goes_to) {
                    *reached = true;
                }
            }
            self.pass(&mut next);
            at = next;
        }
        at
    }

    /// `**` also matches no directory.
    fn pass(&self, at: &mut [bool]) {
        for (place, label) in self.labels.iter().enumerate() {
            if matches!(label, Label::Directories)
                && at.get(place).copied().unwrap_or(false)
                && let Some(next) = at.get_mut(place + 1)
            {
                *next = true;
            }
        }
    }

    fn is_hidden(&self, name: &[char]) -> bool {
        self.period_special && name.first() == Some(&'.')
    }

    /// Whether a name matches. Backtracks only to the last `*`.
    fn fits(&self, tokens: &[Token], name: &[char]) -> bool {
        if self.is_hidden(name) && !matches!(tokens.first(), Some(Token::Letter('.'))) {
            return false;
        }
        let (mut token, mut letter) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while let Some(&found) = name.get(letter) {
            match tokens.get(token) {
                Some(Token::AnyLetters) => {
                    star = Some((token + 1, letter));
                    token += 1;
                }
                Some(wanted) if wanted.is(found) => {
                    token += 1;
                    letter += 1;
                }
                _ => {
                    let Some((after, from)) = star else {
                        return false;
                    };
                    star = Some((after, from + 1));
                    token = after;
                    letter = from + 1;
                }
            }
        }
        let rest = tokens.get(token..).unwrap_or_default();
        rest.iter().all(|token| matches!(token, Token::AnyLetters))
    }
}

impl Token {
    fn is(&self, letter: char) -> bool {
        match self {
            Self::Letter(wanted) => *wanted == letter,
            Self::AnyLetter => true,
            Self::AnyLetters => false,
            Self::OneOf { negated, ranges } => {
                *negated
                    != ranges
                        .iter()
                        .any(|(from, to)| (*from..=*to).contains(&letter))
            }
        }
    }
}

impl Matcher for Glob {
    fn matches(&self, path: &Path, _: bool) -> bool {
        self.reached(path).last().copied().unwrap_or(false)
    }

    fn enters(&self, path: &Path) -> bool {
        let reached = self.reached(path);
        let before_end = reached.len().saturating_sub(1);
        reached.iter().take(before_end).any(|reached| *reached)
    }
}

fn tokens(label: &str) -> Vec<Token> {
    let letters: Vec<char> = label.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        at += 1;
        tokens.push(match letter {
            '*' => Token::AnyLetters,
            '?' => Token::AnyLetter,
            '[' => match set(letters.get(at..).unwrap_or_default()) {
                Some((token, length)) => {
                    at += length;
                    token
                }
                // Without a closing bracket it is literal.
                None => Token::Letter('['),
            },
            letter => Token::Letter(letter),
        });
    }
    tokens
}

/// Parses a set after `[`; returns its length as well.
fn set(letters: &[char]) -> Option<(Token, usize)> {
    let negated = matches!(letters.first(), Some('!' | '^'));
    let begin = usize::from(negated);
    // A bracket in the first place belongs to the set.
    let end = letters
        .iter()
        .enumerate()
        .skip(begin + 1)
        .find(|(_, letter)| **letter == ']')
        .map(|(at, _)| at)?;
    let mut inner = letters.get(begin..end)?;
    let mut ranges = Vec::new();
    while let Some((&from, rest)) = inner.split_first() {
        match rest {
            ['-', to, rest @ ..] => {
                ranges.push((from, *to));
                inner = rest;
            }
            rest => {
                ranges.push((from, from));
                inner = rest;
            }
        }
    }
    Some((Token::OneOf { negated, ranges }, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_paths() {
        for (glob, path, fits) in [
            ("*.jpg", "a.jpg", true),
            ("*.jpg", "a.jpeg", false),
            ("*.jpg", "b/a.jpg", false),
            ("**", "a", true),
            ("**", "a/b/c", true),
            ("**", ".a", false),
            ("**", "a/.b/c", false),
            ("**/*.jpg", "a.jpg", true),
            ("**/*.jpg", "b/c/a.jpg", true),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/z", "b/z", false),
            ("?[a-c][!x]", "zbq", true),
            ("?[a-c][!x]", "zbx", false),
            ("?[a-c][!x]", "zdq", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("*", ".hidden", false),
            (".*", ".hidden", true),
            ("a*b*c", "axxbxxbc", true),
            ("a*b*c", "axxbxx", false),
            ("", "a", false),
        ] {
            assert_eq!(
                Glob::new(glob, true).matches(Path::new(path), false),
                fits,
                "{glob} {path}"
            );
        }
        assert!(Glob::new("*", false).matches(Path::new(".hidden"), false));
        assert!(Glob::new("**", false).matches(Path::new("a/.b/c"), false));
    }

    #[test]
    fn only_directories_that_may_hold_a_match_are_entered() {
        for (glob, path, enters) in [
            ("*.jpg", "a", false),
            ("a/*.jpg", "a", true),
            ("a/*.jpg", "b", false),
            ("a/*.jpg", "a/c", false),
            ("**/x", "a/b", true),
            ("**", "a", true),
            ("**", ".git", false),
        ] {
            assert_eq!(
                Glob::new(glob, true).enters(Path::new(path)),
                enters,
                "{glob} {path}"
            );
        }
    }
}
