//! The command line against a repository without a daemon, and against one with: what it prints and how it exits.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cairn_testkit::server::Repository;
use tempfile::TempDir;

const HELLO: &str = "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN";

/// A repository and a folder to work in.
struct Workspace {
    folder: TempDir,
}

impl Workspace {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(place.at("work")).unwrap();
        let made = place.run(&["init", "--profile=test"], b"");
        assert!(made.status.success(), "{}", said(&made));
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.at("work").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        run(&self.at("repository"), &self.at("work"), arguments, stdin)
    }

    /// What a command prints; it has to succeed.
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, b"");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command says is wrong, with its exit code.
    fn refuses(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments, b"");
        (
            output.status.code(),
            said(&output).replace(self.folder.path().to_str().unwrap(), "PLACE"),
        )
    }
}

fn run(repository: &Path, folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("IPFS_PATH", repository)
        .env_remove("CAIRN_LOG")
        .env_remove("GOLOG_LOG_LEVEL");
    feed(&mut command, stdin)
}

fn feed(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn init_says_what_ipfs_says() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        &folder.path().join("r"),
        folder.path(),
        &["init", "--profile=test"],
        b"",
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "generating ED25519 keypair...done");
    assert!(lines[1].starts_with("peer identity: 12D3KooW"), "{printed}");
    assert_eq!(
        lines[2],
        format!(
            "initializing IPFS node at {}",
            folder.path().join("r").display()
        )
    );
    assert!(
        !run(&folder.path().join("r"), folder.path(), &["init"], b"")
            .status
            .success()
    );
}

#[test]
fn some_commands_need_no_repository() {
    let folder = tempfile::tempdir().unwrap();
    // Neither a repository, nor a home to look for one in, nor a server that answers.
    let prints = |arguments: &[&str], stdin: &[u8]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path().join("nowhere"));
        let output = feed(&mut command, stdin);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    for (arguments, printed) in [
        (
            &["cid", "base32", HELLO][..],
            "bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4\n",
        ),
        (
            &["cid", "format", "-f", "%M", HELLO],
            "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN\n",
        ),
        (
            &[
                "--api",
                "/ip4/127.0.0.1/tcp/1",
                "cid",
                "format",
                "-v",
                "0",
                HELLO,
            ],
            &format!("{HELLO}\n"),
        ),
        (&["version", "-n"], "0.42.0\n"),
    ] {
        assert_eq!(prints(arguments, b""), printed, "{arguments:?}");
    }
    assert_eq!(
        prints(&["multibase", "encode", "-b", "base16"], b"hi"),
        "f6869"
    );
    assert_eq!(prints(&["multibase", "decode"], b"f6869"), "hi");
    assert_eq!(
        prints(&["multibase", "transcode", "-b", "base32"], b"f6869"),
        "bnbuq"
    );
    for (arguments, line) in [
        (&["cid", "bases", "--prefix"][..], "b"),
        (&["cid", "codecs"], "dag-pb"),
        (&["cid", "hashes"], "sha2-256"),
        (&["cid", "inspect", HELLO], "CID"),
        (&["multibase", "list"], "base32"),
        (&["commands"], "commands"),
        (&["version", "deps"], "serde_json"),
        (&["version", "--all"], "Repo version: 18"),
        (&["help"], "Commands:"),
        (&["cid"], "format"),
        (&["add", "--help"], "--chunker"),
        (&["completions", "bash"], "_cairn"),
    ] {
        let printed = prints(arguments, b"");
        assert!(printed.contains(line), "{arguments:?}: {printed}");
    }
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn what_rules_name_is_left_out() {
    let place = Workspace::new();
    for (path, content) in [
        (".asteroids/ceres.txt", "Ceres"),
        (".asteroids/pallas.txt", "Pallas"),
        (".charon.txt", "Charon"),
        (".pluto.txt", "Pluto"),
        ("mars.txt", "Mars"),
        ("venus.txt", "Venus"),
    ] {
        place.write(
            &format!("planets/{path}"),
            format!("Hello {content}\n").as_bytes(),
        );
    }
    place.write("planets/.gitignore", b"mars.txt\n");
    let rules = "--ignore-rules-path=planets/.gitignore";
    // The CIDs are Kubo's.
    for (arguments, cid) in [
        (&[][..], "QmR8nD1Vzk5twWVC6oShTHvv7mMYkVh6dApCByBJyV2oj3"),
        (
            &["--hidden"],
            "QmczhHaXyb3bc9APMxe4MXbr87V5YDLKLaw3DZX3fK7HrK",
        ),
        (
            &["--hidden", rules],
            "QmaRsiaCYvc65RqHVAcv2tqyjZgQYgvaNqW1tQGsjfy4N5",
        ),
        (
            &[
                "--hidden",
                rules,
                "--ignore",
                ".asteroids",
                "--ignore",
                "venus.txt",
            ],
            "QmemuMahjSh7eYLY3hbz2q8sqMPnbQzBQeUdosqNiWChE6",
        ),
    ] {
        let line = [&["add", "-rQ"], arguments, &["planets"]].concat();
        assert_eq!(place.prints(&line), format!("{cid}\n"), "{arguments:?}");
    }
    // What is named is taken, whatever a rule says.
    assert_eq!(
        place.prints(&["add", "-Q", "--ignore=mars.txt", "planets/mars.txt"]),
        "QmZy3khu7qf696i5HtkgL2NotsCZ8wzvNZJ1eUdA5n8KaV\n"
    );
    let warned = place.run(&["add", "-rQ", "--ignore", ".asteroids/", "planets"], b"");
    assert!(said(&warned).contains("fits nothing"), "{}", said(&warned));
    let (code, said) = place.refuses(&["add", "-r", "--ignore-rules-path=none", "planets"]);
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn as_ipfs_the_program_ends_as_ipfs_does() {
    let place = Workspace::new();
    let ipfs = place.at("ipfs");
    symlink(env!("CARGO_BIN_EXE_cairn"), &ipfs).unwrap();
    let run = |arguments: &[&str], stdin: &[u8]| {
        let mut command = Command::new(&ipfs);
        command
            .args(arguments)
            .current_dir(place.at("work"))
            .env("IPFS_PATH", place.at("repository"));
        feed(&mut command, stdin)
    };
    for (arguments, code) in [
        (&["cat"][..], 1),
        (&["nosuch"], 1),
        (&["cat", "--nosuch", HELLO], 1),
        (&["ls", "--size=maybe", HELLO], 1),
        (&["cat", "--help"], 0),
        (&["--version"], 0),
    ] {
        let output = run(arguments, b"");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
    assert!(said(&run(&["cat", "nosuch"], b"")).starts_with("Error: invalid path"));

    let printed = |arguments: &[&str], stdin: &[u8]| {
        let output = run(arguments, stdin);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(printed(&["id", "-f", "<id> <pver>"], b"").ends_with(" <pver>"));
    let peer = "12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE";
    assert_eq!(
        printed(
            &["id", "--offline", "-f", "<id> <pubkey> <addrs>", peer],
            b""
        ),
        format!("{peer} CAESIORW3CoKTGU6OgK1geVsoRep3RZnFn3DFGgxT/ao7/cp /p2p/{peer}")
    );
    printed(&["add", "-q"], b"hello\n");
    let car = run(&["dag", "export", HELLO], b"").stdout;
    assert_eq!(printed(&["dag", "import", "--silent"], &car), "");
}

#[test]
fn add_prints_what_ipfs_prints() {
    let place = Workspace::new();
    place.write("a.txt", b"hello\n");
    place.write("d/a.txt", b"hello\n");
    place.write("d/.hidden", b"hidden\n");
    symlink("a.txt", place.at("work/d/link")).unwrap();
    assert_eq!(
        place.prints(&["add", "a.txt"]),
        format!("added {HELLO} a.txt\n")
    );
    assert_eq!(place.prints(&["add", "-q", "a.txt"]), format!("{HELLO}\n"));
    assert_eq!(place.prints(&["add", "--silent", "a.txt"]), "");
    assert_eq!(
        place.prints(&["add", "-w", "a.txt"]),
        format!("added {HELLO} a.txt\nadded QmRL7MpyuT5GhpLr8asWP6hgWpCkhKm8ENYa4TykfAcj7E \n")
    );
    let names = |arguments: &[&str]| {
        place
            .prints(arguments)
            .lines()
            .map(|line| line.split(' ').next_back().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&["add", "-r", "d"]), ["d/a.txt", "d/link", "d"]);
    assert_eq!(
        names(&["add", "-rH", "d"]),
        ["d/.hidden", "d/a.txt", "d/link", "d"]
    );
    assert_eq!(place.prints(&["add", "-rQ", "d"]).lines().count(), 1);
    let piped = place.run(&["add", "-Q"], b"hello\n");
    assert_eq!(
        String::from_utf8(piped.stdout).unwrap(),
        format!("{HELLO}\n")
    );
    let json: serde_json::Value =
        serde_json::from_str(&place.prints(&["add", "--json", "a.txt"])).unwrap();
    assert_eq!(json["Hash"], HELLO);
}

#[test]
fn what_was_added_comes_back() {
    let place = Workspace::new();
    let big: Vec<u8> = (0..3_000_000_u32)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    place.write("d/big", &big);
    place.write("d/sub/small", b"small");
    fs::create_dir(place.at("work/d/empty")).unwrap();
    symlink("sub/small", place.at("work/d/link")).unwrap();
    let root = place.prints(&["add", "-rQ", "d"]).trim().to_owned();
    assert_eq!(
        place
            .run(&["cat", &format!("/ipfs/{root}/big")], b"")
            .stdout,
        big
    );
    // The path may come from standard input.
    assert_eq!(
        place
            .run(&["cat"], format!("{root}/sub/small\n").as_bytes())
            .stdout,
        b"small"
    );
    assert_eq!(
        place.prints(&["get", "-o", "out", &root]),
        "Saving file(s) to out\n"
    );
    assert_eq!(fs::read(place.at("work/out/big")).unwrap(), big);
    assert_eq!(fs::read(place.at("work/out/sub/small")).unwrap(), b"small");
    assert!(place.at("work/out/empty").is_dir());
    assert_eq!(
        fs::read_link(place.at("work/out/link")).unwrap(),
        Path::new("sub/small")
    );
    assert_eq!(
        place.prints(&["get", "-a", "-C", "-o", "out", &root]),
        "Saving archive to out.tar.gz\n"
    );
    assert_eq!(
        &fs::read(place.at("work/out.tar.gz")).unwrap()[..2],
        b"\x1f\x8b"
    );
    // A CAR carries it to another repository.
    let car = place.run(&["dag", "export", &root], b"").stdout;
    let other = Workspace::new();
    assert!(other.run(&["dag", "import"], &car).status.success());
    assert_eq!(other.run(&["cat", &format!("{root}/big")], b"").stdout, big);
}

#[test]
fn many_arguments_fit() {
    let place = Workspace::new();
    let mut cids = String::new();
    for at in 0..400 {
        place.write(&format!("many/{at}"), at.to_string().as_bytes());
    }
    for line in place.prints(&["add", "-rq", "--pin=false", "many"]).lines() {
        cids.push_str(line);
        cids.push('\n');
    }
    let pinned = place.run(&["pin", "add"], cids.as_bytes());
    assert!(pinned.status.success(), "{}", said(&pinned));
    assert_eq!(
        String::from_utf8(pinned.stdout).unwrap().lines().count(),
        401
    );
}

#[test]
fn problems_have_words_and_codes() {
    let place = Workspace::new();
    place.write("a.txt", b"hello\n");
    place.write("d/a.txt", b"hello\n");
    insta::assert_debug_snapshot!([
        place.refuses(&["add", "d"]),
        place.refuses(&["add", "nosuch"]),
        place.refuses(&["add", "a.txt", "d/a.txt"]),
        place.refuses(&["block", "put", "d"]),
        place.refuses(&["cat"]),
        place.refuses(&["cat", "nosuch"]),
        place.refuses(&["cat", "--offset=x", HELLO]),
        place.refuses(&["get", "-C", "-l", "20", HELLO]),
        place.refuses(&["nosuch"]),
        place.refuses(&["pin", "ls", "--nosuch"]),
        place.refuses(&["--enc", "xml", "repo", "version"]),
        place.refuses(&["--timeout", "soon", "repo", "version"]),
        place.refuses(&["--api", "localhost", "repo", "version"]),
        place.refuses(&["shutdown"]),
        place.refuses(&["init", "--algorithm", "rsa"]),
        place.refuses(&["--repo-dir", "nosuch", "cat", HELLO]),
    ]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let place = Workspace::new();
    place.write("big", &vec![7; 4_000_000]);
    let cid = place.prints(&["add", "-Q", "big"]).trim().to_owned();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command
        .args(["cat", &cid])
        .env("IPFS_PATH", place.at("repository"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        said(&output)
    );
}

#[test]
fn an_api_file_that_is_stale_is_passed_over() {
    let place = Workspace::new();
    fs::write(place.at("repository/api"), "/ip4/127.0.0.1/tcp/1").unwrap();
    let output = place.run(&["repo", "version"], b"");
    assert!(output.status.success());
    assert!(
        said(&output).starts_with("warning: nobody listens on"),
        "{}",
        said(&output)
    );
}

#[test]
fn the_index_can_be_made_anew() {
    let place = Workspace::new();
    place.write("a.txt", b"hello\n");
    place.prints(&["add", "a.txt"]);
    let printed = place.prints(&["repo", "reindex"]);
    assert!(printed.starts_with("indexed "), "{printed}");
    assert_eq!(place.prints(&["cat", HELLO]), "hello\n");
}

#[test]
fn with_a_daemon_commands_print_the_same() {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), b"hello\n").unwrap();
    let prints = |arguments: &[&str], stdin: &[u8]| {
        String::from_utf8(run(&repository.path(), folder.path(), arguments, stdin).stdout).unwrap()
    };
    assert_eq!(
        prints(&["add", "a.txt"], b""),
        format!("added {HELLO} a.txt\n")
    );
    assert_eq!(prints(&["cat", HELLO], b""), "hello\n");
    assert_eq!(
        prints(&["pin", "ls", "-q", HELLO], b""),
        format!("{HELLO}\n")
    );
    assert_eq!(
        prints(&["get", "-o", "b.txt", HELLO], b""),
        "Saving file(s) to b.txt\n"
    );
    assert_eq!(fs::read(folder.path().join("b.txt")).unwrap(), b"hello\n");
    assert_eq!(
        prints(&["add", "-Q", "-"], b"hello\n"),
        format!("{HELLO}\n")
    );
    let gone = run(
        &repository.path(),
        folder.path(),
        &[
            "cat",
            "/ipfs/bafkreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        ],
        b"",
    );
    assert_eq!(gone.status.code(), Some(1));
    // In our own words, as without a daemon.
    assert!(
        said(&gone).contains(
            "block bafkreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi was not found locally"
        ),
        "{}",
        said(&gone)
    );
    assert!(
        run(&repository.path(), folder.path(), &["shutdown"], b"")
            .status
            .success()
    );
    drop(daemon);
}

#[test]
fn beyond_this_machine_the_daemon_listens_only_if_told() {
    let place = Workspace::new();
    place.prints(&["config", "Addresses.API", "/ip4/0.0.0.0/tcp/0"]);
    let (code, words) = place.refuses(&["daemon"]);
    assert_eq!(code, Some(1));
    assert!(
        words.contains("asks for no credentials") && words.contains("--insecure-open"),
        "{words}"
    );
}

#[test]
fn nodes_are_stored_and_read_as_ipfs_does() {
    let place = Workspace::new();
    let leaf = "bafyreiaqlx235yal4tskfz47whymhuvtohnduvbgx4oopzvjq2aoqhzzsi";
    let node = "bafyreie5zatt5gcuptz2zhvogou4s27youfjssgwuflovppeztwogfyvzq";
    let put = |json: &str, options: &[&str]| {
        let output = place.run(&[&["dag", "put"], options].concat(), json.as_bytes());
        assert!(output.status.success(), "{json}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = r#"{"a":1,"b":[true,null,"s",1.5],"bytes":{"/":{"bytes":"aGVsbG8"}}}"#;
    assert_eq!(put(json, &[]), format!("{leaf}\n"));
    let linked = format!(r#"{{"child":{{"/":"{leaf}"}},"n":{{"m":7}}}}"#);
    assert_eq!(put(&linked, &["--pin"]), format!("{node}\n"));
    let k = "k2jvsl9bmtvlf62was5a9p5ptls4vcl2cpfnxijpnso768dhmj6ke0gc";
    assert_eq!(put(&linked, &["--cid-base=base36"]), format!("{k}\n"));

    assert_eq!(place.prints(&["dag", "get", leaf]), json);
    let inner = format!("{node}/child/b");
    assert_eq!(
        place.prints(&["dag", "get", &inner]),
        r#"[true,null,"s",1.5]"#
    );
    assert_eq!(
        place.prints(&["dag", "resolve", &inner]),
        format!("{leaf}/b")
    );
    let k_inner = format!("/ipfs/{k}/n");
    assert_eq!(
        place.prints(&["dag", "resolve", &k_inner]),
        format!("{k}/n")
    );
    assert_eq!(place.prints(&["resolve", &k_inner]), format!("{k_inner}\n"));
    assert_eq!(
        place.prints(&["dag", "stat", "--progress=false", node]),
        format!(
            "\nCID{}\tBlocks         \tSize\n{node}\t2              \t86\n\nSummary\nTotal Size: 86 (86 B)\nUnique Blocks: 2\nShared Size: 0 (0 B)\nRatio: 1.000000\n\n\n",
            " ".repeat(56)
        )
    );
    assert_eq!(
        place.prints(&["refs", "--edges", node]),
        format!("{node} -> {leaf}\n")
    );
    assert_eq!(
        place.prints(&["pin", "update", node, leaf]),
        format!("updated {node} to {leaf}\n")
    );
    let verified = place.prints(&["pin", "verify", "--verbose"]);
    assert!(verified.contains(&format!("{leaf} ok\n")), "{verified}");

    for (arguments, text) in [
        (
            ["dag", "get", format!("{node}/zz").as_str()],
            "no entry is named \"zz\"",
        ),
        (
            ["dag", "get", "--output-codec=dag-pb"],
            "the argument \"ref\" is required",
        ),
        (["cid", "inspect", "zz"], "invalid CID: invalid cid"),
        (["cid", "base32", "zz"], "zz: invalid cid"),
    ] {
        let (code, said) = place.refuses(&arguments);
        assert!(code != Some(0) && said.contains(text), "{said}");
    }
    // Kubo answers nothing to these, and reads the second one as null.
    for broken in ["[1,", "nope"] {
        let output = place.run(&["dag", "put"], broken.as_bytes());
        assert!(!output.status.success(), "{broken}");
    }
}
