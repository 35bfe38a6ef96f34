//! Text output of records.

use std::fmt::Write as _;

mod difference;

pub use difference::difference;

/// Writes a name from untrusted content; characters that could control a terminal are escaped as in `\u{1b}`.
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

/// Writes rows as a table: cells are aligned, with one space between them, and the last one of a row is not padded.
pub fn columns<const N: usize>(rows: &[[String; N]], out: &mut String) {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        for (at, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            if at + 1 == N {
                out.push_str(cell);
            } else {
                let _ = write!(out, "{cell:width$} ");
            }
        }
        out.push('\n');
    }
}

/// JSON with line breaks and this indentation.
pub fn pretty(value: &impl serde::Serialize, indent: &[u8]) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => String::new(),
    }
}

/// A size with a decimal unit, as in `1.2 MB`: rounded, with one fractional digit below ten.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut unit = 1_u64;
    let mut name = "B";
    for larger in UNITS.into_iter().skip(1) {
        if bytes / unit < 1000 {
            break;
        }
        unit *= 1000;
        name = larger;
    }
    if unit == 1 {
        return format!("{bytes} B");
    }
    let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
    if tenths < 100 {
        return format!("{}.{} {name}", tenths / 10, tenths % 10);
    }
    // Round half to even.
    let (whole, rest) = (tenths / 10, tenths % 10);
    let up = rest > 5 || (rest == 5 && whole % 2 == 1);
    format!("{} {name}", whole + u128::from(up))
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_rounded_to_a_unit() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_404, "1.4 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (12_500, "12 kB"),
            (13_500, "14 kB"),
            (999_999, "1000 kB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(super::human_bytes(bytes), shown, "{bytes}");
        }
    }

    #[test]
    fn escapes_what_steers_a_terminal() {
        let mut out = String::new();
        super::escaped("a\u{1b}[2Jb\u{202e}ü☃", &mut out);
        assert_eq!(out, r"a\u{1b}[2Jb\u{202e}ü☃");
    }
}
