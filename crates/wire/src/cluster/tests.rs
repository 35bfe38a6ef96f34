use serde::de::DeserializeOwned;

use super::*;
use crate::rest::{Endpoint, Parameters, Query};

/// The lines are those of the reference: the same bytes are written again.
fn same<T: DeserializeOwned + serde::Serialize>(line: &str) -> T {
    let record: T = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_string(&record).unwrap(), line);
    record
}

const PEER: &str = "12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY";

#[test]
fn records_are_written_as_the_reference_does() {
    let pin: Pin = same(
        r#"{"replication_factor_min":-1,"replication_factor_max":-1,"name":"","mode":"recursive","shard_size":0,"user_allocations":null,"expire_at":"0001-01-01T00:00:00Z","metadata":{},"pin_update":null,"origins":null,"cid":"QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o","type":"pin","allocations":[],"max_depth":-1,"reference":null,"timestamp":"2026-11-21T11:09:45.048112296Z"}"#,
    );
    assert!(pin.expire_at.is_none());
    let meta: Pin = same(
        r#"{"replication_factor_min":1,"replication_factor_max":1,"name":"sharded","mode":"direct","shard_size":400000,"user_allocations":["12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY"],"expire_at":"2040-01-02T03:04:05Z","metadata":null,"pin_update":"bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna","origins":[],"cid":"bafybeia7ftqn5bbzyweuvbx3c5g5g4n2uoaf2cq2iikvjpkwibrjb4gwhm","type":"meta-pin","allocations":["12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY"],"max_depth":0,"reference":"bafyreibuber7tp6kfl4fhovvcpa4y6xux5ebst5ml3hratueakayzluume","timestamp":"2026-11-21T11:09:42Z"}"#,
    );
    assert_eq!(meta.r#type, PinType::MetaPin);
    let status: GlobalPinInfo = same(
        r#"{"cid":"bafyreibuber7tp6kfl4fhovvcpa4y6xux5ebst5ml3hratueakayzluume","name":"sharded-clusterDAG","allocations":[],"origins":[],"created":"2026-11-21T11:09:42Z","metadata":null,"peer_map":{"12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY":{"peername":"peer0","ipfs_peer_id":"12D3KooWSjfBXPEViGz7D84Z5sz9b2xajaijj2k84dDmeV6i2piB","status":"unexpectedly_unpinned","timestamp":"2026-11-21T11:09:42Z","error":"the item should be pinned but it is not","attempt_count":0,"priority_pin":false}}}"#,
    );
    let peer = &status.peer_map[PEER];
    assert_eq!(peer.status, TrackerStatus::UnexpectedlyUnpinned);
    same::<AddedOutput>(r#"{"name":"","cid":null,"bytes":262144}"#);
    same::<AddedOutput>(
        r#"{"name":"hello.txt","cid":"QmRgVid6a9gqdGumb9F7XVaok8KxGtY3k1DXTuDmp9bEdC","size":21,"allocations":["12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY"]}"#,
    );
    same::<Id>(
        r#"{"id":"12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY","addresses":[],"cluster_peers":[],"cluster_peers_addresses":[],"version":"1.1.6","commit":"","rpc_protocol_version":"/ipfscluster/1.0/rpc","error":"","ipfs":{"addresses":[],"error":"refused"},"peername":"peer0"}"#,
    );
    same::<Metric>(
        r#"{"name":"freespace","peer":"12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY","value":"9999973966","expire":1795259371607284880,"valid":true,"weight":9999973966,"partitionable":false,"received_at":1795259366607454721}"#,
    );
    same::<GlobalRepoGc>(
        r#"{"peer_map":{"12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY":{"peer":"12D3KooWD5REPwHfz6rRBZLzjJW15xubnuodeaMSPEaQzhoVKPUY","peername":"peer0","keys":[{"key":"bafkreicaw4px2izgrwdbl7v4vg4ztesjic7a42z6h7rynkt6wuqgysrd3y"},{"error":"not found"}]}}}"#,
    );
}

#[test]
fn null_lists_and_unknown_names_are_read() {
    let graph: ConnectGraph = serde_json::from_str(
        r#"{"cluster_id":"a","id_to_peername":null,"ipfs_links":{"b":null},"cluster_links":null,"cluster_trust_links":{},"cluster_to_ipfs":{}}"#,
    )
    .unwrap();
    assert_eq!(graph.ipfs_links["b"], Vec::<String>::new());
    let status: TrackerStatus = serde_json::from_str("\"new\"").unwrap();
    assert_eq!(status, TrackerStatus::Undefined);
    let kind: PinType = serde_json::from_str("\"new\"").unwrap();
    assert_eq!(kind, PinType::Bad);
}

fn read<E: Endpoint<Api = Cluster>>(path: &[&str], query: &str) -> Result<E, Failure> {
    let mut query = Query::parse(query).unwrap();
    query.remove_empty(E::SPEC.query);
    let parameters = Parameters {
        path: path.iter().map(|&part| part.to_owned()).collect(),
        query,
        ..Parameters::default()
    };
    E::from_request(&parameters).map_err(|invalid| Cluster::fault(&invalid.into()).1)
}

const CID: &str = "bafkreiae2illis4kbgbet57aq3epfvlt6a7w4xctcewfafbc2272d4sxna";

#[test]
fn what_the_command_line_client_of_the_reference_sends_is_read() {
    let query =
        "replication-min=0&replication-max=0&name=&mode=recursive&shard-size=0&user-allocations=";
    let pin: pins::AddPin = read(&[CID], query).unwrap();
    assert_eq!(pin.pin_options(), PinOptions::default());
    let query = "chunker=size-262144&cid-version=0&format=unixfs&hash=sha2-256&hidden=false&layout=&local=false&mode=recursive&name=&no-pin=false&nocopy=false&progress=true&raw-leaves=false&recursive=true&replication-max=2&replication-min=1&shard=false&shard-size=0&stream-channels=true&user-allocations=&wrap-with-directory=true";
    let add: AddFiles = read(&[], query).unwrap();
    assert_eq!(add.layout, AddLayout::Balanced);
    assert_eq!(add.raw_leaves, Some(false));
    assert!(add.progress && add.wrap_with_directory && add.many());
    assert_eq!((add.replication_min, add.replication_max), (1, 2));
    let all: pins::GetStatuses = read(&[], "local=false&filter=").unwrap();
    assert!(all.filter.is_empty() && all.cids.is_empty());
}

#[test]
fn options_of_pins_are_read_and_written() {
    let query = "meta-k1=v1&meta-K+2=%C3%BC&meta-=dropped&meta-empty=&replication=3&origins=/ip4/1.2.3.4/tcp/1/p2p/a,/ip4/1.2.3.4/tcp/2/p2p/b&expire-in=1h";
    let pin: pins::AddPin = read(&[CID], query).unwrap();
    let options = pin.pin_options();
    let metadata: Vec<_> = options.metadata.iter().collect();
    assert_eq!(metadata.len(), 3, "{metadata:?}");
    assert_eq!(options.metadata["K 2"], "ü");
    assert_eq!((options.replication_min, options.replication_max), (3, 3));
    assert_eq!(options.origins.len(), 2);
    let again = pin.clone().with_pin_options(options.clone()).to_request();
    let again = pins::AddPin::from_request(&again).unwrap();
    assert_eq!(again.pin_options(), options);
    let add = AddFiles::new();
    assert_eq!(AddFiles::from_request(&add.to_request()), Ok(add));
}

#[test]
fn invalid_parameters_have_the_texts_of_the_reference() {
    let message = |query| read::<pins::AddPin>(&[CID], query).unwrap_err();
    for (query, expected) in [
        ("replication-min=x", "parameter replication-min invalid"),
        ("shard-size=-1", "parameter shard_size is invalid"),
        ("mode=bogus", "parameter mode invalid"),
    ] {
        assert_eq!(message(query), Failure::new(400, expected));
    }
    assert!(
        message("expire-at=tomorrow")
            .message
            .starts_with("expire-at cannot be parsed: ")
    );
    let add = |query| read::<AddFiles>(&[], query).unwrap_err();
    assert_eq!(add("layout=x").message, "layout parameter is invalid");
    assert_eq!(add("local=maybe").message, "parameter local invalid");
    let filter = read::<pins::GetStatuses>(&[], "filter=pinned,bogus").unwrap_err();
    assert_eq!(filter, Failure::new(400, "invalid filter value"));
    let cid = read::<pins::GetStatus>(&["notacid"], "").unwrap_err();
    assert!(cid.message.starts_with("error decoding Cid: "), "{cid}");
    assert_eq!(cid.code, 400);
    let path = read::<pins::AddPinPath>(&["nope", "x"], "").unwrap_err();
    assert_eq!(path, Failure::new(404, "not found"));
}

#[test]
fn the_document_has_every_endpoint() {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap();
    let count: usize = paths
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(count, 24);
    let pin = &document["components"]["schemas"]["Pin"]["properties"];
    assert_eq!(
        pin["metadata"]["type"],
        serde_json::json!(["object", "null"])
    );
}
