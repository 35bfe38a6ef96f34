//! Files that are referred to in place of being stored.

use std::path::{Path, PathBuf};

use cairn_testkit::fixture;
use cairn_testkit::http::{self, Request};
use cairn_testkit::server::{Daemon, Repository};

const OFF: &str = "filestore is not enabled, see https://git.io/vNItf";
const OWN_OFF: &str =
    "references to files are disabled: set Experimental.FilestoreEnabled to enable them";
const NOCOPY_OFF: &str = "either the filestore or the urlstore must be enabled to use nocopy, see: https://github.com/ipfs/kubo/blob/master/docs/experimental-features.md#ipfs-filestore";

/// A repository with the filestore, and the folder that holds it.
struct Case {
    repository: Repository,
    folder: PathBuf,
}

struct Done {
    code: Option<i32>,
    out: Vec<u8>,
    text: String,
    error: String,
}

impl Case {
    fn new() -> Self {
        let case = Self::off();
        case.allow(true);
        case
    }

    fn off() -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        let folder = repository.path().parent().unwrap().to_owned();
        Self { repository, folder }
    }

    fn allow(&self, files: bool) {
        self.repository
            .configure(|config| config["Experimental"]["FilestoreEnabled"] = files.into())
            .unwrap();
    }

    fn start(&self) -> Daemon {
        self.repository.start(&["--offline"]).unwrap()
    }

    fn write(&self, name: &str, data: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, data).unwrap();
        path
    }

    /// Runs a command in the folder.
    fn try_run(&self, arguments: &[&str]) -> Done {
        let output = self
            .repository
            .command()
            .current_dir(&self.folder)
            .args(arguments)
            .output()
            .unwrap();
        Done {
            code: output.status.code(),
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
            out: output.stdout,
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let done = self.try_run(arguments);
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.error);
        done.text
    }

    fn add(&self, arguments: &[&str]) -> String {
        let all = [&["add", "-Q"], arguments].concat();
        self.run(&all).trim().to_owned()
    }

    /// Bytes of the repository's segments.
    fn stored(&self) -> u64 {
        let segments = std::fs::read_dir(self.repository.path().join("blocks/segments")).unwrap();
        segments
            .map(|entry| {
                use std::os::unix::fs::MetadataExt as _;
                entry.unwrap().metadata().unwrap().blocks() * 512
            })
            .sum()
    }
}

/// Refused with one of these texts, with a daemon or without.
fn refused(done: &Done, messages: &[&str]) {
    assert_ne!(done.code, Some(0));
    let first = done.error.lines().next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or_default();
    assert!(messages.contains(&message), "{}", done.error);
}

#[test]
fn bytes_stay_where_they_are() {
    for with_daemon in [true, false] {
        let case = Case::new();
        let daemon = with_daemon.then(|| case.start());
        let data = fixture::stream("filestore", 5_000_000);
        case.write("data/big file", &data);
        case.write("data/sub/ü", b"small\n");
        case.write("data/empty", b"");
        let root = case.add(&["-r", "--nocopy", "data"]);
        // The same as where they are stored, with raw leaves.
        assert_eq!(case.add(&["-r", "-n", "--raw-leaves", "data"]), root);
        // A new segment takes its space ahead.
        assert!(case.stored() < 3_000_000);

        let big = format!("{root}/big file");
        assert!(case.try_run(&["cat", &big]).out == data);
        assert_eq!(case.run(&["cat", &format!("{root}/sub/ü")]), "small\n");
        let middle = case.try_run(&["cat", "-o", "1000000", "-l", "300000", &big]);
        assert!(middle.out == data[1_000_000..1_300_000]);
        case.run(&["get", "-o", "got", &root]);
        assert!(std::fs::read(case.folder.join("got/big file")).unwrap() == data);
        let leaf = case.run(&["refs", "-r", &big]);
        let leaf = leaf.lines().next().unwrap();
        assert!(case.try_run(&["block", "get", leaf]).out == data[..262_144]);
        assert!(
            case.run(&["block", "stat", leaf])
                .contains("Size: 262144\n")
        );

        // An archive holds the bytes themselves.
        let archive = case.try_run(&["dag", "export", &root]);
        let other = Case::off();
        let path = other.write("archive.car", &archive.out);
        other.run(&["dag", "import", path.to_str().unwrap()]);
        assert!(other.try_run(&["cat", &big]).out == data);

        // Twenty leaves of the large file, one of the small one; the empty one is stored.
        assert_eq!(case.run(&["filestore", "ls"]).lines().count(), 21);
        assert!(case.run(&["refs", "local"]).contains(leaf));
        assert!(case.run(&["repo", "ls"]).contains(leaf));
        let objects = |text: &str| -> usize {
            let line = text.lines().find(|line| line.starts_with("NumObjects"));
            line.unwrap()
                .split(' ')
                .next_back()
                .unwrap()
                .parse()
                .unwrap()
        };
        // Besides them: the large file, two folders, the empty block and the empty folder of a new repository.
        assert_eq!(objects(&case.run(&["repo", "stat"])), 21 + 5);
        assert!(
            case.run(&["repo", "verify"])
                .contains("all blocks validated")
        );
        drop(daemon);
    }
}

#[test]
fn answered_references_survive_kill_9() {
    let case = Case::new();
    let daemon = case.start();
    let data = fixture::stream("killed", 3_000_000);
    case.write("f", &data);
    let root = case.add(&["--nocopy", "f"]);
    daemon.kill().unwrap();
    let _daemon = case.start();
    assert!(case.try_run(&["cat", &root]).out == data);
    assert!(case.run(&["pin", "ls"]).contains(&root));
}

#[test]
fn a_changed_file_gives_an_error_and_no_wrong_bytes() {
    for with_daemon in [true, false] {
        let case = Case::new();
        let daemon = with_daemon.then(|| case.start());
        let mut data = fixture::stream("changed", 1_000_000);
        case.write("sub/f", &data);
        let root = case.add(&["--nocopy", "sub/f"]);
        data[600_000] ^= 1;
        case.write("sub/f", &data);
        let leaf = case.run(&["refs", "-r", &root]);
        let leaf = leaf.lines().nth(2).unwrap();

        let told = |arguments: &[&str]| {
            let done = case.try_run(arguments);
            assert_eq!(done.code, Some(1), "{arguments:?}");
            assert!(data.starts_with(&done.out) && done.out.len() <= 524_288);
            for part in ["sub/f", "524288", leaf] {
                assert!(done.error.contains(part), "{part} is not in {}", done.error);
            }
            done.error
        };
        assert!(told(&["cat", &root]).contains("the file was changed"));
        told(&["block", "get", leaf]);
        told(&["cat", "-o", "600000", "-l", "1", &root]);
        case.write("sub/f", &data[..700_000]);
        assert!(told(&["block", "get", leaf]).contains("shorter"));
        std::fs::remove_file(case.folder.join("sub/f")).unwrap();
        assert!(told(&["block", "get", leaf]).contains("does not exist"));
        drop(daemon);
    }
}

#[test]
fn lists_are_those_of_ipfs() {
    for with_daemon in [true, false] {
        let case = Case::new();
        let daemon = with_daemon.then(|| case.start());
        case.write("b", b"bbbb\n");
        case.write("a/b", b"in a folder\n");
        case.write("c", &[7; 300_000]);
        case.add(&["-r", "--nocopy", "b", "a", "c"]);
        let cid = |path: &str, options: &[&str]| {
            let all = [&["-n", "--raw-leaves", path], options].concat();
            case.add(&all)
        };
        let leaves = case.run(&["refs", "-r", &cid("c", &[])]);
        let leaves: Vec<&str> = leaves.lines().collect();
        let base = "--cid-base=base58btc";
        let (a, b) = (cid("a/b", &[base]), cid("b", &[base]));
        let listed = case.run(&["filestore", "ls", "--file-order", base]);
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines.len(), 4, "{listed}");
        assert_eq!(lines[0], format!("{a:<50}     12 a/b 0"));
        assert_eq!(lines[1], format!("{b:<50}      5 b 0"));
        assert!(lines[2].ends_with(" 262144 c 0"), "{listed}");
        assert!(lines[3].ends_with("  37856 c 262144"), "{listed}");
        let shown = case.run(&["filestore", "ls", leaves[1], leaves[0]]);
        assert_eq!(
            shown,
            format!("{}  37856 c 262144\n{} 262144 c 0\n", leaves[1], leaves[0])
        );
        // Without an order all are there.
        let mut all: Vec<String> = case
            .run(&["filestore", "verify"])
            .lines()
            .map(str::to_owned)
            .collect();
        all.sort();
        let mut ordered: Vec<String> = case
            .run(&["filestore", "ls", "--file-order"])
            .lines()
            .map(|line| format!("ok      {line}"))
            .collect();
        ordered.sort();
        assert_eq!(all, ordered);
        drop(daemon);
    }
}

#[test]
fn outside_of_the_folder_nothing_is_referred_to() {
    let case = Case::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("f");
    std::fs::write(&path, "outside\n").unwrap();
    let path = path.to_str().unwrap();
    let folder = case.folder.display();
    let kubo = format!("cannot add filestore references outside ipfs root ({folder})");
    let own = format!("the file is outside of {folder}: only files below it can be referenced");
    for with_daemon in [false, true] {
        let daemon = with_daemon.then(|| case.start());
        let done = case.try_run(&["add", "--nocopy", path]);
        refused(&done, &[&kubo, &own]);
        assert_eq!(done.text, "");
        assert_eq!(case.run(&["filestore", "ls"]), "");
        drop(daemon);
    }
    // What is stored need not be referred to.
    let stored = case.add(&["--raw-leaves", path]);
    assert_eq!(case.add(&["--nocopy", path]), stored);
    assert_eq!(case.run(&["filestore", "ls"]), "");
    refused(
        &case.try_run(&["add", "--nocopy", "--raw-leaves=false", path]),
        &["references to files require raw leaves"],
    );
}

#[test]
fn where_it_is_off_it_says_so() {
    for with_daemon in [true, false] {
        let case = Case::off();
        case.write("f", b"on\n");
        let daemon = with_daemon.then(|| case.start());
        refused(
            &case.try_run(&["add", "--nocopy", "f"]),
            &[NOCOPY_OFF, OWN_OFF],
        );
        for command in ["ls", "verify", "dups"] {
            refused(&case.try_run(&["filestore", command]), &[OFF, OWN_OFF]);
        }
        case.add(&["--fscache", "f"]);
        drop(daemon);

        // Turned off again, its blocks are not lost, but not read either.
        case.allow(true);
        case.write("g", b"was on\n");
        let cid = case.add(&["--nocopy", "g"]);
        case.allow(false);
        let daemon = with_daemon.then(|| case.start());
        let done = case.try_run(&["cat", &cid]);
        assert_eq!(done.code, Some(1));
        assert!(
            done.error.contains(OFF) || done.error.contains("references to files are disabled"),
            "{}",
            done.error
        );
        refused(&case.try_run(&["filestore", "ls"]), &[OFF, OWN_OFF]);
        case.run(&["repo", "gc"]);
        drop(daemon);
        case.allow(true);
        assert_eq!(case.run(&["cat", &cid]), "was on\n");
    }
}

#[test]
fn bad_blocks_are_removed_when_asked() {
    let case = Case::new();
    for name in ["changed", "gone", "good", "short"] {
        case.write(name, format!("{name}, as it was\n").as_bytes());
    }
    let add = |name: &str| case.add(&["--nocopy", name]);
    let (changed, gone, good, short) = (add("changed"), add("gone"), add("good"), add("short"));
    case.write("changed", b"changed, as it is\n");
    case.write("short", b"short");
    std::fs::remove_file(case.folder.join("gone")).unwrap();
    let lines = |action: &str| {
        let action = |bad: bool| match (action, bad) {
            ("", _) => "",
            (_, true) => " remove",
            (_, false) => " keep",
        };
        format!(
            "changed {changed}     19 changed 0{bad}\n\
             no-file {gone}     16 gone 0{bad}\n\
             ok      {good}     16 good 0{keep}\n\
             changed {short}     17 short 0{bad}\n",
            bad = action(true),
            keep = action(false)
        )
    };
    assert_eq!(
        case.run(&["filestore", "verify", "--file-order"]),
        lines("")
    );

    // Some of them alone: both commands look, and `ls` fails for what is wrong.
    let absent = "bafkreiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4";
    let some = [
        &*good,
        &gone,
        "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN",
        "nope!",
    ];
    let listed = case.try_run(&[&["filestore", "ls"], &some[..]].concat());
    assert_eq!(listed.code, Some(1));
    assert_eq!(listed.text, format!("{good}     16 good 0\n"));
    let told: Vec<&str> = listed.error.lines().collect();
    let opening = case.folder.join("gone").display().to_string();
    assert_eq!(
        told[0],
        format!("open {opening}: no such file or directory")
    );
    assert_eq!(told[1], format!("ipld: could not find {absent}"));
    assert!(told[2].starts_with("nope!: invalid cid"), "{told:?}");
    assert_eq!(told[3], "error: errors while displaying some entries");
    let verified = case.try_run(&[&["filestore", "verify"], &some[..]].concat());
    assert_eq!(verified.code, Some(0));
    assert_eq!(
        verified.text,
        format!(
            "ok      {good}     16 good 0\nno-file {gone}     16 gone 0\nmissing {absent}\nERROR   <corrupt key>\n"
        )
    );
    assert!(verified.error.starts_with("nope!: invalid cid"));
    let json = case.run(&["--json", "filestore", "verify", &short]);
    assert_eq!(
        json,
        format!(
            "{{\"Status\":12,\"ErrorMsg\":\"EOF\",\"Key\":{{\"/\":\"{short}\"}},\"FilePath\":\"short\",\"Offset\":0,\"Size\":17}}\n"
        )
    );

    let removed = case.run(&["filestore", "verify", "--remove-bad-blocks", "--file-order"]);
    assert_eq!(removed, lines("action"));
    assert_eq!(
        case.run(&["filestore", "ls"]),
        format!("{good}     16 good 0\n")
    );
    // Pinned or not: `pin verify` tells.
    assert!(case.run(&["pin", "verify"]).contains(&gone));
    // It can be added again from where it is now.
    case.write("moved/gone", b"gone, as it was\n");
    assert_eq!(case.add(&["--nocopy", "moved/gone"]), gone);
    assert_eq!(case.run(&["cat", &gone]), "gone, as it was\n");
}

#[test]
fn blocks_in_both_places_are_told_and_each_outlives_the_other() {
    let case = Case::new();
    case.write("f", b"twice\n");
    let cid = case.add(&["--nocopy", "f"]);
    assert_eq!(case.run(&["filestore", "dups"]), "");
    // A cache leaves out what the file holds; without one it is stored.
    assert_eq!(case.add(&["--raw-leaves", "--fscache", "f"]), cid);
    assert_eq!(case.run(&["filestore", "dups"]), "");
    assert_eq!(case.add(&["--raw-leaves", "f"]), cid);
    assert_eq!(case.run(&["filestore", "dups"]), format!("{cid}\n"));
    let twice = case.run(&["refs", "local"]);
    assert_eq!(twice.lines().filter(|line| **line == *cid).count(), 2);
    std::fs::remove_file(case.folder.join("f")).unwrap();
    assert_eq!(case.run(&["cat", &cid]), "twice\n");
    case.run(&["filestore", "verify", "--remove-bad-blocks"]);
    assert_eq!(case.run(&["filestore", "dups"]), "");
    assert_eq!(case.run(&["cat", &cid]), "twice\n");
}

#[test]
fn collection_takes_what_no_pin_keeps() {
    for with_daemon in [true, false] {
        let case = Case::new();
        let daemon = with_daemon.then(|| case.start());
        let data = fixture::stream("collected", 600_000);
        case.write("kept", &data);
        case.write("loose", b"loose\n");
        case.write("removed", b"removed\n");
        let kept = case.add(&["--nocopy", "kept"]);
        let loose = case.add(&["--nocopy", "--pin=false", "loose"]);
        let removed = case.add(&["--nocopy", "--pin=false", "removed"]);
        case.run(&["block", "rm", &removed]);
        assert_eq!(case.try_run(&["cat", &removed]).code, Some(1));
        assert_eq!(case.run(&["repo", "gc", "-q"]), format!("{loose}\n"));
        assert_eq!(case.run(&["filestore", "ls"]).lines().count(), 3);
        assert!(case.try_run(&["cat", &kept]).out == data);
        case.run(&["pin", "rm", &kept]);
        assert_eq!(case.run(&["repo", "gc", "-q"]).lines().count(), 4);
        assert_eq!(case.run(&["filestore", "ls"]), "");
        // The file itself is nobody's but the user's.
        assert!(std::fs::read(case.folder.join("kept")).unwrap() == data);
        drop(daemon);
    }
}

/// A body whose one part says where its file is.
fn part(data: &[u8], abspath: Option<&Path>) -> (Vec<(String, String)>, Vec<u8>) {
    let abspath = abspath.map_or_else(String::new, |path| {
        format!("Abspath: {}\r\n", path.display())
    });
    let head = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\
         Content-Type: application/octet-stream\r\n{abspath}\r\n"
    );
    let body = [head.as_bytes(), data, b"\r\n--xyz--\r\n"].concat();
    let kind = "multipart/form-data; boundary=xyz".to_owned();
    (vec![("Content-Type".to_owned(), kind)], body)
}

#[test]
fn clients_say_where_a_file_is() {
    let case = Case::new();
    let daemon = case.start();
    let add = |target: &str, data: &[u8], path: Option<&Path>| {
        let (headers, body) = part(data, path);
        let request = Request {
            headers: &headers,
            body: Some(&body),
            ..Request::new("POST", target)
        };
        http::exchange(&daemon.rpc(), &request).unwrap()
    };
    let nocopy = "/api/v0/add?nocopy=true";
    let path = case.write("f", b"told\n");
    let answer = add(nocopy, b"told\n", Some(&path));
    assert_eq!(answer.status, 200);
    assert!(case.run(&["filestore", "ls"]).ends_with("      5 f 0\n"));
    let answer = add(nocopy, b"nowhere\n", None);
    assert_eq!(answer.status, 500);
    assert!(
        answer
            .text()
            .contains("missing file path or URL, can't create filestore reference")
    );
    let url = Path::new("http://127.0.0.1/f");
    let answer = add(nocopy, b"a URL\n", Some(url));
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("urlstore is not enabled"));
    // A path that does not hold the bytes is not taken.
    for name in ["absent", "f"] {
        let answer = add(nocopy, b"others\n", Some(&case.folder.join(name)));
        assert!(answer.text().contains("cannot be read from offset 0 of"));
    }
    // After what was told already, the reason comes as the last record.
    let large = fixture::stream("large", 3_000_000);
    let outside = Path::new("/etc/passwd");
    let answer = add(
        "/api/v0/add?nocopy=true&progress=true",
        &large,
        Some(outside),
    );
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let last = text.lines().last().unwrap();
    assert!(last.contains("outside ipfs root"), "{text}");
    assert_eq!(case.run(&["filestore", "ls"]).lines().count(), 1);
}

#[test]
fn references_to_urls_are_refused_clearly() {
    let case = Case::off();
    case.repository
        .configure(|config| config["Experimental"]["UrlstoreEnabled"] = true.into())
        .unwrap();
    let daemon = case.start();
    let path = case.write("f", b"file\n");
    for (source, message) in [
        (
            Path::new("http://127.0.0.1/f"),
            "references to URLs are not supported",
        ),
        (&path, OFF),
    ] {
        let (headers, body) = part(b"file\n", Some(source));
        let request = Request {
            headers: &headers,
            body: Some(&body),
            ..Request::new("POST", "/api/v0/add?nocopy=true")
        };
        let answer = http::exchange(&daemon.rpc(), &request).unwrap();
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains(message), "{}", answer.text());
    }
    assert_eq!(case.run(&["filestore", "ls"]), "");
}
