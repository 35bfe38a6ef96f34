use serde_json::json;

use super::*;
use crate::recording::{Comparison, Decode, Mode};

fn response(status: u16, body: Value) -> Response {
    Response {
        status,
        headers: Default::default(),
        trailers: Default::default(),
        body,
        chunks: None,
        aborted: false,
    }
}

fn differ(mode: Mode, left: Value, right: Value) -> Vec<Difference> {
    let compare = Comparison {
        mode,
        cors: false,
        decode: None,
    };
    let json = |values: Value| response(200, json!({"kind": "json", "values": values}));
    difference::between(
        &canon(&json(left), &compare),
        &canon(&json(right), &compare),
    )
}

#[test]
fn a_set_compared_with_itself_is_the_same() {
    for set in [Set::kubo().unwrap(), Set::kubo_online().unwrap()] {
        for recording in &set.recordings {
            let reduced = canon(&recording.response, &recording.compare);
            assert_eq!(
                difference::between(&reduced, &reduced),
                [],
                "{}",
                recording.name
            );
        }
    }
}

#[test]
fn each_mode_counts_what_it_should() {
    let (a, b) = (
        json!([{"A": 1, "B": null}, 2]),
        json!([{"B": [3], "A": 7}, 2]),
    );
    assert!(!differ(Mode::Exact, a.clone(), b.clone()).is_empty());
    assert!(differ(Mode::Shape, a.clone(), b.clone()).is_empty());
    assert!(!differ(Mode::Shape, a.clone(), json!([{"A": "1", "B": null}])).is_empty());
    assert!(differ(Mode::ShapeLoose, a.clone(), json!([{}])).is_empty());
    assert!(differ(Mode::Status, a, b).is_empty());
    assert!(
        differ(
            Mode::Unordered,
            json!([{"x": 1, "y": 2}, 3]),
            json!([3, {"y": 2, "x": 1}])
        )
        .is_empty()
    );
    assert!(!differ(Mode::Unordered, json!([1, 1, 2]), json!([1, 2, 2])).is_empty());
    assert!(differ(Mode::UnorderedInner, json!([[1, 2]]), json!([[2, 1]])).is_empty());
    assert!(differ(Mode::Progress, json!([1, 2, 9]), json!([7, 9])).is_empty());
    assert!(!differ(Mode::Progress, json!([1, 9]), json!([9])).is_empty());
    assert!(
        differ(
            Mode::SortedEntries,
            json!([{"Entries": [1, 2]}]),
            json!([{"Entries": [2, 1]}])
        )
        .is_empty()
    );
    assert!(
        differ(
            Mode::Exact,
            json!([{"a": 1, "b": 2}]),
            json!([{"b": 2, "a": 1.0}])
        )
        .is_empty()
    );
}

#[test]
fn differences_name_their_place() {
    let found = differ(
        Mode::Exact,
        json!([{"a": [1, 2]}]),
        json!([{"a": [1, 3], "b": 0}]),
    );
    let places: Vec<_> = found
        .iter()
        .map(|difference| difference.place.as_str())
        .collect();
    assert_eq!(places, [".body[0].a[1]", ".body[0].b"]);
    let found = differ(Mode::Exact, json!([1, 2, 3]), json!([1, 3]));
    assert_eq!(
        found[1].to_string(),
        ".body[1]\n      recorded 2\n      answered (nothing)"
    );
}

#[test]
fn an_error_counts_whole_in_every_mode_that_looks_at_bodies() {
    let compare = Comparison {
        mode: Mode::Shape,
        cors: false,
        decode: None,
    };
    let error = |message: &str| {
        canon(
            &response(
                500,
                json!({"kind": "json", "values": [{"Message": message}]}),
            ),
            &compare,
        )
    };
    assert_ne!(error("a"), error("b"));
}

#[test]
fn bodies_are_decoded_by_what_they_are() {
    let answer = |kind: &str, body: &[u8]| Answer {
        status: 200,
        headers: [("content-type".to_owned(), kind.to_owned())].into(),
        body: body.to_vec(),
        ..Answer::default()
    };
    assert_eq!(
        decode(&answer("application/json", b"{\"a\":1}\n[2]\n"), None)["values"],
        json!([{"a": 1}, [2]])
    );
    assert_eq!(
        decode(&answer("application/json", b"{\"a\":"), None)["kind"],
        "text"
    );
    assert_eq!(
        decode(&answer("text/plain", b""), None),
        json!({"kind": "empty"})
    );
    assert_eq!(decode(&answer("text/plain", &[0xff]), None)["b64"], "/w==");
    assert_eq!(
        decode(&answer("text/plain", &[0xff; 5000]), None).get("b64"),
        None
    );
    assert_eq!(
        decode(&answer("", &[]), Some(Decode::Tar)),
        json!({"kind": "tar", "members": []})
    );
    let car = decode(&answer("", &[1, 0xa0, 2, 1, 2]), Some(Decode::Car));
    assert_eq!(
        (
            car["header_hex"].as_str(),
            car["blocks"].as_array().map(Vec::len)
        ),
        (Some("a0"), Some(1))
    );
    assert_eq!(
        decode(&answer("", &[9, 1]), Some(Decode::Car))["kind"],
        "bad-car"
    );
}
