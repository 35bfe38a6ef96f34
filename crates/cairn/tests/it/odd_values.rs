//! Odd values in every argument and option of every command: each gets a status, and nothing panics.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_testkit::dns::DnsServer;
use cairn_testkit::http::{self, Request};
use cairn_testkit::rpc::{Rpc, multipart_headers, one_file};
use cairn_testkit::server::{Daemon, Repository};
use cairn_wire::kubo::{self, Spec};
use cairn_wire::shape::BodyKind;
use cairn_wire::values::OptionKind;

/// Percent-encoded, as they stand in a query.
fn values() -> Vec<String> {
    let plain = [
        "",
        "%00",
        "%00%00%00",
        "a%00b",
        "%20",
        "+",
        "%",
        "%2",
        "%zz",
        "%0A",
        "%0D%0A",
        "%1B%5B31m",
        "%7F",
        "%80",
        "%FF",
        "%FF%FE",
        "caf%E9",
        "%C3",
        "%E2%82",
        "%ED%A0%80",
        "%F0%9F%98%80",
        "%F4%90%80%80",
        "%E2%80%AE",
        "%D7%A9",
        "%CC%81",
        "%EF%BB%BFx",
        "%EF%BF%BD",
        "%C2%A0",
        "0",
        "-0",
        "1",
        "-1",
        "+1",
        "00",
        "01",
        "0x",
        "0x10",
        "0b2",
        "0o8",
        "1_0",
        "_",
        "--1",
        "127",
        "128",
        "255",
        "256",
        "1023",
        "1025",
        "65535",
        "65536",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
        "0x7fffffffffffffff",
        "0xffffffffffffffffff",
        "1.5",
        "-1.5",
        ".5",
        "1e3",
        "1e309",
        "NaN",
        "nan",
        "Inf",
        "-Infinity",
        "true",
        "TRUE",
        "t",
        "f",
        "yes",
        "null",
        "None",
        "undefined",
        "[]",
        "%7B%7D",
        "%5B1,2%5D",
        "%7B%22%2F%22:1%7D",
        "%22",
        "'",
        "%5C",
        "/",
        "//",
        "///",
        ".",
        "..",
        "/..",
        "../..",
        "/ipfs",
        "/ipfs/",
        "/ipfs//",
        "/ipfs/..",
        "/ipns",
        "/ipns/",
        "/ipns/x",
        "/ipld/",
        "/foo/bar",
        "/ipfs/x",
        "ipfs://",
        "ipfs://x",
        "://",
        "http://a",
        "~",
        "*",
        "?",
        "%26",
        "%3D",
        "%23",
        ";",
        ":",
        "%s",
        "%25s",
        "%25n%25n",
        "%25%25",
        "%25",
        "%25b%25B",
        "$(id)",
        "%60id%60",
        "size-1",
        "size-0",
        "size-18446744073709551616",
        "rabin-",
        "rabin-0-0-0",
        "rabin-1-2-3",
        "rabin-16-32-18446744073709551615",
        "buzhash",
        "default",
        "raw",
        "dag-pb",
        "dag-cbor",
        "dag-json",
        "dag-jose",
        "git-raw",
        "cbor",
        "json",
        "libp2p-key",
        "identity",
        "sha2-256",
        "sha2-512",
        "sha1",
        "md5",
        "blake3",
        "blake2b-8",
        "keccak-256",
        "murmur3-x64-64",
        "0x55",
        "0",
        "base2",
        "base32",
        "base58btc",
        "base256emoji",
        "all",
        "recursive",
        "direct",
        "indirect",
        "1s",
        "-1s",
        "1h1h",
        "1ns",
        "9999999h",
        "%F0%9F%9A%80",
        "k",
        "f",
        "F",
        "v",
        "t",
        "c",
        "h",
        "B",
        "Z",
        "m",
        "M",
        "u",
        "U",
        "7",
        "9",
        "f01",
        "f0155",
        "f01551220",
        "f015500",
        "f01550001",
        "f0155000100",
        "f01711220ff",
        "f0100",
        "f0000",
        "f0200",
        "f0355",
        "f01ffffffffffffffffff01",
        "f0155ffffffffffffffff7f00",
        "f015512ffffffffffffffffff01",
        "f01550000",
        "b",
        "bb",
        "bafk",
        "z",
        "zz",
        "z1",
        "Qm",
        "Qm1",
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5oo",
        "bafkqaaa",
        "bafkqabtimvwgy3yk",
        "/ipfs/bafkqaaa",
        "/ipfs/bafkqaaa/..",
        "/ipfs/bafkqaaa/a",
        "/ipfs/bafkqaaa/caf%E9",
        "/ipld/bafkqaaa/x",
        "bafyqaaa",
        "bafyqaaa/Links",
        "/ipld/bafyqaaa/Links/0",
        "/ipld/bafyqaaa/Links/-1",
        "bafyreaqa",
        "f01710001a0",
        "f017100025fff",
        "f01710002bfff",
        "f0171000181",
        "f017100049f01ff",
        "f0171000362e9ff",
        "f01710003f97e00",
        "f012903007b7d",
    ];
    let mut all: Vec<String> = plain.iter().map(ToString::to_string).collect();
    all.extend([
        "a".repeat(5000),
        "/".repeat(4000),
        "../".repeat(1500),
        "%00".repeat(1500),
        "%F0%9F%98%80".repeat(400),
        "9".repeat(400),
        format!("/ipfs/bafkqaaa/{}", "x/".repeat(1500)),
        format!("z{}", "1".repeat(4000)),
        format!("b{}", "a".repeat(4000)),
        format!("f0155{}", "00".repeat(2000)),
        format!("f01550080{}01", "80".repeat(12)),
        "size-".repeat(100),
    ]);
    all
}

/// Commands that go on until their client leaves, or for as long as they are told: they get a time limit.
const LASTING: [&str; 5] = ["diag/profile", "log/tail", "ping", "pubsub/sub", "stats/bw"];

fn ask(daemon: &Daemon, spec: &Spec, query: &str) -> u16 {
    let limit = if LASTING.contains(&spec.path) {
        "&timeout=100ms"
    } else {
        ""
    };
    let target = format!("/api/v0/{}?{query}{limit}", spec.path);
    let files = spec.body == BodyKind::Files;
    let (headers, body) = if files {
        (multipart_headers(), Some(one_file(b"uaGk")))
    } else {
        (Vec::new(), None)
    };
    let request = Request {
        headers: &headers,
        body: body.as_deref(),
        ..Request::new("POST", &target)
    };
    let answer = http::exchange(&daemon.rpc(), &request)
        .unwrap_or_else(|error| panic!("{target}: {error:#}"));
    let kind = answer.header("content-type").unwrap_or_default();
    if kind.starts_with("application/json") && !query.contains("encoding=") {
        let values = serde_json::Deserializer::from_slice(&answer.body);
        for value in values.into_iter::<serde_json::Value>() {
            assert!(value.is_ok(), "{target}: {}", answer.text());
        }
    }
    answer.status
}

/// The queries that try the command of a number.
fn queries(number: usize, spec: &Spec, values: &[String]) -> Vec<String> {
    let argument = if spec.arguments.is_empty() {
        ""
    } else {
        "arg=bafkqaaa&"
    };
    let mut queries = Vec::new();
    // What all commands share is read in one place: each command tries another part of the values.
    for name in ["cid-base", "encoding", "timeout", "offline", "pin"] {
        if name == "timeout" && LASTING.contains(&spec.path) {
            continue;
        }
        for value in values.iter().skip(number % 6).step_by(6) {
            queries.push(format!("{argument}{name}={value}"));
        }
    }
    for option in spec.options {
        // Numbers and switches are all read in one way.
        let step = match option.kind {
            OptionKind::String | OptionKind::Strings => 1,
            _ => 5,
        };
        for value in values.iter().step_by(step) {
            queries.push(format!("{argument}{}={value}", option.name()));
        }
    }
    if LASTING.contains(&spec.path) {
        return queries.into_iter().step_by(10).collect();
    }
    if !spec.arguments.is_empty() {
        queries.extend(values.iter().map(|value| format!("arg={value}")));
        let twice = values.iter().skip(number % 4).step_by(4);
        queries.extend(twice.map(|value| format!("arg={value}&arg={value}&cid-base=%00")));
    }
    queries
}

#[test]
fn every_odd_value_gets_a_status() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    // Odd domains are asked for here, and nowhere else.
    let dns = DnsServer::start(&[]).unwrap();
    repository
        .configure(|config| config["DNS"]["Resolvers"] = serde_json::json!({".": dns.url()}))
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    Rpc::new(&daemon.rpc())
        .add(b"pinned", "cid-version=1")
        .unwrap();
    let values = values();
    let work: Vec<(&Spec, String)> = kubo::SPECS
        .iter()
        // The one ends the daemon, the others change what it is told.
        .filter(|spec| !matches!(spec.path, "shutdown" | "config" | "config/replace"))
        .enumerate()
        .flat_map(|(number, spec)| {
            queries(number, spec, &values)
                .into_iter()
                .map(move |query| (spec, query))
        })
        .collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((spec, query)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let status = ask(&daemon, spec, query);
                    let known = matches!(status, 200 | 400 | 403 | 404 | 500 | 501);
                    assert!(known, "{}?{query}: {status}", spec.path);
                }
            });
        }
    });
    let log = daemon.log();
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(
        Rpc::new(&daemon.rpc())
            .request("version", None)
            .unwrap()
            .status,
        200
    );
}

#[test]
fn the_command_line_never_panics() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let odd = [
        "",
        "-",
        "--",
        "\u{1b}[31m",
        "\u{202e}",
        "9223372036854775808",
        "NaN",
        "/ipfs/..",
        "bafkqaaa",
        "identity",
    ];
    for spec in kubo::SPECS
        .iter()
        .filter(|spec| spec.path.starts_with("cid/") || spec.path.starts_with("multibase/"))
    {
        for value in odd {
            let mut lines: Vec<Vec<String>> = vec![vec![value.to_owned()]];
            for option in spec.options {
                lines.push(vec![
                    format!("--{}={value}", option.name()),
                    "bafkqaaa".to_owned(),
                ]);
            }
            for line in lines {
                let output = repository
                    .command()
                    .args(spec.path.split('/'))
                    .args(&line)
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(
                    matches!(output.status.code(), Some(0..=2)) && !said.contains("panicked"),
                    "{} {line:?}: {:?} {said}",
                    spec.path,
                    output.status
                );
                assert!(!said.contains('\u{1b}'), "{} {line:?}: {said:?}", spec.path);
            }
        }
    }
}
