use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vcc_format::Options;
use vcc_query::{ResponseFormat, Zone};
use vcc_types::Dialect;

use crate::client::Settings;
use crate::http::Connection;
use crate::{Base, Client, Credentials, Error, Http, Retry};

/// Makes a [`Client`]: see [`Client::builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    base: String,
    settings: Settings,
    connection: Connection,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base", &self.base)
            .field("connection", &self.connection)
            .field("format", &self.settings.format)
            .field("retry", &self.settings.retry)
            .finish_non_exhaustive()
    }
}

impl Client<Http> {
    /// Begins a client of a service: a URL, a host or a region, as [`Base`] reads it.
    pub fn builder(base: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            base: base.into(),
            settings: Settings::default(),
            connection: Connection::default(),
        }
    }

    /// The root of the service.
    #[must_use]
    pub fn base(&self) -> &Base {
        self.transport().base()
    }
}

impl ClientBuilder {
    /// Who asks. Without credentials, requests are sent without.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.connection.credentials = Some(credentials);
        self
    }

    /// Allows plain HTTP, which shows the token to everybody on the way. Default: no.
    pub fn plain_http(mut self, allowed: bool) -> Self {
        self.connection.plain_http = allowed;
        self
    }

    /// Trusts the certificates of a PEM text, beside the platform's.
    pub fn cacert(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connection.cacerts.push((None, pem.into()));
        self
    }

    /// Trusts the certificates of a PEM file, beside the platform's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Settings`](crate::ErrorKind::Settings): the file cannot be read.
    pub fn cacert_file(mut self, file: impl Into<PathBuf>) -> Result<Self, Error> {
        let file = file.into();
        let pem = std::fs::read(&file)
            .map_err(|error| Error::settings(format!("{}: {error}", file.display())))?;
        self.connection.cacerts.push((Some(file), pem));
        Ok(self)
    }

    /// How long a connection may take to open (10 s), how long a server may be silent (60 s), and how
    /// long an answer may take as a whole (300 s).
    pub fn timeouts(mut self, connect: Duration, idle: Duration, whole: Duration) -> Self {
        self.connection.timeouts = (connect, idle, whole);
        self
    }

    /// How many requests may be on their way at once: 1 by default.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.connection.concurrency = requests.max(1);
        self
    }

    /// How many requests a second are sent at most. No limit by default.
    pub fn rate(mut self, per_second: f64) -> Self {
        let is_rate = per_second.is_finite() && per_second > 0.0;
        self.connection.interval =
            is_rate.then(|| Duration::from_secs_f64(1.0 / per_second.max(1e-3)));
        self
    }

    /// The longest body that is taken, in bytes after unpacking: 64 MiB by default.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.connection.max_body = bytes;
        self
    }

    /// Whether compressed bodies are asked for. By default they are, but of this machine: `localhost` and
    /// its addresses. A body that comes compressed is unpacked in any case.
    pub fn gzip(mut self, asked: bool) -> Self {
        self.connection.gzip = Some(asked);
        self
    }

    /// The `User-Agent`.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.connection.user_agent = name.into();
        self
    }

    /// What is asked again, and how often.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = retry;
        self
    }

    /// Is told each time that a request is sent again: why, and after which wait. For commands at which
    /// somebody waits.
    pub fn on_retry(mut self, told: impl Fn(&Error, Duration) + Send + Sync + 'static) -> Self {
        self.settings.notify = Some(Arc::new(told));
        self
    }

    /// What is asked for: XML by default, since a cut body of CSV that has no length cannot be seen.
    pub fn format(mut self, format: ResponseFormat) -> Self {
        self.settings.format = format;
        self
    }

    /// How bodies are read: tolerant by default, records of up to 32 MiB.
    pub fn options(mut self, options: Options) -> Self {
        self.settings.options = options;
        self
    }

    /// The server's dialect: what a walk needs to know to replace constants.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.settings.dialect = dialect;
        self
    }

    /// The tenant's zone: in which constants count where a query has no `tz`.
    pub fn tenant_zone(mut self, zone: Zone) -> Self {
        self.settings.tenant_zone = Some(zone);
        self
    }

    /// The most pages of a walk. No limit by default.
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.settings.max_pages = pages;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Settings`](crate::ErrorKind::Settings): the URL cannot be read, is plain HTTP
    /// without leave, a certificate is none, or the credentials cannot be sent.
    pub fn build(self) -> Result<Client<Http>, Error> {
        let base: Base = self
            .base
            .parse()
            .map_err(|error: crate::InvalidBase| Error::settings(error.to_string()))?;
        let mut settings = self.settings;
        settings.who = self.connection.credentials.as_ref().map(Credentials::who);
        settings.secrets =
            self.connection.credentials.as_ref().map(Credentials::secrets).unwrap_or_default();
        settings.sleep = Some(Arc::new(|wait| Box::pin(tokio::time::sleep(wait))));
        Ok(Client::with(Http::new(base, self.connection)?, settings))
    }
}
