use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme,
    WantsVerifier,
};

use super::Dial;

/// Where the target is.
#[derive(Clone)]
pub struct Endpoint {
    /// Whether the connection uses TLS.
    pub https: bool,
    /// The host as it was written.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The prefix of `/api/recordings/files` in its paths: empty, or `/…` without a `/` at its end.
    pub prefix: String,
    /// The addresses of the host.
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// How to connect to a target without a socket; the addresses are then unused.
    pub(super) dial: Option<Arc<dyn Dial>>,
}

/// How the target's certificate is verified.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A file of certificates that may sign, in PEM; none means those of the system.
    pub cacert: Option<PathBuf>,
    /// Whether any certificate is accepted.
    pub insecure: bool,
}

/// The text names no target, or the target cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError {
    message: String,
    unreachable: bool,
}

impl EndpointError {
    fn new(message: String) -> Self {
        Self { message, unreachable: false }
    }

    /// Whether the text names a target whose host has no address.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.unreachable
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EndpointError {}

impl Endpoint {
    /// Reads a URL: `https://host[:port]`, with or without the path of the documentation.
    ///
    /// # Errors
    ///
    /// Another scheme, a host without an address, or certificates that cannot be read.
    pub fn parse(url: &str, options: &TlsOptions) -> Result<Self, EndpointError> {
        Self::parse_with(url, || config(options))
    }

    /// Reads a URL as [`parse`](Self::parse) does, for a target that has this certificate, in PEM.
    /// A certificate that neither it nor its key signed is refused, whatever the system trusts.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_trusting(url: &str, certificate: &str) -> Result<Self, EndpointError> {
        Self::parse_with(url, || {
            let error = |problem: &dyn fmt::Display| {
                EndpointError::new(format!("the certificate of {url}: {problem}"))
            };
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(certificate.as_bytes()) {
                let certificate = certificate.map_err(|problem| error(&problem))?;
                roots.add(certificate).map_err(|problem| error(&problem))?;
            }
            Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
        })
    }

    fn parse_with(
        url: &str,
        config: impl FnOnce() -> Result<ClientConfig, EndpointError>,
    ) -> Result<Self, EndpointError> {
        let error = |what: &str| EndpointError::new(format!("{url}: {what}"));
        let (scheme, rest) = url.split_once("://").ok_or_else(|| {
            error(&format!("expected http:// or https:// before it, such as https://{url}"))
        })?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(error("expected http:// or https://")),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(error("credentials do not go into the URL: use --tenant and VCC_TOKEN"));
        }
        if path.contains(['?', '#']) {
            return Err(error("expected a URL without query"));
        }
        let default = if https { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().map_err(|_| error("the port is not a number up to 65535"))?)
            }
            _ => (authority, default),
        };
        if host.is_empty() {
            return Err(error("the host is missing"));
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let path = path.trim_end_matches('/');
        let prefix = path.strip_suffix("/api/recordings/files").unwrap_or(path).to_owned();
        let addresses: Vec<_> = (bare, port)
            .to_socket_addrs()
            .map_err(|problem| EndpointError {
                unreachable: true,
                ..error(&format!("no address: {problem}"))
            })?
            .collect();
        let tls = if https {
            let name = ServerName::try_from(bare.to_owned())
                .map_err(|_| error("not a name that TLS can use"))?;
            Some((Arc::new(config()?), name))
        } else {
            None
        };
        Ok(Self { https, host: host.into(), port, prefix, addresses, tls, dial: None })
    }

    /// A target without a socket, under the name `localhost`. It uses no TLS.
    #[must_use]
    pub fn dialled(dial: Arc<dyn Dial>) -> Self {
        Self {
            https: false,
            host: "localhost".into(),
            port: 80,
            prefix: String::new(),
            addresses: Vec::new(),
            tls: None,
            dial: Some(dial),
        }
    }

    /// The value of `Host`, with the port unless it is the default one.
    #[must_use]
    pub fn authority(&self) -> String {
        match (self.https, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// Scheme, authority and prefix.
    #[must_use]
    pub fn base(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority(), self.prefix)
    }

    /// The same place without TLS.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { https: false, tls: None, ..self.clone() }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.base()).finish()
    }
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, EndpointError> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|problem| EndpointError::new(problem.to_string()))
}

fn config(options: &TlsOptions) -> Result<ClientConfig, EndpointError> {
    let builder = builder()?;
    if options.insecure {
        let verifier = Arc::new(AnyCertificate(Arc::clone(builder.crypto_provider())));
        return Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    match &options.cacert {
        Some(file) => {
            let error = |problem: &dyn fmt::Display| {
                EndpointError::new(format!("{}: {problem}", file.display()))
            };
            for certificate in
                CertificateDer::pem_file_iter(file).map_err(|problem| error(&problem))?
            {
                let certificate = certificate.map_err(|problem| error(&problem))?;
                roots.add(certificate).map_err(|problem| error(&problem))?;
            }
            if roots.is_empty() {
                return Err(error(&"no certificate in it"));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// `--insecure`: the certificate is not verified; the signatures of the handshake are.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, authority, base) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.0.0.1/api/recordings/files/", "127.0.0.1", "http://127.0.0.1"),
            ("http://[::1]:81/x/api/recordings/files", "[::1]:81", "http://[::1]:81/x"),
            ("HTTP://127.0.0.1/x/", "127.0.0.1", "http://127.0.0.1/x"),
        ] {
            let endpoint = Endpoint::parse(url, &TlsOptions::default()).unwrap();
            assert_eq!(
                (endpoint.authority().as_str(), endpoint.base().as_str()),
                (authority, base)
            );
        }
        for (url, message) in [
            ("ftp://127.0.0.1", "ftp://127.0.0.1: expected http:// or https://"),
            (
                "127.0.0.1:80",
                "127.0.0.1:80: expected http:// or https:// before it, such as https://127.0.0.1:80",
            ),
            ("http://", "http://: the host is missing"),
            (
                "http://127.0.0.1:99999",
                "http://127.0.0.1:99999: the port is not a number up to 65535",
            ),
            ("http://127.0.0.1/?d=x", "http://127.0.0.1/?d=x: expected a URL without query"),
            (
                "http://a:b@127.0.0.1",
                "http://a:b@127.0.0.1: credentials do not go into the URL: use --tenant and VCC_TOKEN",
            ),
        ] {
            assert_eq!(
                Endpoint::parse(url, &TlsOptions::default()).unwrap_err().to_string(),
                message
            );
        }
    }
}
