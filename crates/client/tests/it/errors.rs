//! Each kind of error, provoked.

use std::error::Error as _;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use cairn_client::version::Supported;
use cairn_client::{Error, ErrorKind, Kubo, Retry, Source, TransportError, UploadError};
use futures_util::stream;
use http::StatusCode;

use super::server::{answering, client, finish, hold, json, raw, reset, serve};

const VERSION: &str =
    r#"{"Version":"0.3.0","Commit":"","Repo":"5","System":"amd64/linux","Golang":"go1.6"}"#;

#[tokio::test]
async fn a_version_that_is_not_supported() {
    let router = Router::new().route("/api/v0/version", post(|| async { json(VERSION) }));
    let address = serve(router).await;
    let error = Kubo::connect(&address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::VersionMismatch);
    let Error::Version(mismatch) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(mismatch.current, "0.3.0");
    assert_eq!(mismatch.minimum, "0.4.22");
    assert_eq!(mismatch.maximum, "1.0.0");
    // The bounds are settings, and `build` does not check.
    let bounds = Supported::default().at_least("0.3.0").below("0.4.0");
    let builder = Kubo::builder(&address).supported(bounds);
    assert!(builder.connect().await.is_ok());
    let bounds = Supported::default().at_least("0.1.0").without("0.3.0");
    let refused = Kubo::builder(&address).supported(bounds).connect().await;
    assert!(matches!(refused, Err(Error::Version(error)) if error.blacklisted));
    assert!(Kubo::builder(&address).build().is_ok());
}

#[tokio::test]
async fn an_address_that_cannot_be_read() {
    let error = Kubo::connect("/ip4/127.0.0.1/udp/5001").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Address);
    assert!(error.to_string().contains("udp"), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&address).version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.is_connect() && error.is_retryable() && !error.is_timeout());
    assert!(error.kind().is_communication());
    assert!(error.source().is_some(), "{error:?}");
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let kubo = raw(b"", hold);
    let begun = Instant::now();
    let error = kubo
        .version()
        .timeout(Duration::from_millis(50))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_timeout() && error.is_retryable());
    assert!(begun.elapsed() < Duration::from_secs(10));
    // The client's own time counts where the call says nothing.
    let kubo = kubo.with_timeout(Duration::from_millis(50));
    assert!(kubo.id().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn an_answer_that_does_not_go_on() {
    let kubo = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", hold);
    let call = kubo.cat("a").timeout(Duration::from_millis(50));
    let mut answer = call.await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "abc");
    assert!(answer.chunk().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn the_time_does_not_run_while_content_is_sent() {
    let handler = |body: axum::body::Body| async move {
        axum::body::to_bytes(body, usize::MAX).await.unwrap();
        json("{\"Name\":\"a\",\"Hash\":\"bafkqabtimvwgy3yk\",\"Size\":\"1\"}")
    };
    let kubo = client(&serve(Router::new().fallback(handler)).await);
    let pieces = stream::unfold(0, |count| async move {
        tokio::time::sleep(Duration::from_millis(60)).await;
        (count < 8).then(|| (Ok(Bytes::from_static(b"piece")), count + 1))
    });
    let added = kubo
        .add(Source::stream(pieces))
        .timeout(Duration::from_millis(300))
        .await
        .unwrap();
    assert_eq!(added.name, "a");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer() {
    let error = raw(b"", reset).version().await.unwrap_err();
    assert!(
        matches!(error, Error::Connection(TransportError::Broken(_))),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.is_retryable() && !error.is_connect());
}

#[tokio::test]
async fn a_connection_that_breaks_within_the_answer() {
    for head in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".as_slice(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let error = raw(head, reset).cat("a").to_vec(100).await.unwrap_err();
        assert!(matches!(error, Error::Cut(_)), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.source().is_some());
    }
    // What was at the place of the file is there after it.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "before").unwrap();
    let kubo = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", reset);
    assert!(kubo.cat("a").to_file(&path).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_no_http() {
    let error = raw(b"SSH-2.0-OpenSSH_9\r\n", reset)
        .version()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn another_media_type() {
    let page = "<html><body>It works!</body></html>";
    let kubo = answering(StatusCode::OK, "text/html", page).await;
    let error = kubo.version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(
        error.to_string(),
        "the response has the content type \"text/html\", expected application/json"
    );
    assert_eq!(
        kubo.pins()
            .ls()
            .stream()
            .try_collect()
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Protocol
    );
    // One that was asked for is one that this client cannot read.
    let kubo = answering(StatusCode::OK, "application/xml", "<Version/>").await;
    let error = kubo.version().option("encoding", "xml").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EncoderMissing);
    assert!(error.kind().is_encoder() && error.to_string().contains("\"xml\""));
    let error = kubo
        .dag()
        .get("a")
        .output_codec("dag-cbor")
        .value::<serde_json::Value>()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EncoderMissing);
}

#[tokio::test]
async fn values_that_cannot_be_encoded() {
    let kubo = client("http://127.0.0.1:9");
    let keys = std::collections::BTreeMap::from([(vec![1], 1)]);
    let error = kubo.add_json(&keys).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encoding);
    assert!(error.source().is_some());
    assert!(kubo.dag().put_value(&keys).is_err());
    assert!(kubo.config().set("a", &keys).is_err());
}

#[tokio::test]
async fn json_that_is_none() {
    for body in ["{\"Version\":", "{\"Version\":1}", "[]", "nonsense"] {
        let kubo = answering(StatusCode::OK, "application/json", body).await;
        let error = kubo.version().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decoding, "{body}: {error:?}");
        assert!(error.source().is_some());
    }
    let kubo = answering(
        StatusCode::OK,
        "application/json",
        "{\"Key\":\"no\",\"Size\":1}",
    )
    .await;
    let error = kubo.blocks().stat("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decoding);
    let kubo = answering(StatusCode::OK, "application/json", "").await;
    let error = kubo.version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let kubo = answering(StatusCode::OK, "text/plain", "caf\u{e9}").await;
    assert!(matches!(
        kubo.cat("a").to_vec(3).await,
        Err(Error::TooLong { limit: 3 })
    ));
}

#[tokio::test]
async fn statuses_with_and_without_a_message() {
    let kubo = answering(StatusCode::NOT_FOUND, "text/plain", "404 page not found").await;
    let error = kubo.version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.is_not_found() && !error.is_unauthorized());
    assert_eq!(error.to_string(), "404 page not found");

    let kubo = answering(StatusCode::FORBIDDEN, "text/plain", "").await;
    let error = kubo.version().await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_retryable());

    let kubo = answering(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "busy").await;
    let error = kubo.version().await.unwrap_err();
    assert!(error.is_retryable());

    for (message, not_found, late) in [
        (
            "block was not found locally (offline): ipld: could not find Qm",
            true,
            false,
        ),
        ("no link named \\\"x\\\" under Qm", true, false),
        ("path 'Qm' is not pinned", true, false),
        ("file does not exist", true, false),
        ("context deadline exceeded", false, true),
        ("the disk is on fire", false, false),
    ] {
        let body = format!("{{\"Message\":\"{message}\",\"Code\":0,\"Type\":\"error\"}}");
        let body: &'static str = body.leak();
        let kubo = answering(StatusCode::INTERNAL_SERVER_ERROR, "application/json", body).await;
        let error = kubo.cat("a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Response);
        assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(
            (error.is_not_found(), error.is_timeout()),
            (not_found, late),
            "{message}"
        );
    }
}

/// An answer whose trailer says why it ended.
const TRAILER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    connection: close\r\ntransfer-encoding: chunked\r\ntrailer: x-stream-error\r\n\r\n\
    1b\r\n{\"Key\":\"bafkqaaa\",\"Size\":1}\r\n0\r\nx-stream-error: the disk is on fire\r\n\r\n";

#[tokio::test]
async fn a_command_that_fails_after_its_answer_has_begun() {
    let kubo = raw(TRAILER, finish);
    let error = kubo.blocks().put(b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartialResponse);
    assert_eq!(error.to_string(), "the disk is on fire");
    let Error::Partial(partial) = error else {
        panic!("{error:?}")
    };
    let arrived: &Vec<cairn_client::groups::blocks::BlockInfo> = partial.arrived().unwrap();
    assert_eq!((arrived.len(), arrived[0].size), (1, 1));

    let error = kubo.cat("a").to_vec(100).await.unwrap_err();
    let Error::Partial(partial) = error else {
        panic!("{error:?}")
    };
    assert_eq!(partial.into_arrived::<Vec<u8>>().unwrap().len(), 27);

    // A stream has given what had arrived.
    let mut items = kubo.blocks().put(b"x").stream();
    assert!(items.try_next().await.unwrap().is_some());
    assert_eq!(
        items.try_next().await.unwrap_err().kind(),
        ErrorKind::PartialResponse
    );
    assert!(items.try_next().await.unwrap().is_none());

    // Older servers say it in the last record.
    let body =
        "{\"Key\":\"bafkqaaa\",\"Size\":1}\n{\"Message\":\"gone\",\"Code\":0,\"Type\":\"error\"}";
    let kubo = answering(StatusCode::OK, "application/json", body).await;
    let error = kubo.blocks().put(b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartialResponse);
}

#[tokio::test]
async fn files_that_cannot_be_read() {
    let handler = |body: axum::body::Body| async move {
        let _ = axum::body::to_bytes(body, usize::MAX).await;
        json("")
    };
    let kubo = client(&serve(Router::new().fallback(handler)).await);
    let error = kubo.add("/nonexistent/file").await.unwrap_err();
    assert!(
        matches!(error, Error::Upload(UploadError::Open { .. })),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::File);
    let failing = stream::iter([Err(std::io::Error::other("torn"))]);
    let error = kubo.add(Source::stream(failing)).await.unwrap_err();
    assert!(
        matches!(error, Error::Upload(UploadError::Stream { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn only_what_does_no_harm_is_sent_again() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    let handler = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { StatusCode::BAD_GATEWAY }
    };
    let address = serve(Router::new().fallback(handler)).await;
    let pauses = Duration::from_millis(1);
    let retry = Retry::default().at_most(2).pauses(pauses, pauses);
    let kubo = Kubo::builder(&address).retry(retry).build().unwrap();
    let _ = kubo.id().await.unwrap_err();
    assert_eq!(count.swap(0, Ordering::Relaxed), 3);
    let _ = kubo.pins().rm("a").await.unwrap_err();
    assert_eq!(count.swap(0, Ordering::Relaxed), 1);
    let _ = kubo.add_str("a").await.unwrap_err();
    assert_eq!(count.swap(0, Ordering::Relaxed), 1);
}
