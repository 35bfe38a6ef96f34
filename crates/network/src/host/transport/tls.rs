//! TLS as libp2p has it: <https://github.com/libp2p/specs/blob/master/tls/tls.md>.
//!
//! Certificates and the server's side are those of libp2p. Its client prefers ChaCha20, which needs several times as much of the
//! processor as AES where that has instructions for AES; and both sides write their keys to a file that an environment variable
//! names. Neither can be changed there, so the configuration is made here. QUIC has that of libp2p.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use futures_rustls::{TlsAcceptor, TlsConnector};
use libp2p::PeerId;
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::identity::Keypair;
use libp2p::tls::certificate::parse;
use libp2p::tls::{make_client_config, make_server_config};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, NoKeyLog, SignatureScheme, SupportedCipherSuite,
};

pub(super) use futures_rustls::TlsStream;

/// Encrypts connections.
#[derive(Clone)]
pub(super) struct Tls {
    client: TlsConnector,
    server: TlsAcceptor,
}

impl Tls {
    pub(super) fn new(identity: &Keypair) -> io::Result<Self> {
        let mut server = make_server_config(identity).map_err(io::Error::other)?;
        server.key_log = Arc::new(NoKeyLog);
        let libp2p = make_client_config(identity, None).map_err(io::Error::other)?;
        let mut provider = (**libp2p.crypto_provider()).clone();
        if has_aes() {
            provider.cipher_suites.sort_by_key(rank);
        }
        let client = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier));
        let mut client =
            client.with_client_cert_resolver(Arc::clone(&libp2p.client_auth_cert_resolver));
        client.alpn_protocols.clone_from(&libp2p.alpn_protocols);
        Ok(Self {
            client: Arc::new(client).into(),
            server: Arc::new(server).into(),
        })
    }

    /// Encrypts a connection that this side has opened.
    pub(super) async fn connect<C>(self, socket: C) -> io::Result<(PeerId, TlsStream<C>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        // No name is sent.
        let name = ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into());
        known(self.client.connect(name, socket).await?.into())
    }

    /// Encrypts a connection that the other side has opened.
    pub(super) async fn accept<C>(self, socket: C) -> io::Result<(PeerId, TlsStream<C>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        known(self.server.accept(socket).await?.into())
    }
}

/// Whether the processor has instructions for AES.
fn has_aes() -> bool {
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    {
        std::arch::is_x86_feature_detected!("aes")
    }
    #[cfg(target_arch = "aarch64")]
    {
        std::arch::is_aarch64_feature_detected!("aes")
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
    {
        false
    }
}

/// AES with 128 bits first, as browsers have it.
fn rank(suite: &SupportedCipherSuite) -> u8 {
    match suite.suite() {
        rustls::CipherSuite::TLS13_AES_128_GCM_SHA256 => 0,
        rustls::CipherSuite::TLS13_AES_256_GCM_SHA384 => 1,
        _ => 2,
    }
}

/// Checks that the other side has one certificate of libp2p, and its key.
#[derive(Debug)]
struct Verifier;

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !others.is_empty() {
            return Err(Error::General("there is more than one certificate".into()));
        }
        // This checks the signature of the key of the peer.
        parse(certificate)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 is required".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let certificate = parse(certificate)?;
        certificate.verify_signature(signed.scheme, message, signed.signature())?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA256,
        ]
    }
}

/// A connection whose other side has a certificate of libp2p, and who that is.
fn known<C>(stream: TlsStream<C>) -> io::Result<(PeerId, TlsStream<C>)> {
    let peer = match stream.get_ref().1.peer_certificates() {
        Some([certificate]) => parse(certificate).map_err(io::Error::other)?.peer_id(),
        _ => return Err(io::Error::other("the peer has not one certificate")),
    };
    Ok((peer, stream))
}

#[cfg(test)]
mod tests {
    use libp2p::futures::executor::block_on;
    use libp2p::futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Bytes on their way from one side to the other.
    #[derive(Default)]
    struct Way {
        bytes: VecDeque<u8>,
        is_over: bool,
        waker: Option<Waker>,
    }

    /// One end of a connection.
    struct End {
        read: Arc<Mutex<Way>>,
        write: Arc<Mutex<Way>>,
    }

    fn ends() -> (End, End) {
        let (there, back) = (Arc::<Mutex<Way>>::default(), Arc::<Mutex<Way>>::default());
        let one = End {
            read: Arc::clone(&back),
            write: Arc::clone(&there),
        };
        let other = End {
            read: there,
            write: back,
        };
        (one, other)
    }

    impl Way {
        fn wake(&mut self) {
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
    }

    impl AsyncRead for End {
        fn poll_read(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let mut way = self.read.lock().unwrap();
            let count = buffer.len().min(way.bytes.len()).min(5_000);
            for (to, from) in buffer.iter_mut().zip(way.bytes.drain(..count)) {
                *to = from;
            }
            if count == 0 && !way.is_over {
                way.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            way.wake();
            Poll::Ready(Ok(count))
        }
    }

    impl AsyncWrite for End {
        fn poll_write(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let mut way = self.write.lock().unwrap();
            let count = bytes
                .len()
                .min(20_000_usize.saturating_sub(way.bytes.len()));
            if count == 0 {
                way.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            way.bytes.extend(&bytes[..count]);
            way.wake();
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            let mut way = self.write.lock().unwrap();
            way.is_over = true;
            way.wake();
            Poll::Ready(Ok(()))
        }
    }

    fn tls() -> (Tls, PeerId) {
        let keys = Keypair::generate_ed25519();
        (Tls::new(&keys).unwrap(), keys.public().to_peer_id())
    }

    #[test]
    fn both_sides_know_each_other_and_everything_arrives() {
        let ((client, client_id), (server, server_id)) = (tls(), tls());
        let (one, other) = ends();
        let all: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
        let sending = async {
            let (peer, mut stream) = client.connect(one).await.unwrap();
            assert_eq!(peer, server_id);
            if has_aes() {
                let suite = stream
                    .get_ref()
                    .1
                    .negotiated_cipher_suite()
                    .unwrap()
                    .suite();
                assert_eq!(suite, rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
            }
            stream.write_all(&all).await.unwrap();
            stream.close().await.unwrap();
        };
        let receiving = async {
            let (peer, mut stream) = server.accept(other).await.unwrap();
            assert_eq!(peer, client_id);
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap();
            received
        };
        let ((), received) = block_on(libp2p::futures::future::join(sending, receiving));
        assert!(received == all);
    }

    #[test]
    fn a_connection_that_is_cut_is_an_error() {
        let ((client, _), (server, _)) = (tls(), tls());
        let (one, other) = ends();
        let sending = async {
            let (_, mut stream) = client.connect(one).await.unwrap();
            stream.write_all(b"half").await.unwrap();
            stream.flush().await.unwrap();
            // Without the alert that tells the end.
            stream.get_mut().0.close().await.unwrap();
        };
        let receiving = async {
            let (_, mut stream) = server.accept(other).await.unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap_err()
        };
        let ((), error) = block_on(libp2p::futures::future::join(sending, receiving));
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn nonsense_ends_the_handshake() {
        let (server, _) = tls();
        let (mut one, other) = ends();
        let sending = async { one.write_all(&[7; 2_000]).await.unwrap() };
        let accepting = async { server.accept(other).await.map(drop).unwrap_err() };
        let ((), error) = block_on(libp2p::futures::future::join(sending, accepting));
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
