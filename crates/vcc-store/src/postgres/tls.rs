use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{StoreError, StoreErrorKind};

/// Connects by TLS 1.2 or 1.3. The certificate of a server must be signed for the name of its host
/// by an authority in a PEM file.
pub(super) fn connector(authorities: &Path) -> Result<MakeRustlsConnect, StoreError> {
    let refused = |why: &str| {
        let message = format!("{}: {why}", authorities.display());
        StoreError::new(StoreErrorKind::Refused, message)
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(authorities)
        .map_err(|error| refused("cannot read certificates").with_source(error))?;
    for certificate in certificates {
        let certificate =
            certificate.map_err(|error| refused("cannot read a certificate").with_source(error))?;
        roots.add(certificate).map_err(|error| refused("no authority").with_source(error))?;
    }
    if roots.is_empty() {
        return Err(refused("expected a certificate as PEM"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused("no protocol version is left").with_source(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
