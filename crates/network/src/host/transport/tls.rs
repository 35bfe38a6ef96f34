//! TLS as libp2p has it: <https://github.com/libp2p/specs/blob/master/tls/tls.md>.
//!
//! Certificates and the server's side are those of libp2p. Its client prefers ChaCha20, which needs several times as much of the
//! processor as AES where that has instructions for AES; and both sides write their keys to a file that an environment variable
//! names. Neither can be changed there, so configuration and stream are made here.

use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use libp2p::PeerId;
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::identity::Keypair;
use libp2p::tls::certificate::{ParseError, VerificationError, parse};
use libp2p::tls::{make_client_config, make_server_config};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct, Error,
    NoKeyLog, ServerConfig, ServerConnection, SignatureScheme, SupportedCipherSuite,
};

/// Encrypts connections.
#[derive(Clone)]
pub(super) struct Tls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
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
            client: Arc::new(client),
            server: Arc::new(server),
        })
    }

    /// Encrypts a connection that this side has opened.
    pub(super) async fn connect<C>(self, socket: C) -> io::Result<(PeerId, TlsStream<C>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        // No name is sent.
        let name = ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into());
        let session = ClientConnection::new(self.client, name).map_err(io::Error::other)?;
        TlsStream::handshake(socket, session.into()).await
    }

    /// Encrypts a connection that the other side has opened.
    pub(super) async fn accept<C>(self, socket: C) -> io::Result<(PeerId, TlsStream<C>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let session = ServerConnection::new(self.server).map_err(io::Error::other)?;
        TlsStream::handshake(socket, session.into()).await
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

fn of_parse(_: ParseError) -> Error {
    Error::InvalidCertificate(CertificateError::BadEncoding)
}

fn of_verification(_: VerificationError) -> Error {
    Error::InvalidCertificate(CertificateError::BadSignature)
}

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
        parse(certificate).map_err(of_parse)?;
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
        let certificate = parse(certificate).map_err(of_parse)?;
        certificate
            .verify_signature(signed.scheme, message, signed.signature())
            .map_err(of_verification)?;
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

/// An encrypted connection.
pub(super) struct TlsStream<C> {
    socket: C,
    session: Connection,
    is_closing: bool,
}

/// The socket as rustls reads and writes it.
struct Blocking<'a, 'b, C> {
    socket: &'a mut C,
    context: &'a mut Context<'b>,
}

fn or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<C: AsyncRead + Unpin> io::Read for Blocking<'_, '_, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.socket).poll_read(self.context, buffer))
    }
}

impl<C: AsyncWrite + Unpin> io::Write for Blocking<'_, '_, C> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.socket).poll_write(self.context, bytes))
    }

    fn write_vectored(&mut self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.socket).poll_write_vectored(self.context, parts))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut *self.socket).poll_flush(self.context))
    }
}

/// A result of rustls; a socket that would block is pending.
fn of_blocking<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        other => Poll::Ready(other),
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> TlsStream<C> {
    async fn handshake(socket: C, session: Connection) -> io::Result<(PeerId, Self)> {
        let mut stream = Self {
            socket,
            session,
            is_closing: false,
        };
        std::future::poll_fn(|context| stream.poll_handshake(context)).await?;
        let peer = match stream.session.peer_certificates() {
            Some([certificate]) => parse(certificate).map_err(io::Error::other)?.peer_id(),
            _ => return Err(io::Error::other("the peer has not one certificate")),
        };
        Ok((peer, stream))
    }

    fn poll_handshake(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_encrypted(context))?;
            // WebSocket sends nothing before that.
            ready!(Pin::new(&mut self.socket).poll_flush(context))?;
            if !self.session.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if self.session.wants_read() && ready!(self.poll_records(context))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Reads records from the socket; zero bytes at its end.
    fn poll_records(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let socket = &mut self.socket;
        let mut blocking = Blocking { socket, context };
        let count = ready!(of_blocking(self.session.read_tls(&mut blocking)))?;
        if let Err(error) = self.session.process_new_packets() {
            // The other side is told why, as far as that is possible at once.
            let _ = self.poll_encrypted(context);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
        }
        Poll::Ready(Ok(count))
    }
}

impl<C: AsyncWrite + Unpin> TlsStream<C> {
    /// Writes what is encrypted.
    fn poll_encrypted(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            let socket = &mut self.socket;
            let mut blocking = Blocking { socket, context };
            if ready!(of_blocking(self.session.write_tls(&mut blocking)))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            let read = io::Read::read(&mut this.session.reader(), buffer);
            // Without plaintext rustls would block, and more records are needed.
            if let Poll::Ready(read) = of_blocking(read) {
                return Poll::Ready(read);
            }
            ready!(this.poll_records(context))?;
        }
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // Little is encrypted ahead: what was is written first.
        ready!(this.poll_encrypted(context))?;
        let count = io::Write::write(&mut this.session.writer(), bytes)?;
        match this.poll_encrypted(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_encrypted(context))?;
        Pin::new(&mut this.socket).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_closing {
            this.is_closing = true;
            this.session.send_close_notify();
        }
        ready!(this.poll_encrypted(context))?;
        Pin::new(&mut this.socket).poll_close(context)
    }
}

#[cfg(test)]
mod tests {
    use libp2p::futures::executor::block_on;
    use libp2p::futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::task::Waker;

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
                let suite = stream.session.negotiated_cipher_suite().unwrap().suite();
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
            stream.socket.close().await.unwrap();
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
