use super::*;
use crate::fixture;

/// Makes every body of a set and holds it against the digest of what was sent when it was recorded.
fn bodies_are_those_recorded(set: &Set, unknown: &[&str]) {
    for recording in &set.recordings {
        let request = &recording.request;
        let recorded = |earlier: &EarlierAnswer| match &earlier.recorded {
            Some(bytes) => body::decode_base64(bytes),
            None => Ok(earlier.otherwise.clone().into_bytes()),
        };
        let body = request
            .body
            .as_ref()
            .map(|body| body.make(set.boundary, &recorded).unwrap());
        let name = &recording.name;
        if unknown.contains(&name.as_str()) {
            continue;
        }
        assert_eq!(
            body.as_ref().map_or(0, Vec::len) as u64,
            request.body_len,
            "{name}"
        );
        let digest = body
            .filter(|body| !body.is_empty() || request.body_sha256.is_some())
            .map(|body| fixture::sha256_hex(&body));
        assert_eq!(digest, request.body_sha256, "{name}");
    }
}

#[test]
fn kubo_bodies_are_those_recorded() {
    let set = Set::kubo().unwrap();
    assert_eq!(set.recordings.len(), 643);
    // The body of `config.replace` is the recorded server's own configuration, identity and all: only a live
    // server can give it, and the recording keeps it with labels in it.
    bodies_are_those_recorded(&set, &["config.replace"]);
}

#[test]
fn online_bodies_are_those_recorded() {
    let set = Set::kubo_online().unwrap();
    assert_eq!(set.recordings.len(), 48);
    bodies_are_those_recorded(&set, &[]);
}

#[test]
fn cluster_bodies_are_those_recorded() {
    let set = Set::cluster().unwrap();
    assert_eq!(set.recordings.len(), 204);
    bodies_are_those_recorded(&set, &[]);
}

#[test]
fn names_are_unique_and_a_set_survives_writing() {
    let set = Set::kubo_online().unwrap();
    let mut names: Vec<_> = set
        .recordings
        .iter()
        .map(|recording| &recording.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), set.recordings.len());
    let again = Set::read(set.boundary, &set.write().unwrap()).unwrap();
    assert_eq!(again.recordings, set.recordings);
}
