//! Calls against a small server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::car::{self, Decoder, Event};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::{NftStorage, PinStatus, StorageError};
use crate::Retry;
use crate::rest::Rest;
use crate::transport::InProcess;
use crate::upload::Source;

#[derive(Default)]
struct State {
    blocks: HashMap<Cid, Bytes>,
    /// The sizes of the requests that were accepted.
    parts: Vec<usize>,
    requests: Vec<(String, HeaderMap, Bytes)>,
    /// Requests to refuse first.
    refused: u32,
    /// A CID to answer with instead.
    wrong: Option<&'static str>,
}

type Shared = Arc<Mutex<State>>;

fn nft(cid: &str) -> Value {
    json!({"ok": true, "value": {
        "cid": cid, "size": 12, "created": "2026-07-27T17:32:28.276Z", "type": "application/car", "scope": "token", "files": [],
        "name": "Upload", "parts": ["bagbaieratest"],
        "pin": {"cid": cid, "created": "2026-07-27T17:32:28.276Z", "size": 12, "status": "pinned"}, "deals": [],
    }})
}

fn server() -> (NftStorage, Shared) {
    let state = Shared::default();
    let served = state.clone();
    let router = Router::new().fallback(move |request: Request| {
        let served = served.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            answer(&mut served.lock().unwrap(), &head, body)
        }
    });
    let rest = Rest::new(InProcess::new(router), "").with_retry(Retry::SERVICES);
    (NftStorage::new(rest), state)
}

fn answer(state: &mut State, head: &http::request::Parts, body: Bytes) -> (StatusCode, String) {
    let path = head.uri.path().to_owned();
    let length = body.len();
    state.requests.push((
        format!("{} {path}", head.method),
        head.headers.clone(),
        body.clone(),
    ));
    if state.refused > 0 {
        state.refused -= 1;
        return (
            StatusCode::TOO_MANY_REQUESTS,
            "<html>slow down</html>".to_owned(),
        );
    }
    let text = match path.as_str() {
        "/upload" => {
            let mut decoder = Decoder::default();
            decoder.push(body);
            let mut root = None;
            while let Some(event) = decoder.next().unwrap() {
                match event {
                    Event::Header { roots, .. } => root = roots.into_iter().next(),
                    Event::Block(block) => {
                        car::verify(&block).unwrap();
                        state.blocks.insert(block.cid, block.data);
                    }
                }
            }
            state.parts.push(length);
            let root = root.unwrap().to_string();
            nft(state.wrong.unwrap_or(&root))
        }
        "/store" => json!({"ok": true, "value": {
            "ipnft": state.wrong.unwrap_or("bafkqabtimvwgy3yk"), "url": "ipfs://bafkqabtimvwgy3yk/metadata.json", "data": {"name": "n"},
        }}),
        "/missing" => {
            let body =
                json!({"ok": false, "error": {"code": "HTTP_ERROR", "message": "NFT not found"}});
            return (StatusCode::NOT_FOUND, body.to_string());
        }
        path => nft(path.trim_start_matches('/')),
    };
    (StatusCode::OK, text.to_string())
}

#[tokio::test]
async fn content_is_sent_in_parts_and_verified() {
    let (client, state) = server();
    let folder = tempfile::tempdir().unwrap();
    for index in 0..5 {
        // Numbers that do not repeat.
        let numbers = (0..1_u32 << 20).map(|at| at.wrapping_mul(8).wrapping_add(index));
        let content: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        std::fs::write(folder.path().join(format!("file-{index}")), content).unwrap();
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let call = client.upload(folder.path()).name("big / ünï");
    let upload = call
        .part_size(8 << 20)
        .on_progress(move |progress| noted.lock().unwrap().push(progress))
        .await
        .unwrap();
    let cid = client.upload(folder.path()).compute_cid().await.unwrap();
    assert_eq!(upload.cid, cid);
    assert_eq!(upload.pin.status, PinStatus::Pinned);
    let state = state.lock().unwrap();
    assert!(state.parts.len() >= 3, "{:?}", state.parts);
    assert!(state.parts.iter().all(|size| *size <= 8 << 20));
    let size: usize = state.blocks.values().map(Bytes::len).sum();
    assert!(size > 20 << 20);
    let (request, headers, body) = &state.requests[0];
    assert_eq!(request, "POST /upload");
    assert_eq!(headers["content-type"], "application/car");
    assert_eq!(headers["content-length"], body.len().to_string().as_str());
    let name = percent_encoding::percent_decode(headers["x-name"].as_bytes());
    assert_eq!(name.decode_utf8().unwrap(), "big / ünï");
    let seen = seen.lock().unwrap();
    let last = seen.last().unwrap();
    assert_eq!(last.total, Some(size as u64));
    assert_eq!(last.packed, 20 << 20);
    assert_eq!(last.parts as usize, state.parts.len());
    assert_eq!(last.sent as usize, state.parts.iter().sum::<usize>());
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_refused_are_sent_again() {
    let (client, state) = server();
    state.lock().unwrap().refused = 2;
    let upload = client.upload(b"hello\n").await.unwrap();
    assert_eq!(
        upload.cid.to_string(),
        "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
    );
    assert_eq!(state.lock().unwrap().requests.len(), 3);
}

#[tokio::test]
async fn another_cid_is_an_error() {
    let (client, state) = server();
    state.lock().unwrap().wrong = Some("bafkqabtimvwgy3yk");
    let sent = client.upload(b"hello\n").await;
    assert!(
        matches!(sent, Err(StorageError::CidMismatch { .. })),
        "{sent:?}"
    );
}

#[tokio::test]
async fn another_cid_of_an_nft_is_an_error() {
    let (client, state) = server();
    let store = || {
        let metadata = json!({ "name": "n", "image": null, "size": 1.50 });
        let image = Source::bytes("picture").named("a/my \"cat\".png");
        client.store(&metadata).file("image", image).into_future()
    };
    let sent = store().await;
    let Err(StorageError::CidMismatch { expected, got }) = sent else {
        panic!("{sent:?}");
    };
    assert_eq!(got.to_string(), "bafkqabtimvwgy3yk");
    state.lock().unwrap().wrong = Some(expected.to_string().leak());
    assert_eq!(store().await.unwrap().cid, *expected);
}

#[tokio::test]
async fn nfts_are_sent_as_forms() {
    #[derive(serde::Serialize)]
    struct Token {
        name: &'static str,
        image: Option<()>,
        a: u8,
    }
    let (client, state) = server();
    let token = Token {
        name: "n",
        image: None,
        a: 1,
    };
    // A stream is not read before it is sent, so the CID is not known.
    let picture = futures_util::stream::iter([Ok("picture".into())]);
    let image = Source::stream(picture).named("my \"cat\".png");
    let stored = client
        .store(&token)
        .file_of_type("image", "image/png", image)
        .file("properties.text", b"text")
        .await
        .unwrap();
    assert_eq!(stored.url, "ipfs://bafkqabtimvwgy3yk/metadata.json");
    assert_eq!(stored.metadata.get(), "{\"name\":\"n\"}");
    let (request, headers, body) = state.lock().unwrap().requests[0].clone();
    assert_eq!(request, "POST /store");
    let boundary = multer::parse_boundary(headers["content-type"].to_str().unwrap()).unwrap();
    let body = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut form = multer::Multipart::new(body, boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        let file = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap().to_string();
        fields.push((name, file, media_type, field.text().await.unwrap()));
    }
    let expected = [
        (
            "meta",
            None,
            "application/json",
            "{\"name\":\"n\",\"image\":null,\"a\":1}",
        ),
        ("image", Some("my %22cat%22.png"), "image/png", "picture"),
        (
            "properties.text",
            Some("blob"),
            "application/octet-stream",
            "text",
        ),
    ];
    let expected = expected.map(|(name, file, media_type, text)| {
        (
            name.to_owned(),
            file.map(str::to_owned),
            media_type.to_owned(),
            text.to_owned(),
        )
    });
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn refusals_are_typed() {
    let (client, _) = server();
    let upload = client.status(&"bafkqabtimvwgy3yk".parse().unwrap()).await;
    assert_eq!(upload.unwrap().name.as_deref(), Some("Upload"));
    let error = client
        .rest
        .call(&cairn_wire::upload::GetUpload {
            cid: "missing".to_owned(),
        })
        .await
        .unwrap_err();
    let error = StorageError::from(error);
    assert!(error.is_not_found());
    assert_eq!(error.code(), Some("HTTP_ERROR"));
    assert_eq!(
        error.to_string(),
        "the server refused the request: NFT not found"
    );
}
