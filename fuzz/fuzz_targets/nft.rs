//! Metadata of NFTs: it is written as it was read, files have their places in it, and its node can be read.
#![no_main]

use cairn_primitives::codec::dag_cbor;
use cairn_primitives::nft::{Metadata, file_name};
use cairn_primitives::{Cid, Codec, Ipld, Multihash};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Places of files, each with a name, and then the metadata.
    let (places, text) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&[][..], data),
    };
    let Ok(mut metadata) = Metadata::parse(text) else {
        return;
    };
    let written = metadata.write();
    let again = Metadata::parse(written.as_bytes()).expect("what was written");
    assert_eq!(again.write(), written);
    let directory = Cid::v1(Codec::DAG_PB, Multihash::sha2_256(places));
    for place in String::from_utf8_lossy(places).lines().take(100) {
        let (path, name) = place.split_once(' ').unwrap_or((place, place));
        let name = file_name(&name.into());
        assert!(!name.is_empty() && !name.contains('/') && name != "." && name != "..");
        let before = metadata.write();
        match metadata.put_file(path, directory.clone(), name.clone()) {
            Ok(()) => assert!(metadata.write().contains(&format!("ipfs://{directory}/"))),
            Err(_) => assert_eq!(metadata.write(), before),
        }
    }
    let written = metadata.write();
    Metadata::parse(written.as_bytes()).expect("what was written");
    // Numbers may be out of range.
    if let Ok(node) = metadata.into_node(directory.clone()) {
        let node = dag_cbor::decode(&node.data).expect("a node");
        assert_eq!(node.get("metadata.json"), Some(&Ipld::Link(directory)));
    }
});
