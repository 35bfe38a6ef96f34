//! Files and folders as archives.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use cairn_dag::export::{DownloadFormat, GetOptions};
use cairn_dag::resolve::resolve;
use cairn_primitives::unixfs::{Mtime, NodeKind, UnixFs};

use super::{get, path, plain};
use crate::support::{Dag, counter};

/// Name, type, mode, time, target and content of each member.
type Row = (String, u8, u32, u64, String, Vec<u8>);

fn members(bytes: &[u8]) -> Vec<Row> {
    let mut archive = tar::Archive::new(bytes);
    let rows = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let target = entry
            .link_name()
            .unwrap()
            .map(|target| target.to_string_lossy().into_owned());
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let header = entry.header();
        let kind = header.entry_type().as_byte();
        (
            name,
            kind,
            header.mode().unwrap(),
            header.mtime().unwrap(),
            target.unwrap_or_default(),
            content,
        )
    });
    rows.collect()
}

#[tokio::test]
async fn downloads_are_what_kubo_sends() {
    let dag = Dag::new();
    let root = dag.recorded();
    let (size, bytes) = get(&dag, &root.cid, "top", plain()).await.unwrap();
    assert_eq!((size, bytes.len() % 512), (1404, 0));
    let names: Vec<_> = members(&bytes)
        .into_iter()
        .map(|row| (row.0, row.1 as char, row.2, row.5.len()))
        .collect();
    let row = |name: &str, kind, size| {
        (
            name.to_owned(),
            kind,
            if kind == '5' { 0o755 } else { 0o644 },
            size,
        )
    };
    assert_eq!(
        names,
        [
            row("top", '5', 0),
            row("top/a.txt", '0', 7),
            row("top/b.bin", '0', 1000),
            row("top/empty", '0', 0),
            row("top/sub", '5', 0),
            row("top/sub/c.txt", '0', 7),
            row("top/sub/deep", '5', 0),
            row("top/sub/deep/x y.txt", '0', 7),
        ]
    );
    let sub = resolve(&dag.blocks(), &path(&root.cid, "sub"))
        .await
        .unwrap()
        .cid;
    assert_eq!(get(&dag, &sub, "sub", plain()).await.unwrap().0, 180);
}

#[tokio::test]
async fn archives_and_compression_combine() {
    let dag = Dag::new();
    let gunzip = |bytes: &[u8]| {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut out)
            .unwrap();
        out
    };
    let content = counter("zip", 300_000);
    let file = dag.file(
        b"",
        &[dag.raw(&content[..262_144]), dag.raw(&content[262_144..])],
    );
    let root = dag.dir(&[("f", &file)]);
    let zip = GetOptions::new(false, true, None).unwrap();
    assert_eq!(
        (zip.packing(), plain().packing()),
        (DownloadFormat::Gzip, DownloadFormat::Tar)
    );
    let (size, bytes) = get(&dag, &file.cid, "f", zip).await.unwrap();
    assert_eq!((size, gunzip(&bytes)), (300_000, content.clone()));
    let (_, bytes) = get(&dag, &dag.symlink("x").cid, "l", zip).await.unwrap();
    assert_eq!(gunzip(&bytes), b"x");
    let refused = get(&dag, &root.cid, "d", zip).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a directory can only be compressed as an archive"
    );
    let (_, bytes) = get(
        &dag,
        &root.cid,
        "d",
        GetOptions::new(true, true, Some(9)).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(members(&gunzip(&bytes))[1].5, content);
    for level in [0, 10, -1, i64::MAX] {
        let error = GetOptions::new(true, true, Some(level)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the compression level must be between 1 and 9"
        );
    }
    assert!(GetOptions::new(true, false, Some(99)).is_ok());
}

#[tokio::test]
async fn archives_keep_attributes_and_long_names() {
    let dag = Dag::new();
    let mut fs = UnixFs::new(NodeKind::File);
    fs.file_size = Some(0);
    fs.set_attributes(
        Some(0o4751),
        Some(Mtime {
            seconds: 1_700_000_000,
            nanos: Some(5),
        }),
    );
    let timed = dag.node(vec![], Some(fs));
    let mut old = UnixFs::new(NodeKind::Directory);
    old.set_attributes(Some(0o700), Some(Mtime::from_seconds(-3)));
    let old = dag.node(vec![], Some(old));
    let empty = dag.file(b"", &[]);
    let long = "n".repeat(150);
    let target = format!("{}ü", "t".repeat(120));
    let link = dag.symlink(&target);
    let half = "h".repeat(90);
    let inner = dag.dir(&[(half.as_str(), &empty)]);
    let root = dag.dir(&[
        ("link", &link),
        (long.as_str(), &empty),
        ("old", &old),
        (half.as_str(), &inner),
        ("timed", &timed),
        ("ümlaut", &empty),
    ]);
    for archive in [false, true] {
        let options = GetOptions::new(archive, false, None).unwrap();
        let (_, bytes) = get(&dag, &root.cid, "r", options).await.unwrap();
        let rows: BTreeMap<_, _> = members(&bytes)
            .into_iter()
            .map(|row| (row.0.clone(), row))
            .collect();
        let names: BTreeSet<_> = rows.keys().cloned().collect();
        let wanted = [
            "r".to_owned(),
            "r/link".to_owned(),
            format!("r/{long}"),
            "r/old".to_owned(),
            format!("r/{half}"),
        ];
        let rest = [
            format!("r/{half}/{half}"),
            "r/timed".to_owned(),
            "r/ümlaut".to_owned(),
        ];
        assert_eq!(names, wanted.into_iter().chain(rest).collect());
        assert_eq!(
            (rows["r/link"].2, rows["r/link"].4.as_str()),
            (0o777, target.as_str())
        );
        assert_eq!(
            (rows["r/timed"].2, rows["r/timed"].3),
            (0o4751, 1_700_000_000)
        );
        assert_eq!((rows["r/old"].2, rows["r"].3), (0o700, 1_800_000_000));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(" mtime=-3\n"));
        assert_eq!(text.contains(" mtime=1700000000.000000005\n"), !archive);
    }
}

#[tokio::test]
async fn hostile_names_are_refused() {
    let dag = Dag::new();
    let file = dag.file(b"x", &[]);
    let refused = "a name leads out of its directory: export a CAR instead";
    for name in ["..", ".", "", "../x", "a/b", "/etc", "a\0b", "sub/../../x"] {
        let root = dag.dir(&[(name, &file)]);
        assert_eq!(
            get(&dag, &root.cid, "r", plain())
                .await
                .unwrap_err()
                .to_string(),
            refused,
            "{name:?}"
        );
        assert_eq!(
            get(&dag, &file.cid, name, plain())
                .await
                .unwrap_err()
                .to_string(),
            refused,
            "{name:?}"
        );
    }
    // A link, and then something that would be written through it.
    let link = dag.symlink("/etc");
    let sub = dag.dir(&[("passwd", &file)]);
    let twice = dag.dir(&[("x", &link), ("x", &sub)]);
    assert_eq!(
        get(&dag, &twice.cid, "r", plain())
            .await
            .unwrap_err()
            .to_string(),
        refused
    );
}
