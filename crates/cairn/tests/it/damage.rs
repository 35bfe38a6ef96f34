//! Blocks whose bytes change on the disk: they are not served, and writing their content again repairs them.

use std::os::unix::fs::FileExt as _;

use cairn_testkit::fixture;
use cairn_testkit::http::{Answer, Request, exchange};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};

/// Bytes of a leaf.
const LEAF: usize = 256 << 10;

fn start() -> (Repository, Daemon, Rpc) {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    (repository, daemon, rpc)
}

/// Changes a byte of every copy of some stored bytes.
fn damage(repository: &Repository, stored: &[u8]) {
    let mut count = 0;
    for file in std::fs::read_dir(repository.path().join("blocks/segments")).unwrap() {
        let path = file.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let begin = &stored[..stored.len().min(32)];
        let found = bytes.windows(begin.len()).enumerate();
        for (at, _) in found.filter(|(at, here)| *here == begin && bytes[*at..].starts_with(stored))
        {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            let byte = stored.len() / 2;
            file.write_all_at(&[stored[byte] ^ 1], (at + byte) as u64)
                .unwrap();
            count += 1;
        }
    }
    assert!(count > 0, "the bytes are in no segment");
}

fn get(daemon: &Daemon, target: &str, range: Option<&str>) -> Option<Answer> {
    let headers: Vec<_> = range
        .map(|range| ("Range".to_owned(), range.to_owned()))
        .into_iter()
        .collect();
    let request = Request {
        headers: &headers,
        ..Request::new("GET", target)
    };
    exchange(&daemon.gateway().unwrap(), &request).ok()
}

/// What a failed call says.
fn refusal(rpc: &Rpc, command: &str) -> String {
    let answer = rpc.request(command, None).unwrap();
    assert_eq!(answer.status, 500, "{command}: {}", answer.text());
    answer.text()
}

#[test]
fn content_that_is_written_again_reads_back() {
    let (repository, daemon, rpc) = start();
    let file = fixture::stream("file", 3 * LEAF);
    let small = fixture::stream("small", 700);
    let block = fixture::stream("block", 5000);
    let archived = fixture::stream("archived", 2 * LEAF);
    let value = br#"{"name": "a value that is long enough to be found again"}"#;
    let put = "dag/put?store-codec=dag-cbor&input-codec=dag-json";

    let file_cid = rpc.add(&file, "cid-version=1").unwrap();
    let small_cid = rpc.add(&small, "cid-version=1&pin=false").unwrap();
    let block_cid = rpc.block_put(&block, "").unwrap();
    let archived_cid = rpc.add(&archived, "cid-version=1&pin=false").unwrap();
    let archive = rpc
        .call(&format!("dag/export?arg={archived_cid}"), None)
        .unwrap()
        .body;
    let value_cid = rpc.call(put, Some(value)).unwrap().text();
    let value_cid = value_cid.split('"').nth(5).unwrap().to_owned();

    // With and without a verification that has named what is bad.
    for verified in [false, true] {
        damage(&repository, &file[LEAF..2 * LEAF]);
        damage(&repository, &small);
        damage(&repository, &block);
        damage(&repository, &archived[..LEAF]);
        damage(&repository, b"a value that is long enough");
        if verified {
            assert!(rpc.verify().is_err());
        }
        assert_eq!(rpc.add(&file, "cid-version=1").unwrap(), file_cid);
        rpc.add(&small, "cid-version=1&pin=false").unwrap();
        rpc.block_put(&block, "pin=true").unwrap();
        rpc.call("dag/import?pin-roots=false", Some(&archive))
            .unwrap();
        rpc.call(put, Some(value)).unwrap();
        rpc.verify().unwrap();
    }

    // Also after a crash.
    daemon.kill().unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    rpc.verify().unwrap();
    assert!(rpc.cat(&file_cid).unwrap() == file);
    assert!(rpc.cat(&small_cid).unwrap() == small);
    assert!(rpc.block_get(&block_cid).unwrap() == block);
    assert!(rpc.cat(&archived_cid).unwrap() == archived);
    rpc.call(&format!("dag/get?arg={value_cid}"), None).unwrap();
    rpc.collect().unwrap();
    rpc.verify().unwrap();
}

#[test]
fn damaged_bytes_do_not_go_out() {
    let (repository, daemon, rpc) = start();
    let small = fixture::stream("small", 5000);
    let file = fixture::stream("file", 4 * LEAF);
    let small_cid = rpc.add(&small, "cid-version=1").unwrap();
    let file_cid = rpc.add(&file, "cid-version=1").unwrap();
    damage(&repository, &small);
    damage(&repository, &file[2 * LEAF..3 * LEAF]);

    for command in ["block/get", "cat", "get", "dag/export"] {
        let said = refusal(&rpc, &format!("{command}?arg={small_cid}"));
        assert!(said.contains("is damaged on disk"), "{command}: {said}");
        assert!(said.contains(&small_cid), "{command}: {said}");
    }
    for target in ["", "?format=raw", "?format=car"] {
        let answer = get(&daemon, &format!("/ipfs/{small_cid}{target}"), None).unwrap();
        assert_eq!(answer.status, 500, "{target}: {}", answer.text());
        assert!(answer.text().contains("is damaged on disk"), "{target}");
    }

    // In the middle of a file: what comes before it goes out, and the answer is not whole.
    for command in ["cat", "get", "dag/export"] {
        let target = format!("{command}?arg={file_cid}");
        assert!(rpc.call(&target, None).is_err(), "{command}");
    }
    for target in ["", "?format=car"] {
        let answer = get(&daemon, &format!("/ipfs/{file_cid}{target}"), None);
        let whole = |answer: &Answer| {
            let promised = answer.header("content-length");
            let short = promised.is_some_and(|length| length != answer.body.len().to_string());
            answer.status == 200 && !answer.aborted && !short
        };
        assert!(!answer.as_ref().is_some_and(whole), "{target}");
    }
    // Ranges beside it are served.
    for (from, to) in [(0, 2 * LEAF), (3 * LEAF, 4 * LEAF)] {
        let range = format!("bytes={from}-{}", to - 1);
        let answer = get(&daemon, &format!("/ipfs/{file_cid}"), Some(&range)).unwrap();
        assert_eq!(answer.status, 206);
        assert!(answer.body == file[from..to]);
        let part = format!("cat?arg={file_cid}&offset={from}&length={}", to - from);
        assert!(rpc.call(&part, None).unwrap().body == file[from..to]);
    }
    assert!(rpc.verify().is_err());
    // Told once each.
    let log = daemon.log();
    let told = log.matches("a stored block is damaged").count();
    assert_eq!(told, 2, "{log}");
}

#[test]
fn the_reason_reaches_the_command_line_in_the_middle_of_a_response() {
    let (repository, daemon, rpc) = start();
    let file = fixture::stream("file", 4 * LEAF);
    let cid = rpc.add(&file, "cid-version=1&pin=false").unwrap();
    let leaves = rpc.call(&format!("refs?arg={cid}"), None).unwrap().text();
    let leaf = leaves.lines().nth(2).unwrap();
    let leaf = leaf.split('"').nth(3).unwrap();
    rpc.call(&format!("block/rm?arg={leaf}"), None).unwrap();
    let link = repository.path().with_file_name("ipfs");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cairn"), &link).unwrap();
    let cairn = repository.output(&["cat", &cid], b"").unwrap();
    let ipfs = std::process::Command::new(&link)
        .args(["--repo-dir", repository.path().to_str().unwrap()])
        .args(["cat", &cid])
        .output()
        .unwrap();
    for (output, kubos) in [(&cairn, false), (&ipfs, true)] {
        assert!(!output.status.success());
        assert!(file.starts_with(&output.stdout) && !output.stdout.is_empty());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(leaf), "{said}");
        assert_eq!(said.contains("ipld: could not find"), kubos, "{said}");
    }
    // Others get the fields of Kubo.
    let refused = refusal(&rpc, &format!("block/get?arg={leaf}"));
    assert!(!refused.contains("Detail"), "{refused}");
    let headers = [("TE", "trailers"), ("X-Stream-End", "trailer")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let target = format!("/api/v0/block/get?arg={leaf}");
    let request = Request {
        headers: &headers,
        ..Request::new("POST", &target)
    };
    let answer = exchange(&daemon.rpc(), &request).unwrap();
    assert!(answer.text().contains("\"Detail\":"), "{}", answer.text());
}
