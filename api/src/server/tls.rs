//! TLS in this process. The certificate may be replaced while it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

/// How often the files are looked at: a new certificate is used that soon.
const LOOK: Duration = Duration::from_secs(2);

/// A certificate and its key, ready to serve. Clones are the same.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: Files,
    acceptor: RwLock<TlsAcceptor>,
}

/// Where both come from.
struct Files {
    certificates: PathBuf,
    key: PathBuf,
}

/// A certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// The file is missing or holds no PEM of its kind.
    #[error("{path} cannot be read as PEM")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// They do not belong together, or are of an unknown kind.
    #[error("the certificate and its key cannot be used")]
    Unusable(#[source] rustls::Error),
}

impl Tls {
    /// From PEM files: the chain, the server's own certificate first, and its private key.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn from_files(certificates: &Path, key: &Path) -> Result<Self, InvalidTls> {
        let files = Files { certificates: certificates.to_owned(), key: key.to_owned() };
        let acceptor = RwLock::new(files.read()?);
        Ok(Self(Arc::new(Shared { files, acceptor })))
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let acceptor = self.0.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
        acceptor.accept(stream).await
    }

    /// Reads the files again whenever they have changed, for ever. What cannot be used is told and tried again; until
    /// then the former certificate serves.
    pub(crate) async fn watch(&self) {
        let mut every = tokio::time::interval(LOOK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen = self.0.files.stamps();
        loop {
            every.tick().await;
            let stamps = self.0.files.stamps();
            if stamps == seen {
                continue;
            }
            match self.0.files.read() {
                Ok(acceptor) => {
                    *self.0.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
                    tracing::info!("the new certificate is used from now on");
                }
                Err(error) => {
                    let error = common::causes(&error);
                    tracing::error!(error, "the new certificate cannot be used; the former one stays");
                }
            }
            seen = stamps;
        }
    }
}

impl Files {
    /// What changes when the files do. One that is missing for a moment, as while it is replaced, changes it as well.
    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.certificates, &self.key].map(|path| {
            let file = std::fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        })
    }

    fn read(&self) -> Result<TlsAcceptor, InvalidTls> {
        let unreadable = |path: &Path| {
            let path = path.display().to_string();
            move |source| InvalidTls::Unreadable { path, source }
        };
        let chain = CertificateDer::pem_file_iter(&self.certificates)
            .and_then(Iterator::collect)
            .map_err(unreadable(&self.certificates))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unreadable(&self.key))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(InvalidTls::Unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
