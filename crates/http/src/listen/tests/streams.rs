//! Streams of HTTP/2 whose clients do not read, do not send, or change their minds.

use h2::Reason;
use h2::client::{Builder, SendRequest};

use super::tls::{certificate, connect_tls};
use super::*;

/// A face with TLS, and a client of it that leaves streams this window.
async fn connect(limits: Limits, window: u32) -> (Served, SendRequest<Bytes>) {
    let folder = tempfile::tempdir().unwrap();
    let (tls, trusted) = certificate(folder.path());
    let served = Served::start("/ip4/127.0.0.1/tcp/0/tls/http", limits, Some(&tls)).await;
    let stream = connect_tls(&served, trusted, &[b"h2"]).await;
    let (sender, connection) = Builder::new()
        .initial_window_size(window)
        .handshake(stream)
        .await
        .unwrap();
    // Pings are answered by it.
    tokio::spawn(connection);
    (served, sender)
}

async fn ask(sender: &mut SendRequest<Bytes>, path: &str) -> h2::client::ResponseFuture {
    let request = http::Request::get(format!("https://localhost{path}"))
        .body(())
        .unwrap();
    *sender = sender.clone().ready().await.unwrap();
    sender.send_request(request, true).unwrap().0
}

/// All that comes, and how it ends.
async fn read(answer: h2::client::ResponseFuture) -> (Vec<u8>, Option<h2::Error>) {
    let mut body = match answer.await {
        Ok(answer) => answer.into_body(),
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut out = Vec::new();
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                let _ = body.flow_control().release_capacity(data.len());
                out.extend_from_slice(&data);
            }
            Err(error) => return (out, Some(error)),
        }
    }
    (out, None)
}

#[tokio::test]
async fn a_cut_answer_is_reset_after_what_came_before() {
    let (served, mut sender) = connect(limits(), 1 << 16).await;
    let (out, error) = read(ask(&mut sender, "/cut").await).await;
    assert_eq!(out, b"hello");
    assert_eq!(error.unwrap().reason(), Some(Reason::INTERNAL_ERROR));
    let (out, error) = read(ask(&mut sender, "/told").await).await;
    assert_eq!((out.as_slice(), error.is_none()), (&b"hello"[..], true));
    drop(sender);
    served.end().await;
}

#[tokio::test]
async fn a_stream_whose_client_takes_nothing_is_reset() {
    for window in [0, 1, 100] {
        let limits = Limits {
            write: SOON,
            ..limits()
        };
        let (served, mut sender) = connect(limits, window).await;
        for path in ["/endless", "/refused"] {
            let answer = ask(&mut sender, path).await.await.unwrap();
            let mut body = answer.into_body();
            let ended = async {
                loop {
                    // The window stays used up.
                    match body.data().await {
                        Some(Ok(_)) => {}
                        Some(Err(error)) => break Some(error),
                        None => break None,
                    }
                }
            };
            let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap();
            let whole = path == "/refused" && window >= 2;
            match ended {
                Some(error) => assert!(!whole && error.is_reset(), "{path} {window} {error}"),
                None => assert!(whole, "{path} {window}"),
            }
        }
        served.gives_up(1).await;
        drop(sender);
        served.end().await;
    }
}

#[tokio::test]
async fn a_stream_that_is_read_slowly_is_served() {
    let limits = Limits {
        write: Duration::from_secs(1),
        ..limits()
    };
    let (served, mut sender) = connect(limits, 1 << 16).await;
    let mut body = ask(&mut sender, "/large").await.await.unwrap().into_body();
    let mut taken = 0;
    // One piece that the handler gives takes longer than the time for which a client may take nothing.
    for turn in 1..=32 {
        while taken < turn * (64 << 10) {
            let data = body.data().await.unwrap().unwrap();
            taken += data.len();
            body.flow_control().release_capacity(data.len()).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(served.dropped.load(Ordering::SeqCst), 0);
    drop((body, sender));
    served.end().await;
}

#[tokio::test]
async fn what_the_answers_of_a_connection_hold_has_a_bound() {
    let limits = Limits {
        write: SOON,
        ..limits()
    };
    let (served, mut sender) = connect(limits, 0).await;
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..limits.streams {
        let answer = ask(&mut sender, "/large").await;
        answers.spawn(read(answer));
    }
    while let Some(answer) = answers.join_next().await {
        let (out, error) = answer.unwrap();
        assert!(out.is_empty() && error.is_some_and(|error| error.is_reset()));
    }
    // A MiB each, and room for 32 MiB.
    let most = served.most.load(Ordering::SeqCst);
    assert!((1..=32).contains(&most), "{most}");
    drop(sender);
    served.end().await;
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_do_no_harm() {
    let (served, mut sender) = connect(limits(), 1 << 16).await;
    for turn in 0..10_000 {
        let request = http::Request::get("https://localhost/endless")
            .body(())
            .unwrap();
        let Ok(ready) = sender.clone().ready().await else {
            break;
        };
        sender = ready;
        let Ok((answer, mut stream)) = sender.send_request(request, true) else {
            break;
        };
        stream.send_reset(Reason::CANCEL);
        drop(answer);
        if turn % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    // The connection continues or was refused for it; nothing is left running, and others are served.
    drop(sender);
    let gone = async {
        while served.alive.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn half_bodies_are_given_up_and_keep_nobody_out() {
    let limits = Limits {
        body: SOON,
        ..limits()
    };
    let (served, mut sender) = connect(limits, 1 << 16).await;
    let mut halves = Vec::new();
    for _ in 0..limits.streams - 1 {
        let request = http::Request::post("https://localhost/").body(()).unwrap();
        sender = sender.ready().await.unwrap();
        let (answer, mut stream) = sender.send_request(request, false).unwrap();
        stream
            .send_data(Bytes::from_static(b"half"), false)
            .unwrap();
        halves.push((answer, stream));
    }
    let (out, error) = read(ask(&mut sender, "/refused").await).await;
    assert_eq!((out.as_slice(), error.is_none()), (&b"no"[..], true));
    for (answer, _stream) in halves {
        let (out, _) = tokio::time::timeout(PATIENCE, read(answer)).await.unwrap();
        let said = String::from_utf8_lossy(&out);
        assert!(said.contains("stopped sending"), "{said}");
    }
    drop(sender);
    served.end().await;
}
