//! Prints records as JSON or as tables.

use cairn_wire::shape::Record;
use cairn_wire::text::escaped;
use serde_json::Value;

use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;

/// Prints a record as one line of JSON, or as a table of its fields.
pub(crate) fn print_record<T: Record>(
    record: &T,
    json: bool,
    output: &mut Output,
) -> Result<(), Problem> {
    output.text(&format_record(record, json)?)
}

/// Prints several records, each as soon as it is there: as lines of JSON, or as tables with an empty line between them.
pub(crate) struct RecordPrinter {
    output: Output,
    json: bool,
    printed: bool,
}

impl RecordPrinter {
    /// Prints to the standard output.
    pub(crate) fn stdout(globals: &Globals) -> Result<Self, Problem> {
        Ok(Self {
            output: Output::stdout()?,
            json: globals.format.is_json(),
            printed: false,
        })
    }

    /// Prints the next one.
    pub(crate) fn print<T: Record>(&mut self, record: &T) -> Result<(), Problem> {
        if std::mem::replace(&mut self.printed, true) && !self.json {
            self.output.text("\n")?;
        }
        print_record(record, self.json, &mut self.output)?;
        self.output.flush()
    }
}

/// A record as one line of JSON, or as a table of its fields.
fn format_record<T: Record>(record: &T, json: bool) -> Result<String, Problem> {
    let failed = |error: serde_json::Error| Problem::from_error(&error);
    if json {
        return serde_json::to_string(record)
            .map(|line| line + "\n")
            .map_err(failed);
    }
    Ok(table(&serde_json::to_value(record).map_err(failed)?))
}

/// The fields of a value, one per line; nested ones with dotted names.
fn table(value: &Value) -> String {
    let mut rows = Vec::new();
    flatten(String::new(), value, &mut rows);
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut out = String::new();
    for (name, value) in rows {
        let space = width - name.chars().count();
        escaped(&name, &mut out);
        out.extend(std::iter::repeat_n(' ', space + 2));
        escaped(&value, &mut out);
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

fn flatten(name: String, value: &Value, rows: &mut Vec<(String, String)>) {
    let below = |inner: &str| match name.is_empty() {
        true => inner.to_owned(),
        false => format!("{name}.{inner}"),
    };
    match value {
        Value::Object(fields) => {
            for (inner, value) in fields {
                flatten(below(inner), value, rows);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                flatten(below(&at.to_string()), item, rows);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            rows.push((name, items.join(", ")));
        }
        other => rows.push((name, scalar(other))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_tables() {
        let record = serde_json::json!({
            "id": "a\u{1b}[31m",
            "pin": { "cid": "bafy", "origins": ["x", "y"] },
            "list": [{ "n": 1 }, { "n": 2 }],
            "none": null,
        });
        let table = table(&record);
        for line in [
            "pin.cid      bafy",
            "pin.origins  x, y",
            "list.0.n     1",
            "none\n",
        ] {
            assert!(table.contains(line), "{line:?} is missing in {table}");
        }
        assert!(!table.contains('\u{1b}'), "{table}");
    }
}
