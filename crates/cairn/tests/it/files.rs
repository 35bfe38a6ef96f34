//! The mutable file system: on the command line, under load, and through a kill.

use std::io::Write as _;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_testkit::http;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::Repository;
use serde_json::Value;

use crate::support::repository;

const EMPTY: &str = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";

/// Runs a command with this standard input.
fn run(repository: &Repository, arguments: &[&str], input: &[u8]) -> Output {
    repository.output(arguments, input).unwrap()
}

fn prints(repository: &Repository, line: &str) -> String {
    repository
        .run(&line.split(' ').collect::<Vec<_>>())
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn stat(rpc: &Rpc, query: &str) -> Value {
    let answer = rpc.call(&format!("files/stat?{query}"), None).unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

fn root(rpc: &Rpc) -> String {
    stat(rpc, "arg=/")["Hash"].as_str().unwrap().to_owned()
}

#[test]
fn the_command_line_is_that_of_ipfs() {
    let repository = repository();
    assert_eq!(prints(&repository, "files ls"), "");
    prints(&repository, "files mkdir -p /a/b");
    let write = ["files", "write", "--create", "/a/note"];
    let written = run(&repository, &write, b"0123456789");
    assert_eq!(said(&written), (Some(0), String::new(), String::new()));
    let file = repository.path().parent().unwrap().join("patch");
    std::fs::write(&file, "XYZ").unwrap();
    let file = file.to_str().unwrap();
    repository
        .run(&["files", "write", "-o", "4", "-n", "2", "/a/note", file])
        .unwrap();
    assert_eq!(prints(&repository, "files read /a/note"), "0123XY6789");
    assert_eq!(prints(&repository, "files read -o 3 -n 3 /a/note"), "3XY");
    assert_eq!(prints(&repository, "files ls /a"), "b\nnote\n");
    let note = prints(&repository, "files stat --hash /a/note");
    let note = note.trim();
    assert_eq!(
        prints(&repository, "files ls -l /a"),
        format!("b/\t{EMPTY}\t0\nnote\t{note}\t10\n")
    );
    assert_eq!(
        prints(&repository, "files ls -l -U /a/note"),
        format!("note\t{note}\t10\n")
    );
    assert_eq!(
        prints(&repository, "files stat --format=<type>:<size>:<childs> /a"),
        "directory:0:2\n"
    );
    prints(&repository, "files chmod 0644 /a/note");
    prints(&repository, "files touch --mtime=1700000000 /a/note");
    let shown = prints(&repository, "files stat /a/note");
    assert!(
        shown.ends_with("Type: file\nMode: -rw-r--r-- (0644)\nMtime: 14 Nov 2023, 22:13:20 UTC\n"),
        "{shown}"
    );
    prints(&repository, "files cp /a/note /copy");
    prints(&repository, "files mv /copy /a/b/");
    prints(&repository, "files chcid --cid-ver=1 /a/b");
    assert!(prints(&repository, "files stat --hash /a/b").starts_with("bafy"));
    let added = run(&repository, &["add", "-Q", "--to-files=/a/", file], b"");
    assert_eq!(said(&added).0, Some(0));
    assert_eq!(prints(&repository, "files ls /a"), "b\nnote\npatch\n");
    let whole = prints(&repository, "files stat --hash /");
    assert_eq!(
        prints(&repository, "files flush"),
        format!("{{\"Cid\":\"{}\"}}\n", whole.trim())
    );

    let (code, out, error) = said(&run(&repository, &["files", "rm", "/a/b", "/zz"], b""));
    assert_eq!(code, Some(1));
    assert_eq!(
        out,
        "/a/b: path is a directory, use -r to remove directories\n/zz: file does not exist\n"
    );
    assert!(error.contains("can't remove some files"), "{error}");
    prints(&repository, "files rm -r /a/b");
    let (code, _, error) = said(&run(&repository, &["files", "read", "/a/b"], b""));
    assert_eq!(code, Some(1));
    assert!(error.contains("/a/b: file does not exist"), "{error}");
    prints(&repository, "files --help");
}

#[test]
fn another_root_is_set_only_on_purpose_and_without_a_daemon() {
    let repository = repository();
    prints(&repository, "files mkdir /a");
    let before = prints(&repository, "files stat --hash /");
    let before = before.trim();
    let (code, _, error) = said(&run(&repository, &["files", "chroot"], b""));
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("pass --confirm"), "{error}");
    assert_eq!(
        prints(&repository, "files chroot --confirm"),
        format!(
            "MFS root changed from {before} to {EMPTY}\nThe old root {before} will be garbage collected unless pinned.\n"
        )
    );
    assert_eq!(prints(&repository, "files ls"), "");
    repository
        .run(&["files", "chroot", "--confirm", before])
        .unwrap();
    assert_eq!(prints(&repository, "files ls"), "a\n");
    let missing = "QmW2WQi7j6c7UgJTarActp7tDNikE4B2qXtFCfLPdsgaTQ";
    let refused = run(&repository, &["files", "chroot", "--confirm", missing], b"");
    assert_eq!(said(&refused).0, Some(1));
    assert_eq!(prints(&repository, "files ls"), "a\n");

    let daemon = repository.start(&["--offline"]).unwrap();
    let refused = run(&repository, &["files", "chroot", "--confirm"], b"");
    assert_eq!(said(&refused).0, Some(1));
    assert_eq!(root(&Rpc::new(&daemon.rpc())), before);
    let answer = Rpc::new(&daemon.rpc())
        .request("files/chroot", None)
        .unwrap();
    assert_eq!(answer.status, 404);
}

/// A body of that many files in one folder.
fn folder(count: usize) -> Vec<u8> {
    let boundary = &cairn_testkit::rpc::multipart_headers()[0]
        .1
        .split_once("boundary=")
        .unwrap()
        .1
        .to_owned();
    let mut body = Vec::new();
    for at in 0..count {
        write!(
            body,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"d%2Ffile-{at:06}\"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n"
        )
        .unwrap();
    }
    write!(body, "--{boundary}--\r\n").unwrap();
    body
}

/// Entries of the large directory.
const ENTRIES: usize = 15_000;

#[test]
fn a_large_directory_is_listed_as_a_stream() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let headers = cairn_testkit::rpc::multipart_headers();
    let body = folder(ENTRIES);
    let request = http::Request {
        headers: &headers,
        body: Some(&body),
        timeout: Duration::from_secs(300),
        ..http::Request::new("POST", "/api/v0/add?quieter=true&to-files=/d&silent=true")
    };
    let added = http::exchange(&daemon.rpc(), &request).unwrap();
    assert_eq!((added.status, added.aborted), (200, false));
    assert_eq!(added.trailers.get("x-stream-error"), None);

    let answer = rpc.call("files/ls?arg=/d&long=true", None).unwrap();
    assert!(answer.chunks.unwrap() > 5, "{:?}", answer.chunks);
    let listing: Value = serde_json::from_slice(&answer.body).unwrap();
    let entries = listing["Entries"].as_array().unwrap();
    assert_eq!(entries.len(), ENTRIES);
    assert!(entries.iter().all(|entry| entry["Size"] == 1));

    let lines = prints(&repository, "files ls /d");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), ENTRIES);
    assert!(lines.is_sorted());
    assert_eq!(lines[0], "file-000000");
}

#[test]
fn writers_beside_a_collection_lose_nothing() {
    const WRITERS: usize = 200;
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let base = daemon.rpc();
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let rpc = Rpc::new(&base).with_timeout(Duration::from_secs(300));
            while running.load(Ordering::Relaxed) {
                rpc.collect().unwrap();
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let base = &base;
                scope.spawn(move || {
                    let rpc = Rpc::new(base).with_timeout(Duration::from_secs(300));
                    for at in 0..2 {
                        let content = format!("writer {writer} wrote {at}");
                        let path = format!("/w/{}/{writer}-{at}", writer % 7);
                        let command = format!("files/write?arg={path}&create=true&parents=true");
                        rpc.call(&command, Some(content.as_bytes())).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        running.store(false, Ordering::Relaxed);
        collector.join().unwrap();
    });
    let rpc = Rpc::new(&base);
    rpc.collect().unwrap();
    let told = stat(&rpc, "arg=/&with-local=true");
    assert_eq!(told["Local"], true, "{told}");
    assert_eq!(told["SizeLocal"], told["CumulativeSize"]);
    for writer in 0..WRITERS {
        for at in 0..2 {
            let path = format!("/w/{}/{writer}-{at}", writer % 7);
            let read = rpc.call(&format!("files/read?arg={path}"), None).unwrap();
            assert_eq!(read.text(), format!("writer {writer} wrote {at}"));
        }
    }
    let before = root(&rpc);
    daemon.kill().unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    assert_eq!(root(&Rpc::new(&daemon.rpc())), before);
}

#[test]
fn a_kill_among_writers_keeps_all_that_was_answered() {
    const WRITERS: usize = 16;
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let base = daemon.rpc();
    let (answered, was_answered) = std::sync::mpsc::channel();
    let mut kept = Vec::new();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (base, answered) = (&base, answered.clone());
            scope.spawn(move || {
                let rpc = Rpc::new(base).with_timeout(Duration::from_secs(300));
                for at in 0.. {
                    let path = format!("/w/{}/{writer}-{at}", writer % 3);
                    let command = format!("files/write?arg={path}&create=true&parents=true");
                    if rpc.call(&command, Some(path.as_bytes())).is_err() {
                        break;
                    }
                    let _ = answered.send(path);
                }
            });
        }
        drop(answered);
        for path in was_answered.iter().take(200) {
            kept.push(path);
        }
        daemon.kill().unwrap();
        kept.extend(was_answered.iter());
    });
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let found = stat(&rpc, "arg=/&with-local=true");
    assert_eq!(found["Local"], true, "{found}");
    assert_eq!(found["SizeLocal"], found["CumulativeSize"]);
    assert!(kept.len() >= 200);
    for path in kept {
        let read = rpc.call(&format!("files/read?arg={path}"), None).unwrap();
        assert_eq!(read.text(), path);
    }
}

#[test]
fn a_kill_leaves_the_last_flushed_root_and_a_shutdown_the_last() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let write = |rpc: &Rpc, path: &str, flush: bool| {
        let command = format!("files/write?arg={path}&create=true&parents=true&flush={flush}");
        rpc.call(&command, Some(path.as_bytes())).unwrap();
    };
    write(&rpc, "/a/first", true);
    let flushed = root(&rpc);
    for at in 0..20 {
        write(&rpc, &format!("/a/later-{at}"), false);
    }
    assert_ne!(root(&rpc), flushed);
    // What is not flushed is not collected either.
    rpc.collect().unwrap();
    assert_eq!(stat(&rpc, "arg=/&with-local=true")["Local"], true);
    daemon.kill().unwrap();

    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    assert_eq!(root(&rpc), flushed);
    write(&rpc, "/a/later", false);
    let last = root(&rpc);
    assert_ne!(last, flushed);
    let (status, _) = daemon.terminate(Duration::from_secs(30)).unwrap();
    assert!(status.success());
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    assert_eq!(root(&rpc), last);
    rpc.collect().unwrap();
    let read = rpc.call("files/read?arg=/a/later", None).unwrap();
    assert_eq!(read.text(), "/a/later");
}

#[test]
fn as_many_changes_wait_for_a_flush_as_are_allowed() {
    let repository = repository();
    repository
        .configure(|config| config["Internal"]["MFSNoFlushLimit"] = 3.into())
        .unwrap();
    repository
        .configure(|config| config["Import"]["CidVersion"] = 1.into())
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    for at in 0..3 {
        let command = format!("files/mkdir?arg=/{at}&flush=false");
        rpc.call(&command, None).unwrap();
    }
    let refused = rpc.request("files/mkdir?arg=/3&flush=false", None).unwrap();
    assert_eq!(refused.status, 500);
    assert!(
        refused
            .text()
            .contains("reached limit of 3 unflushed MFS operations"),
        "{}",
        refused.text()
    );
    rpc.call("files/flush", None).unwrap();
    rpc.call("files/mkdir?arg=/3&flush=false", None).unwrap();
    assert!(root(&rpc).starts_with("bafy"));
}

#[test]
fn failures_are_told_as_kubo_tells_them() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    rpc.call("files/write?arg=/f&create=true", Some(b"x"))
        .unwrap();
    rpc.call("files/mkdir?arg=/d", None).unwrap();
    for (command, said) in [
        ("files/ls?arg=", "paths must not be empty"),
        ("files/ls?arg=/f/x", "cannot access f/x: Not a directory"),
        (
            "files/read?arg=/f/x",
            "/f/x: cannot access f/x: Not a directory",
        ),
        (
            "files/read?arg=/f&count=-1",
            "cannot specify negative 'count'",
        ),
        ("files/mkdir?arg=/f/x", "f was not a directory"),
        ("files/mkdir?arg=/x&cid-version=7", "unknown CID version: 7"),
        (
            "files/mkdir?arg=/x&hash=zz",
            "unrecognized hash function: \\\"zz\\\"",
        ),
        ("files/cp?arg=/d&arg=/d/&force=true", ""),
        (
            "files/cp?arg=/f&arg=/d&force=true",
            "cp: cannot unlink existing file: not a file: /d",
        ),
        (
            "files/cp?arg=/ipfs/zz&arg=/x",
            "cp: cannot get node from path /ipfs/zz",
        ),
        (
            "files/chcid?arg=/&cid-version=1",
            "cannot change CID format of the MFS root",
        ),
        (
            "files/rm?arg=/f&flush=false",
            "files rm always flushes for safety",
        ),
        ("files/chmod?arg=0644&arg=/zz", "file does not exist"),
        (
            "files/stat?arg=/ipfs/bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua",
            "block",
        ),
    ] {
        let answer = rpc.request(command, None).unwrap();
        assert!(answer.text().contains(said), "{command}: {}", answer.text());
        assert_eq!(
            answer.status,
            if said.is_empty() { 200 } else { 500 },
            "{command}: {}",
            answer.text()
        );
    }
    let several = rpc
        .request("files/stat?arg=/&hash=true&size=true", None)
        .unwrap();
    assert_eq!(several.status, 400);
    let value: Value = serde_json::from_slice(&several.body).unwrap();
    assert_eq!(value["Code"], 1);
    let relative = rpc.request("files/rm?arg=f&arg=/f", None).unwrap();
    assert_eq!(
        relative.text(),
        "\"f is not a valid path: paths must start with a leading slash\"\n"
    );
    assert!(rpc.request("files/stat?arg=/f", None).unwrap().status == 500);
    let listing = rpc.call("files/ls?arg=/d/d", None).unwrap();
    assert_eq!(listing.text(), "{\"Entries\":null}\n");
    // A body that is cut off changes nothing.
    rpc.call("files/write?arg=/g&create=true", Some(b"whole"))
        .unwrap();
    let headers = cairn_testkit::rpc::multipart_headers();
    let body = cairn_testkit::rpc::one_file(b"other");
    let request = http::Request {
        headers: &headers,
        body: body.get(..body.len() - 20),
        ..http::Request::new("POST", "/api/v0/files/write?arg=/g&truncate=true")
    };
    let cut = http::exchange(&daemon.rpc(), &request).unwrap();
    assert_eq!(cut.status, 500, "{}", cut.text());
    let read = rpc.call("files/read?arg=/g", None).unwrap();
    assert_eq!(read.text(), "whole");
}
