//! How records are shown to people.

use std::fmt::Write as _;

/// Writes a name that came from content, with what could steer a terminal shown as `\u{1b}`.
pub fn escaped(name: &str, out: &mut String) {
    for letter in name.chars() {
        if is_hostile(letter) {
            let _ = write!(out, "{}", letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
}

/// Control characters, and the invisible ones that reorder or hide text.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// JSON with line breaks and this indent.
pub fn pretty(value: &impl serde::Serialize, indent: &[u8]) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_what_steers_a_terminal() {
        let mut out = String::new();
        super::escaped("a\u{1b}[2Jb\u{202e}ü☃", &mut out);
        assert_eq!(out, r"a\u{1b}[2Jb\u{202e}ü☃");
    }
}
