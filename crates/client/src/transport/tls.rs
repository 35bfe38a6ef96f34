//! The certificates that TLS trusts.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::pinned::Pinned;

use crate::error::TransportError;

/// What is offered to a server, by preference.
const PROTOCOLS: &[&[u8]] = if cfg!(feature = "http2") {
    &[b"h2", b"http/1.1"]
} else {
    &[b"http/1.1"]
};

/// The certificates that TLS trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// The certificate authorities of the system.
    #[default]
    System,
    /// These and no others. A server is trusted whose certificate one of them has signed, or whose certificate is one of
    /// them, as a self-signed one is; its name and its dates are checked either way.
    Only(Vec<CertificateDer<'static>>),
}

impl Roots {
    /// The certificates of a PEM text, and no others.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when the text holds none, or one that cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self, TransportError> {
        let roots = CertificateDer::pem_slice_iter(text)
            .collect::<Result<Vec<_>, _>>()
            .map_err(setup)?;
        if roots.is_empty() {
            return Err(TransportError::Setup(
                "there is no certificate among the roots".into(),
            ));
        }
        Ok(Self::Only(roots))
    }

    /// TLS 1.2 and 1.3; HTTP/2 where the server speaks it and the feature `http2` is on.
    pub(super) fn config(&self) -> Result<ClientConfig, TransportError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(setup)?;
        let builder = match self {
            Self::System => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(
                    Verifier::new(provider).map_err(setup)?,
                )),
            Self::Only(roots) => {
                let mut store = RootCertStore::empty();
                for root in roots {
                    store.add(root.clone()).map_err(setup)?;
                }
                if store.is_empty() {
                    builder.with_root_certificates(store)
                } else {
                    let chain =
                        WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                            .build()
                            .map_err(setup)?;
                    builder
                        .dangerous()
                        .with_custom_certificate_verifier(Arc::new(Pinned::new(
                            roots.clone(),
                            chain,
                        )))
                }
            }
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

fn setup(error: impl std::error::Error + Send + Sync + 'static) -> TransportError {
    TransportError::Setup(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_certificates() {
        for text in [
            "",
            "nothing",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            assert!(Roots::from_pem(text.as_bytes()).is_err(), "{text:?}");
        }
        // Bytes that are no certificate are found out before a connection is made.
        let text = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert!(Roots::from_pem(text.as_bytes()).unwrap().config().is_err());
        assert!(Roots::System.config().is_ok());
    }
}
