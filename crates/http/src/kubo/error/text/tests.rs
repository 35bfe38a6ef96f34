//! Texts, as a running Kubo answers them.

use std::error::Error;
use std::io;
use std::sync::Arc;

use cairn_dag::export::CarError as ExportedCarError;
use cairn_dag::filestore::ReferenceProblem;
use cairn_dag::import::{CarFault, CarPlace, ImportError, OptionError};
use cairn_dag::pin::{PinError, RemoveError};
use cairn_dag::resolve::ResolveError;
use cairn_dag::{FetchError, NodeError};
use cairn_node::config::{ConfigCommandError, ConfigError, GoDuration};
use cairn_primitives::car::CarError;
use cairn_primitives::cid::CidError;
use cairn_primitives::codec::CodecError;
use cairn_primitives::multibase::{self, Base};
use cairn_primitives::multihash::{HashFunction, Multihash};
use cairn_primitives::unixfs::ReadError;
use cairn_primitives::unixfs::chunker::ChunkerSpec;
use cairn_primitives::{Cid, Codec, ContentPath};
use cairn_store::BlockError;
use cairn_store::block::ReferenceFault;
use cairn_wire::ParseError;
use cairn_wire::multipart::MultipartError;

use super::text;

/// The CID of the bytes `hello world\n`.
const HELLO: &str = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";

fn hello() -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(b"hello world\n"))
}

#[track_caller]
fn check(error: impl Error + 'static, wanted: &str) {
    assert_eq!(text(&error), wanted);
    assert!(!error.to_string().contains("strconv"), "{error}");
}

#[test]
fn chunkers() {
    for (spec, wanted) in [
        ("foo-1", "unrecognized chunker option: foo-1"),
        ("size-0", "chunker size must be greater than 0"),
        (
            "size-2096897",
            "chunker parameters may not exceed the maximum chunk size of 2096896",
        ),
        (
            "size",
            "incorrect chunker string format (expected size-{size})",
        ),
        ("size-", "strconv.Atoi: parsing \"\": invalid syntax"),
        ("size-1k", "strconv.Atoi: parsing \"1k\": invalid syntax"),
        (
            "size-9223372036854775808",
            "strconv.Atoi: parsing \"9223372036854775808\": value out of range",
        ),
        (
            "rabin-1-2",
            "incorrect format (expected 'rabin' 'rabin-[avg]' or 'rabin-[min]-[avg]-[max]'",
        ),
        ("rabin-47", "rabin min must be greater than 16"),
        (
            "rabin-20-20-30",
            "incorrect format: rabin-min must be smaller than rabin-avg",
        ),
        (
            "rabin-20-30-30",
            "incorrect format: rabin-avg must be smaller than rabin-max",
        ),
        ("rabin-max:20-30-40", "first label must be min"),
        ("rabin-20-max:30-40", "second label must be avg"),
        ("rabin-20-30-avg:40", "final label must be max"),
    ] {
        let error = spec.parse::<ChunkerSpec>().unwrap_err();
        check(error.clone(), wanted);
        check(ImportError::from(error), wanted);
    }
}

#[test]
fn paths() {
    for (path, wanted) in [
        (
            "x",
            "invalid path \"x\": path does not have enough components",
        ),
        (
            "",
            "invalid path \"\": path does not have enough components",
        ),
        (
            "/foo/bar",
            "invalid path \"/foo/bar\": unknown namespace: \"foo\"",
        ),
        (
            "/ipfs/zz",
            "invalid path \"/ipfs/zz\": invalid cid: invalid cid: expected 1 as the cid version number, got: 57",
        ),
        (
            "/ipfs/k",
            "invalid path \"/ipfs/k\": invalid cid: cid too short",
        ),
    ] {
        check(ContentPath::parse(path).unwrap_err(), wanted);
    }
    let file = ResolveError::WrongKind {
        kind: "bytes",
        file: true,
    };
    check(
        file,
        "func called on wrong kind: \"LookupBySegment\" called on a data.Bytes node (kind: bytes), but only makes sense on map or list",
    );
    check(
        ResolveError::NotAnIndex("x".into()),
        "invalid segment for lookup on a list: \"x\": strconv.ParseInt: parsing \"x\": invalid syntax",
    );
    check(ResolveError::NoKey("z".into()), "key not found: \"z\"");
}

#[test]
fn cids() {
    for (cid, wanted) in [
        ("z", "invalid cid: cid too short"),
        (
            "zz",
            "invalid cid: invalid cid: expected 1 as the cid version number, got: 57",
        ),
        ("Qm1", "invalid cid: selected encoding not supported"),
        (
            "bafyx",
            "invalid cid: invalid cid: multihash too short. must be >= 2 bytes",
        ),
        (
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff50",
            "invalid cid: input isn't valid multihash",
        ),
        (
            "f01",
            "invalid cid: invalid cid: varints malformed, could not reach the end",
        ),
        (
            "f01551220aa",
            "invalid cid: invalid cid: length greater than remaining number of bytes in buffer",
        ),
        (
            "f12200000",
            "invalid cid: invalid cid: not enough bytes for cid v0",
        ),
        (
            "f0155808080808080808080010000",
            "invalid cid: invalid cid: varints larger than uint63 not supported",
        ),
        ("b0189", "invalid cid: illegal base32 data at input byte 0"),
        (
            "f015500000000",
            "invalid cid: trailing bytes in data buffer passed to cid Cast",
        ),
    ] {
        check(Cid::parse(cid).unwrap_err(), wanted);
    }
    let digest = Multihash::sha2_256(b"");
    let cid = Cid::v1(Codec::RAW, digest);
    for (format, wanted) in [
        ("%", "premature end of format string"),
        ("%s%x", "unrecognized specifier in format string: %x"),
    ] {
        check(cid.format(format, Base::Base32Lower).unwrap_err(), wanted);
    }
    check(
        multibase::by_name("nope").unwrap_err(),
        "unsupported multibase encoding: nope",
    );
    check(
        HashFunction::from_name("nope").unwrap_err(),
        "unrecognized hash function: \"nope\"",
    );
}

#[test]
fn codecs() {
    for (error, wanted) in [
        (
            CodecError::UnknownEncoder(Codec(0x90)),
            "no encoder registered for multicodec code 144 (0x90)",
        ),
        (
            CodecError::Truncated("dag-cbor"),
            "dag-cbor: unexpected EOF",
        ),
        (
            CodecError::RepeatedKey("a".into()),
            "cannot repeat map key \"a\"",
        ),
        (
            CodecError::Missing("Links"),
            "missing required fields: Links",
        ),
        (
            CodecError::Payload(CidError::TooShort),
            "payload is not a valid CID: invalid cid: cid too short",
        ),
    ] {
        check(error, wanted);
    }
}

#[test]
fn configuration() {
    let refused = |text: &str| text.parse::<GoDuration>().unwrap_err();
    check(refused("zz"), "time: invalid duration \"zz\"");
    check(refused("3"), "time: missing unit in duration \"3\"");
    check(
        refused("10parsecs"),
        "time: unknown unit \"parsecs\" in duration \"10parsecs\"",
    );
    let cause = ConfigError::NotAMap {
        key: "Datastore.Spec.mounts".to_owned(),
    };
    check(
        ConfigCommandError::Get { cause },
        "failed to get config value: \"Datastore.Spec.mounts key is not a map\"",
    );
    let cause = ConfigError::NotFound {
        key: "Foo".to_owned(),
    };
    check(
        ConfigCommandError::Set { cause, json: false },
        "failed to set config value: Foo not found (maybe use --json?)",
    );
    check(
        ConfigCommandError::PrivateKey,
        "cannot show or change private key through API",
    );
    check(
        ConfigCommandError::Json {
            problem: "EOF while parsing".to_owned(),
            truncated: true,
        },
        "failed to unmarshal json. unexpected end of JSON input",
    );
}

#[test]
fn requests() {
    check(
        ParseError::MissingFile("path"),
        "file argument 'path' is required",
    );
    check(
        ParseError::MissingArgument("cid"),
        "argument \"cid\" is required",
    );
    check(MultipartError::Truncated, "unexpected EOF");
    check(
        MultipartError::Boundary,
        "no multipart boundary param in Content-Type",
    );
}

#[test]
fn absent_blocks() {
    let absent = || FetchError::Offline { cid: hello() };
    let offline = format!("block was not found locally (offline): ipld: could not find {HELLO}");
    check(absent(), &offline);
    // However deep it lies, and whether or not the errors around it speak for themselves.
    let node = || NodeError::Fetch(absent());
    check(ResolveError::Node(node()), &offline);
    check(PinError::Node(node()), &offline);
    check(PinError::Incomplete(node()), &format!("pin: {offline}"));
    check(
        RemoveError::Check(PinError::Node(node())),
        &format!("pin check failed: {offline}"),
    );
    check(
        ExportedCarError::Block {
            cid: hello(),
            error: node(),
        },
        &format!(
            "could not load link \"{HELLO}\": {offline} (currently offline, perhaps retry after attaching to the network)"
        ),
    );
    check(
        RemoveError::NotFound { cid: hello() },
        &format!("ipld: could not find {HELLO}"),
    );
}

#[test]
fn nodes() {
    check(
        NodeError::NotUnixFs { cid: hello() },
        "proto: required field ipfs.boxo.ipld.unixfs.pb.Data.Type not set",
    );
    // What surrounds the text of a cause keeps its own words.
    check(
        NodeError::UnixFs {
            cid: hello(),
            error: ReadError::Missing("IPFSTimestamp.seconds"),
        },
        &format!(
            "cannot read block {HELLO} as UnixFS: proto: required field IPFSTimestamp.seconds not set"
        ),
    );
}

#[test]
fn archives() {
    let header = |error| ImportError::CarHeader(error);
    check(header(CarError::Empty), "EOF");
    check(header(CarError::Truncated), "unexpected EOF");
    check(
        header(CarError::HeaderTooLarge),
        "invalid header data, length of read beyond allowable maximum",
    );
    let at = |place, fault: CarFault| ImportError::Car { place, fault };
    check(
        at(
            CarPlace::After(hello()),
            CarError::Cid(CidError::TooShort).into(),
        ),
        &format!(
            "import failed after block \"{HELLO}\": invalid cid: varints malformed, could not reach the end"
        ),
    );
    check(
        at(CarPlace::Start, CarError::SectionTooLarge.into()),
        "import failed: invalid section data, length of read beyond allowable maximum",
    );
    check(
        at(
            CarPlace::At(hello()),
            CodecError::Unknown(Codec(0x90)).into(),
        ),
        &format!(
            "import failed at block \"{HELLO}\": could not choose a decoder: no decoder registered for multicodec code 144 (0x90)"
        ),
    );
    let mismatch = CarError::Mismatch {
        expected: Box::new(hello()),
        got: Box::new(hello()),
    };
    check(
        at(CarPlace::Start, mismatch.into()),
        &format!("import failed: mismatch in content integrity, expected: {HELLO}, got: {HELLO}"),
    );
}

#[test]
fn options_of_imports() {
    for (error, wanted) in [
        (OptionError::V0Hash, "CIDv0 only supports sha2-256"),
        (
            OptionError::V0Digest,
            "only sha2-255-32 is allowed with CIDv0",
        ),
        (OptionError::CidVersion(-2), "unknown CID version: -2"),
        (
            OptionError::Fanout(12),
            "HAMT fanout must be a power of 2, between 8 and 1024 (got 12)",
        ),
        (
            OptionError::ReferenceLeaves,
            "nocopy option requires '--raw-leaves' to be enabled as well",
        ),
        (
            OptionError::InlineLimit {
                limit: 129,
                most: 128,
            },
            "inline-limit 129 exceeds maximum allowed size of 128 bytes",
        ),
        (
            OptionError::Hash("nope".to_owned()),
            "unrecognized multihash function: nope",
        ),
        (
            OptionError::Codec("nope".to_owned()),
            "unknown multicodec: \"nope\"",
        ),
        (
            OptionError::TwoCodecs,
            "unable to use \"format\" (deprecated) and a custom \"cid-codec\" at the same time",
        ),
    ] {
        check(ImportError::from(error), wanted);
    }
}

#[test]
fn references() {
    check(
        ReferenceFault::FilesOff,
        "filestore is not enabled, see https://git.io/vNItf",
    );
    let outside = BlockError::OutsideRoot {
        root: "/srv".into(),
    };
    check(
        ImportError::Store(outside),
        "cannot add filestore references outside ipfs root (/srv)",
    );
    // Errors of the system begin small, and have no number.
    check(
        ReferenceProblem::Open {
            path: "/srv/f".into(),
            error: Arc::new(io::Error::from_raw_os_error(2)),
        },
        "open /srv/f: no such file or directory",
    );
    check(
        ReferenceProblem::Missing { cid: hello() },
        &format!("ipld: could not find {HELLO}"),
    );
}
