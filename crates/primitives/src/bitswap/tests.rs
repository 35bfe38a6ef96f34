use bytes::Bytes;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    DecodeError, Entry, MAX_BLOCK, MAX_ENTRIES, MAX_MESSAGE, Message, Payload, Prefix, Presence,
    PresenceKind, Version, WantKind,
};
use crate::{Cid, Codec, Multihash, varint};

/// The message without its length, which is checked.
fn encoded(message: &Message, version: Version) -> Bytes {
    let all = Bytes::from(message.encode(version).concat());
    let (length, used) = varint::decode(&all).unwrap();
    assert_eq!(length as usize, all.len() - used);
    assert_eq!(length as usize, message.encoded_len(version));
    all.slice(used..)
}

fn cid(data: &[u8]) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(data))
}

fn any_cid() -> impl Strategy<Value = Cid> {
    (any::<bool>(), 0..1_000_000u64, vec(any::<u8>(), 0..40)).prop_map(|(v0, codec, data)| {
        let hash = Multihash::sha2_256(&data);
        if v0 {
            Cid::v0(hash).unwrap()
        } else {
            Cid::v1(Codec(codec), hash)
        }
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let entry = (
        any_cid(),
        any::<i32>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let entry = entry.prop_map(|(cid, priority, cancel, have, send_dont_have)| Entry {
        cid,
        priority,
        cancel,
        kind: if have {
            WantKind::Have
        } else {
            WantKind::Block
        },
        send_dont_have,
    });
    let block = (
        any_cid(),
        prop_oneof![vec(any::<u8>(), 0..100), vec(any::<u8>(), 4000..5000)],
    );
    let block = block.prop_map(|(cid, data)| Payload::new(&cid, data.into()));
    let presence = (any_cid(), any::<bool>()).prop_map(|(cid, have)| Presence {
        cid,
        kind: if have {
            PresenceKind::Have
        } else {
            PresenceKind::DontHave
        },
    });
    (
        vec(entry, 0..20),
        any::<bool>(),
        vec(block, 0..10),
        vec(presence, 0..20),
        any::<i32>(),
    )
        .prop_map(
            |(wantlist, full, blocks, presences, pending_bytes)| Message {
                wantlist,
                full,
                blocks,
                presences,
                pending_bytes,
            },
        )
}

proptest! {
    #[test]
    fn messages_are_decoded_as_encoded(message in any_message()) {
        prop_assert_eq!(Message::decode(&encoded(&message, Version::V1_2)), Ok(message.clone()));
        let old = Message { presences: Vec::new(), pending_bytes: 0, ..message.clone() };
        prop_assert_eq!(Message::decode(&encoded(&message, Version::V1_1)), Ok(old.clone()));
        let blocks = old.blocks.iter().map(|block| Payload { prefix: Prefix::V0, ..block.clone() });
        let oldest = Message { blocks: blocks.collect(), ..old };
        prop_assert_eq!(Message::decode(&encoded(&message, Version::V1_0)), Ok(oldest));
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(data in vec(any::<u8>(), 0..300)) {
        let _ = Message::decode(&data.into());
    }
}

#[test]
fn the_encoding_is_that_of_the_specification() {
    let cid = cid(b"x");
    let message = Message {
        wantlist: vec![Entry {
            cid: cid.clone(),
            priority: -1,
            cancel: true,
            kind: WantKind::Have,
            send_dont_have: true,
        }],
        full: true,
        blocks: vec![Payload::new(&cid, Bytes::from_static(b"data"))],
        presences: vec![Presence {
            cid: cid.clone(),
            kind: PresenceKind::DontHave,
        }],
        pending_bytes: 300,
    };
    let id = cid.to_bytes();
    let mut entry = vec![0x0a, 36];
    entry.extend(&id);
    entry.extend([0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    entry.extend([0x18, 1, 0x20, 1, 0x28, 1]);
    let mut expected = vec![0x0a, u8::try_from(entry.len() + 4).unwrap()];
    expected.extend([0x0a, u8::try_from(entry.len()).unwrap()]);
    expected.extend(&entry);
    expected.extend([0x10, 1]);
    expected.extend([0x1a, 12, 0x0a, 4, 1, 0x55, 0x12, 32, 0x12, 4]);
    expected.extend(b"data");
    expected.extend([0x22, 40, 0x0a, 36]);
    expected.extend(&id);
    expected.extend([0x10, 1, 0x28, 0xac, 2]);
    assert_eq!(encoded(&message, Version::V1_2), expected);
}

#[test]
fn blocks_are_slices_of_the_message() {
    let data = Bytes::from(vec![1; 10_000]);
    let message = Message {
        blocks: vec![Payload::new(&cid(&data), data)],
        ..Message::default()
    };
    let bytes = encoded(&message, Version::V1_2);
    let decoded = Message::decode(&bytes).unwrap();
    let range = bytes.as_ptr_range();
    assert!(range.contains(&decoded.blocks[0].data.as_ptr()));
    assert_eq!(
        decoded.blocks[0].multihash().unwrap(),
        *cid(&[1; 10_000]).hash()
    );
}

#[test]
fn limits_are_kept() {
    let block = |size| Message {
        blocks: vec![Payload::new(&cid(b""), vec![0; size].into())],
        ..Message::default()
    };
    assert!(Message::decode(&encoded(&block(MAX_BLOCK), Version::V1_2)).is_ok());
    assert_eq!(
        Message::decode(&encoded(&block(MAX_BLOCK + 1), Version::V1_2)),
        Err(DecodeError::LargeBlock(MAX_BLOCK + 1))
    );
    assert_eq!(
        Message::decode(&vec![0; MAX_MESSAGE + 1].into()),
        Err(DecodeError::TooLarge(MAX_MESSAGE as u64 + 1))
    );
    let entry = Entry {
        cid: cid(b""),
        priority: 0,
        cancel: false,
        kind: WantKind::Block,
        send_dont_have: false,
    };
    let many = Message {
        wantlist: vec![entry; MAX_ENTRIES + 1],
        ..Message::default()
    };
    let decoded = Message::decode(&encoded(&many, Version::V1_2)).unwrap();
    assert_eq!(decoded.wantlist.len(), MAX_ENTRIES);
    // A CID of identity, and one that is too long, are left out.
    let identity = Cid::v1(Codec::RAW, Multihash::wrap(0, b"here").unwrap());
    for bytes in [identity.to_bytes(), vec![1; 169]] {
        let mut entry = vec![0x0a];
        varint::encode(bytes.len() as u64, &mut entry);
        entry.extend(&bytes);
        let mut list = vec![0x0a];
        varint::encode(entry.len() as u64, &mut list);
        list.extend(&entry);
        let mut message = vec![0x0a];
        varint::encode(list.len() as u64, &mut message);
        message.extend(&list);
        assert_eq!(Message::decode(&message.into()), Ok(Message::default()));
    }
}

#[test]
fn broken_messages_are_refused() {
    for (bytes, error) in [
        (&[0x0a][..], DecodeError::Protobuf),
        (&[0x0a, 5, 0], DecodeError::Protobuf),
        (&[0x0b], DecodeError::Protobuf),
        (&[0x00, 0], DecodeError::Protobuf),
        (&[0x08, 1], DecodeError::Protobuf),
        (&[0xff; 11], DecodeError::Protobuf),
        (&[0x0a, 2, 0x0a, 0], DecodeError::Cid),
        (&[0x0a, 5, 0x0a, 3, 0x0a, 1, 9], DecodeError::Cid),
        (&[0x1a, 2, 0x12, 0], DecodeError::Prefix),
        (&[0x22, 0], DecodeError::Cid),
    ] {
        assert_eq!(
            Message::decode(&Bytes::copy_from_slice(bytes)),
            Err(error),
            "{bytes:x?}"
        );
    }
    // What the future may add is skipped.
    let unknown = [
        0x30, 1, 0x3a, 1, 0, 0x45, 0, 0, 0, 0, 0x49, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(
        Message::decode(&Bytes::copy_from_slice(&unknown)),
        Ok(Message::default())
    );
}
