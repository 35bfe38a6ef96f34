//! Files, ranges, validators, symbolic links.

use tempfile::tempdir;

use super::{Gateway, write};

#[test]
fn ranges_are_served_of_files_and_blocks() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    let large: Vec<u8> = (0..700_000u32).map(|at| (at % 251) as u8).collect();
    write(
        directory.path(),
        &[
            ("large.bin", &large),
            ("empty.txt", b""),
            ("a", b"0123456789"),
        ],
    );
    let root = gateway.add(directory.path(), &[]);
    let file = format!("/ipfs/{root}/large.bin");
    let whole = gateway.get(&file, &[]);
    assert_eq!((whole.status, &whole.body), (200, &large));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let part = gateway.get(&file, &[("Range", "bytes=262100-262200")]);
    assert_eq!(part.status, 206);
    assert_eq!(part.body, large[262_100..=262_200]);
    assert_eq!(
        part.header("content-range"),
        Some("bytes 262100-262200/700000")
    );
    let last = gateway.get(&file, &[("Range", "bytes=-5")]);
    assert_eq!((last.status, &last.body[..]), (206, &large[699_995..]));
    let beyond = gateway.get(&file, &[("Range", "bytes=700000-")]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some("bytes */700000"));
    // Several ranges, with their length announced.
    let several = gateway.get(&file, &[("Range", "bytes=1-3, 262143-262145, -2")]);
    assert_eq!(several.status, 206);
    let kind = several.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let length: usize = several.header("content-length").unwrap().parse().unwrap();
    assert_eq!(several.body.len(), length);
    let mut expected = Vec::new();
    for (at, (range, bytes)) in [
        ("1-3", &large[1..=3]),
        ("262143-262145", &large[262_143..=262_145]),
        ("699998-699999", &large[699_998..]),
    ]
    .into_iter()
    .enumerate()
    {
        let before = if at == 0 { "" } else { "\r\n" };
        expected.extend_from_slice(
            format!("{before}--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {range}/700000\r\n\r\n").as_bytes(),
        );
        expected.extend_from_slice(bytes);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(several.body, expected);
    // An empty file has no range, and is sent whole.
    let empty = gateway.get(
        &format!("/ipfs/{root}/empty.txt"),
        &[("Range", "bytes=0-1048575")],
    );
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let block = gateway.get(
        &format!("/ipfs/{root}/a?format=raw"),
        &[("Range", "bytes=2-3")],
    );
    assert_eq!((block.status, &block.body[..]), (206, &b"23"[..]));
    // `If-Range` with what the client has, and with something else.
    let etag = whole.header("etag").unwrap();
    let ranged = |etag: &str| gateway.get(&file, &[("Range", "bytes=0-0"), ("If-Range", etag)]);
    assert_eq!(ranged(etag).status, 206);
    assert_eq!(ranged("\"other\"").status, 200);
    let head = gateway.ask("HEAD", &file, &[("Range", "bytes=0-0")]);
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("700000"))
    );
}

#[test]
fn responses_can_be_cached() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[("site/index.html", b"<p>index"), ("site/f.txt", b"file")],
    );
    let file = std::fs::File::options()
        .write(true)
        .open(directory.path().join("site/f.txt"))
        .unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(784_111_777);
    file.set_modified(time).unwrap();
    let root = gateway.add(&directory.path().join("site"), &["--preserve-mtime"]);
    let path = format!("/ipfs/{root}/f.txt");
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let answer = gateway.get(&path, &[]);
    assert_eq!(answer.header("last-modified"), Some(date));
    assert_eq!(
        answer.header("cache-control"),
        Some("public, max-age=29030400, immutable")
    );
    assert_eq!(
        gateway.get(&path, &[("If-Modified-Since", date)]).status,
        304
    );
    let before = "Sun, 06 Nov 1994 08:49:36 GMT";
    assert_eq!(
        gateway.get(&path, &[("If-Modified-Since", before)]).status,
        200
    );
    let etag = answer.header("etag").unwrap().to_owned();
    let known = gateway.get(&path, &[("If-None-Match", &etag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), Some(etag.as_str()));
    assert!(answer.header("server-timing").is_some());
    let roots = answer.header("x-ipfs-roots").unwrap();
    assert_eq!(roots.split(',').count(), 2);
    assert_eq!(answer.header("x-ipfs-path"), Some(path.as_str()));
    // A directory has a final slash, and its index has the directory's ETag.
    let moved = gateway.get(&format!("/ipfs/{root}?x=1"), &[]);
    assert_eq!(moved.status, 301);
    assert_eq!(
        moved.header("location"),
        Some(format!("/ipfs/{root}/?x=1").as_str())
    );
    let index = gateway.get(&format!("/ipfs/{root}/"), &[]);
    assert_eq!((index.status, index.text().as_str()), (200, "<p>index"));
    let etag = format!("\"{root}\"");
    assert_eq!(index.header("etag"), Some(etag.as_str()));
    assert_eq!(index.header("content-type"), Some("text/html"));
    let absent = "/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    let cached = [("Cache-Control", "only-if-cached")];
    assert_eq!(gateway.get(absent, &cached).status, 412);
    assert_eq!(gateway.ask("HEAD", absent, &cached).status, 412);
    assert_eq!(gateway.ask("HEAD", &path, &cached).status, 200);
}

#[test]
fn files_are_named_and_described() {
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    write(
        directory.path(),
        &[
            ("image", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("%41+ä b.txt", b"text"),
        ],
    );
    let root = gateway.add(directory.path(), &[]);
    let image = gateway.get(&format!("/ipfs/{root}/image"), &[]);
    assert_eq!(image.header("content-type"), Some("image/svg+xml"));
    assert_eq!(image.header("x-content-type-options"), Some("nosniff"));
    let odd = gateway.get(&format!("/ipfs/{root}/%2541+%C3%A4%20b.txt"), &[]);
    assert_eq!((odd.status, odd.text().as_str()), (200, "text"));
    let named = gateway.get(
        &format!("/ipfs/{root}/image?filename=a%20%C3%A4.png&download=true"),
        &[],
    );
    assert_eq!(named.header("content-type"), Some("image/png"));
    assert_eq!(
        named.header("content-disposition"),
        Some("attachment; filename=\"a _.png\"; filename*=UTF-8''a%20%C3%A4.png")
    );
    let download = gateway.get(&format!("/ipfs/{root}/image?download=true"), &[]);
    assert!(
        download
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    let worker = [("Service-Worker", "script")];
    assert_eq!(gateway.get(&format!("/ipfs/{root}"), &worker).status, 400);
    assert_eq!(
        gateway.get(&format!("/ipfs/{root}/image"), &worker).status,
        200
    );
}

#[cfg(unix)]
#[test]
fn symbolic_links_lead_on_within_their_root() {
    use std::os::unix::fs::symlink;
    let gateway = Gateway::start(|_| {});
    let directory = tempdir().unwrap();
    write(directory.path(), &[("real/deep/f.txt", b"file")]);
    let links = directory.path().join("links");
    std::fs::create_dir(&links).unwrap();
    symlink("../real", links.join("in")).unwrap();
    symlink("../../outside", links.join("out")).unwrap();
    symlink("self", links.join("self")).unwrap();
    let root = gateway.add(directory.path(), &[]);
    let status = |path: &str| gateway.get(&format!("/ipfs/{root}/{path}"), &[]).status;
    let through = gateway.get(&format!("/ipfs/{root}/links/in/deep/f.txt"), &[]);
    assert_eq!((through.status, through.text().as_str()), (200, "file"));
    assert_eq!(status("links/out/f.txt"), 404);
    assert_eq!(status("links/self/f.txt"), 404);
    let link = gateway.get(&format!("/ipfs/{root}/links/in"), &[]);
    assert_eq!((link.status, link.text().as_str()), (200, "../real"));
    assert_eq!(link.header("content-type"), Some("inode/symlink"));
}
