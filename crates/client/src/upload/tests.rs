use std::time::Duration;

use futures_util::stream;
use http_body_util::BodyExt as _;

use super::*;

/// A part as a server reads it.
#[derive(Debug, PartialEq, Eq)]
struct ReceivedPart {
    field: String,
    name: String,
    kind: String,
    path: Option<String>,
    content: Vec<u8>,
}

async fn receive(upload: Upload) -> Vec<ReceivedPart> {
    let (content_type, body, _) = upload.encode(CHUNK);
    let boundary = multer::parse_boundary(content_type).unwrap();
    let mut multipart = multer::Multipart::new(body.into_data_stream(), boundary);
    let mut all = Vec::new();
    while let Some(field) = multipart.next_field().await.unwrap() {
        let head = |name: &str| {
            field
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let received = ReceivedPart {
            field: field.name().unwrap().to_owned(),
            name: field.file_name().unwrap().to_owned(),
            kind: field.content_type().unwrap().to_string(),
            path: head("abspath-encoded"),
            content: Vec::new(),
        };
        let content = field.bytes().await.unwrap().to_vec();
        all.push(ReceivedPart {
            content,
            ..received
        });
    }
    all
}

fn part(name: &str, kind: &str, content: &[u8]) -> ReceivedPart {
    ReceivedPart {
        field: "file".to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        path: None,
        content: content.to_vec(),
    }
}

const FILE: &str = "application/octet-stream";

#[tokio::test]
async fn writes_what_kubo_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("on disk");
    std::fs::write(&path, b"disk").unwrap();
    let upload = Upload::from_parts(vec![
        Part {
            metadata: Metadata {
                mode: Some(0o1755),
                mtime: None,
            },
            ..Part::new("a b", Content::Directory)
        },
        Part {
            metadata: Metadata {
                mode: Some(0o644),
                mtime: Some((-5, 7)),
            },
            ..Part::bytes("a b/ü+%\"\r\n", "inline")
        },
        Part {
            absolute_path: Some(path.clone()),
            ..Part::file("a b/f", &path)
        },
        Part::new("a b/l", Content::Symlink(b"../target".to_vec())),
        Part::new(
            b"\xff".to_vec(),
            Content::Stream(stream::iter([Ok("one ".into()), Ok("two".into())]).boxed()),
        ),
        Part {
            metadata: Metadata {
                mode: None,
                mtime: Some((1, 0)),
            },
            ..Part::bytes("", "")
        },
    ]);
    let received = receive(upload).await;
    assert_eq!(
        received,
        [
            ReceivedPart {
                field: "file?mode=020004000755".to_owned(),
                ..part("a%20b", "application/x-directory", b"")
            },
            ReceivedPart {
                field: "file?mode=0644&mtime=-5&mtime-nsecs=7".to_owned(),
                ..part("a%20b%2F%C3%BC%2B%25%22%0D%0A", FILE, b"inline")
            },
            ReceivedPart {
                path: received[2].path.clone(),
                ..part("a%20b%2Ff", FILE, b"disk")
            },
            part("a%20b%2Fl", "application/symlink", b"../target"),
            part("%FF", FILE, b"one two"),
            ReceivedPart {
                field: "file?mtime=1".to_owned(),
                ..part("", FILE, b"")
            },
        ]
    );
    let told = received[2].path.as_deref().unwrap();
    assert!(
        told.starts_with("%2F") && told.ends_with("on%20disk"),
        "{told}"
    );
}

#[tokio::test]
async fn large_files_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    for length in [
        0,
        1,
        65_535,
        65_536,
        1024 * 1024 - 1,
        1024 * 1024,
        1024 * 1024 + 1,
        5_000_000,
    ] {
        let path = folder.path().join(length.to_string());
        let content: Vec<u8> = (0..length)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        std::fs::write(&path, &content).unwrap();
        let received = receive(Upload::one(Part::file("f", path))).await;
        assert!(received[0].content == content, "{length}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_breaks_the_body_and_is_named() {
    let (_, body, failure) = Upload::from_parts(vec![
        Part::bytes("a", "a"),
        Part::file("b", "/nonexistent/b"),
        Part::bytes("c", "c"),
    ])
    .encode(CHUNK);
    assert!(body.collect().await.is_err());
    assert_eq!(
        failure.take().unwrap().to_string(),
        "cannot open /nonexistent/b"
    );
}

#[tokio::test]
async fn parts_are_made_only_as_they_are_taken() {
    let (asked, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let parts = stream::unfold(0_u32, move |turn| {
        let _ = asked.send(turn);
        async move { Some((Ok(Part::bytes("x", vec![0; 1024 * 1024])), turn + 1)) }
    });
    let (_, mut body, _) = Upload::from_stream(parts).encode(CHUNK);
    body.frame().await.unwrap().unwrap();
    let mut made = 0;
    while tokio::time::timeout(Duration::from_millis(200), requests.recv())
        .await
        .is_ok()
    {
        made += 1;
    }
    assert!(
        (1..8).contains(&made),
        "an endless upload ran ahead by {made} parts"
    );
    drop(body);
    while let Some(_turn) = requests.recv().await {
        made += 1;
        assert!(made < 16, "writing goes on though nobody reads");
    }
}
