use super::*;

fn decode(bytes: &[u8]) -> Result<UnixFs, ReadError> {
    UnixFs::decode(&Bytes::copy_from_slice(bytes))
}

#[test]
fn writes_what_kubo_writes() {
    let empty_file = UnixFs {
        file_size: Some(0),
        ..UnixFs::new(NodeKind::File)
    };
    assert_eq!(&empty_file.encode()[..], [0x08, 0x02, 0x18, 0x00]);
    assert_eq!(&UnixFs::new(NodeKind::Directory).encode()[..], [0x08, 0x01]);
    let mut timed = UnixFs::new(NodeKind::Directory);
    timed.set_attributes(
        Some(0o100_755),
        Some(Mtime {
            seconds: -1,
            nanos: Some(5),
        }),
    );
    let bytes = timed.encode();
    assert_eq!(bytes.len(), timed.encoded_len());
    assert_eq!(
        &bytes[..],
        [
            0x08, 0x01, 0x38, 0xed, 0x03, 0x42, 16, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0x01, 0x15, 5, 0, 0, 0
        ]
    );
    assert_eq!(UnixFs::decode(&bytes).unwrap(), timed);
    timed.set_attributes(
        Some(0),
        Some(Mtime {
            seconds: 0,
            nanos: Some(0),
        }),
    );
    assert_eq!(
        (timed.mode, timed.mtime),
        (None, Some(Mtime::from_seconds(0)))
    );
}

#[test]
fn reads_what_protobuf_allows() {
    // Packed sizes, an unknown field of each wire type, a repeated field.
    let node = decode(&[
        0x08, 0x02, 0x22, 0x03, 0x01, 0x80, 0x01, 0x20, 0x07, 0x78, 0x01, 0x79, 1, 2, 3, 4, 5, 6,
        7, 8, 0x7a, 0x01, 0xff, 0x7d, 1, 2, 3, 4, 0x18, 0x01, 0x18, 0x02,
    ])
    .unwrap();
    assert_eq!(node.block_sizes, [1, 128, 7]);
    assert_eq!(node.file_size, Some(2));
}

#[test]
fn refuses_the_malformed() {
    assert_eq!(decode(&[]), Err(ReadError::Missing("Data.Type")));
    assert_eq!(decode(&[0x08, 0x06]), Err(ReadError::Missing("Data.Type")));
    for bad in [
        &[0x08][..],
        &[
            0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        ],
        &[0x08, 2, 0x12, 5, 1],
        &[
            0x08, 2, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
        ],
        &[0x08, 2, 0x42, 0],
        &[0x08, 2, 0x42, 2, 0x08],
        &[0x08, 2, 0x42, 3, 0x15, 0, 0],
        &[0x08, 2, 0x79, 0],
        &[0x08, 2, 0x7b],
        &[0x08, 2, 0x00],
    ] {
        assert!(decode(bad).is_err(), "{bad:?}");
    }
}
