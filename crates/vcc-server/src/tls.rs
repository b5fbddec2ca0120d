use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate and its key, for HTTPS (REQ-4).
///
/// It can be replaced while a server uses it. Open connections keep the one that they began with.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_server::{Server, Tls};
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
///
/// let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
/// let (tls, certificate) = Tls::self_signed(&names)?;
/// assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
/// // A clone is the same certificate, so this one can be replaced while the server runs.
/// let server = Server::builder(store).tls(tls.clone()).start("127.0.0.1:0").await?;
/// let (renewed, _) = Tls::self_signed(&names)?;
/// tls.replace(&renewed);
/// assert_eq!(format!("{tls:?}"), "Tls(…)");
/// # server.shutdown().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

/// Why a certificate and a key cannot be used.
///
/// ```
/// use vcc_server::Tls;
///
/// // A file with only a key. That the certificate is missing is noticed before the key is read.
/// let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
/// let error = Tls::from_pem(key, key).unwrap_err();
/// assert_eq!(error.to_string(), "there is no certificate in the certificate file");
/// ```
#[derive(Debug)]
pub struct TlsError(String);

impl Tls {
    /// From a chain of certificates and a private key, both as PEM.
    ///
    /// # Errors
    ///
    /// No certificate or key, or a key that does not belong to the first certificate.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let certificates = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| TlsError(format!("the certificate cannot be read: {error}")))?;
        if certificates.is_empty() {
            return Err(TlsError("there is no certificate in the certificate file".into()));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| TlsError(format!("the key cannot be read: {error}")))?;
        let refused = |error| TlsError(format!("the certificate and key cannot be used: {error}"));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(refused)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(RwLock::new(Arc::new(config)))))
    }

    /// A self-signed certificate for these names and addresses, for trials. The second value is the
    /// certificate as PEM, for clients that should trust it.
    ///
    /// # Errors
    ///
    /// A name that is not valid, or a system without random bytes.
    pub fn self_signed(names: &[String]) -> Result<(Self, String), TlsError> {
        let made = rcgen::generate_simple_self_signed(names)
            .map_err(|error| TlsError(format!("cannot make a certificate: {error}")))?;
        let certificate = made.cert.pem();
        let tls =
            Self::from_pem(certificate.as_bytes(), made.signing_key.serialize_pem().as_bytes());
        Ok((tls?, certificate))
    }

    /// Uses another certificate from the next connection on.
    pub fn replace(&self, with: &Tls) {
        let new = with.current();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current())
    }

    fn current(&self) -> Arc<ServerConfig> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_said() {
        let pem = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let made = rcgen::generate_simple_self_signed(names).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let (certificate, key) = pem(&["localhost"]);
        let (_, other) = pem(&["localhost"]);
        assert!(Tls::from_pem(certificate.as_bytes(), key.as_bytes()).is_ok());
        for (certificate, key, said) in [
            ("", key.as_str(), "there is no certificate in the certificate file"),
            (&certificate, "", "the key cannot be read"),
            (&certificate, &other, "the certificate and key cannot be used"),
        ] {
            let error = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with(said), "{error}");
        }
    }
}
