//! Human-readable differences of two JSON values.

use std::collections::BTreeSet;

use serde_json::Value;

const YELLOW: &str = "\u{1b}[33m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const RESET: &str = "\u{1b}[0m";

/// The indentation of one level.
const INDENT: &str = "    ";

/// Writes both values merged: entries of the old one are marked `>>`, those of the new one `<<`, changed ones `<>`
/// and `**`. Keys are sorted; list items have none.
pub fn difference(old: &Value, new: &Value, out: &mut String) {
    let (mut old, mut new) = (old.clone(), new.clone());
    old.sort_all_objects();
    new.sort_all_objects();
    write_entries("", &entries(&old, &new), out);
}

/// An entry: its key, and both values.
type Entry<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

fn entries<'a>(old: &'a Value, new: &'a Value) -> Vec<Entry<'a>> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            keys.into_iter()
                .map(|key| (key.as_str(), old.get(key), new.get(key)))
                .collect()
        }
        (Value::Array(old), Value::Array(new)) => (0..old.len().max(new.len()))
            .map(|at| ("", old.get(at), new.get(at)))
            .collect(),
        _ => Vec::new(),
    }
}

fn write_entries(prefix: &str, entries: &[Entry<'_>], out: &mut String) {
    out.push('{');
    for (at, (key, old, new)) in entries.iter().enumerate() {
        let comma = if at + 1 < entries.len() { "," } else { "" };
        let line = |mark: &str, value: &Value| format!("{prefix}{mark}\"{key}\": {value}{comma}");
        out.push('\n');
        match (old, new) {
            (Some(old), Some(new)) if old == new => out.push_str(&line("", old)),
            (Some(old), Some(new))
                if old.is_object() && new.is_object() || old.is_array() && new.is_array() =>
            {
                out.extend([prefix, "\"", key, "\": "]);
                write_entries(&format!("{prefix}{INDENT}"), &self::entries(old, new), out);
                out.push_str(comma);
            }
            (Some(old), Some(new)) => {
                out.extend([YELLOW, &line("<> ", old), "\n", &line("** ", new), RESET]);
            }
            (None, Some(new)) => out.extend([GREEN, &line("<< ", new), RESET]),
            (Some(old), None) => out.extend([RED, &line(">> ", old), RESET]),
            (None, None) => {}
        }
    }
    out.extend(["\n", prefix, "}"]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn differences_are_written_as_ipfs_writes_them() {
        let old = json!({"B": {"x": 1, "gone": true}, "A": [1, 2], "C": "same"});
        let new = json!({"C": "same", "A": [1, 3, 4], "B": {"x": 2}, "D": null});
        let mut out = String::new();
        super::difference(&old, &new, &mut out);
        let expected = [
            "{",
            "\"A\": {",
            "    \"\": 1,",
            "\u{1b}[33m    <> \"\": 2,",
            "    ** \"\": 3,\u{1b}[0m",
            "\u{1b}[32m    << \"\": 4\u{1b}[0m",
            "    },",
            "\"B\": {",
            "\u{1b}[31m    >> \"gone\": true,\u{1b}[0m",
            "\u{1b}[33m    <> \"x\": 1",
            "    ** \"x\": 2\u{1b}[0m",
            "    },",
            "\"C\": \"same\",",
            "\u{1b}[32m<< \"D\": null\u{1b}[0m",
            "}",
        ];
        assert_eq!(out, expected.join("\n"));
    }
}
