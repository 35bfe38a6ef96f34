//! UnixFS: what a node says of itself is written back, and the ranges of a file follow one another.
#![no_main]

use bytes::Bytes;
use cairn_primitives::Codec;
use cairn_primitives::codec::dag_pb::Node;
use cairn_primitives::unixfs::UnixFs;
use cairn_primitives::unixfs::file::{FileNode, read_symlink};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(unixfs) = UnixFs::decode(&bytes) {
        let encoded = unixfs.encode();
        assert_eq!(encoded.len(), unixfs.encoded_len());
        assert_eq!(UnixFs::decode(&encoded), Ok(unixfs));
    }
    let Ok(node) = Node::decode(&bytes) else {
        return;
    };
    let _ = read_symlink(&node);
    let Ok(file) = FileNode::decode(Codec::DAG_PB, &bytes) else {
        return;
    };
    let mut end = file.data.len() as u64;
    for child in &file.children {
        assert_eq!(child.range.start, end);
        assert!(child.range.end >= end);
        end = child.range.end;
    }
    assert_eq!(end, file.size);
    for offset in [0, 1, file.size / 2, file.size, u64::MAX] {
        assert!(
            file.children_from(offset)
                .iter()
                .all(|child| child.range.end > offset)
        );
        assert!(file.data_from(offset).len() <= file.data.len());
    }
});
