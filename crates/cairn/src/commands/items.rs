//! The items of records that are lists, for `--json`.

/// The items of a list record (an array, `pin ls`, `ls`); any other record is one item.
pub(super) fn items(record: serde_json::Value) -> Vec<serde_json::Value> {
    use serde_json::{Map, Value};
    let only = |object: &mut Map<String, Value>, key: &str| {
        (object.len() == 1).then(|| object.remove(key)).flatten()
    };
    let with = |key: &str, value: Value, rest: Value| {
        let mut item = Map::new();
        item.insert(key.to_owned(), value);
        match rest {
            Value::Object(rest) => item.extend(rest),
            rest => drop(item.insert("Value".to_owned(), rest)),
        }
        Value::Object(item)
    };
    match record {
        Value::Array(items) => items,
        Value::Object(mut object) => match only(&mut object, "Keys") {
            Some(Value::Object(keys)) => keys
                .into_iter()
                .map(|(cid, pin)| with("Cid", Value::String(cid), pin))
                .collect(),
            Some(Value::Array(keys)) => keys,
            Some(other) => vec![other],
            None => match only(&mut object, "Objects") {
                Some(Value::Array(folders)) => folders
                    .into_iter()
                    .flat_map(|mut folder| {
                        let name = folder.get_mut("Hash").map(Value::take).unwrap_or_default();
                        match folder.get_mut("Links").map(Value::take).unwrap_or_default() {
                            Value::Array(links) => links
                                .into_iter()
                                .map(|link| with("Parent", name.clone(), link))
                                .collect(),
                            _ => Vec::new(),
                        }
                    })
                    .collect(),
                Some(other) => vec![other],
                None => vec![Value::Object(object)],
            },
        },
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn lists_become_one_object_a_line() {
        for (record, lines) in [
            (
                json!([{"a": 1}, {"a": 2}]),
                vec![json!({"a": 1}), json!({"a": 2})],
            ),
            (
                json!({"Keys": {"x": {"Type": "direct"}}}),
                vec![json!({"Cid": "x", "Type": "direct"})],
            ),
            (
                json!({"Objects": [{"Hash": "f", "Links": [{"Name": "a"}, {"Name": "b"}]}]}),
                vec![
                    json!({"Parent": "f", "Name": "a"}),
                    json!({"Parent": "f", "Name": "b"}),
                ],
            ),
            (json!({"Keys": 1, "b": 2}), vec![json!({"Keys": 1, "b": 2})]),
            (json!({}), vec![json!({})]),
        ] {
            assert_eq!(super::items(record), lines);
        }
    }
}
