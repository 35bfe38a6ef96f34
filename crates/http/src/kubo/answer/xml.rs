//! Records as XML, in the form of Go's `encoding/xml`.
//!
//! Form: <https://pkg.go.dev/encoding/xml#Marshal>

use serde_json::Value;

/// Appends a record as an element of this name: its fields are elements inside it, list items repeat the element of
/// the list, and null is left out.
pub(super) fn element(name: &str, value: &Value, out: &mut String) {
    match value {
        Value::Null => return,
        Value::Array(items) => {
            for item in items {
                element(name, item, out);
            }
            return;
        }
        _ => {}
    }
    out.extend(["<", name, ">"]);
    match value {
        Value::Object(fields) => match link(fields) {
            Some(cid) => escape(cid, out),
            None => {
                for (name, value) in fields {
                    element(name, value, out);
                }
            }
        },
        Value::String(text) => escape(text, out),
        other => out.push_str(&other.to_string()),
    }
    out.extend(["</", name, ">"]);
}

/// A link of DAG-JSON as its CID.
fn link(fields: &serde_json::Map<String, Value>) -> Option<&str> {
    let value = fields.get("/").filter(|_| fields.len() == 1)?;
    value.as_str()
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            // XML text must not contain these.
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn records_are_written_as_go_writes_them() {
        for (value, xml) in [
            (
                json!({"Key": "bafy", "Size": 10}),
                "<T><Key>bafy</Key><Size>10</Size></T>",
            ),
            (
                json!({"Pins": ["a", "b"]}),
                "<T><Pins>a</Pins><Pins>b</Pins></T>",
            ),
            (
                json!({"Ref": "<\"&'>\n\u{1}", "Err": ""}),
                "<T><Ref>&lt;&#34;&amp;&#39;&gt;&#xA;\u{fffd}</Ref><Err></Err></T>",
            ),
            (
                json!({"Cid": {"/": "bafy"}, "None": null, "Ok": true}),
                "<T><Cid>bafy</Cid><Ok>true</Ok></T>",
            ),
        ] {
            let mut out = String::new();
            super::element("T", &value, &mut out);
            assert_eq!(out, xml);
        }
    }
}
