//! Writing DAG-JSON and JSON.

use super::Dialect;
use crate::bytestring::ByteString;
use crate::codec::{CodecError, MAX_DEPTH};
use crate::ipld::{Ipld, refuse_repeated_keys};
use crate::multibase::Base;

enum OpenContainer<'a> {
    List(std::slice::Iter<'a, Ipld>),
    Map(std::vec::IntoIter<&'a (ByteString, Ipld)>),
}

/// Writes a value.
pub(in crate::codec) fn encode_as(dialect: Dialect, value: &Ipld) -> Result<Vec<u8>, CodecError> {
    let unsupported = |reason| {
        Err(CodecError::Unsupported {
            codec: dialect.codec,
            reason,
        })
    };
    let mut out = String::new();
    let mut open: Vec<OpenContainer<'_>> = Vec::new();
    let mut next = Some(value);
    // Whether nothing has been written yet into the list or map that was opened last.
    let mut entered = false;
    loop {
        if let Some(value) = next.take() {
            if open.len() >= MAX_DEPTH && matches!(value, Ipld::List(_) | Ipld::Map(_)) {
                return Err(CodecError::TooDeep(dialect.codec));
            }
            entered = false;
            match value {
                Ipld::Null => out.push_str("null"),
                Ipld::Bool(true) => out.push_str("true"),
                Ipld::Bool(false) => out.push_str("false"),
                Ipld::Integer(number) => out.push_str(&number.to_string()),
                Ipld::Float(number) if number.is_finite() => write_float(*number, &mut out),
                Ipld::Float(_) => return unsupported("NaN and infinities cannot be written"),
                Ipld::String(text) => write_text(text, &mut out),
                Ipld::Bytes(bytes) if dialect.reserved => {
                    out.push_str(r#"{"/":{"bytes":""#);
                    data_encoding::BASE64_NOPAD.encode_append(bytes, &mut out);
                    out.push_str(r#""}}"#);
                }
                Ipld::Bytes(_) => return unsupported("cannot marshal IPLD bytes to this codec"),
                Ipld::Link(cid) if dialect.reserved => {
                    out.push_str(r#"{"/":""#);
                    cid.encode_to(Base::Base32Lower, &mut out);
                    out.push_str(r#""}"#);
                }
                Ipld::Link(_) => return unsupported("cannot marshal IPLD links to this codec"),
                Ipld::List(items) => {
                    out.push('[');
                    open.push(OpenContainer::List(items.iter()));
                    entered = true;
                }
                Ipld::Map(entries) => {
                    refuse_repeated_keys(entries)?;
                    out.push('{');
                    let mut entries: Vec<&(ByteString, Ipld)> = entries.iter().collect();
                    if dialect.compact && !entries.is_sorted_by_key(|(key, _)| key) {
                        entries.sort_unstable_by_key(|(key, _)| key);
                    }
                    open.push(OpenContainer::Map(entries.into_iter()));
                    entered = true;
                }
            }
        }
        let depth = open.len();
        let (item, end) = match open.last_mut() {
            None => return Ok(out.into_bytes()),
            Some(OpenContainer::List(items)) => (items.next().map(|value| (None, value)), ']'),
            Some(OpenContainer::Map(entries)) => {
                (entries.next().map(|(key, value)| (Some(key), value)), '}')
            }
        };
        match item {
            Some((key, value)) => {
                if !entered {
                    out.push(',');
                }
                break_line(dialect, depth, &mut out);
                if let Some(key) = key {
                    write_text(key, &mut out);
                    out.push_str(if dialect.compact { ":" } else { ": " });
                }
                next = Some(value);
            }
            None => {
                if !entered {
                    break_line(dialect, depth - 1, &mut out);
                }
                entered = false;
                open.pop();
                out.push(end);
                if open.is_empty() {
                    break_line(dialect, 0, &mut out);
                }
            }
        }
    }
}

fn break_line(dialect: Dialect, depth: usize, out: &mut String) {
    if !dialect.compact {
        out.push('\n');
        out.extend(std::iter::repeat_n('\t', depth));
    }
}

/// The shortest digits that read back as the same number; with an exponent below 1e-6 and from 1e21 on.
pub(super) fn write_float(number: f64, out: &mut String) {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                out.extend([digits, "e+", exponent]);
            }
            _ => out.push_str(&text),
        }
    } else {
        out.push_str(&number.to_string());
    }
}

/// Text in quotes; each byte that is not UTF-8 becomes U+FFFD, escaped.
fn write_text(text: &ByteString, out: &mut String) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        write_plain(chunk.valid(), out);
        out.extend(chunk.invalid().iter().map(|_| "\\ufffd"));
    }
    out.push('"');
}

fn write_plain(text: &str, out: &mut String) {
    let mut plain = text;
    // The two line separators are letters in JSON and line ends in JavaScript.
    while let Some(at) = plain
        .find(|letter: char| matches!(letter, '"' | '\\' | '\0'..' ' | '\u{2028}' | '\u{2029}'))
    {
        let (before, rest) = plain.split_at(at);
        out.push_str(before);
        let mut letters = rest.chars();
        match letters.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(letter @ ('"' | '\\')) => out.extend(['\\', letter]),
            Some(letter) => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            None => {}
        }
        plain = letters.as_str();
    }
    out.push_str(plain);
}
