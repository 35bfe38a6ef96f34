//! `_redirects` files: rules for the paths that a website does not have.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/web-redirects-file/>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Maximum size of a file, in bytes. Larger files are refused.
pub const MAX_SIZE: usize = 64 << 10;

/// Maximum length of an expanded target, in bytes. A rule that repeats its placeholders beyond this is an error.
const MAX_TARGET: usize = 64 << 10;

/// Maximum number of segments of the path of a rule. Rules with more are errors.
const MAX_SEGMENTS: usize = 256;

/// What stays as it is in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectsError {
    /// The file is too large.
    #[error("redirects file size cannot exceed {MAX_SIZE} bytes")]
    TooLarge,
    /// The file is not text.
    #[error("it is not UTF-8")]
    NotText,
    /// A line is not a rule.
    #[error("line {line}: {reason}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong.
        reason: LineError,
    },
    /// The placeholders of a rule expand to too much.
    #[error("a target would have more than {MAX_TARGET} bytes")]
    TargetTooLong,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// There is only one field.
    #[error("missing 'to' path")]
    NoTarget,
    /// There are more than three fields.
    #[error("must match format 'from to [status]'")]
    Fields,
    /// The path to redirect from does not begin with a slash.
    #[error("'from' must begin with '/'")]
    From,
    /// An asterisk is not the last segment.
    #[error("'from' may have one asterisk, at its end")]
    Splat,
    /// There are more than [`MAX_SEGMENTS`] segments.
    #[error("'from' may have at most {MAX_SEGMENTS} segments")]
    Segments,
    /// A placeholder occurs twice.
    #[error("'from' has the placeholder :{0} twice")]
    Repeated(String),
    /// The target is neither a path nor a URL of an accepted scheme.
    #[error("'to' must be a path or a URL of http, https, ipfs or ipns")]
    To,
    /// The status is not supported.
    #[error("unsupported status {0:?}")]
    Status(String),
}

/// A segment of the path to redirect from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Name(String),
    Placeholder(String),
    /// Everything that remains; always the last.
    Splat,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    from: Vec<Segment>,
    to: String,
    status: u16,
}

/// The rules of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redirects(Vec<Rule>);

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The path or URL, escaped for use in a URL.
    pub to: String,
    /// The HTTP status: 200 for a rewrite; 301, 302, 303, 307 and 308 for a redirect; 404, 410 and 451 for an error page.
    pub status: u16,
}

impl Redirects {
    /// Reads a file.
    ///
    /// # Errors
    /// [`RedirectsError`]; one bad line makes the whole file invalid, as the specification demands.
    pub fn parse(file: &[u8]) -> Result<Self, RedirectsError> {
        if file.len() > MAX_SIZE {
            return Err(RedirectsError::TooLarge);
        }
        let text = std::str::from_utf8(file).map_err(|_| RedirectsError::NotText)?;
        let mut rules = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let rule = Rule::parse(text).map_err(|reason| RedirectsError::Line { line, reason })?;
            rules.push(rule);
        }
        Ok(Self(rules))
    }

    /// The first rule that matches a path, given as its decoded names.
    ///
    /// # Errors
    /// [`RedirectsError::TargetTooLong`].
    pub fn find(&self, names: &[&str]) -> Result<Option<Redirect>, RedirectsError> {
        for rule in &self.0 {
            if let Some(values) = rule.matches(names) {
                return rule.expand(&values).map(Some);
            }
        }
        Ok(None)
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Self, LineError> {
        let mut fields = line.split_whitespace();
        let (Some(from), Some(to)) = (fields.next(), fields.next()) else {
            return Err(LineError::NoTarget);
        };
        let status = match fields.next() {
            None => 301,
            Some(text) => match text.parse() {
                Ok(code @ (200 | 301 | 302 | 303 | 307 | 308 | 404 | 410 | 451)) => code,
                _ => return Err(LineError::Status(text.to_owned())),
            },
        };
        if fields.next().is_some() {
            return Err(LineError::Fields);
        }
        let is_target = to.starts_with('/')
            || ["http://", "https://", "ipfs://", "ipns://"]
                .iter()
                .any(|scheme| to.starts_with(scheme));
        if !is_target || to.contains(char::is_control) {
            return Err(LineError::To);
        }
        Ok(Self {
            from: segments(from)?,
            to: to.to_owned(),
            status,
        })
    }

    /// The values of the placeholders if a path matches, with their names.
    fn matches<'a>(&'a self, names: &'a [&'a str]) -> Option<Vec<(&'a str, &'a [&'a str])>> {
        let mut values: Vec<(&str, &[&str])> = Vec::new();
        for (at, segment) in self.from.iter().enumerate() {
            match segment {
                Segment::Splat => {
                    values.push(("splat", names.get(at..)?));
                    return Some(values);
                }
                Segment::Name(name) => {
                    if names.get(at)? != name {
                        return None;
                    }
                }
                Segment::Placeholder(key) => values.push((key, names.get(at..=at)?)),
            }
        }
        (self.from.len() == names.len()).then_some(values)
    }

    /// The target with its placeholders replaced. Values are escaped: a name cannot become a server or a query.
    fn expand(&self, values: &[(&str, &[&str])]) -> Result<Redirect, RedirectsError> {
        let mut to = String::with_capacity(self.to.len());
        let mut rest = self.to.as_str();
        while let Some(colon) = rest.find(':') {
            let (before, after) = rest.split_at(colon);
            to.push_str(before);
            let after = after.get(1..).unwrap_or_default();
            // The longest name wins, so that `:year` is not read as `:y` and `ear`.
            let value = values
                .iter()
                .filter(|(key, _)| after.starts_with(key))
                .max_by_key(|(key, _)| key.len());
            match value {
                Some((key, names)) => {
                    for (at, name) in names.iter().enumerate() {
                        if at > 0 {
                            to.push('/');
                        }
                        to.extend(utf8_percent_encode(name, SEGMENT));
                    }
                    rest = after.get(key.len()..).unwrap_or_default();
                }
                None => {
                    to.push(':');
                    rest = after;
                }
            }
            if to.len() > MAX_TARGET {
                return Err(RedirectsError::TargetTooLong);
            }
        }
        to.push_str(rest);
        Ok(Redirect {
            to,
            status: self.status,
        })
    }
}

fn segments(from: &str) -> Result<Vec<Segment>, LineError> {
    let path = from.strip_prefix('/').ok_or(LineError::From)?;
    if path
        .split_once('*')
        .is_some_and(|(_, after)| !after.is_empty())
    {
        return Err(LineError::Splat);
    }
    let mut out = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let decoded = || {
            let name = percent_encoding::percent_decode_str(part).decode_utf8();
            name.map_or_else(|_| part.to_owned(), std::borrow::Cow::into_owned)
        };
        let segment = match part.strip_prefix(':') {
            _ if part == "*" => Segment::Splat,
            _ if part.contains('*') => return Err(LineError::Splat),
            Some(name) if !name.is_empty() => Segment::Placeholder(name.to_owned()),
            _ => Segment::Name(decoded()),
        };
        if let Segment::Placeholder(name) = &segment
            && out.contains(&segment)
        {
            return Err(LineError::Repeated(name.clone()));
        }
        if out.len() >= MAX_SEGMENTS {
            return Err(LineError::Segments);
        }
        out.push(segment);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "# A site\r\n/redirect-one /one.html\r\n\t/302 /two.html 302  \n/200-index /index.html 200\n\
        /posts/:year/:month/:day/:title /articles/:year/:month/:day/:title 301\n/splat/* /redirected/:splat 301\n\
        /y/:y/:year /:year-:y/:y 307\n/away/* https://example.net/:splat 308\n/%C4%85 /a\n/gone/* /410.html 410\n/* /index.html 200";

    fn find(file: &str, path: &str) -> Option<(String, u16)> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let redirects = Redirects::parse(file.as_bytes()).unwrap();
        let found = redirects.find(&names).unwrap()?;
        Some((found.to, found.status))
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        for (path, to, status) in [
            ("/redirect-one", "/one.html", 301),
            ("/redirect-one/", "/one.html", 301),
            ("/302", "/two.html", 302),
            ("/200-index", "/index.html", 200),
            (
                "/posts/2022/01/02/hello-world",
                "/articles/2022/01/02/hello-world",
                301,
            ),
            ("/posts/2022/01/02", "/index.html", 200),
            ("/splat/a/b c", "/redirected/a/b%20c", 301),
            ("/splat", "/redirected/", 301),
            ("/y/1/2022", "/2022-1/1", 307),
            ("/away/x", "https://example.net/x", 308),
            ("/ą", "/a", 301),
            ("/gone/x", "/410.html", 410),
            ("/else", "/index.html", 200),
        ] {
            assert_eq!(find(SITE, path), Some((to.to_owned(), status)), "{path}");
        }
        assert_eq!(find("/a /b", "/c"), None);
    }

    #[test]
    fn values_stay_in_their_segment() {
        let redirects = Redirects::parse(b"/x/* /:splat\n/q/:q https://a.example/?q=:q").unwrap();
        let to = |names: &[&str]| redirects.find(names).unwrap().unwrap().to;
        assert_eq!(to(&["x", "/evil.example"]), "/%2Fevil.example");
        assert_eq!(to(&["x", "\\evil.example"]), "/%5Cevil.example");
        assert_eq!(to(&["q", "a&b=c#d"]), "https://a.example/?q=a%26b%3Dc%23d");
    }

    #[test]
    fn files_with_bad_lines_are_refused() {
        for (line, expected) in [
            ("/a", LineError::NoTarget),
            ("/a /b 301 x", LineError::Fields),
            ("a /b", LineError::From),
            ("/*/a /b", LineError::Splat),
            ("/a* /b", LineError::Splat),
            ("/:a/:a /b", LineError::Repeated("a".to_owned())),
            ("/a b", LineError::To),
            ("/a javascript:x", LineError::To),
            ("/a /b 301!", LineError::Status("301!".to_owned())),
            ("/a /b 418", LineError::Status("418".to_owned())),
        ] {
            let error = Redirects::parse(format!("\n{line}\n").as_bytes());
            let reason = expected;
            assert_eq!(
                error,
                Err(RedirectsError::Line { line: 2, reason }),
                "{line}"
            );
        }
        assert_eq!(
            Redirects::parse(&[b' '; MAX_SIZE]),
            Ok(Redirects::default())
        );
        assert_eq!(
            Redirects::parse(&[b' '; MAX_SIZE + 1]),
            Err(RedirectsError::TooLarge)
        );
        assert_eq!(Redirects::parse(&[0xff]), Err(RedirectsError::NotText));
    }

    #[test]
    fn targets_are_bounded() {
        let rule = format!("/* /{}", ":splat".repeat(10_000));
        let redirects = Redirects::parse(rule.as_bytes()).unwrap();
        let long = "x".repeat(1000);
        assert_eq!(redirects.find(&[&long]), Err(RedirectsError::TargetTooLong));
    }
}
