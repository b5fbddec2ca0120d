use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use futures_util::{Stream, StreamExt as _, stream};
use secrecy::{ExposeSecret as _, SecretString};
use vcc_format::{Limits, Options, csv::Csv, read_page, xml::Xml};
use vcc_query::{Context, Query, ResponseFormat, Zone};
use vcc_types::{Dialect, Recording};

use crate::page::next_query;
use crate::retry;
use crate::{Answer, Error, ErrorKind, Evidence, Page, Pages, Request, Retry, Transport};

/// The longest record that is read: fifteen values of a megabyte, twice as long when they are escaped.
const RECORD: u32 = 32 << 20;

/// Is told why a request is sent again, and after which wait.
pub(crate) type Notify = Arc<dyn Fn(&Error, Duration) + Send + Sync>;

type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A client of one service, for one tenant. It is cheap to clone, and clones share its connections.
///
/// `T` is how requests are sent: [`Http`](crate::Http), with the feature of that name, or anything
/// [else](Client::over).
pub struct Client<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    transport: T,
    settings: Settings,
    /// Whether this server has sent a page of 50.
    full_pages: AtomicBool,
}

/// How a client asks and reads.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) format: ResponseFormat,
    pub(crate) options: Options,
    pub(crate) retry: Retry,
    pub(crate) sleep: Option<Sleep>,
    pub(crate) notify: Option<Notify>,
    pub(crate) dialect: Dialect,
    pub(crate) tenant_zone: Option<Zone>,
    pub(crate) max_pages: u64,
    /// The tenant, and where its token came from: for errors.
    pub(crate) who: Option<String>,
    /// What is not shown where a server says it back.
    pub(crate) secrets: Vec<SecretString>,
}

impl Default for Settings {
    fn default() -> Self {
        let mut limits = Limits::default();
        limits.record_bytes = RECORD;
        Self {
            // A cut body of XML can be seen; one of CSV without a length cannot.
            format: ResponseFormat::Xml,
            options: Options::builder().limits(limits).build(),
            retry: Retry::default(),
            sleep: None,
            notify: None,
            dialect: Dialect::default(),
            tenant_zone: None,
            max_pages: u64::MAX,
            who: None,
            secrets: Vec::new(),
        }
    }
}

impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.shared.settings;
        f.debug_struct("Client")
            .field("format", &settings.format)
            .field("retry", &settings.retry)
            .field("who", &settings.who)
            .finish_non_exhaustive()
    }
}

/// What is done about an answer that is no page.
enum Again {
    Never,
    /// Within the budget, after the time that the server asks for.
    Yes(Option<Duration>),
    /// As `Yes`, but once.
    Once,
}

impl<T: Transport> Client<T> {
    /// A client that sends requests in a way of the caller's. It asks for XML, and asks once.
    #[must_use]
    pub fn over(transport: T) -> Self {
        Self::with(transport, Settings::default())
    }

    pub(crate) fn with(transport: T, settings: Settings) -> Self {
        let full_pages = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { transport, settings, full_pages }) }
    }

    #[cfg(feature = "http")]
    pub(crate) fn transport(&self) -> &T {
        &self.shared.transport
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn knows_full_pages(&self) -> bool {
        self.shared.full_pages.load(Ordering::Relaxed)
    }

    pub(crate) fn saw_full_page(&self) {
        self.shared.full_pages.store(true, Ordering::Relaxed);
    }

    /// Every recording of a list, from the query's `n` on, page after page as they are taken. It ends
    /// after the first error. What was seen on the way is lost here: see [`pages`](Self::pages).
    pub fn recordings(
        &self,
        query: &Query,
    ) -> impl Stream<Item = Result<Recording, Error>> + Send + use<'_, T> {
        self.pages(query).into_stream().flat_map(|page| {
            stream::iter(match page {
                Ok(page) => page.recordings.into_iter().map(Ok).collect::<Vec<_>>(),
                Err(error) => vec![Err(error)],
            })
        })
    }

    /// Every page of a list, from the query's `n` on.
    #[must_use]
    pub fn pages(&self, query: &Query) -> Pages<'_, T> {
        Pages::new(self, query)
    }

    /// One page: the records from the query's `n` on, at most 50 of a server that keeps the rules.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`] says which; what can pass was asked again.
    pub async fn page(&self, query: &Query) -> Result<Page, Error> {
        let settings = &self.shared.settings;
        let request = Request::new(query, settings.format);
        let began = Instant::now();
        let mut delays = None;
        let (mut attempts, mut internal) = (0, 0);
        loop {
            attempts += 1;
            let (error, again) = match self.shared.transport.get(&request).await {
                Ok(answer) => match self.read(answer, &request) {
                    Ok(mut page) => {
                        page.evidence.attempts = attempts;
                        page.evidence.took = began.elapsed();
                        return Ok(page);
                    }
                    Err(refused) => refused,
                },
                Err(error) => {
                    let again = if error.may_pass() { Again::Yes(None) } else { Again::Never };
                    let message = self.hide(&error.to_string());
                    let kind = ErrorKind::Transport(error.kind());
                    (Error::new(kind, message).with_source(error), again)
                }
            };
            let spent = began.elapsed();
            let delays = delays.get_or_insert_with(|| settings.retry.delays());
            let delay = match again {
                Again::Never => None,
                Again::Once if internal > 0 => None,
                Again::Once => {
                    internal += 1;
                    delays.next().and_then(|delay| settings.retry.wait(delay, None, spent))
                }
                Again::Yes(asked) => {
                    delays.next().and_then(|delay| settings.retry.wait(delay, asked, spent))
                }
            };
            match (delay, &settings.sleep) {
                (Some(delay), Some(sleep)) => {
                    if let Some(notify) = &settings.notify {
                        notify(&error, delay);
                    }
                    sleep(delay).await;
                }
                _ => return Err(error.after(&request, attempts, spent)),
            }
        }
    }

    /// Reads an answer whole.
    fn read(&self, answer: Answer, request: &Request) -> Result<Page, (Error, Again)> {
        if answer.status != 200 {
            return Err(self.refusal(&answer));
        }
        let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if kind.contains("json") {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            let message = format!(
                "the answer is {kind}, no list of recordings: {}",
                self.excerpt(&answer.body)
            );
            return Err((Error::new(ErrorKind::Body, message), Again::Never));
        }
        if kind.contains("html") || is_html(&answer.body) {
            let message = format!(
                "the answer is a page of HTML, no list of recordings; a proxy or a login may stand in between: {}",
                self.excerpt(&answer.body)
            );
            return Err((Error::new(ErrorKind::Body, message), Again::Never));
        }
        let format = match &kind {
            kind if kind.contains("csv") => ResponseFormat::Csv,
            kind if kind.contains("xml") => ResponseFormat::Xml,
            _ => self.shared.settings.format,
        };
        let options = self.shared.settings.options.clone();
        let read = match format {
            ResponseFormat::Xml => read_page::<Xml>(&answer.body, options),
            ResponseFormat::Csv => read_page::<Csv>(&answer.body, options),
        };
        let read = read.map_err(|error| {
            // A body that breaks off was cut on the way; the same bytes would be as wrong again.
            let cut = error.kind() == vcc_format::ErrorKind::Truncated;
            let message =
                format!("the body of {} bytes cannot be read: {error}", answer.body.len());
            let again = if cut { Again::Yes(None) } else { Again::Never };
            (Error::new(ErrorKind::Body, message).with_source(error), again)
        })?;
        Ok(Page {
            recordings: read.recordings,
            deviations: read.deviations,
            request: request.clone(),
            evidence: Evidence {
                status: answer.status,
                format,
                bytes: answer.body.len(),
                attempts: 1,
                took: Duration::ZERO,
                date: answer.header("date").map(str::to_owned),
                next: answer.header("link").and_then(next_query),
            },
        })
    }

    fn refusal(&self, answer: &Answer) -> (Error, Again) {
        let said = self.excerpt(&answer.body);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let status = answer.status;
        match status {
            400 => (
                Error::new(ErrorKind::Query, format!("the server refused the query (400){said}")),
                Again::Never,
            ),
            401 | 403 => {
                let who =
                    self.shared.settings.who.as_deref().unwrap_or("no credentials were given");
                let message = format!("the server refused the credentials ({status}){said}; {who}");
                (Error::new(ErrorKind::Credentials, message), Again::Never)
            }
            404 => {
                let message = format!(
                    "the server has no such resource (404){said}; is the URL the root of the service?"
                );
                (Error::new(ErrorKind::NotFound, message), Again::Never)
            }
            429 | 503 => {
                #[allow(
                    clippy::disallowed_methods,
                    reason = "a client is a shell; where the server has no Date, its own clock counts"
                )]
                let now = SystemTime::now();
                let asked = answer.header("retry-after");
                let wait =
                    asked.and_then(|asked| retry::retry_after(asked, answer.header("date"), now));
                let asked = asked.map_or(String::new(), |asked| format!(", Retry-After: {asked}"));
                let message = format!("the server is busy ({status}{asked}){said}");
                (Error::new(ErrorKind::Busy, message), Again::Yes(wait))
            }
            500 => (
                Error::new(ErrorKind::Internal, format!("the server failed (500){said}")),
                Again::Once,
            ),
            _ => {
                let message = format!("the server answered with status {status}{said}");
                (Error::new(ErrorKind::Status(status), message), Again::Never)
            }
        }
    }

    /// The first line of what a server says, cut and without control characters. A server may say back
    /// what it was sent: the token is not shown.
    fn excerpt(&self, body: &[u8]) -> String {
        const LONGEST: usize = 200;
        // More than is shown, so that no part of a token is left at the end.
        let text = String::from_utf8_lossy(&body[..body.len().min(64 * LONGEST)]);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let line = self.hide(line);
        let shown: String = line.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        if shown.len() < line.len() { format!("{shown} …") } else { shown }
    }

    /// A text without the token.
    fn hide(&self, text: &str) -> String {
        self.settings().secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "[the token]")
        })
    }

    /// The query for a whole walk: with the days that its constants mean now, where the zone is known
    /// in which they mean them (PAGE-6).
    pub(crate) fn pinned(&self, query: &Query) -> Option<Query> {
        let settings = self.settings();
        let zone = query.tz().or(settings.tenant_zone)?;
        #[allow(clippy::disallowed_methods, reason = "a client is a shell")]
        let now = SystemTime::now().into();
        query.pinned(&Context { now, tenant_tz: zone, dialect: settings.dialect })
    }
}

/// Whether a body begins as pages of HTML do, whatever its headers say.
fn is_html(body: &[u8]) -> bool {
    let begins = body.trim_ascii_start();
    [b"<!doctype html".as_slice(), b"<html"]
        .iter()
        .any(|tag| begins.get(..tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag)))
}
