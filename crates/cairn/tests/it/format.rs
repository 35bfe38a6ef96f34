//! Repositories of every released format open, and give back what was put into them.
//!
//! A fixture is a whole repository as a program of that format left it. The first holds a file, a folder pinned by name, 640,000
//! bytes of a counter stream as CIDv1, a block pinned directly, and a block that nothing pins.

use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest as _, Sha256};

const FORMAT_1: &[u8] = include_bytes!("../fixtures/repository-1.tar.gz");

/// With version 2 of the rows: beside the repository lies a file that it refers to.
const ROWS_2: &[u8] = include_bytes!("../fixtures/repository-1-rows-2.tar.gz");

/// With version 3 of the rows: a file in the mutable file system, and a pin with a name.
const ROWS_3: &[u8] = include_bytes!("../fixtures/repository-1-rows-3.tar.gz");

const HELLO: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
const FOLDER: &str = "QmSUpUCXZSMMMVmdsc6Hnuwq2x4MQkWmMu6Bt17UyM7KF7";
const LARGE: &str = "bafybeicjaz4yo23womrtg3o7mc3wtdzeryy372dpw6pxw4ahakt2z7shma";
const DIRECT: &str = "bafkreigrk2ipbcsxkasgkcyb76wislh5foj6nrl4cqhrw3m6i52tzk6vpe";
const LOOSE: &str = "bafkreidft6veconfubqkjlgiiw5656ask2cn2da6vhbqvq7zlprkcgmeo4";

fn cairn(repository: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .env("IPFS_PATH", repository)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn text(repository: &Path, arguments: &[&str]) -> String {
    String::from_utf8(cairn(repository, arguments).stdout).unwrap()
}

fn check(repository: &Path) {
    assert_eq!(text(repository, &["cat", HELLO]), "hello world\n");
    assert_eq!(
        text(repository, &["cat", &format!("{FOLDER}/sub/two.txt")]),
        "two\n"
    );
    let large: Vec<u8> = (0..20_000)
        .flat_map(|at| Sha256::digest(format!("fixture:{at}").as_bytes()).to_vec())
        .collect();
    assert!(cairn(repository, &["cat", LARGE]).stdout == large);
    assert_eq!(text(repository, &["block", "get", DIRECT]), "direct");
    assert_eq!(text(repository, &["block", "get", LOOSE]), "loose block");
    let pins = text(repository, &["pin", "ls", "--names"]);
    for line in [
        format!("{FOLDER} recursive folder"),
        format!("{HELLO} recursive"),
        format!("{LARGE} recursive"),
        format!("{DIRECT} direct"),
    ] {
        assert!(
            pins.lines().any(|pin| pin == line),
            "{line} is not in\n{pins}"
        );
    }
    assert!(!pins.contains(LOOSE));
    cairn(repository, &["repo", "verify"]);
}

#[test]
fn format_1_opens() {
    let directory = tempfile::tempdir().unwrap();
    let archive = flate2::read::GzDecoder::new(FORMAT_1);
    tar::Archive::new(archive).unpack(directory.path()).unwrap();
    let repository = directory.path().join("repository");
    check(&repository);
    // The segments alone are enough.
    std::fs::remove_file(repository.join("blocks/index.redb")).unwrap();
    check(&repository);
    cairn(&repository, &["repo", "reindex"]);
    check(&repository);
    // What nothing pins goes, and nothing else.
    let collected = text(&repository, &["repo", "gc", "-q"]);
    assert_eq!(collected.trim(), LOOSE);
    assert_eq!(text(&repository, &["cat", HELLO]), "hello world\n");
}

#[test]
fn rows_2_open() {
    let directory = tempfile::tempdir().unwrap();
    let archive = flate2::read::GzDecoder::new(ROWS_2);
    tar::Archive::new(archive).unpack(directory.path()).unwrap();
    let repository = directory.path().join("repository");
    let lines = "QmPbmDaQZnvJQXsBL6iXiMCuDFSMEuRyVGRUE8k2AjYT3m";
    let expected: String = (0..10_000)
        .map(|line| format!("fixture line {line}\n"))
        .collect();
    assert!(text(&repository, &["cat", lines]) == expected);
    assert_eq!(
        text(&repository, &["filestore", "ls", "--file-order"]),
        "bafkreidsoxt5kd5ncephjvph7k2o2elqqhq4n5czs2rygqkrfbtrgwgtyy  65536 files/lines.txt 0\n\
         bafkreiesebiwtciyuqmzb2ofycrdor6ajvyfwwgfezwuzilkgjukegvkki  65536 files/lines.txt 65536\n\
         bafkreiepjx5cbvpnskllqe53knnziydcyjidznnnpi4hs4yuk7xi67uyl4  47818 files/lines.txt 131072\n"
    );
    assert_eq!(text(&repository, &["repo", "gc", "-q"]), "");
    assert!(text(&repository, &["cat", lines]) == expected);
    let pins = text(&repository, &["pin", "ls", "--names"]);
    assert!(
        pins.contains(&format!("{lines} recursive lines\n")),
        "{pins}"
    );
}

#[test]
fn rows_3_open() {
    let directory = tempfile::tempdir().unwrap();
    let archive = flate2::read::GzDecoder::new(ROWS_3);
    tar::Archive::new(archive).unpack(directory.path()).unwrap();
    let repository = directory.path().join("repository");
    assert_eq!(
        text(&repository, &["files", "read", "/folder/hello"]),
        "hello world\n"
    );
    let pins = text(&repository, &["pin", "ls", "--names"]);
    assert!(pins.contains("bafkqaaa recursive named\n"), "{pins}");
    // It has no records of names yet, and takes some.
    let path = format!("/ipfs/{HELLO}");
    let published = text(&repository, &["name", "publish", "--allow-offline", &path]);
    assert!(published.ends_with(&format!(": {path}\n")), "{published}");
    assert_eq!(text(&repository, &["name", "resolve"]).trim(), path);
}
