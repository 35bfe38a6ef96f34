use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::RawQuery;
use axum::response::IntoResponse as _;
use axum::routing::post;
use bytes::Bytes;
use cairn_wire::Values;
use cairn_wire::kubo::Command as _;
use cairn_wire::kubo::{
    block::get::BlockGet, cat::Cat, pin::ls::PinLs, repo::verify::RepoVerify, version::Version,
};
use futures_util::stream;
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;

use super::*;
use crate::error::Error;
use crate::transport::{BoxError, InProcess};
use crate::upload::{Part, Upload};

fn client(path: &str, handler: axum::routing::MethodRouter) -> Kubo {
    Kubo::new(InProcess::new(Router::new().route(path, handler)))
}

fn streamed(frames: Vec<Result<Frame<Bytes>, BoxError>>) -> axum::response::Response {
    axum::response::Response::new(axum::body::Body::new(StreamBody::new(stream::iter(frames))))
}

fn data(text: &'static str) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

const RECORD: &str = "{\"Msg\":\"a\",\"Progress\":1}\n";

#[tokio::test]
async fn records_come_one_by_one() {
    let kubo = client(
        "/api/v0/repo/verify",
        post(|| async {
            streamed(vec![
                data("{\"Msg\":\"a\",\"Pro"),
                data("gress\":1}\n{\"Msg\":\"b\",\"Progress\":0}\n"),
            ])
        }),
    );
    let records = kubo
        .call(&RepoVerify::new())
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    assert_eq!(
        records
            .iter()
            .map(|record| record.msg.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[tokio::test]
async fn the_query_holds_arguments_and_options() {
    let kubo = client(
        "/api/v0/cat",
        post(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }),
    )
    .with_option("timeout", "3s");
    let mut answer = kubo
        .call(&Cat {
            offset: 5,
            ..Cat::new(vec!["a b".into(), "c".into()])
        })
        .await
        .unwrap();
    assert_eq!(
        answer.chunk().await.unwrap().unwrap(),
        "arg=a%20b&arg=c&offset=5&timeout=3s"
    );
    assert_eq!(answer.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn errors_keep_what_the_server_says() {
    let said = || async {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "{\"Message\":\"no such block\",\"Code\":0,\"Type\":\"error\"}\n",
        )
    };
    let error = client("/api/v0/block/get", post(said))
        .call(&BlockGet::new("x".into()))
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Response { error, .. } if error.code == 0));
    assert_eq!(error.to_string(), "no such block");

    let refused = || async { (StatusCode::BAD_REQUEST, "argument \"cid\" is required\n") };
    let error = client("/api/v0/block/get", post(refused))
        .call(&BlockGet::new("x".into()))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "argument \"cid\" is required");

    let silent = || async { StatusCode::FORBIDDEN };
    let error = client("/api/v0/block/get", post(silent))
        .call(&BlockGet::new("x".into()))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "the server answered 403 Forbidden");
}

#[tokio::test]
async fn a_failure_on_the_way_is_an_error() {
    let trailer = || async {
        let mut trailers = HeaderMap::new();
        trailers.insert(
            "X-Stream-Error",
            HeaderValue::from_static("the disk is on fire"),
        );
        streamed(vec![data(RECORD), Ok(Frame::trailers(trailers))])
    };
    let mut records = client("/api/v0/repo/verify", post(trailer))
        .call(&RepoVerify::new())
        .await
        .unwrap();
    assert!(records.next().await.unwrap().is_some());
    let error = records.next().await.unwrap_err();
    assert_eq!(error.to_string(), "the disk is on fire");

    let inline = || async {
        streamed(vec![
            data(RECORD),
            data("{\"Message\":\"gone\",\"Code\":0,\"Type\":\"error\"}"),
        ])
    };
    let mut records = client("/api/v0/repo/verify", post(inline))
        .call(&RepoVerify::new())
        .await
        .unwrap();
    assert!(records.next().await.unwrap().is_some());
    assert_eq!(records.next().await.unwrap_err().to_string(), "gone");
}

#[tokio::test]
async fn a_cut_answer_is_not_a_whole_one() {
    let cut = || async { streamed(vec![data(RECORD), Err("reset".into())]) };
    let mut records = client("/api/v0/repo/verify", post(cut))
        .call(&RepoVerify::new())
        .await
        .unwrap();
    assert!(records.next().await.unwrap().is_some());
    assert!(matches!(records.next().await, Err(Error::Cut(_))));

    let half = || async { streamed(vec![data("{\"Msg\":\"a\"")]) };
    let mut records = client("/api/v0/repo/verify", post(half))
        .call(&RepoVerify::new())
        .await
        .unwrap();
    assert!(matches!(
        records.next().await,
        Err(Error::Encoder(crate::EncoderError::Decoding { .. }))
    ));

    let nothing = || async { "" };
    assert!(matches!(
        client("/api/v0/version", post(nothing))
            .call(&Version::new())
            .await,
        Err(Error::Empty)
    ));
}

#[tokio::test]
async fn an_empty_answer_is_an_error_where_a_record_is_due() {
    let kubo = || {
        let nothing = || async { "" };
        Kubo::new(InProcess::new(Router::new().fallback(post(nothing))))
    };
    let answer = kubo().call(&Version::new()).await;
    assert!(matches!(answer, Err(Error::Empty)));
    let part = Part::bytes("f", vec![7]);
    let add = cairn_wire::kubo::add::Add::new();
    let records = kubo().upload(&add, Upload::one(part)).await.unwrap();
    assert!(matches!(records.collect().await, Err(Error::Empty)));
    // Where there may be none, none is an answer.
    let refs = cairn_wire::kubo::refs::links::Refs::new(vec!["x".into()]);
    let records = kubo().call(&refs).await.unwrap();
    assert!(records.collect().await.unwrap().is_empty());
}

#[tokio::test]
async fn only_safe_commands_are_sent_again() {
    for (path, calls) in [("/api/v0/pin/ls", 3), ("/api/v0/repo/verify", 1)] {
        let count = Arc::new(AtomicU32::new(0));
        let counted = count.clone();
        let handler = move || {
            let turn = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                if turn < 2 {
                    StatusCode::BAD_GATEWAY.into_response()
                } else {
                    "{}".into_response()
                }
            }
        };
        let kubo = client(path, post(handler));
        let _ = if calls == 3 {
            kubo.call(&PinLs::new(Vec::new())).await.map(drop)
        } else {
            kubo.call(&RepoVerify::new()).await.map(drop)
        };
        assert_eq!(count.load(Ordering::Relaxed), calls, "{path}");
    }
}

/// A server on a port of its own.
async fn serve(router: Router) -> Kubo {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!(
        "/ip4/127.0.0.1/tcp/{}",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    Kubo::at(&address.parse().unwrap()).unwrap()
}

#[tokio::test]
async fn over_http_uploads_and_trailers_stream() {
    // Answers while it still reads: each frame of the request comes back as it arrives.
    let echo = |request: axum::extract::Request| async {
        axum::response::Response::new(request.into_body())
    };
    let trailer = || async {
        let mut trailers = HeaderMap::new();
        trailers.insert("X-Stream-Error", HeaderValue::from_static("too late"));
        let mut response = streamed(vec![data(RECORD), Ok(Frame::trailers(trailers))]);
        response
            .headers_mut()
            .insert(header::TRAILER, HeaderValue::from_static("X-Stream-Error"));
        response
    };
    let limit = axum::extract::DefaultBodyLimit::disable();
    let kubo = serve(
        Router::new()
            .route("/api/v0/add", post(echo).layer(limit))
            .route("/api/v0/repo/verify", post(trailer)),
    )
    .await;

    let part = Part::bytes("big", vec![7; 40 * 1024 * 1024]);
    let mut answer = kubo
        .send(
            &cairn_wire::kubo::add::Add::SPEC,
            Values::default(),
            Some(Upload::one(part)),
        )
        .await
        .unwrap();
    let mut length = 0;
    while let Some(bytes) = answer.chunk().await.unwrap() {
        length += bytes.len();
    }
    assert!(length > 40 * 1024 * 1024);

    let mut records = kubo.call(&RepoVerify::new()).await.unwrap();
    assert!(records.next().await.unwrap().is_some());
    assert_eq!(records.next().await.unwrap_err().to_string(), "too late");

    let part = Part::file("gone", "/nonexistent/gone");
    let error = kubo
        .upload(&cairn_wire::kubo::add::Add::new(), Upload::one(part))
        .await;
    let error = match error {
        Ok(mut records) => records.next_line().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, Error::Upload(_)), "{error:?}");
}

#[tokio::test]
async fn nobody_listening_is_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let kubo = Kubo::at(&format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap())
        .unwrap()
        .with_retry(Retry::NEVER);
    let error = kubo.call(&Version::new()).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}
