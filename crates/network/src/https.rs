//! HTTP clients for servers of others.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls_platform_verifier::Verifier;

/// Timeout of a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Timeout of the next bytes of a response.
const READ: Duration = Duration::from_secs(15);
/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// The name of this program.
const AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[from] reqwest::Error),
}

/// A client that trusts whom the system trusts, and uses no proxy.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, ClientError> {
    Ok(builder(timeout)?.build()?)
}

/// The same, still to be changed.
pub(crate) fn builder(timeout: Duration) -> Result<reqwest::ClientBuilder, ClientError> {
    let tls = tls_config(&[b"http/1.1"])?;
    let builder = reqwest::Client::builder()
        .no_proxy()
        .user_agent(AGENT)
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .timeout(timeout)
        .tls_backend_preconfigured(tls);
    Ok(builder)
}

/// TLS for a client that trusts whom the system trusts, and speaks these protocols, the preferred one first.
///
/// # Errors
///
/// Fails if the system has no certificates.
pub fn tls_config(alpn: &[&[u8]]) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(&provider)?;
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(tls)
}

/// The system's certificates, which are loaded once. An error is not kept.
fn verifier(provider: &Arc<CryptoProvider>) -> Result<Arc<Verifier>, rustls::Error> {
    static VERIFIER: OnceLock<Arc<Verifier>> = OnceLock::new();
    if let Some(verifier) = VERIFIER.get() {
        return Ok(Arc::clone(verifier));
    }
    let made = Arc::new(Verifier::new(Arc::clone(provider))?);
    Ok(Arc::clone(VERIFIER.get_or_init(|| made)))
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The connection failed.
    #[error("the body did not arrive")]
    Http(#[from] reqwest::Error),
    /// It is larger than it may be.
    #[error("the body is too large")]
    TooLarge,
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(response: reqwest::Response, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = response.bytes_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        if whole.len() + piece.len() > limit {
            return Err(BodyError::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
