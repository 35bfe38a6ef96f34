//! Prints replies as JSON or as tables.

use std::future::Future;

use cairn_client::rest::{OneOrMany, Received};
use cairn_wire::rest::{Api, ReplyHeaders, WithHeaders};
use cairn_wire::shape::{self, Record};
use cairn_wire::text::escaped;
use serde_json::Value;

use super::refused;
use crate::error::Problem;
use crate::output::Output;

/// A reply that can be printed.
pub(crate) trait PrintableReply<A: Api>: Received {
    /// Prints it, as it arrives.
    fn print(
        answer: Self::Value<A::Error>,
        json: bool,
        output: &mut Output,
    ) -> impl Future<Output = Result<(), Problem>>;
}

impl<A: Api, T: Record> PrintableReply<A> for shape::One<T> {
    async fn print(record: T, json: bool, output: &mut Output) -> Result<(), Problem> {
        output.text(&format_record(&record, json)?)
    }
}

impl<A: Api> PrintableReply<A> for shape::Nothing {
    async fn print((): (), _: bool, _: &mut Output) -> Result<(), Problem> {
        Ok(())
    }
}

impl<A: Api, T: Record> PrintableReply<A> for shape::Many<T> {
    async fn print(
        mut records: Self::Value<A::Error>,
        json: bool,
        output: &mut Output,
    ) -> Result<(), Problem> {
        let mut first = true;
        while let Some(record) = records.next().await.map_err(refused::<A>)? {
            if !json && !std::mem::take(&mut first) {
                output.text("\n")?;
            }
            output.text(&format_record(&record, json)?)?;
            output.flush()?;
        }
        Ok(())
    }
}

impl<A: Api, T: Record, U: Record> PrintableReply<A> for shape::OneOrMany<T, U> {
    async fn print(
        answer: Self::Value<A::Error>,
        json: bool,
        output: &mut Output,
    ) -> Result<(), Problem> {
        match answer {
            OneOrMany::One(record) => output.text(&format_record(&record, json)?),
            OneOrMany::Many(records) => {
                <shape::Many<U> as PrintableReply<A>>::print(records, json, output).await
            }
        }
    }
}

impl<A: Api> PrintableReply<A> for shape::Bytes {
    async fn print(
        mut answer: Self::Value<A::Error>,
        _: bool,
        output: &mut Output,
    ) -> Result<(), Problem> {
        while let Some(bytes) = answer.chunk().await.map_err(refused::<A>)? {
            output.bytes(&bytes)?;
            output.flush()?;
        }
        Ok(())
    }
}

impl<A: Api, H: ReplyHeaders, R: PrintableReply<A>> PrintableReply<A> for WithHeaders<H, R> {
    async fn print(
        (_, answer): Self::Value<A::Error>,
        json: bool,
        output: &mut Output,
    ) -> Result<(), Problem> {
        R::print(answer, json, output).await
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
pub(super) fn table(value: &Value) -> String {
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
