//! Clients that are slow, stuck, many, or speak otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;

use super::*;
use crate::stream::{Ending, Streamed, Trailers};
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

/// Answers how many bytes came, why no more came, or bytes without end.
async fn answer(request: Request, dropped: Arc<AtomicUsize>) -> Response {
    if request.uri().path() == "/endless" {
        struct Count(Arc<AtomicUsize>);
        impl Drop for Count {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let count = Count(dropped);
        let piece = Bytes::from(vec![7; 64 << 10]);
        let endless = futures_util::stream::repeat(piece).map(move |piece| {
            let _alive = &count;
            Ok::<_, std::convert::Infallible>(piece)
        });
        return Body::from_stream(endless).into_response();
    }
    if request.uri().path() == "/refused" {
        return "no".into_response();
    }
    if request.uri().path() == "/told" {
        let trailers = match request.extensions().get::<Slot>() {
            Some(slot) => Trailers::Slot(slot.clone()),
            None => Trailers::Frame,
        };
        let pieces = [
            Ok(Bytes::from_static(b"hello")),
            Err(Ending::Told("sad".into())),
        ];
        let body = Streamed::new(futures_util::stream::iter(pieces).boxed(), trailers);
        return Response::new(Body::new(body));
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
    dropped: Arc<AtomicUsize>,
}

impl Served {
    async fn start(address: &str, limits: Limits, tls: Option<&Tls>) -> Self {
        let listener = bind(&address.parse().unwrap(), tls).await.unwrap();
        let dropped = Arc::<AtomicUsize>::default();
        let seen = dropped.clone();
        let router = Router::new().fallback(move |request| answer(request, seen.clone()));
        let stop = CancellationToken::new();
        Self {
            address: listener.address().clone(),
            task: tokio::spawn(serve(
                listener,
                Face::new(router).with_limits(limits),
                stop.clone(),
            )),
            stop,
            dropped,
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
async fn idle_connections_make_room() {
    let most = 8;
    let served = Served::tcp(Limits {
        connections: most,
        head: SOON,
        ..limits()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..4 * most {
        idle.push(served.connect().await);
    }
    // It waits until those before it have been idle for too long.
    let said = tokio::time::timeout(PATIENCE, served.ask(ASK))
        .await
        .unwrap();
    assert!(said.ends_with("2 bytes"), "{said}");
    drop(idle);
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
    // Without its end it is no upload.
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
    // One that is in use is not taken over, nor is a file that is no socket.
    let taken = bind(&address.parse().unwrap(), None).await;
    assert!(matches!(taken, Err(ListenError::Bind { .. })));
    served.end().await;
    assert!(!path.exists());
    fs::write(&path, b"precious").unwrap();
    assert!(bind(&address.parse().unwrap(), None).await.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

/// A certificate for `localhost`, its files, and a client that trusts it.
fn certificate(folder: &Path) -> (Tls, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Tls::read(&certificate, &key).unwrap();
    (tls, made.cert.der().clone())
}

async fn connect_tls(
    served: &Served,
    trusted: CertificateDer<'static>,
    protocols: &[&[u8]],
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, served.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn tls_speaks_http_2_with_whoever_asks_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, trusted) = certificate(folder.path());
    let address = "/ip4/127.0.0.1/tcp/0/tls/http";
    let served = Served::start(address, limits(), Some(&tls)).await;
    assert!(served.address.to_string().ends_with("/tls/http"));

    let mut one = connect_tls(&served, trusted.clone(), &[b"http/1.1"]).await;
    one.write_all(ASK.as_bytes()).await.unwrap();
    assert!(read_all(&mut one).await.ends_with("2 bytes"));
    let mut none = connect_tls(&served, trusted.clone(), &[]).await;
    none.write_all(b"GET /told HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let said = read_all(&mut none).await;
    assert!(said.ends_with("0\r\nX-Stream-Error: sad\r\n\r\n"), "{said}");

    let two = connect_tls(&served, trusted, &[b"h2", b"http/1.1"]).await;
    assert_eq!(two.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(two))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("https://localhost/")
        .body(http_body_util::Full::new(Bytes::from_static(b"hello")))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "5 bytes");
    let request = http::Request::get("https://localhost/told")
        .body(http_body_util::Full::default())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap();
    let trailers = body.trailers().unwrap().clone();
    assert_eq!(trailers["x-stream-error"], "sad");
    drop(sender);
    served.end().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_, first) = certificate(folder.path());
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let tls = Tls::read_looking(&cert, &key, Duration::ZERO).unwrap();
    let served = Served::start("/ip4/127.0.0.1/tcp/0/tls/http", limits(), Some(&tls)).await;
    let shown = async |trusted: &CertificateDer<'static>| {
        let client = connect_tls(&served, trusted.clone(), &[]).await;
        let shown = client.get_ref().1.peer_certificates().unwrap();
        shown.first().unwrap().clone().into_owned()
    };
    let renewed_at = |path: &Path, seconds: u64| {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::now() + Duration::from_secs(seconds))
            .unwrap();
    };
    assert_eq!(shown(&first).await, first);

    // Half of a renewal changes nothing.
    let old = fs::read(&cert).unwrap();
    fs::write(&cert, b"not yet").unwrap();
    renewed_at(&cert, 1);
    assert_eq!(shown(&first).await, first);
    fs::write(&cert, old).unwrap();

    let (_, second) = certificate(folder.path());
    renewed_at(&cert, 2);
    renewed_at(&key, 2);
    assert_ne!(second, first);
    assert_eq!(shown(&second).await, second);
    served.end().await;
}

#[tokio::test]
async fn without_a_certificate_there_is_no_tls() {
    let address = "/ip4/127.0.0.1/tcp/0/https".parse().unwrap();
    let refused = bind(&address, None).await;
    assert!(matches!(refused, Err(ListenError::NoCertificate { .. })));
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own"), folder.path().join("other"));
    for folder in [&own, &other] {
        fs::create_dir(folder).unwrap();
        certificate(folder);
    }
    let mixed = Tls::read(&own.join("cert.pem"), &other.join("key.pem"));
    assert!(mixed.unwrap_err().to_string().contains("cannot be used"));
    assert!(Tls::read(&own.join("absent"), &own.join("key.pem")).is_err());
    assert!(Tls::read(&own.join("key.pem"), &own.join("key.pem")).is_err());
}
