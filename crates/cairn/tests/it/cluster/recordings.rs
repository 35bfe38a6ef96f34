//! Every recording of IPFS Cluster 1.1.6, replayed.

use cairn_testkit::recording::Set;
use cairn_testkit::replay::Replayer;

use super::rest::{Peer, login};
use super::view::{Seen, view};

/// The nodes that the reference makes while it adds are in its last shard, though the content does not have them. So the CIDs of that
/// shard and of the list of the shards differ, and a request for them.
const SHARD: &str = "the last shard has only blocks of the content";

const LISTED: &str = "the list has what the other cases named here have pinned or refused";

/// What is answered otherwise than by the reference, and why. All of it is an error of the reference, or a token that is
/// signed with a secret instead of the password.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "jwt_self_made",
        "tokens are signed with a secret of the user, not with the password",
    ),
    ("metric_names", "there are two more: numpin and reposize"),
    (
        "add_no_parts",
        "the reference closes the connection; here it is a 400",
    ),
    (
        "pin_mode_bogus",
        "the reference pins recursively; here it is a 400",
    ),
    (
        "pin_direct",
        "the reference forgets the mode and pins recursively: max_depth -1",
    ),
    (
        "alloc_direct",
        "the reference forgets the mode and pins recursively",
    ),
    (
        "pin_user_alloc_unknown",
        "the reference ignores peers that are not there; here it is a 400",
    ),
    (
        "pin_user_alloc_garbage",
        "the reference ignores what is no peer ID; here it is a 400",
    ),
    (
        "pins_filter_bogus_and_pinned",
        "the reference ignores unknown statuses beside known ones; here it is a 400",
    ),
    (
        "allocations_pin_and_bogus",
        "the reference ignores unknown types beside known ones; here it is a 400",
    ),
    (
        "pins_all",
        "the cluster DAG of sharded content is pinned, not unexpectedly unpinned",
    ),
    ("pins_local", "the cluster DAG of sharded content is pinned"),
    (
        "pins_filter_pinned",
        "the cluster DAG of sharded content is pinned",
    ),
    (
        "pins_filter_local",
        "the cluster DAG of sharded content is pinned",
    ),
    (
        "pins_filter_pinned_and_error",
        "the cluster DAG of sharded content is pinned",
    ),
    (
        "pins_filter_unexpectedly_unpinned",
        "the cluster DAG of sharded content is pinned",
    ),
    (
        "recover_all",
        "nothing has failed: the cluster DAG of sharded content is pinned",
    ),
    (
        "recover_all_local",
        "nothing has failed: the cluster DAG of sharded content is pinned",
    ),
    ("add_shard", SHARD),
    ("allocations_meta_pins", SHARD),
    ("allocations_shards", SHARD),
    ("allocations_clusterdag", SHARD),
    ("unpin_sharded", SHARD),
    ("unpin_shard_refused", SHARD),
    ("allocations", LISTED),
    ("allocations_filter_all", LISTED),
    ("allocations_filter_pin", LISTED),
];

#[test]
fn every_answer_is_the_references_but_for_its_errors() {
    let set = Set::cluster().unwrap();
    let peer = Peer::start(&[]);
    let mut replayer = Replayer::new(&set, &peer.url).unwrap();
    replayer.know(&login(), "<AUTH>");
    let (mut same, mut different, mut agreeing) = (0, Vec::new(), Vec::new());
    for recording in &set.recordings {
        replayer.run(recording).unwrap();
        let name = recording.name.as_str();
        let answer = replayer.answer(name).unwrap();
        let recorded = recording.response.body["text"].as_str().unwrap_or_default();
        let expected = view(
            name,
            &Seen {
                status: recording.response.status,
                headers: &recording.response.headers,
                trailers: &recording.response.trailers,
                text: recorded,
            },
        );
        let text = answer.text();
        let found = view(
            name,
            &Seen {
                status: answer.status,
                headers: &answer.headers,
                trailers: &answer.trailers,
                text: &text,
            },
        );
        let deviates = DEVIATIONS.iter().any(|(known, _)| *known == name);
        match (expected == found, deviates) {
            (true, false) => same += 1,
            (true, true) => agreeing.push(name),
            (false, true) => {}
            (false, false) => different.push(format!(
                "{name}\n   recorded {}\n   found    {}",
                serde_json::Value::Object(expected),
                serde_json::Value::Object(found)
            )),
        }
    }
    assert!(
        different.is_empty(),
        "{} answers differ, {same} are the same:\n{}\n\nthe daemon said:\n{}",
        different.len(),
        different.join("\n"),
        peer.daemon.log()
    );
    assert_eq!(
        agreeing,
        Vec::<&str>::new(),
        "these do not deviate any more"
    );
}
