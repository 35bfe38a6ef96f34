//! Commands about the process and its requests, and the older commands, over a daemon.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use serde_json::{Value, json};

fn start(compat: bool) -> (Repository, Daemon, Rpc) {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    if compat {
        repository
            .configure(|config| config["API"]["Compat"] = Value::from("0.7"))
            .unwrap();
    }
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    (repository, daemon, rpc)
}

fn json_of(rpc: &Rpc, command: &str, data: Option<&[u8]>) -> Value {
    let answer = rpc.call(command, data).unwrap();
    serde_json::from_str(&answer.text()).unwrap()
}

/// Begins a request whose answer is read as it comes.
fn open(daemon: &Daemon, command: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(daemon.rpc_address().unwrap()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(
        stream,
        "POST /api/v0/{command} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    )
    .unwrap();
    BufReader::new(stream)
}

/// Reads up to the first line that has this text.
fn line_with(reader: &mut BufReader<TcpStream>, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(
            reader.read_line(&mut line).unwrap() > 0,
            "no line has {text:?}"
        );
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn running_and_ended_requests_are_listed() {
    let (_repository, daemon, rpc) = start(false);
    rpc.call("version?number=true", None).unwrap();
    let mut tail = open(&daemon, "log/tail");
    line_with(&mut tail, "follows the log");
    let list = json_of(&rpc, "diag/cmds", None);
    let entry = |list: &Value, command: &str| {
        let mut entries = list.as_array().unwrap().iter();
        entries
            .rfind(|entry| entry["Command"] == command)
            .cloned()
            .unwrap()
    };
    let version = entry(&list, "version");
    assert_eq!(version["Active"], false);
    assert_eq!(
        version["Options"],
        json!({ "encoding": "json", "number": "true" })
    );
    assert_ne!(version["EndTime"], "0001-01-01T00:00:00Z");
    assert_eq!(entry(&list, "log/tail")["Active"], true);
    assert_eq!(entry(&list, "diag/cmds")["Active"], true);

    rpc.call("diag/cmds/clear", None).unwrap();
    let list = json_of(&rpc, "diag/cmds", None);
    assert!(!list.to_string().contains("\"version\""), "{list}");
    drop(tail);
    rpc.call("diag/cmds/set-time?arg=0s", None).unwrap();
    assert_eq!(
        rpc.request("diag/cmds/set-time?arg=zz", None)
            .unwrap()
            .status,
        500
    );
    assert_eq!(json_of(&rpc, "diag/healthy", None), "ok");
}

#[test]
fn the_log_is_followed_and_its_levels_change() {
    let (_repository, daemon, rpc) = start(false);
    let mut tail = open(&daemon, "log/tail?log-level=debug");
    let first = line_with(&mut tail, "follows the log");
    let first: Value = serde_json::from_str(first.trim()).unwrap();
    assert_eq!(first["level"], "info");
    assert!(first["logger"].as_str().unwrap().starts_with("cairn_http"));

    let level = |command: &str| json_of(&rpc, command, None);
    assert_eq!(level("log/level")["Levels"], json!({ "": "info" }));
    let changed = level("log/level?arg=cairn_http::access&arg=debug");
    assert_eq!(
        changed["Message"],
        "Changed log level of 'cairn_http::access' to 'debug'\n"
    );
    assert_eq!(
        level("log/level?arg=cairn_http::access")["Levels"],
        json!({ "cairn_http::access": "debug" })
    );
    // A request is now logged at the level debug.
    rpc.call("id", None).unwrap();
    let access = line_with(&mut tail, "/api/v0/id");
    assert!(access.contains("\"level\":\"debug\""), "{access}");

    for name in ["fatal", "panic", "dpanic", "ERROR"] {
        let changed = level(&format!("log/level?arg=all&arg={name}"));
        assert!(
            changed["Message"].as_str().unwrap().contains("'*'"),
            "{changed}"
        );
    }
    assert_eq!(level("log/level")["Levels"], json!({ "": "error" }));
    level("log/level?arg=cairn_dag&arg=warn");
    level("log/level?arg=cairn_dag&arg=default");
    let all = level("log/level?arg=all");
    assert_eq!(all["Levels"]["cairn_dag"], "error");
    assert_eq!(all["Levels"]["(default)"], "error");
    let parts = level("log/ls");
    assert!(
        parts["Strings"]
            .as_array()
            .unwrap()
            .contains(&json!("cairn_store"))
    );
    let unknown = rpc.request("log/level?arg=none", None).unwrap();
    assert!(unknown.text().contains("No such logger"));
    let wrong = rpc.request("log/tail?log-level=zz", None).unwrap();
    assert!(
        wrong.text().contains("unrecognized level"),
        "{}",
        wrong.text()
    );
}

#[test]
fn a_daemon_with_readers_of_its_log_stops_in_time() {
    let (_repository, daemon, _) = start(false);
    let mut tail = open(&daemon, "log/tail");
    line_with(&mut tail, "follows the log");
    let (status, _) = daemon.terminate(Duration::from_secs(5)).unwrap();
    assert!(status.success());
    let mut rest = String::new();
    let _ = tail.read_to_string(&mut rest);
}

#[test]
fn profiles_are_archives() {
    let (repository, _daemon, rpc) = start(false);
    let answer = rpc.call("diag/profile?profile-time=0s", None).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert!(answer.body.starts_with(b"PK\x03\x04"));
    for file in [
        "version.json",
        "threads.txt",
        "cpu.txt",
        "metrics.txt",
        "requests.json",
    ] {
        let name = file.as_bytes();
        assert!(
            answer.body.windows(name.len()).any(|part| part == name),
            "{file}"
        );
    }
    let target = repository.path().join("p.zip");
    let target = target.to_str().unwrap();
    let arguments = ["diag", "profile", "--collectors=version", "-o", target];
    let output = repository.run(&arguments).unwrap();
    assert_eq!(output, format!("Wrote profiles to: {target}\n"));
    assert!(
        repository.run(&arguments).is_err(),
        "a file is never replaced"
    );
    assert_eq!(
        rpc.request("diag/profile?collectors=zz", None)
            .unwrap()
            .status,
        500
    );
}

/// The example of the client reference.
const EXAMPLE: &[u8] = br#"{
    "Data": "another",
    "Links": [{ "Name": "some link", "Hash": "QmXg9Pp2ytZ14xgmQjYEiHjVjMFXzCVVEcRTWJBmLgR39V", "Size": 8 }]
}"#;

#[test]
fn old_object_commands_work_as_in_kubo_0_7() {
    let (repository, _daemon, rpc) = start(false);
    let empty = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";
    assert_eq!(json_of(&rpc, "object/new", None), json!({ "Hash": empty }));
    assert_eq!(
        json_of(&rpc, "object/new?arg=unixfs-dir", None),
        json!({ "Hash": "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn" })
    );
    let cid = "QmZZmY4KCu9r3e7M2Pcn46Fc5qbn6NpzaAGaYb22kbfTqm";
    assert_eq!(
        json_of(&rpc, "object/put?pin=true", Some(EXAMPLE)),
        json!({ "Hash": cid })
    );
    let pins = json_of(&rpc, "pin/ls?type=recursive", None);
    assert_eq!(pins["Keys"][cid]["Type"], "recursive");
    let link = json!({ "Name": "some link", "Hash": "QmXg9Pp2ytZ14xgmQjYEiHjVjMFXzCVVEcRTWJBmLgR39V", "Size": 8 });
    assert_eq!(
        json_of(&rpc, &format!("object/get?arg={cid}"), None),
        json!({ "Links": [link], "Data": "another" })
    );
    assert_eq!(
        json_of(&rpc, &format!("object/links?arg={cid}"), None),
        json!({ "Hash": cid, "Links": [link] })
    );
    assert_eq!(
        json_of(&rpc, &format!("object/stat?arg={cid}"), None),
        json!({ "Hash": cid, "NumLinks": 1, "BlockSize": 60, "LinksSize": 53, "DataSize": 7, "CumulativeSize": 68 })
    );
    let data = rpc.call(&format!("object/data?arg={cid}"), None).unwrap();
    assert_eq!(data.text(), "another");

    let raw = rpc
        .call(&format!("block/get?arg={cid}"), None)
        .unwrap()
        .body;
    let again = json_of(&rpc, "object/put?inputenc=protobuf", Some(&raw));
    assert_eq!(again["Hash"], cid);

    // All bytes come back.
    let set = json_of(
        &rpc,
        &format!("object/patch/set-data?arg={empty}"),
        Some(b"\x00\xff"),
    );
    let set = set["Hash"].as_str().unwrap().to_owned();
    let appended = json_of(
        &rpc,
        &format!("object/patch/append-data?arg={set}"),
        Some(b"\xe9"),
    );
    let appended = appended["Hash"].as_str().unwrap().to_owned();
    let node = json_of(&rpc, &format!("object/get?arg={appended}"), None);
    assert_eq!(node["Data"], "\u{0}\u{ff}\u{e9}");
    let node = json_of(
        &rpc,
        &format!("object/get?arg={appended}&data-encoding=base64"),
        None,
    );
    assert_eq!(node["Data"], "AP/p");

    let target = format!("object/patch/add-link?arg={empty}&arg=x&arg={cid}");
    let refused = rpc.request(&target, None).unwrap();
    assert!(
        refused.text().contains("pass --allow-non-unixfs"),
        "{}",
        refused.text()
    );
    let linked = json_of(&rpc, &format!("{target}&allow-non-unixfs=true"), None);
    let linked = linked["Hash"].as_str().unwrap();
    let removed = json_of(
        &rpc,
        &format!("object/patch/rm-link?arg={linked}&arg=x&allow-non-unixfs=true"),
        None,
    );
    assert_eq!(removed["Hash"], empty);
    let output = repository.run(&["object", "links", linked]).unwrap();
    assert_eq!(output, format!("{cid} 68 x\n"));
    let big = vec![0; 3 << 20];
    let refused = rpc
        .request(&format!("object/patch/set-data?arg={empty}"), Some(&big))
        .unwrap();
    assert!(
        refused.text().contains("produced block is over 2MiB"),
        "{}",
        refused.text()
    );
}

#[test]
fn older_forms_of_answers() {
    let (_repository, _daemon, rpc) = start(true);
    assert_eq!(json_of(&rpc, "version", None)["Version"], "0.7.0");
    assert_eq!(json_of(&rpc, "id", None)["ProtocolVersion"], "ipfs/0.1.0");
    let block = json_of(&rpc, "block/put", Some(b"Mary had a little lamb\n"));
    let key = block["Key"].as_str().unwrap();
    assert!(key.starts_with("Qm"), "{key}");
    let node = json_of(&rpc, "object/new", None)["Hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let add = format!("object/patch/add-link?arg={node}&arg=Johnny&arg={node}");
    let linked = json_of(&rpc, &add, None)["Hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let raw = json_of(&rpc, "block/put?format=raw", Some(b"not a node"));
    let raw = raw["Key"].as_str().unwrap().to_owned();
    let refs = rpc.call("refs/local", None).unwrap().text();
    for cid in [&linked, &raw] {
        assert!(refs.contains(&format!("\"{cid}\"")), "{cid}: {refs}");
    }
    let removed = rpc.call("repo/gc", None).unwrap().text();
    assert!(removed.contains(&format!("\"{linked}\"")), "{removed}");
}

#[test]
fn what_is_not_supported_says_so() {
    let (repository, _daemon, rpc) = start(false);
    for (command, expected) in [
        (
            "p2p/listen?arg=/x/a&arg=/ip4/127.0.0.1/tcp/1",
            "libp2p stream mounting not enabled",
        ),
        ("p2p/stream/ls", "libp2p stream mounting not enabled"),
        ("mount", "must be run in online mode"),
        ("provide/once?arg=bafkqaaa", "must be run in online mode"),
        ("version/check", "must be run in online mode"),
        ("pubsub/sub?arg=uZ29sZGVu", "pubsub feature not enabled"),
        (
            "dht/findpeer?arg=QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
            "must be run in online mode",
        ),
    ] {
        let answer = rpc.request(command, None).unwrap();
        assert_eq!(answer.status, 500, "{command}");
        assert!(
            answer.text().contains(expected),
            "{command}: {}",
            answer.text()
        );
    }
    assert_eq!(json_of(&rpc, "provide/clear", None), 0);
    assert_eq!(json_of(&rpc, "pubsub/reset", None), json!({ "deleted": 0 }));
    assert_eq!(repository.run(&["bootstrap"]).unwrap(), "");
}
