//! The endpoints of `declared`, called over HTTP and in this process.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use cairn_client::rest::{CallError, OneOrMany, Rest};
use cairn_client::{Address, Http, InProcess, Part, RawUpload, Upload};
use cairn_http::mount_endpoints;
use futures_util::StreamExt as _;
use http::HeaderValue;
use serde_json::json;

use super::declared::{Count, GetBytes, PutAny, PutFiles, PutRaw, TestApi, Trials, conflict};

fn router(service: Trials) -> axum::Router {
    super::declared::trial_endpoints!(mount_endpoints).into_router(service)
}

fn in_process() -> Rest<TestApi> {
    Rest::new(InProcess::new(router(Trials::default())), "")
}

/// The same over TCP.
async fn over_http() -> Rest<TestApi> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(Trials::default())).await });
    let address: Address = format!("http://{address}").parse().unwrap();
    Rest::new(Http::new(&address).unwrap(), "")
}

async fn both() -> [Rest<TestApi>; 2] {
    [in_process(), over_http().await]
}

#[tokio::test]
async fn files_are_sent_and_records_come_back() {
    for rest in both().await {
        let upload = Upload::from_parts(vec![Part::bytes("a", "12345"), Part::bytes("b c", "")]);
        let mut records = rest.upload(&PutFiles {}, upload).await.unwrap();
        let mut found = Vec::new();
        while let Some(record) = records.next().await.unwrap() {
            found.push((record.name, record.size));
        }
        assert_eq!(found, [("a".to_owned(), 5), ("b%20c".to_owned(), 0)]);
        let mut none = rest
            .upload(&PutFiles {}, Upload::from_parts(Vec::new()))
            .await
            .unwrap();
        assert_eq!(none.next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn bytes_are_streamed_and_headers_go_both_ways() {
    const PIECE: usize = 64 * 1024;
    let service = Trials::default();
    let made = service.made.clone();
    let rest = Rest::new(InProcess::new(router(service)), "");
    let pieces = futures_util::stream::iter(0..500).map(move |_| {
        made.fetch_add(1, Ordering::SeqCst);
        Ok(Bytes::from(vec![0; PIECE]))
    });
    let endpoint = PutRaw {
        name: Some("ein Näme/%".to_owned()),
        key: Some("k 1".to_owned()),
        tags: vec!["a".to_owned(), "b".to_owned()],
    };
    let media_type = HeaderValue::from_static(";car");
    let (headers, stored) = rest
        .send_bytes(&endpoint, media_type, RawUpload::stream(pieces))
        .await
        .unwrap();
    assert_eq!((headers.count, headers.next.as_deref()), (2, Some("k 1")));
    assert_eq!(
        (stored.name.as_str(), stored.size),
        ("ein Näme/%;car", 500 * PIECE)
    );
}

#[tokio::test]
async fn headers_are_checked() {
    let endpoint = |key: &str| PutRaw {
        name: None,
        key: Some(key.to_owned()),
        tags: Vec::new(),
    };
    for rest in both().await {
        let send = |key| {
            let (rest, endpoint) = (rest.clone(), endpoint(key));
            let media_type = HeaderValue::from_static("text/plain");
            async move {
                let sent = rest.send_bytes(&endpoint, media_type, RawUpload::bytes("abc"));
                sent.await
            }
        };
        match send("longer than 8").await {
            Err(CallError::Refused { status, error, .. }) => {
                assert_eq!(status, 400);
                let details = error.error.details.unwrap();
                assert!(details.contains("Idempotency-Key"), "{details}");
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(send("a\nb").await, Err(CallError::Request(_))));
        assert_eq!(send("ü").await.unwrap().1.size, 3);
    }
}

#[tokio::test]
async fn a_body_may_be_bytes_or_files() {
    for rest in both().await {
        let media_type = HeaderValue::from_static("application/octet-stream");
        let raw = RawUpload::bytes("abc");
        let stored = rest.send_bytes(&PutAny {}, media_type, raw).await.unwrap();
        assert_eq!((stored.name.as_str(), stored.size), ("", 3));
        let upload = Upload::from_parts(vec![Part::bytes("a", "1"), Part::bytes("b", "2")]);
        let stored = rest.upload(&PutAny {}, upload).await.unwrap();
        assert_eq!((stored.name.as_str(), stored.size), ("ff", 2));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_not_sent_as_whole() {
    for rest in both().await {
        let missing = RawUpload::file("/nonexistent/file");
        let media_type = HeaderValue::from_static("text/plain");
        let sent = rest.send_bytes(&PutAny {}, media_type, missing).await;
        assert!(matches!(sent, Err(CallError::Upload(_))), "{sent:?}");
        let upload = Upload::one(Part::file("a", "/nonexistent/file"));
        let sent = rest.upload(&PutAny {}, upload).await;
        assert!(matches!(sent, Err(CallError::Upload(_))), "{sent:?}");
    }
}

fn count(upto: u32, stream: bool, fail: Option<u32>) -> Count {
    Count { upto, stream, fail }
}

#[tokio::test]
async fn one_or_many_as_the_request_asks() {
    for rest in both().await {
        match rest.call(&count(3, false, None)).await.unwrap() {
            OneOrMany::One(all) => assert_eq!(all, [0, 1, 2]),
            other @ OneOrMany::Many(_) => panic!("{other:?}"),
        }
        for upto in [0, 3, 20000] {
            let OneOrMany::Many(records) = rest.call(&count(upto, true, None)).await.unwrap()
            else {
                panic!("one record");
            };
            let all: Vec<u32> = records.into_stream().map(Result::unwrap).collect().await;
            assert_eq!(all, (0..upto).collect::<Vec<_>>());
        }
        for stream in [false, true] {
            match rest.call(&count(3, stream, Some(0))).await {
                Err(CallError::Refused { status, .. }) => assert_eq!(status, 409),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_why() {
    for rest in both().await {
        let OneOrMany::Many(mut records) = rest.call(&count(9, true, Some(2))).await.unwrap()
        else {
            panic!("one record");
        };
        assert_eq!(records.next().await.unwrap(), Some(0));
        assert_eq!(records.next().await.unwrap(), Some(1));
        match records.next().await {
            Err(CallError::Interrupted { error }) => assert_eq!(error, conflict().body),
            other => panic!("{other:?}"),
        }
    }
}

fn bytes(size: usize, length: bool, fail: Option<usize>) -> GetBytes {
    GetBytes { size, length, fail }
}

#[tokio::test]
async fn bytes_come_whole_or_not_at_all() {
    for rest in both().await {
        for (size, length) in [(0, false), (5, false), (0, true), (5, true)] {
            let mut answer = rest.call(&bytes(size, length, None)).await.unwrap();
            assert_eq!(answer.media_type(), Some("text/plain"));
            if length {
                assert_eq!(answer.length(), Some(size as u64));
            }
            let mut found = 0;
            while let Some(bytes) = answer.chunk().await.unwrap() {
                found += bytes.len();
            }
            assert_eq!(found, size);
        }
        for length in [false, true] {
            let mut answer = rest.call(&bytes(5, length, Some(2))).await.unwrap();
            let end = loop {
                match answer.chunk().await {
                    Ok(Some(_)) => {}
                    end => break end,
                }
            };
            match (length, end) {
                (false, Err(CallError::Interrupted { error })) => {
                    assert_eq!(error, conflict().body);
                }
                (true, Err(CallError::Cut(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn raw(
    method: &str,
    path: &str,
    media_type: &str,
    body: &'static str,
) -> http::Response<String> {
    use tower::ServiceExt as _;
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", media_type)
        .body(axum::body::Body::from(body))
        .unwrap();
    let below = axum::Router::new().nest("/below", router(Trials::default()));
    let (head, body) = below.oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 4096).await.unwrap();
    http::Response::from_parts(head, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_trailing_slash_is_what_the_api_says() {
    for (path, place) in [
        ("/below/bytes/5/?length=true", "../5?length=true"),
        ("/below/count/", "../count"),
        ("/below/bytes/%2F%2Fexample.net/", "../%2F%2Fexample.net"),
    ] {
        let response = raw("GET", path, "text/plain", "").await;
        assert_eq!(response.status(), 308, "{path}");
        assert_eq!(response.headers()["location"], place);
    }
    assert_eq!(
        raw("GET", "/below/count", "text/plain", "").await.status(),
        200
    );
    assert_eq!(
        raw("GET", "/below/count//", "text/plain", "")
            .await
            .status(),
        404
    );
    assert_eq!(
        raw("DELETE", "/below/count/", "text/plain", "")
            .await
            .status(),
        405
    );
}

#[tokio::test]
async fn forms_that_are_none_are_refused() {
    for (media_type, body) in [
        ("text/plain", "abc"),
        ("multipart/form-data", "abc"),
        ("multipart/form-data; boundary=x", "--x\r\nbroken"),
    ] {
        let response = raw("POST", "/below/files", media_type, body).await;
        assert_eq!(response.status(), 400, "{media_type}: {}", response.body());
    }
}

#[test]
fn headers_bodies_and_defaults_are_described() {
    let document =
        super::declared::trial_endpoints!(cairn_wire::describe_endpoints).finish::<TestApi>();
    let raw = &document["paths"]["/raw"]["post"];
    assert_eq!(raw["parameters"][0]["name"], "X-Name");
    assert_eq!(raw["parameters"][0]["in"], "header");
    assert_eq!(raw["parameters"][0]["required"], false);
    assert_eq!(
        raw["parameters"][1]["schema"],
        json!({ "type": "string", "minLength": 1, "maxLength": 8 })
    );
    assert_eq!(
        raw["responses"]["201"]["headers"]["X-Count"]["required"],
        true
    );
    assert_eq!(
        raw["responses"]["201"]["headers"]["X-Next"]["required"],
        false
    );
    let count = &document["paths"]["/count"]["get"];
    assert_eq!(count["parameters"][0]["schema"]["default"], 3);
    assert_eq!(count["parameters"][0]["required"], false);
    let content = &count["responses"]["200"]["content"];
    assert_eq!(content["application/json"]["schema"]["type"], "array");
    assert_eq!(content["application/x-ndjson"]["schema"]["type"], "integer");
    let any = &document["paths"]["/any"]["post"]["requestBody"]["content"];
    assert!(any["multipart/form-data"].is_object() && any["*/*"].is_object());
}
