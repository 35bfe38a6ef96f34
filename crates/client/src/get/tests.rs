use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use proptest::prelude::*;
use tempfile::TempDir;

#[path = "../../tests/it/archive.rs"]
mod archive;

use self::archive::{Entry, archive};
use super::Target;
use super::extract::{ExtractError, extract};
use super::folders::{FolderCache, OpenFolder};

/// A folder to unpack into, beside one that must not change.
struct TestFolders {
    folder: TempDir,
}

impl TestFolders {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(folder.path().join("outside/kept"), "kept").unwrap();
        Self { folder }
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    fn unpack(&self, entries: &[Entry<'_>]) -> Result<(), ExtractError> {
        extract(
            archive(entries).as_slice(),
            &Target::Path(self.at("target")),
        )
    }

    fn outside_is_untouched(&self) {
        assert_eq!(fs::read_dir(self.at("outside")).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(self.at("outside/kept")).unwrap(), "kept");
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.retain(|name| name != "target");
        assert_eq!(names, ["outside"]);
    }
}

#[test]
fn unpacks_folders_files_and_links_with_mode_and_time() {
    let yard = TestFolders::new();
    yard.unpack(&[
        (b"root", b'5', b""),
        (b"root/a", b'0', b"hello"),
        (b"root/sub", b'5', b""),
        (b"root/sub/l", b'2', b"../a"),
        (b"root/z", b'0', b""),
    ])
    .unwrap();
    assert_eq!(fs::read_to_string(yard.at("target/a")).unwrap(), "hello");
    assert_eq!(
        fs::read_link(yard.at("target/sub/l")).unwrap().to_str(),
        Some("../a")
    );
    assert_eq!(
        fs::metadata(yard.at("target/a"))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777,
        0o640
    );
    for path in ["target", "target/sub", "target/a"] {
        assert_eq!(fs::metadata(yard.at(path)).unwrap().mtime(), 512, "{path}");
    }
    assert_eq!(
        fs::metadata(yard.at("target/sub"))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777,
        0o750
    );
}

#[test]
fn a_file_takes_the_targets_name_or_goes_into_it() {
    let yard = TestFolders::new();
    yard.unpack(&[(b"file", b'0', b"one")]).unwrap();
    assert_eq!(fs::read_to_string(yard.at("target")).unwrap(), "one");
    yard.unpack(&[(b"file", b'0', b"two")]).unwrap();
    assert_eq!(fs::read_to_string(yard.at("target")).unwrap(), "two");
    fs::remove_file(yard.at("target")).unwrap();
    fs::create_dir(yard.at("target")).unwrap();
    yard.unpack(&[(b"file", b'0', b"three")]).unwrap();
    assert_eq!(fs::read_to_string(yard.at("target/file")).unwrap(), "three");
    yard.unpack(&[(b"link", b'2', b"file")]).unwrap();
    assert_eq!(
        fs::read_link(yard.at("target/link")).unwrap().to_str(),
        Some("file")
    );
}

#[test]
fn what_has_the_name_is_replaced() {
    let yard = TestFolders::new();
    fs::create_dir_all(yard.at("target/b")).unwrap();
    fs::write(yard.at("target/a"), "old").unwrap();
    symlink(yard.at("outside/kept"), yard.at("target/c")).unwrap();
    yard.unpack(&[
        (b"r", b'5', b""),
        (b"r/a", b'0', b"new"),
        (b"r/b", b'0', b"was a folder"),
        (b"r/c", b'0', b"was a link"),
    ])
    .unwrap();
    assert_eq!(fs::read_to_string(yard.at("target/a")).unwrap(), "new");
    assert_eq!(
        fs::read_to_string(yard.at("target/b")).unwrap(),
        "was a folder"
    );
    assert_eq!(
        fs::read_to_string(yard.at("target/c")).unwrap(),
        "was a link"
    );
    yard.outside_is_untouched();
    fs::create_dir_all(yard.at("target/full/x")).unwrap();
    assert!(
        yard.unpack(&[(b"r", b'5', b""), (b"r/full", b'0', b"no")])
            .is_err()
    );
    assert!(yard.at("target/full/x").is_dir());
    assert_eq!(
        fs::read_dir(yard.at("target")).unwrap().count(),
        4,
        "a temporary file is left"
    );
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "..",
        ".",
        "/",
        "/etc/x",
        "../x",
        "r/../../x",
        "r/./x",
        "r//x",
        "r/..",
        "x",
        "rr/x",
        "r",
    ] {
        let yard = TestFolders::new();
        let refused = yard.unpack(&[(b"r", b'5', b""), (name.as_bytes(), b'0', b"hostile")]);
        assert!(refused.is_err(), "{name}");
        yard.outside_is_untouched();
        assert_eq!(
            fs::read_dir(yard.at("target")).unwrap().count(),
            0,
            "{name}"
        );
        let first = yard.unpack(&[(name.as_bytes(), b'0', b"hostile")]);
        assert_eq!(first.is_ok(), matches!(name, "x" | "r"), "{name}");
        yard.outside_is_untouched();
    }
}

#[test]
fn names_with_zero_bytes_are_refused() {
    let yard = TestFolders::new();
    let record = b"20 path=r/a\0b/c\nxxxx";
    let record = &record[..16];
    let record = [b"16 ".as_slice(), &record[3..]].concat();
    assert!(
        yard.unpack(&[
            (b"r", b'5', b""),
            (b"pax", b'x', &record),
            (b"r/a", b'0', b"hostile")
        ])
        .is_err()
    );
    yard.outside_is_untouched();
}

#[test]
fn links_are_never_followed() {
    for (target, then) in [
        ("../outside", "r/l/new"),
        ("/tmp", "r/l/new"),
        (".", "r/l/new"),
        ("../outside/kept", "r/l/new"),
    ] {
        let yard = TestFolders::new();
        let refused = yard.unpack(&[
            (b"r", b'5', b""),
            (b"r/l", b'2', target.as_bytes()),
            (then.as_bytes(), b'0', b"hostile"),
        ]);
        assert!(refused.is_err(), "{target}");
        yard.outside_is_untouched();
    }
    // A link in place of a folder that comes again.
    let yard = TestFolders::new();
    assert!(
        yard.unpack(&[
            (b"r", b'5', b""),
            (b"r/d", b'2', b"../outside"),
            (b"r/d", b'5', b""),
            (b"r/d/x", b'0', b"hostile")
        ])
        .is_err()
    );
    yard.outside_is_untouched();
    // A file where a link was: the link goes, what it led to stays.
    let yard = TestFolders::new();
    yard.unpack(&[
        (b"r", b'5', b""),
        (b"r/l", b'2', b"../outside/kept"),
        (b"r/l", b'0', b"new"),
    ])
    .unwrap();
    assert_eq!(fs::read_to_string(yard.at("target/l")).unwrap(), "new");
    yard.outside_is_untouched();
}

#[test]
fn a_target_that_is_a_link_is_not_followed() {
    let yard = TestFolders::new();
    symlink(yard.at("outside"), yard.at("target")).unwrap();
    assert!(
        yard.unpack(&[(b"r", b'5', b""), (b"r/x", b'0', b"hostile")])
            .is_err()
    );
    yard.outside_is_untouched();
    yard.unpack(&[(b"f", b'0', b"file")]).unwrap();
    assert_eq!(fs::read_to_string(yard.at("target")).unwrap(), "file");
    yard.outside_is_untouched();
}

#[test]
fn devices_and_hard_links_are_refused() {
    for kind in [b'1', b'3', b'4', b'6', b'7', b'S', b'V'] {
        let yard = TestFolders::new();
        assert!(
            matches!(
                yard.unpack(&[(b"r", b'5', b""), (b"r/x", kind, b"")]),
                Err(ExtractError::Kind { .. })
            ),
            "{kind}"
        );
        assert!(yard.unpack(&[(b"x", kind, b"")]).is_err());
    }
}

#[test]
fn set_user_id_is_not_taken() {
    let yard = TestFolders::new();
    let mut bytes = archive(&[(b"f", b'0', b"x")]);
    bytes[100..107].copy_from_slice(b"0004755");
    bytes[148..156].copy_from_slice(b"        ");
    let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    extract(bytes.as_slice(), &Target::Path(yard.at("target"))).unwrap();
    assert_eq!(
        fs::metadata(yard.at("target"))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777,
        0o755
    );
}

#[test]
fn cut_and_damaged_archives_are_errors() {
    let whole = archive(&[(b"r", b'5', b""), (b"r/a", b'0', &[7; 2000])]);
    for cut in [0, 1, 511, 513, 1023, 1025, 1024 + 1999] {
        let yard = TestFolders::new();
        assert!(
            extract(&whole[..cut], &Target::Path(yard.at("target"))).is_err(),
            "{cut}"
        );
    }
    let mut damaged = whole.clone();
    damaged[3] ^= 1;
    assert!(matches!(
        extract(
            damaged.as_slice(),
            &Target::Path(TestFolders::new().at("target"))
        ),
        Err(ExtractError::Archive(_))
    ));
    let yard = TestFolders::new();
    assert!(
        yard.unpack(&[(b"a", b'0', b""), (b"b", b'0', b"")])
            .is_err()
    );
    assert!(matches!(yard.unpack(&[]), Err(ExtractError::Empty)));
}

#[test]
fn reads_what_gnu_tar_and_pax_write() {
    let long = format!("r/{}", "n".repeat(200));
    let pax = |key: &str, value: &str| {
        let body = format!(" {key}={value}\n");
        let mut length = body.len() + 1;
        while length != body.len() + length.to_string().len() {
            length += 1;
        }
        format!("{length}{body}").into_bytes()
    };
    let yard = TestFolders::new();
    let records = [pax("path", &long), pax("mtime", "5.25"), pax("size", "3")].concat();
    yard.unpack(&[
        (b"r", b'5', b""),
        (b"PaxHeaders/x", b'x', &records),
        (b"short", b'0', b"abc"),
    ])
    .unwrap();
    let found = fs::metadata(yard.at("target").join("n".repeat(200))).unwrap();
    assert_eq!(
        (found.len(), found.mtime(), found.mtime_nsec()),
        (3, 5, 250_000_000)
    );

    let yard = TestFolders::new();
    yard.unpack(&[
        (b"r", b'5', b""),
        (b"././@LongLink", b'L', format!("{long}\0").as_bytes()),
        (b"short", b'0', b"abc"),
    ])
    .unwrap();
    assert!(yard.at("target").join("n".repeat(200)).is_file());
    for records in [
        b"x".as_slice(),
        b"9999999999999999999 path=x\n",
        b"5 a\n",
        b"3 a=b\n",
        b"12 path=rrr",
        &[b'0'; 2 << 20],
    ] {
        assert!(
            TestFolders::new()
                .unpack(&[
                    (b"r", b'5', b""),
                    (b"x", b'x', records),
                    (b"r/a", b'0', b"")
                ])
                .is_err()
        );
    }
}

proptest! {
    #[test]
    fn no_archive_writes_outside(
        entries in prop::collection::vec((prop::collection::vec(prop::sample::select(vec!["r", "a", "l", "..", ".", "", "outside", "kept"]), 1..5), prop::sample::select(vec![b'0', b'2', b'5']), prop::sample::select(vec!["..", "../outside", "/", "a", "../outside/kept"])), 0..8),
    ) {
        let yard = TestFolders::new();
        let entries: Vec<(Vec<u8>, u8, Vec<u8>)> = entries.into_iter().map(|(path, kind, content)| (path.join("/").into_bytes(), kind, if kind == b'5' { Vec::new() } else { content.as_bytes().to_vec() })).collect();
        let mut all: Vec<Entry<'_>> = vec![(b"r", b'5', b"")];
        all.extend(entries.iter().map(|(path, kind, content)| (path.as_slice(), *kind, content.as_slice())));
        let _ = yard.unpack(&all);
        yard.outside_is_untouched();
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let _ = extract(bytes.as_slice(), &Target::Path(TestFolders::new().at("target")));
    }
}

#[test]
fn folders_in_a_row_are_not_opened_from_the_top_each_time() {
    let yard = TestFolders::new();
    let deep = 300;
    fs::create_dir_all(yard.at(&"d/".repeat(deep))).unwrap();
    let root = OpenFolder::open(yard.folder.path()).unwrap();
    let names: Vec<&[u8]> = vec![b"d"; deep];
    let mut near = FolderCache::default();
    for depth in (0..=deep).chain((0..=deep).rev()) {
        near.folder(&root, &names[..depth]).unwrap();
    }
    // Once on the way down; on the way up from the top, once for each row that stays open.
    assert!(near.opened <= deep * 7, "{} folders opened", near.opened);
    assert!(near.folder(&root, &[b"d", b"none"]).is_err());
    near.folder(&root, &[b"d", b"d"]).unwrap();
}
