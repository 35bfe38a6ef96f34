//! Quoted text in messages, as in Kubo.

use std::fmt::{self, Write as _};

/// Displays a text in double quotes with Go's escapes (`%q`), so that messages contain no control characters.
///
/// ```
/// use cairn_primitives::quote::Quoted;
/// assert_eq!(Quoted("a\"\n\u{1}b").to_string(), r#""a\"\n\x01b""#);
/// assert_eq!(Quoted(b"caf\xe9").to_string(), r#""caf\xe9""#);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a, T: AsRef<[u8]> + ?Sized>(pub &'a T);

impl<T: AsRef<[u8]> + ?Sized> fmt::Display for Quoted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.as_ref().utf8_chunks() {
            escape(chunk.valid(), f)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_char('"')
    }
}

fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{07}' => f.write_str("\\a")?,
            '\u{08}' => f.write_str("\\b")?,
            '\u{0c}' => f.write_str("\\f")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{0b}' => f.write_str("\\v")?,
            '\0'..'\u{20}' | '\u{7f}' => write!(f, "\\x{:02x}", u32::from(letter))?,
            ' '..'\u{7f}' => f.write_char(letter)?,
            _ if is_print(letter) => f.write_char(letter)?,
            '\u{80}'..='\u{ffff}' => write!(f, "\\u{:04x}", u32::from(letter))?,
            _ => write!(f, "\\U{:08x}", u32::from(letter))?,
        }
    }
    Ok(())
}

/// Whether a character is printable. The standard library only reveals this through its escapes; combining marks are
/// escaped for another reason, only at the start of a text.
fn is_print(letter: char) -> bool {
    let pair = String::from_iter(['a', letter]);
    let mut escaped = pair.escape_debug().skip(1);
    !(escaped.next() == Some('\\') && escaped.next() == Some('u'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_go_does() {
        for (text, quoted) in [
            ("x", r#""x""#),
            ("a\u{1}\u{a0}\u{301}", "\"a\\x01\\u00a0\u{301}\""),
            ("é世'", "\"é世'\""),
            (
                "\u{202e}\u{e000}\u{e0001}\u{7f}",
                r#""\u202e\ue000\U000e0001\x7f""#,
            ),
        ] {
            assert_eq!(Quoted(text).to_string(), quoted);
        }
    }
}
