//! TLS: what is spoken, and with which certificate.

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::*;

/// A certificate for `localhost`, its files, and a client that trusts it.
pub(super) fn certificate(folder: &Path) -> (Tls, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Tls::read(&certificate, &key).unwrap();
    (tls, made.cert.der().clone())
}

pub(super) async fn connect_tls(
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
    let tls = Tls::read_with_interval(&cert, &key, Duration::ZERO).unwrap();
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
