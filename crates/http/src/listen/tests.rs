//! Clients that are slow, stuck, many, or speak otherwise.

mod connections;
mod proxied;
mod streams;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;

use super::*;
use crate::stream::{StreamBody, StreamFailure, Trailers};
use crate::trailer::Slot;

/// Longer than any test takes; a limit that is not under test.
const NEVER: Duration = Duration::from_secs(600);
/// A limit that is under test.
const SOON: Duration = Duration::from_millis(200);
/// Patience with what is to happen.
const PATIENCE: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    Limits {
        head: NEVER,
        body: NEVER,
        write: NEVER,
        ..Limits::default()
    }
}

/// Endless answers: those that were given up, those that continue, the most at a time.
#[derive(Clone, Default)]
struct Seen {
    dropped: Arc<AtomicUsize>,
    alive: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// Answers how many bytes came, why no more came, or bytes without end.
async fn answer(request: Request, seen: Seen) -> Response {
    if let path @ ("/endless" | "/large") = request.uri().path() {
        let size = if path == "/large" { 1 << 20 } else { 64 << 10 };
        struct Count(Seen);
        impl Drop for Count {
            fn drop(&mut self) {
                self.0.alive.fetch_sub(1, Ordering::SeqCst);
                self.0.dropped.fetch_add(1, Ordering::SeqCst);
            }
        }
        let alive = seen.alive.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(alive, Ordering::SeqCst);
        let count = Count(seen);
        let piece = Bytes::from(vec![7; size]);
        let endless = futures_util::stream::repeat(piece).map(move |piece| {
            let _alive = &count;
            Ok::<_, std::convert::Infallible>(piece)
        });
        return Body::from_stream(endless).into_response();
    }
    if request.uri().path() == "/refused" {
        return "no".into_response();
    }
    let path = request.uri().path().to_owned();
    if let "/told" | "/cut" | "/echo" | "/echo/told" | "/echo/cut" = path.as_str() {
        let trailers = match request.extensions().get::<Slot>() {
            Some(slot) => Trailers::Slot(slot.clone()),
            None => Trailers::Frame,
        };
        let ending = match path.as_str() {
            "/told" | "/echo/told" => Some(Err(StreamFailure::Trailer("sad".into()))),
            "/cut" | "/echo/cut" => Some(Err(StreamFailure::Cut("sad".into()))),
            _ => None,
        };
        let pieces = match path.starts_with("/echo") {
            // As it is read.
            true => {
                let body = request.into_body().into_data_stream();
                body.map(|piece| piece.map_err(|_| StreamFailure::Cut("sad".into())))
                    .boxed()
            }
            false => futures_util::stream::iter([Ok(Bytes::from_static(b"hello"))]).boxed(),
        };
        let pieces = pieces.chain(futures_util::stream::iter(ending)).boxed();
        return Response::new(Body::new(StreamBody::new(pieces, trailers)));
    }
    match request.into_body().collect().await {
        Ok(body) => format!("{} bytes", body.to_bytes().len()).into_response(),
        Err(error) => {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            format!("broken: {}", why.unwrap_or_default()).into_response()
        }
    }
}

struct Served {
    address: Address,
    stop: CancellationToken,
    task: JoinHandle<()>,
    seen: Seen,
}

impl std::ops::Deref for Served {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        &self.seen
    }
}

impl Served {
    async fn start(address: &str, limits: Limits, tls: Option<&Tls>) -> Self {
        let listener = bind(&address.parse().unwrap(), tls).await.unwrap();
        let seen = Seen::default();
        let counted = seen.clone();
        let router = axum::Router::new().fallback(move |request| answer(request, counted.clone()));
        let stop = CancellationToken::new();
        Self {
            address: listener.address().clone(),
            task: tokio::spawn(serve(
                listener,
                Face::new(router).with_limits(limits),
                stop.clone(),
            )),
            stop,
            seen,
        }
    }

    async fn tcp(limits: Limits) -> Self {
        Self::start("/ip4/127.0.0.1/tcp/0", limits, None).await
    }

    async fn connect(&self) -> TcpStream {
        let Place::Tcp(socket) = self.address.place else {
            panic!("no TCP")
        };
        TcpStream::connect(socket).await.unwrap()
    }

    async fn ask(&self, request: &str) -> String {
        let mut client = self.connect().await;
        client.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut client).await
    }

    /// Waits until this many endless answers were given up.
    async fn gives_up(&self, count: usize) {
        let gone = async {
            while self.dropped.load(Ordering::SeqCst) < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone)
            .await
            .expect("the answers are given up");
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

async fn read_all(client: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut out = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, client.read_to_end(&mut out))
        .await
        .expect("the server ends the connection");
    String::from_utf8_lossy(&out).into_owned()
}

const ASK: &str = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn a_head_that_dribbles_in_is_cut_off() {
    let served = Served::tcp(Limits {
        head: SOON,
        ..limits()
    })
    .await;
    let mut loris = served.connect().await;
    loris.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
    let (mut reader, mut writer) = loris.split();
    let dribble = async {
        // Each line alone would be in time.
        loop {
            tokio::time::sleep(SOON / 4).await;
            if writer.write_all(b"X-More: 1\r\n").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        said = read_all(&mut reader) => assert!(!said.contains("200"), "{said}"),
        () = dribble => unreachable!(),
    }
    served.end().await;
}

#[tokio::test]
async fn an_idle_connection_ends_after_its_answers() {
    let served = Served::tcp(Limits {
        head: SOON,
        ..limits()
    })
    .await;
    let said = served.ask(&ASK.replace("Connection: close\r\n", "")).await;
    assert!(said.contains("2 bytes"), "{said}");
    served.end().await;
}

#[tokio::test]
async fn a_client_that_stops_reading_is_dropped() {
    let served = Served::tcp(Limits {
        write: SOON,
        ..limits()
    })
    .await;
    let mut stuck = served.connect().await;
    stuck
        .write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let gone = async {
        while served.dropped.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("the answer is given up");
    served.end().await;
}

#[tokio::test]
async fn a_slow_reader_is_served() {
    let served = Served::tcp(Limits {
        write: SOON,
        ..limits()
    })
    .await;
    let mut slow = served.connect().await;
    slow.write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut piece = vec![0; 4 << 20];
    for _ in 0..8 {
        tokio::time::sleep(SOON / 4).await;
        slow.read_exact(&mut piece).await.unwrap();
    }
    assert_eq!(served.dropped.load(Ordering::SeqCst), 0);
    drop(slow);
    served.end().await;
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let served = Served::tcp(Limits {
        body: SOON,
        ..limits()
    })
    .await;
    let said = served
        .ask("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhalf")
        .await;
    assert!(
        said.contains("broken: the client has stopped sending"),
        "{said}"
    );
    served.end().await;
}

#[tokio::test]
async fn whoever_waits_for_a_go_ahead_gets_it() {
    let served = Served::tcp(limits()).await;
    let mut client = served.connect().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        .await
        .unwrap();
    let mut go = [0; 25];
    tokio::time::timeout(PATIENCE, client.read_exact(&mut go))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hello").await.unwrap();
    assert!(read_all(&mut client).await.ends_with("5 bytes"));
    served.end().await;
}

#[tokio::test]
async fn uploads_need_no_length() {
    let served = Served::tcp(limits()).await;
    let head =
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let said = served
        .ask(&format!("{head}5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"))
        .await;
    assert!(said.ends_with("11 bytes"), "{said}");
    // Without its end it is not an upload.
    let mut cut = served.connect().await;
    cut.write_all(format!("{head}5\r\nhello\r\n").as_bytes())
        .await
        .unwrap();
    cut.shutdown().await.unwrap();
    let said = read_all(&mut cut).await;
    assert!(!said.contains("5 bytes"), "{said}");
    served.end().await;
}

#[tokio::test]
async fn whoever_is_refused_while_sending_can_read_why() {
    const SIZE: usize = 8 << 20;
    let served = Served::tcp(limits()).await;
    let mut client = served.connect().await;
    let head = format!("POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    // A client that sends all before it reads: a reset would lose the answer.
    client.write_all(&vec![0; SIZE]).await.unwrap();
    let said = read_all(&mut client).await;
    assert!(said.ends_with("no"), "{said}");
    served.end().await;
}

#[tokio::test]
async fn unix_sockets_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cairn.sock");
    let address = format!("/unix{}", path.display());
    // A process that was killed leaves its file behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let served = Served::start(&address, limits(), None).await;
    assert_eq!(served.address.to_string(), address);
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(ASK.as_bytes()).await.unwrap();
    assert!(read_all(&mut client).await.ends_with("2 bytes"));
    // One that is in use is not taken over, nor is a file that is not a socket.
    let taken = bind(&address.parse().unwrap(), None).await;
    assert!(matches!(taken, Err(ListenError::Bind { .. })));
    served.end().await;
    assert!(!path.exists());
    fs::write(&path, b"precious").unwrap();
    assert!(bind(&address.parse().unwrap(), None).await.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}
