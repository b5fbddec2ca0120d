use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use crate::TransportErrorKind as Kind;
use crate::{Answer, Base, Credentials, Error, Request, Transport, TransportError};

/// Requests by reqwest: HTTP/1.1 over TLS by rustls and ring, through the proxies that the environment
/// names (`HTTPS_PROXY`, `NO_PROXY`), gzip. Nothing is set for the process.
#[derive(Debug)]
pub struct Http {
    base: Base,
    client: reqwest::Client,
    max_body: usize,
    running: Semaphore,
    pace: Option<Pace>,
}

/// The least time between two requests.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    async fn wait(&self) {
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now() + self.interval;
    }
}

/// What a builder knows of connections.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) plain_http: bool,
    pub(crate) cacerts: Vec<Vec<u8>>,
    /// To connect, without a byte, as a whole.
    pub(crate) timeouts: (Duration, Duration, Duration),
    pub(crate) concurrency: usize,
    pub(crate) interval: Option<Duration>,
    pub(crate) max_body: usize,
    pub(crate) user_agent: String,
}

impl Default for Connection {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            credentials: None,
            plain_http: false,
            cacerts: Vec::new(),
            timeouts: (seconds(10), seconds(60), seconds(300)),
            concurrency: 1,
            interval: None,
            max_body: 512 << 20,
            user_agent: concat!("vcc-client/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Http {
    pub(crate) fn new(base: Base, connection: Connection) -> Result<Self, Error> {
        if base.is_plain() && !connection.plain_http {
            return Err(Error::settings(format!(
                "{base} is plain HTTP, which shows the token to everybody on the way; use https://, or allow plain HTTP"
            )));
        }
        let mut headers = HeaderMap::new();
        if let Some(credentials) = &connection.credentials {
            let header =
                credentials.header().map_err(|error| Error::settings(error.to_string()))?;
            let mut value = HeaderValue::from_str(header.expose_secret())
                .map_err(|_| Error::settings("the credentials cannot be sent in a header"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let (connect, idle, whole) = connection.timeouts;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&base, &connection.cacerts)?)
            .default_headers(headers)
            .user_agent(&connection.user_agent)
            .redirect(same_origin())
            .http1_only()
            .connect_timeout(connect)
            .read_timeout(idle)
            .timeout(whole)
            .pool_max_idle_per_host(connection.concurrency)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| Error::settings(chain(&error)))?;
        Ok(Self {
            base,
            client,
            max_body: connection.max_body,
            running: Semaphore::new(connection.concurrency),
            pace: connection
                .interval
                .map(|interval| Pace { interval, next: Mutex::new(Instant::now()) }),
        })
    }

    pub(crate) fn base(&self) -> &Base {
        &self.base
    }
}

impl Transport for Http {
    async fn get(&self, request: &Request) -> Result<Answer, TransportError> {
        let closed = |_| TransportError::new(Kind::Other, "the client is shut");
        let _running = self.running.acquire().await.map_err(closed)?;
        if let Some(pace) = &self.pace {
            pace.wait().await;
        }
        let sent = self.client.get(self.base.url(request)).send().await;
        let mut response = sent.map_err(|error| trouble(error, &self.base))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let message = format!(
                "the server redirects ({status}) to {}; it is not followed, so that the token goes to {} alone",
                to.unwrap_or("nowhere"),
                self.base
            );
            return Err(TransportError::new(Kind::Redirect, message));
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut answer = Answer::new(status.as_u16(), Vec::new());
        answer.headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let length = response.content_length().unwrap_or_default();
        answer.body.reserve(usize::try_from(length).unwrap_or_default().min(1 << 20));
        while let Some(piece) =
            response.chunk().await.map_err(|error| trouble(error, &self.base))?
        {
            if answer.body.len() + piece.len() > self.max_body {
                let message = format!("the body has more than {} bytes, the limit", self.max_body);
                return Err(TransportError::new(Kind::TooLong, message));
            }
            answer.body.extend_from_slice(&piece);
        }
        Ok(answer)
    }
}

/// Follows redirections to the same origin, and stops at others.
fn same_origin() -> Policy {
    Policy::custom(|attempt| {
        let first = attempt.previous().first().map(reqwest::Url::origin);
        if first == Some(attempt.url().origin()) && attempt.previous().len() <= 5 {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

fn tls(base: &Base, cacerts: &[Vec<u8>]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    if !base.is_plain() {
        // Certificates of the platform that cannot be read are as good as absent ones.
        for certificate in rustls_native_certs::load_native_certs().certs {
            let _ = roots.add(certificate);
        }
        for pem in cacerts {
            let refused = |problem: String| {
                Error::settings(format!("a certificate to be trusted cannot be used: {problem}"))
            };
            let mut any = false;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                roots.add(certificate).map_err(|error| refused(error.to_string()))?;
                any = true;
            }
            if !any {
                return Err(refused("the file holds no PEM certificate".into()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::settings(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What an error of reqwest is, without the URL, which the caller knows.
fn trouble(error: reqwest::Error, base: &Base) -> TransportError {
    let error = error.without_url();
    let is_tls = causes(&error).any(|cause| {
        cause.is::<rustls::Error>()
            || cause
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref)
                .is_some_and(|inner| inner.is::<rustls::Error>())
    });
    let (kind, what) = match () {
        () if is_tls => (Kind::Tls, "no TLS with"),
        () if error.is_connect() && error.is_timeout() => {
            (Kind::Timeout, "no connection in time to")
        }
        () if error.is_connect() => (Kind::Connect, "no connection to"),
        () if error.is_timeout() => (Kind::Timeout, "no answer in time from"),
        () if error.is_builder() => (Kind::Other, "no request to"),
        () => (Kind::Broken, "the answer broke off from"),
    };
    TransportError::new(kind, format!("{what} {base}: {}", innermost(&error))).with_source(error)
}

fn causes<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| (*error).source())
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain(error: &(dyn StdError + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
