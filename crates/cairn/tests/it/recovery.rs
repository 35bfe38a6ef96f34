//! Repositories that have lost parts: refused with a way out, repaired, and never collected on what cannot be seen.

use std::fs;
use std::process::Output;

use cairn_primitives::Cid;
use cairn_testkit::fixture;
use cairn_testkit::server::Repository;

use crate::support::repository;

fn cairn(repository: &Repository, arguments: &[&str]) -> Output {
    repository.command().args(arguments).output().unwrap()
}

/// Runs a command that has to fail; what it said.
fn refused(repository: &Repository, arguments: &[&str]) -> String {
    let output = cairn(repository, arguments);
    assert!(!output.status.success(), "{arguments:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

/// Adds a file of many small blocks and pins it by name.
fn add(repository: &Repository, name: &str) -> (String, Vec<u8>) {
    let data = fixture::stream(name, 12_000);
    let file = repository.path().with_file_name("content");
    fs::write(&file, &data).unwrap();
    let path = file.to_str().unwrap();
    let cid = repository
        .run(&["add", "-Q", "--chunker=size-1000", "--pin=false", path])
        .unwrap();
    let cid = cid.trim().to_owned();
    repository
        .run(&["pin", "add", &format!("--name={name}"), &cid])
        .unwrap();
    (cid, data)
}

fn intact(repository: &Repository, items: &[(String, Vec<u8>)]) {
    for (cid, data) in items {
        let output = cairn(repository, &["cat", cid]);
        assert!(
            output.status.success(),
            "{cid}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.stdout == *data, "{cid} has other bytes");
    }
}

fn items(repository: &Repository) -> Vec<(String, Vec<u8>)> {
    ["one", "two", "three"]
        .map(|name| add(repository, name))
        .into()
}

#[test]
fn lost_rows_are_refused_and_brought_back_with_their_names() {
    type Damage = fn(&std::path::Path);
    let damages: [Damage; 4] = [
        |rows| fs::remove_file(rows).unwrap(),
        |rows| fs::write(rows, b"").unwrap(),
        |rows| fs::write(rows, b"garbage, and enough of it to be no database at all").unwrap(),
        |rows| {
            // The database of another repository.
            let other = repository();
            fs::copy(other.path().join("rows.sqlite"), rows).unwrap();
        },
    ];
    for damage in damages {
        let repository = repository();
        let items = items(&repository);
        let from = format!("/ipfs/{}", items[0].0);
        repository.run(&["files", "cp", &from, "/kept"]).unwrap();
        let root = repository.run(&["files", "stat", "--hash", "/"]).unwrap();
        damage(&repository.path().join("rows.sqlite"));
        for command in [
            &["repo", "gc"][..],
            &["daemon", "--offline"],
            &["pin", "ls"],
        ] {
            let said = refused(&repository, command);
            assert!(said.contains("repo repair"), "{said}");
        }
        let said = repository.run(&["repo", "repair"]).unwrap();
        assert!(said.contains("pins with their names"), "{said}");
        assert!(
            said.contains("Restored the root of the mutable file system"),
            "{said}"
        );
        let now = repository.run(&["files", "stat", "--hash", "/"]).unwrap();
        assert_eq!(now, root);
        let pins = repository.run(&["pin", "ls", "--names"]).unwrap();
        for ((cid, _), name) in items.iter().zip(["one", "two", "three"]) {
            assert!(pins.contains(&format!("{cid} recursive {name}")), "{pins}");
        }
        repository.run(&["repo", "gc"]).unwrap();
        intact(&repository, &items);
        let said = repository.run(&["repo", "repair"]).unwrap();
        assert_eq!(said, "Nothing had to be repaired.\n");
    }
}

#[test]
fn partly_damaged_rows_are_rebuilt() {
    const PAGE: usize = 4096;
    let repository = repository();
    let items = items(&repository);
    let rows = repository.path().join("rows.sqlite");
    // The first page has the schema, without which nothing opens.
    for page in 1.. {
        let mut bytes = fs::read(&rows).unwrap();
        let Some(bad) = bytes.get_mut(page * PAGE..(page + 1) * PAGE) else {
            break;
        };
        bad.copy_from_slice(&fixture::stream("garbage", PAGE));
        fs::write(&rows, bytes).unwrap();
        let said = repository.run(&["repo", "repair"]).unwrap();
        assert!(
            said.contains("Rebuilt `rows.sqlite`"),
            "page {page}: {said}"
        );
        let pins = repository.run(&["pin", "ls", "--names"]).unwrap();
        for ((cid, _), name) in items.iter().zip(["one", "two", "three"]) {
            assert!(pins.contains(&format!("{cid} recursive {name}")), "{pins}");
        }
        repository.run(&["repo", "gc"]).unwrap();
    }
    intact(&repository, &items);
}

#[test]
fn without_rows_and_journal_what_nothing_links_to_is_pinned() {
    let repository = repository();
    let items = items(&repository);
    fs::remove_file(repository.path().join("rows.sqlite")).unwrap();
    fs::remove_file(repository.path().join("blocks/pins.journal")).unwrap();
    assert!(refused(&repository, &["repo", "gc"]).contains("repo repair"));
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert!(said.contains("no other block links to"), "{said}");
    repository.run(&["repo", "gc"]).unwrap();
    intact(&repository, &items);
}

#[test]
fn a_lost_journal_and_a_lost_index_are_made_anew() {
    let repository = repository();
    let items = items(&repository);
    for lost in ["pins.journal", "index.redb"] {
        fs::remove_file(repository.path().join("blocks").join(lost)).unwrap();
        repository.run(&["repo", "gc"]).unwrap();
        assert!(repository.path().join("blocks").join(lost).exists());
        intact(&repository, &items);
    }
}

#[test]
fn a_lost_identity_of_the_store_is_restored() {
    for text in [None, Some(""), Some("garbage")] {
        let repository = repository();
        let items = items(&repository);
        let path = repository.path().join("blocks/store.json");
        match text {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let said = refused(&repository, &["repo", "gc"]);
        assert!(said.contains("repo repair"), "{said}");
        repository.run(&["repo", "repair"]).unwrap();
        repository.run(&["repo", "gc"]).unwrap();
        repository.run(&["repo", "verify"]).unwrap();
        intact(&repository, &items);
    }
}

#[test]
fn a_lost_configuration_is_not_replaced_unasked() {
    let repository = repository();
    let items = items(&repository);
    let path = repository.path().join("config");
    let config = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    for command in [&["init"][..], &["daemon", "--offline"], &["pin", "ls"]] {
        let said = refused(&repository, command);
        assert!(said.contains("repo repair"), "{said}");
        assert!(!path.exists());
    }
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert!(said.contains("a new identity"), "{said}");
    intact(&repository, &items);
    // A file that is cut keeps the identity that is still in it.
    fs::write(&path, &config[..config.len() - 20]).unwrap();
    assert!(refused(&repository, &["pin", "ls"]).contains("repo repair"));
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert!(said.contains("was kept"), "{said}");
    let peer = |text: &str| {
        let config: serde_json::Value = serde_json::from_str(text).unwrap();
        config["Identity"]["PeerID"].as_str().unwrap().to_owned()
    };
    assert_eq!(peer(&fs::read_to_string(&path).unwrap()), peer(&config));
    intact(&repository, &items);
}

#[test]
fn a_collection_refuses_what_it_cannot_see() {
    let repository = repository();
    let items = items(&repository);
    let (broken, _) = &items[0];
    // The root's bytes are damaged, and the index forgets the links that it knew.
    let segment = repository.path().join("blocks/segments/00000001.car");
    let root = cairn(&repository, &["block", "get", broken]).stdout;
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes
        .windows(root.len())
        .position(|window| window == root)
        .unwrap();
    bytes[at + 10] ^= 1;
    fs::write(&segment, bytes).unwrap();
    repository.run(&["repo", "reindex"]).unwrap();
    let said = refused(&repository, &["repo", "gc"]);
    assert!(
        said.contains(broken) && said.contains("is missing") && said.contains("pin rm"),
        "{said}"
    );
    intact(&repository, &items[1..]);
    // Without the pin it continues.
    repository.run(&["pin", "rm", broken]).unwrap();
    repository.run(&["repo", "gc"]).unwrap();
    intact(&repository, &items[1..]);
}

#[test]
fn a_lost_segment_is_told() {
    let repository = repository();
    let items = items(&repository);
    let segment = repository.path().join("blocks/segments/00000001.car");
    fs::remove_file(&segment).unwrap();
    let said = refused(&repository, &["repo", "gc"]);
    assert!(said.contains(&items[0].0), "{said}");
    let output = cairn(&repository, &["repo", "verify"]);
    assert!(!output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(
        listed.contains("is missing (it was lost with segment 1)"),
        "{listed}"
    );
    // Put back, everything is there again, in a segment of another number.
    for name in ["one", "two", "three"] {
        add(&repository, name);
    }
    intact(&repository, &items);
    assert!(!segment.exists());
}

/// Adds a file of five blocks by reference; its CID and content.
fn refer(repository: &Repository, name: &str) -> (String, Vec<u8>) {
    let data = fixture::stream(name, 5_000);
    let file = repository.path().with_file_name(name);
    fs::write(&file, &data).unwrap();
    let cid = repository
        .run(&[
            "add",
            "-Q",
            "--nocopy",
            "--chunker=size-1000",
            file.to_str().unwrap(),
        ])
        .unwrap();
    (cid.trim().to_owned(), data)
}

fn multihash(cid: &str) -> Vec<u8> {
    let cid: Cid = cid.parse().unwrap();
    cid.hash().as_bytes().to_vec()
}

/// Where bytes occur; they do.
fn places(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    let places: Vec<_> = bytes
        .windows(part.len())
        .enumerate()
        .filter_map(|(at, window)| (window == part).then_some(at))
        .collect();
    assert!(!places.is_empty());
    places
}

#[test]
fn references_are_restored_from_what_is_left_of_the_database_and_else_counted() {
    let repository = repository();
    repository
        .configure(|config| config["Experimental"]["FilestoreEnabled"] = true.into())
        .unwrap();
    let items = [refer(&repository, "first"), refer(&repository, "second")];
    // Blocks in files are not missing.
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert_eq!(said, "Nothing had to be repaired.\n");

    // A pin is not the one that was written.
    let rows = repository.path().join("rows.sqlite");
    let mut bytes = fs::read(&rows).unwrap();
    let key = multihash(&items[0].0);
    for at in places(&bytes, &key) {
        bytes[at + key.len() - 1] ^= 1;
    }
    fs::write(&rows, bytes).unwrap();
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert!(
        said.contains("Restored 10 references to 2 files from the old `rows.sqlite`."),
        "{said}"
    );
    intact(&repository, &items);
    repository.run(&["repo", "gc"]).unwrap();
    intact(&repository, &items);

    // The whole database is gone.
    fs::remove_file(&rows).unwrap();
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert!(
        said.contains("References to files (`add --nocopy`) are lost")
            && said.contains("10 leaves that pins"),
        "{said}"
    );
    assert!(
        said.contains(&items[0].0) && said.contains(&items[1].0),
        "{said}"
    );
    // Added again, they are whole again.
    for name in ["first", "second"] {
        refer(&repository, name);
    }
    intact(&repository, &items);
    let said = repository.run(&["repo", "repair"]).unwrap();
    assert_eq!(said, "Nothing had to be repaired.\n");
}

#[test]
fn a_damaged_page_of_references_takes_only_its_own() {
    const PAGE: usize = 4096;
    let repository = repository();
    repository
        .configure(|config| config["Experimental"]["FilestoreEnabled"] = true.into())
        .unwrap();
    let data = fixture::stream("many", 1_000_000);
    let file = repository.path().with_file_name("many");
    fs::write(&file, &data).unwrap();
    let path = file.to_str().unwrap();
    let add = ["add", "-Q", "--nocopy", "--chunker=size-1000", path];
    let cid = repository.run(&add).unwrap().trim().to_owned();
    let rows = repository.path().join("rows.sqlite");
    // A block in the middle of the file: its multihash is on a leaf page of the table, and on those of indexes.
    let nodes = repository.run(&["refs", &cid]).unwrap();
    let leaves = repository
        .run(&["refs", nodes.lines().nth(3).unwrap()])
        .unwrap();
    let key = multihash(leaves.lines().nth(80).unwrap());
    let mut bytes = fs::read(&rows).unwrap();
    for at in places(&bytes, &key) {
        let page = at / PAGE * PAGE;
        bytes[page..page + PAGE].copy_from_slice(&fixture::stream("garbage", PAGE));
    }
    fs::write(&rows, bytes).unwrap();
    let said = repository.run(&["repo", "repair"]).unwrap();
    let restored = said
        .lines()
        .find_map(|line| line.strip_prefix("Restored ")?.split_once(" references"))
        .unwrap_or_else(|| panic!("{said}"));
    let restored: u64 = restored.0.parse().unwrap();
    assert!((800..1_000).contains(&restored), "{said}");
    let lost = 1_000 - restored;
    assert!(said.contains(&format!("{lost} leaves that pins")), "{said}");
    repository.run(&add).unwrap();
    intact(&repository, &[(cid, data)]);
}
