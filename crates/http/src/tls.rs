//! TLS: one certificate for all addresses, reloaded when its files change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// Minimum time between two checks of the files.
const LOOK: Duration = Duration::from_secs(10);

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// The certificate file contains no certificate.
    #[error("{} contains no certificate", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The key is invalid or does not belong to the certificate.
    #[error("the certificate in {} cannot be used with the key in {}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The TLS library refused the configuration.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// TLS 1.2 and 1.3, with HTTP/2 for clients that negotiate it.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Tls")
    }
}

impl Tls {
    /// Reads a certificate chain and its key, both in PEM. Later changes of the files take effect within seconds, at
    /// the next connection; files that are invalid then are logged and ignored.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::read_with_interval(certificate, key, LOOK)
    }

    /// The same with another interval between checks of the files.
    pub(crate) fn read_with_interval(
        certificate: &Path,
        key: &Path,
        look: Duration,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let files = Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        let current = Current {
            key: files.read()?,
            changed: files.changed().ok(),
            looked: Instant::now(),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver {
                files,
                look,
                current: Mutex::new(current),
            }));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) fn acceptor(&self) -> &TlsAcceptor {
        &self.0
    }
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| TlsError::Read { path, source }
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unreadable(&self.certificate))?;
        if chain.is_empty() {
            return Err(TlsError::Empty {
                path: self.certificate.clone(),
            });
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unreadable(&self.key))?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        certified
            .map(Arc::new)
            .map_err(|source| TlsError::Unusable {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                source,
            })
    }

    fn changed(&self) -> io::Result<(SystemTime, SystemTime)> {
        let of = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
        Ok((of(&self.certificate)?, of(&self.key)?))
    }
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    changed: Option<(SystemTime, SystemTime)>,
    looked: Instant,
}

#[derive(Debug)]
struct Resolver {
    files: Files,
    look: Duration,
    current: Mutex<Current>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut current = self.current.lock();
        if current.looked.elapsed() >= self.look {
            current.looked = Instant::now();
            let changed = self.files.changed().ok();
            if changed.is_some() && changed != current.changed {
                match self.files.read() {
                    Ok(key) => {
                        tracing::info!("the certificate was reloaded");
                        current.key = key;
                        current.changed = changed;
                    }
                    // Perhaps only one of the two files was written yet: the next check will see both.
                    Err(error) => {
                        let cause: &dyn std::error::Error = &error;
                        tracing::warn!(error = cause, "the new certificate is invalid");
                    }
                }
            }
        }
        Some(Arc::clone(&current.key))
    }
}
