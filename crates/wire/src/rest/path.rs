//! Path templates.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const REST: &AsciiSet = &SEGMENT.remove(b'/');

/// The names of the parameters of a template, in order, and whether each is a catch-all.
pub fn template_names(template: &str) -> impl Iterator<Item = (&str, bool)> {
    template.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(
            name.strip_prefix('*')
                .map_or((name, false), |name| (name, true)),
        )
    })
}

/// The path with these values for its parameters, percent-encoded.
#[must_use]
pub fn expand(template: &str, values: &[String]) -> String {
    let mut values = values.iter();
    let mut out = String::new();
    for segment in template.split('/').skip(1) {
        out.push('/');
        match segment.strip_prefix('{') {
            None => out.push_str(segment),
            Some(name) => {
                let set = if name.starts_with('*') { REST } else { SEGMENT };
                let value = values.next().map_or("", String::as_str);
                out.extend(utf8_percent_encode(value, set));
            }
        }
    }
    out
}
