//! CARs, whole and in parts.

use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_testkit::fixture;
use serde_json::{Value, json};

use super::{Server, car, leaf, node, token};

fn upload(server: &Server, car: &[u8]) -> Value {
    server.upload("application/car", car)
}

pub(crate) fn a_car_is_stored_whole(server: &Server) {
    let leaves: Vec<Block> = (0_u8..5).map(|at| leaf(&[at])).collect();
    let leaves: Vec<&Block> = leaves.iter().collect();
    let root = node(&leaves);
    let blocks = [&[&root], &leaves[..]].concat();
    let bytes = car(&[&root], &blocks);
    let stored = upload(server, &bytes);
    assert_eq!(stored["cid"], root.cid.to_string());
    assert_eq!(
        (&stored["type"], &stored["size"]),
        (&json!("application/car"), &json!(0))
    );
    assert_eq!(stored["pin"]["status"], "pinned");
    let hash = Multihash::sha2_256(&bytes);
    let part = Cid::v1(Codec(0x0202), hash).to_string();
    assert!(part.starts_with("bag"), "{part}");
    assert_eq!(stored["parts"], json!([part]));
    server.collect();
    for block in &blocks {
        assert!(server.has_block(&block.cid.to_string()));
    }
    // Again: the same upload.
    let again = upload(server, &bytes);
    assert_eq!(
        (&again["created"], &again["parts"]),
        (&stored["created"], &stored["parts"])
    );
    // A single raw block.
    let alone = leaf(b"alone");
    let stored = upload(server, &car(&[&alone], &[&alone]));
    assert_eq!(
        (&stored["size"], &stored["pin"]["status"]),
        (&json!(5), &json!("pinned"))
    );
}

pub(crate) fn cars_that_are_wrong_are_refused(server: &Server) {
    let (one, two) = (leaf(b"one"), leaf(b"two"));
    let root = node(&[&one, &two]);
    let forged = Block::new(one.cid.clone(), bytes::Bytes::from_static(b"other"));
    // MD5, which nobody computes here.
    let unknown = Multihash::wrap(0xd5, &[7; 16]).unwrap();
    let unverified = Block::new(
        Cid::v1(Codec::RAW, unknown),
        bytes::Bytes::from_static(b"x"),
    );
    let foreign = node(&[&unverified]);
    let large = leaf(&vec![0; (2 << 20) + 1]);
    let huge = node(&[&large]);
    let whole = car(&[&root], &[&root, &one, &two]);
    for (name, bytes) in [
        ("no roots", car(&[], &[&one])),
        ("two roots", car(&[&one, &two], &[&one, &two])),
        ("no blocks", car(&[&root], &[])),
        ("no root block", car(&[&root], &[&one, &two])),
        ("only the root", car(&[&root], &[&root])),
        ("forged", car(&[&root], &[&root, &forged, &two])),
        ("not verified", car(&[&foreign], &[&foreign, &unverified])),
        ("large", car(&[&huge], &[&huge, &large])),
        ("cut", whole[..whole.len() - 2].to_vec()),
        ("no CAR", b"nonsense".to_vec()),
    ] {
        let call = server.call("POST", "/upload").kind("application/car");
        let (code, message) = server.refusal(&call.body(&bytes), 400);
        assert_eq!(code, "ERROR_INVALID_CAR", "{name}");
        assert!(
            message.starts_with("Invalid CAR file received: "),
            "{name}: {message}"
        );
    }
    assert_eq!(server.count(), 0);
}

pub(crate) fn parts_are_pinned_until_all_have_arrived(server: &Server) {
    let leaves: Vec<Block> = (0_u32..40).map(|at| leaf(&at.to_le_bytes())).collect();
    let middles: Vec<Block> = leaves
        .chunks(10)
        .map(|some| node(&some.iter().collect::<Vec<_>>()))
        .collect();
    let root = node(&middles.iter().collect::<Vec<_>>());
    let parts: Vec<Vec<u8>> = middles
        .iter()
        .zip(leaves.chunks(10))
        .map(|(middle, leaves)| {
            let mut blocks = vec![&root, middle];
            blocks.extend(leaves);
            car(&[&root], &blocks)
        })
        .collect();
    for (at, part) in parts.iter().enumerate() {
        let stored = upload(server, part);
        let is_last = at + 1 == parts.len();
        let status = if is_last { "pinned" } else { "pinning" };
        assert_eq!(stored["pin"]["status"], status, "part {at}");
        assert_eq!(stored["parts"].as_array().unwrap().len(), at + 1);
        // Nothing of it is collected, and others still are.
        let garbage = leaf(format!("garbage {at}").as_bytes());
        server.rpc().block_put(&garbage.data, "").unwrap();
        server.collect();
        assert!(!server.has_block(&garbage.cid.to_string()));
        for leaf in &leaves[..(at + 1) * 10] {
            assert!(server.has_block(&leaf.cid.to_string()));
        }
        // A repeated part changes nothing.
        let again = upload(server, part);
        assert_eq!(again["parts"], stored["parts"]);
    }
    let one = format!("/{}", root.cid);
    let check = format!("/check/{}", root.cid);
    let checked = server.value(&server.call("GET", &check).token(None));
    assert_eq!(checked["pin"]["status"], "pinned");
    assert_eq!(server.send(&server.call("DELETE", &one)).status, 200);
    server.wait_until("everything is released", || {
        server.collect();
        leaves
            .iter()
            .all(|leaf| !server.has_block(&leaf.cid.to_string()))
    });
}

pub(crate) fn an_upload_that_stays_incomplete_is_released_with_its_parts(server: &Server) {
    server
        .repository
        .run(&["account", "create", "other"])
        .unwrap();
    let arguments = ["second", "--account", "other", "--scope", "upload"];
    let other = token(&server.repository, &arguments);
    let (one, two) = (leaf(b"one"), leaf(b"two"));
    let root = node(&[&one, &two]);
    let first = car(&[&root], &[&root, &one]);
    assert_eq!(upload(server, &first)["pin"]["status"], "pinning");
    let own = format!("/{}", root.cid);
    assert_eq!(server.send(&server.call("DELETE", &own)).status, 200);
    server.wait_until("the part is released", || {
        server.collect();
        !server.has_block(&one.cid.to_string())
    });
    // Two accounts bring a part each: both have it whole then.
    assert_eq!(upload(server, &first)["pin"]["status"], "pinning");
    let second = car(&[&root], &[&root, &two]);
    let call = server.call("POST", "/upload").kind("application/car");
    let call = call.body(&second).token(Some(&other));
    assert_eq!(server.value(&call)["pin"]["status"], "pinned");
    let stored = server.value(&server.call("GET", &own));
    assert_eq!(stored["pin"]["status"], "pinned");
}

#[test]
fn a_car_of_50_000_files_is_stored_whole() {
    const FILES: u32 = 50_000;
    let server = Server::start();
    let leaves: Vec<Block> = (0..FILES)
        .map(|at| leaf(format!("file {at}").as_bytes()))
        .collect();
    let middles: Vec<Block> = leaves
        .chunks(500)
        .map(|some| node(&some.iter().collect::<Vec<_>>()))
        .collect();
    let root = node(&middles.iter().collect::<Vec<_>>());
    let mut blocks = vec![&root];
    for (middle, leaves) in middles.iter().zip(leaves.chunks(500)) {
        blocks.push(middle);
        blocks.extend(leaves);
    }
    let stored = upload(&server, &car(&[&root], &blocks));
    assert_eq!(stored["pin"]["status"], "pinned");
    server.collect();
    for leaf in leaves.iter().step_by(997) {
        assert!(server.has_block(&leaf.cid.to_string()));
    }
    assert!(server.blocks() >= u64::from(FILES) + 101);
}

pub(crate) fn a_car_of_unixfs_has_the_size_of_its_dag(server: &Server) {
    let data = fixture::stream("sized", 600_000);
    let stored = server.upload("application/octet-stream", &data);
    let cid = stored["cid"].as_str().unwrap().to_owned();
    let command = format!("dag/export?arg={cid}&progress=false");
    let exported = server.rpc().call(&command, None).unwrap().body;
    let own = format!("/{cid}");
    assert_eq!(server.send(&server.call("DELETE", &own)).status, 200);
    let again = upload(server, &exported);
    assert_eq!(
        (&again["cid"], &again["size"]),
        (&stored["cid"], &stored["size"])
    );
    assert!(again["size"].as_u64().unwrap() > 600_000);
}
