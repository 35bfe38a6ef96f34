//! What one request may hold: hostile content is asked for in every way, and the process's peak is looked at.

use std::time::Duration;

use cairn_primitives::car::v1;
use cairn_primitives::codec::dag_pb::{Link, Node};
use cairn_primitives::unixfs::{NodeKind, UnixFs};
use cairn_primitives::{Cid, Codec, Multihash};
use cairn_testkit::http::{Answer, Request, exchange};
use cairn_testkit::rpc::{Rpc, multipart_headers, one_file};
use cairn_testkit::server::{Daemon, Repository};

/// Bytes above what the process holds idle that any one request may take.
const MOST: u64 = 64 << 20;
/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Blocks that are on their way into a repository.
#[derive(Default)]
struct Blocks {
    car: Vec<u8>,
}

impl Blocks {
    fn put(&mut self, codec: Codec, data: &[u8]) -> Cid {
        let cid = Cid::v1(codec, Multihash::sha2_256(data));
        v1::write_block_prefix(&cid, data.len(), &mut self.car);
        self.car.extend_from_slice(data);
        cid
    }

    fn directory(&mut self, links: Vec<Link>) -> Cid {
        let node = Node {
            links,
            data: Some(UnixFs::new(NodeKind::Directory).encode()),
        };
        self.put(Codec::DAG_PB, &node.encode())
    }

    /// A daemon that has what is reachable from a root, and holds nothing of the import any more.
    fn serve(self, root: &Cid) -> (Repository, Daemon) {
        let (repository, daemon) = start();
        let rpc = Rpc::new(&daemon.rpc()).with_timeout(PATIENCE);
        let mut car = Vec::new();
        v1::write_header(std::slice::from_ref(root), &mut car);
        car.extend_from_slice(&self.car);
        let answer = rpc
            .request("dag/import?pin-roots=false", Some(&car))
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!answer.aborted, "{}", answer.text());
        daemon.terminate(PATIENCE).unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        (repository, daemon)
    }
}

fn link(name: &str, cid: &Cid) -> Link {
    Link {
        cid: cid.clone(),
        name: Some(name.into()),
        size: Some(1),
    }
}

/// Sends a request, reads no more than `read` bytes of its answer, and holds the peak against its bound.
fn within_bound(daemon: &Daemon, base: &str, request: &Request<'_>, read: usize) -> Answer {
    // The peak starts again: <https://docs.kernel.org/filesystems/proc.html>, `clear_refs`.
    std::fs::write(format!("/proc/{}/clear_refs", daemon.pid()), "5").unwrap();
    let before = daemon.memory("VmRSS").unwrap();
    let request = Request {
        read_limit: Some(read),
        timeout: PATIENCE,
        ..request.clone()
    };
    let answer = exchange(base, &request).unwrap();
    let above = daemon.memory("VmHWM").unwrap().saturating_sub(before);
    let target = request.target.get(..80).unwrap_or(request.target);
    eprintln!(
        "{} MiB above rest: {} {target}",
        above >> 20,
        request.method
    );
    assert!(above <= MOST, "{target} took {} MiB", above >> 20);
    answer
}

fn start() -> (Repository, Daemon) {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    (repository, daemon)
}

fn rpc_within_bound(daemon: &Daemon, command: &str, read: usize) -> Answer {
    let target = format!("/api/v0/{command}");
    within_bound(daemon, &daemon.rpc(), &Request::new("POST", &target), read)
}

#[test]
fn a_list_below_a_long_name_is_as_long_as_its_entries() {
    let long = "n".repeat(60_000);
    let mut blocks = Blocks::default();
    let leaf = blocks.put(Codec::RAW, b"leaf");
    let entries = (0..10_000).map(|at| link(&format!("{at:05}"), &leaf));
    let folder = blocks.directory(entries.collect());
    let root = blocks.directory(vec![link(&long, &folder)]);
    let (_repository, daemon) = blocks.serve(&root);
    let gateway = daemon.gateway().unwrap();
    let target = format!("/ipfs/{root}/{long}/");
    let page = within_bound(&daemon, &gateway, &Request::new("GET", &target), usize::MAX);
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.ends_with("</script></body></html>\n"));
    assert!(text.contains("<a href=\"09999\">09999</a>"));
    assert!(text.len() < 6 << 20, "{} bytes", text.len());
    let head = within_bound(&daemon, &gateway, &Request::new("HEAD", &target), 0);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), page.header("etag"));
}

#[test]
fn folders_in_folders_are_archived_one_at_a_time() {
    let mut blocks = Blocks::default();
    let leaf = blocks.put(Codec::RAW, b"leaf");
    // Long names beside the way down, and a path that stays short: all of it can be archived.
    let mut folder = blocks.directory(Vec::new());
    for _ in 0..400 {
        let wide = (0..10).map(|at| link(&format!("{at}{}", "w".repeat(6000)), &leaf));
        folder = blocks.directory([link("0", &folder)].into_iter().chain(wide).collect());
    }
    let wide = folder.clone();
    // Names that the path consists of: no system takes such a path.
    for _ in 0..400 {
        folder = blocks.directory(vec![link(&"d".repeat(30_000), &folder)]);
    }
    let root = blocks.directory(vec![link("deep", &folder), link("wide", &wide)]);
    let (_repository, daemon) = blocks.serve(&root);
    let archive = rpc_within_bound(&daemon, &format!("get?arg={root}/wide"), usize::MAX);
    assert!(!archive.aborted);
    let mut members = 0;
    for entry in tar::Archive::new(archive.body.as_slice())
        .entries()
        .unwrap()
    {
        entry.unwrap();
        members += 1;
    }
    assert_eq!(members, 401 + 400 * 10);
    let refused = rpc_within_bound(&daemon, &format!("get?arg={root}/deep"), usize::MAX);
    assert!(refused.aborted, "the path cannot be archived");
    assert!(refused.body.len() > 1 << 20);
}

#[test]
fn folders_are_listed_as_they_are_read() {
    let mut blocks = Blocks::default();
    let leaf = blocks.put(Codec::RAW, b"leaf");
    let entries = (0..20_000).map(|at| link(&format!("{at:05}"), &leaf));
    let root = blocks.directory(entries.collect());
    let (_repository, daemon) = blocks.serve(&root);
    let arguments = |count| format!("arg={root}&").repeat(count);
    for form in ["", "&encoding=text", "&stream=true"] {
        let command = format!("ls?{}{form}", arguments(100));
        let answer = rpc_within_bound(&daemon, &command, 16 << 20);
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() >= 16 << 20);
        // The client has left: what was asked for is not continued.
        let stopped = rpc_within_bound(&daemon, "version", usize::MAX);
        assert_eq!(stopped.status, 200);
    }
    let whole = rpc_within_bound(&daemon, &format!("ls?{}", arguments(2)), usize::MAX);
    let listed: serde_json::Value = serde_json::from_slice(&whole.body).unwrap();
    let objects = listed["Objects"].as_array().unwrap();
    assert_eq!(objects.len(), 2);
    for object in objects {
        assert_eq!(object["Hash"], root.to_string());
        let links = object["Links"].as_array().unwrap();
        assert_eq!(links.len(), 20_000);
        assert!(links.is_sorted_by_key(|link| link["Name"].as_str()));
    }
}

#[test]
fn refs_of_long_names_are_bounded() {
    let mut blocks = Blocks::default();
    let leaf = blocks.put(Codec::RAW, b"leaf");
    let root = blocks.directory(vec![
        link(&"n".repeat(1 << 20), &leaf),
        link("short", &leaf),
    ]);
    let (_repository, daemon) = blocks.serve(&root);
    for (times, long) in [(1, true), (1000, false)] {
        let format = "%3Clinkname%3E".repeat(times);
        let command = format!("refs?arg={root}&format={format}");
        let answer = rpc_within_bound(&daemon, &command, usize::MAX);
        let text = answer.text();
        assert!(!answer.aborted && text.contains("short"), "{}", text.len());
        assert_eq!(text.len() > 1 << 20, long);
        assert_eq!(text.contains("a formatted ref has more than"), !long);
    }
}

#[test]
fn walks_hold_no_more_than_their_bound() {
    let mut blocks = Blocks::default();
    // Nodes of 1 MB, each of many small links behind the one that leads on.
    let mut next = blocks.put(Codec::DAG_CBOR, &[0x80]);
    for _ in 0..12 {
        let small = [0xd8, 0x2a, 0x45, 0x00, 0x01, 0x55, 0x00, 0x00];
        let count = 120_000u32;
        let mut node = vec![0x9a];
        node.extend_from_slice(&(count + 1).to_be_bytes());
        node.extend_from_slice(&[0xd8, 0x2a, 0x58, 0x25, 0x00]);
        node.extend_from_slice(&next.to_bytes());
        node.extend_from_slice(&small.repeat(count as usize));
        next = blocks.put(Codec::DAG_CBOR, &node);
    }
    let root = next;
    let (_repository, daemon) = blocks.serve(&root);
    for command in [
        format!("pin/add?arg={root}"),
        "pin/ls?type=indirect".to_owned(),
        "pin/verify?verbose=true".to_owned(),
        format!("dag/stat?arg={root}&progress=false"),
        format!("refs?arg={root}&recursive=true&unique=true"),
        format!("refs?arg={root}&recursive=true"),
        format!("ls?arg={root}"),
    ] {
        let answer = rpc_within_bound(&daemon, &command, 8 << 20);
        assert_eq!(answer.status, 200, "{command}: {}", answer.text());
    }
    let car = rpc_within_bound(&daemon, &format!("dag/export?arg={root}"), usize::MAX);
    assert!(!car.aborted && car.body.len() > 12 * 960_000);
}

#[test]
fn a_large_node_takes_no_more_memory_than_its_bytes() {
    let (repository, daemon) = start();
    // Three million links of eight bytes, which peers would not exchange.
    let count = 3_u32 << 20;
    let mut node = vec![0x9a];
    node.extend_from_slice(&count.to_be_bytes());
    let link = [0xd8, 0x2a, 0x45, 0x00, 0x01, 0x55, 0x00, 0x00];
    node.extend_from_slice(&link.repeat(count as usize));
    let rpc = Rpc::new(&daemon.rpc()).with_timeout(PATIENCE);
    let put = "block/put?cid-codec=dag-cbor&allow-big-block=true";
    let answer = rpc.request(put, Some(&node)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    daemon.terminate(PATIENCE).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let root = Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&node));
    for command in [
        format!("pin/add?arg={root}"),
        "pin/ls?type=indirect".to_owned(),
        "pin/verify".to_owned(),
        format!("refs?arg={root}&recursive=true&unique=true"),
        "repo/gc".to_owned(),
    ] {
        let answer = rpc_within_bound(&daemon, &command, 8 << 20);
        assert_eq!(answer.status, 200, "{command}: {}", answer.text());
    }
}

#[test]
fn paths_are_added_to_a_depth_that_is_told() {
    let (_repository, daemon) = start();
    let part = |path: &str| {
        String::from_utf8(one_file(b"x"))
            .unwrap()
            .replace("filename=\"f\"", &format!("filename=\"{path}\""))
            .into_bytes()
    };
    let headers = multipart_headers();
    for (depth, accepted) in [(1500, true), (32_000, false)] {
        let path = "a/".repeat(depth) + "f";
        let body = part(&path);
        assert!(body.len() > path.len(), "the name is in the part");
        let request = Request {
            headers: &headers,
            body: Some(&body),
            ..Request::new("POST", "/api/v0/add?pin=false")
        };
        let answer = within_bound(&daemon, &daemon.rpc(), &request, usize::MAX);
        let text = answer.text();
        assert_eq!(answer.status == 200, accepted, "{text}");
        if accepted {
            assert_eq!(text.lines().count(), depth + 1);
        } else {
            assert!(text.contains("has 32000 directories"), "{text}");
        }
    }
}
