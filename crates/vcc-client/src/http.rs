use std::error::Error as StdError;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Response;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION,
};
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
    /// Where requests go to, for errors: the service, and the proxy in between.
    peer: String,
    client: reqwest::Client,
    max_body: usize,
    running: Semaphore,
    pace: Option<Pace>,
}

/// A server that redirects so often within itself is not followed any more.
const REDIRECTIONS: usize = 6;
/// How many characters of an address are shown.
const LONGEST_SHOWN: usize = 200;

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
    /// PEM texts, each with the file that it came from.
    pub(crate) cacerts: Vec<(Option<PathBuf>, Vec<u8>)>,
    /// To connect, without a byte, as a whole.
    pub(crate) timeouts: (Duration, Duration, Duration),
    pub(crate) concurrency: usize,
    pub(crate) interval: Option<Duration>,
    pub(crate) max_body: usize,
    /// Nothing where it depends on the host.
    pub(crate) gzip: Option<bool>,
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
            max_body: 64 << 20,
            gzip: None,
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
        // To pack and unpack costs more than to move bytes within a machine. What comes packed unasked is
        // unpacked as well.
        if !connection.gzip.unwrap_or(!base.is_loopback()) {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let (connect, idle, whole) = connection.timeouts;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&base, &connection.cacerts)?)
            .default_headers(headers)
            .user_agent(&connection.user_agent)
            .redirect(same_origin())
            // What is asked again is said and counted: by `Client`.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .http1_only()
            .connect_timeout(connect)
            .read_timeout(idle)
            .timeout(whole)
            .pool_max_idle_per_host(connection.concurrency)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| Error::settings(chain(&error)))?;
        Ok(Self {
            peer: peer(&base),
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

impl Http {
    /// Why a redirection was not followed.
    fn redirected(&self, response: &Response) -> String {
        let status = response.status();
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let Some(to) = to else {
            return format!("the server redirects ({status}), and does not say to where");
        };
        let shown: String = to.chars().take(LONGEST_SHOWN).collect();
        let origin = response.url().origin();
        match response.url().join(to) {
            Ok(to) if to.origin() == origin => format!(
                "the server redirects ({status}) for the {REDIRECTIONS}th time, now to {shown}: it may go on for ever"
            ),
            _ => format!(
                "the server redirects ({status}) to {shown}; it is not followed, so that the token goes to {} alone",
                self.base
            ),
        }
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
        let mut response = sent.map_err(|error| trouble(error, &self.peer))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(TransportError::new(Kind::Redirect, self.redirected(&response)));
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut answer = Answer::new(status.as_u16(), Bytes::new());
        answer.headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        // A body that is unpacked on the way has none.
        let length = response.headers().get(CONTENT_LENGTH).and_then(|text| text.to_str().ok());
        let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or_default();
        // Most bodies come in one piece, which is not copied.
        let mut whole: Option<Bytes> = None;
        let mut joined = Vec::new();
        while let Some(piece) =
            response.chunk().await.map_err(|error| trouble(error, &self.peer))?
        {
            let so_far = whole.as_ref().map_or(joined.len(), Bytes::len);
            if so_far + piece.len() > self.max_body {
                let message = format!("the body has more than {} bytes, the limit", self.max_body);
                return Err(TransportError::new(Kind::TooLong, message));
            }
            if so_far == 0 {
                whole = Some(piece);
                continue;
            }
            if let Some(before) = whole.take() {
                joined.reserve(length.min(1 << 20));
                joined.extend_from_slice(&before);
            }
            joined.extend_from_slice(&piece);
        }
        answer.body = whole.unwrap_or_else(|| joined.into());
        Ok(answer)
    }
}

/// Follows redirections to the same origin, and stops at others.
fn same_origin() -> Policy {
    Policy::custom(|attempt| {
        let first = attempt.previous().first().map(reqwest::Url::origin);
        if first == Some(attempt.url().origin()) && attempt.previous().len() < REDIRECTIONS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

/// The service, and the proxy that the environment names for it, without its password.
fn peer(base: &Base) -> String {
    let mut peer = base.to_string();
    let uri = peer.parse().ok();
    if let Some(proxy) = uri.and_then(|uri| Matcher::from_system().intercept(&uri)) {
        // Writing to a String does not fail.
        let _ = write!(peer, " through the proxy {}", proxy.uri());
    }
    peer
}

fn tls(base: &Base, cacerts: &[(Option<PathBuf>, Vec<u8>)]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    if !base.is_plain() {
        // Certificates of the platform that cannot be read are as good as absent ones.
        for certificate in rustls_native_certs::load_native_certs().certs {
            let _ = roots.add(certificate);
        }
        for (file, pem) in cacerts {
            let refused = |problem: String| {
                let file =
                    file.as_ref().map_or(String::new(), |file| format!("{}: ", file.display()));
                Error::settings(format!(
                    "{file}a certificate to be trusted cannot be used: {problem}"
                ))
            };
            let mut any = false;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                roots.add(certificate).map_err(|error| refused(error.to_string()))?;
                any = true;
            }
            if !any {
                return Err(refused("there is no PEM certificate in it".into()));
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
fn trouble(error: reqwest::Error, peer: &str) -> TransportError {
    let error = error.without_url();
    let tls = causes(&error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let (kind, what) = match () {
        // What came first has not even the form of a record of TLS: plain HTTP, as a rule.
        () if matches!(tls, Some(rustls::Error::InvalidMessage(_))) => {
            (Kind::NoTls, "what came is no TLS from")
        }
        () if tls.is_some() => (Kind::Tls, "no TLS with"),
        () if causes(&error).any(is_no_http) => (Kind::Other, "what came is no HTTP from"),
        () if causes(&error).any(is_unpackable) => {
            (Kind::Other, "the answer cannot be unpacked from")
        }
        () if error.is_connect() && error.is_timeout() => {
            (Kind::Timeout, "no connection in time to")
        }
        // That there is no such host is an answer; that nobody could say it is none.
        () if is_unknown_host(&error) => (Kind::Other, "there is no such host as that of"),
        () if error.is_connect() => (Kind::Connect, "no connection to"),
        () if error.is_timeout() => (Kind::Timeout, "no answer in time from"),
        () if error.is_builder() => (Kind::Other, "no request to"),
        () => (Kind::Broken, "the answer broke off from"),
    };
    TransportError::new(kind, format!("{what} {peer}: {}", innermost(&error))).with_source(error)
}

/// Whether the resolver answered that a name does not exist: `EAI_NONAME`, which the standard library
/// gives in the words of the system alone.
fn is_unknown_host(error: &(dyn StdError + 'static)) -> bool {
    let text = innermost(error);
    text.starts_with("failed to lookup address information: ")
        && ["Name or service not known", "nodename nor servname", "Name does not resolve"]
            .iter()
            .any(|words| text.contains(words))
}

/// Whether an answer has a head that HTTP does not have, or one that is too long.
fn is_no_http(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

/// Whether a body is not compressed as it says, which is not one that was cut.
fn is_unpackable(error: &(dyn StdError + 'static)) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};

    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| matches!(error.kind(), InvalidData | InvalidInput))
}

/// An error and what it came from. Errors of I/O give what the error that they hold came from, and not
/// that one itself.
fn causes<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| {
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        held.map(|held| held as &(dyn StdError + 'static)).or_else(|| (*error).source())
    })
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain(error: &(dyn StdError + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
