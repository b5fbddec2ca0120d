//! The audit log: lines are handed over by the threads that answer, and written by one of its own.

mod file;
mod line;
mod queue;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use vcc_query::Query;

use self::file::LogFile;
pub(crate) use self::line::{Who, shape};
use self::queue::Queue;
use self::writer::Writer;

/// A file in which each request that got recordings leaves a line of JSON: when, which tenant, the
/// number of the token that opened it, the address of the peer where it is known (behind a proxy, the
/// proxy's), the shape of its query (the names of its variables, not their values), and how many
/// records it got.
///
/// Values can be phone numbers and names. They are written only on request.
///
/// A thread of its own writes the lines, so that no disk and no pipe keeps an answer waiting.
/// [`AuditFailure`] chooses what happens to answers while it cannot write. A failed write is repeated until
/// it succeeds. A file that was removed is created again. A line that was written only in part, such as on
/// a full disk, is ended there and repeated as a whole.
///
/// Up to 8 MiB of lines wait. Further lines are lost, and one line in their place says when and how many:
/// `{"at":"2007-12-20T04:00:00.000Z","lost":3}`.
///
/// Clones write to the same file. When the last one is dropped, waiting lines are still written if possible;
/// [`flush`](Audit::flush) waits for that, as [`Server::shutdown`](crate::Server::shutdown) does.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use std::time::Duration;
/// use tower::ServiceExt as _;
/// use vcc_server::{Api, Audit, Clock};
/// # use axum::body::Body;
/// # use vcc_store::{Store as _, TokenHash};
/// # let now = "2007-12-20T04:00:00Z".parse()?;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
/// # let tenant = store.add_tenant("acme", "UTC".parse()?, now).await?;
/// # store.add_token(tenant.id, TokenHash::of(b"secret"), "", now).await?;
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("audit.jsonl");
///
/// let audit = Audit::append(&path)?;
/// let api = Api::builder(store).clock(Clock::fixed(now)).audit(audit.clone()).build();
/// let request = Request::get("/api/recordings/files?phoneNumber=4155551234&n=51")
///     .header("authorization", "Basic YWNtZTpzZWNyZXQ=")
///     .body(Body::empty())?;
/// api.router().oneshot(request).await?;
/// assert_eq!(audit.flush(Duration::from_secs(60)).await, 0);
/// // The time is in UTC, to the millisecond.
/// let line = r#"{"at":"2007-12-20T04:00:00.000Z","tenant":"acme","token":1,"#.to_owned()
///     + r#""asked":"phoneNumber,n","records":0}"#;
/// assert_eq!(std::fs::read_to_string(&path)?, line + "\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Audit {
    handle: Arc<Handle>,
    values: bool,
    failure: AuditFailure,
}

/// What happens to an answer whose line cannot be written to the [`Audit`] now. Either way the log,
/// [`Metrics`](crate::Metrics) and `/readyz` report the failure until lines can be written again.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use tower::ServiceExt as _;
/// use vcc_server::{Api, Audit, AuditFailure};
/// # use axum::body::Body;
/// # use vcc_store::{Store as _, TokenHash};
/// # let now = "2007-12-20T04:00:00Z".parse()?;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
/// # let tenant = store.add_tenant("acme", "UTC".parse()?, now).await?;
/// # store.add_token(tenant.id, TokenHash::of(b"secret"), "", now).await?;
/// # if !cfg!(target_os = "linux") { return Ok(()) }
///
/// // A file on a disk that is full.
/// let audit = Audit::append("/dev/full")?.with_failure(AuditFailure::Refuse);
/// let api = Api::builder(store).audit(audit.clone()).build();
/// let request = Request::get("/api/recordings/files")
///     .header("authorization", "Basic YWNtZTpzZWNyZXQ=")
///     .body(Body::empty())?;
/// let response = api.router().oneshot(request).await?;
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "1");
/// assert!(audit.is_failing());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditFailure {
    /// The answer is sent. Its line waits until it can be written. Lines are lost, and counted, only if
    /// there is no room for more.
    #[default]
    Serve,
    /// An answer is sent only after the `write` of its line has returned; otherwise it is a 503 with
    /// `Retry-After` within two seconds. There can be a line without an answer, for a client that left,
    /// but no answer without a line. One line says how many answers were refused:
    /// `{"at":"2007-12-20T04:00:00.000Z","refused":3}`.
    Refuse,
}

/// How many bytes of lines may wait.
const MOST: usize = 8 * 1024 * 1024;

/// How long an answer waits for its line. With everything else, that is less than two seconds.
const WAIT: Duration = Duration::from_millis(1_500);

/// Ends the writer when the last [`Audit`] is dropped.
#[derive(Debug)]
struct Handle(Arc<Queue>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A line that could not be written in time.
#[derive(Debug)]
pub(crate) struct Unwritten;

impl Audit {
    /// Appends to a file, and creates it if there is none. It may be a named pipe, even one that nobody
    /// has opened to read yet.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::append_with(path.as_ref(), MOST)
    }

    fn append_with(path: &Path, most: usize) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(most));
        let writer = Writer::<LogFile>::new(path.to_owned(), queue.clone())?;
        std::thread::Builder::new().name("audit".to_owned()).spawn(|| writer.run())?;
        let handle = Arc::new(Handle(queue));
        Ok(Self { handle, values: false, failure: AuditFailure::default() })
    }

    /// Writes the values of queries too.
    #[must_use]
    pub fn with_values(mut self) -> Self {
        self.values = true;
        self
    }

    /// What happens to an answer whose line cannot be written: [`AuditFailure::Serve`] by default.
    #[must_use]
    pub fn with_failure(mut self, failure: AuditFailure) -> Self {
        self.failure = failure;
        self
    }

    /// Opens the file of this name again, and writes what waits there. To rotate the log, rename the file
    /// and call this. No line is lost or torn.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::time::Duration;
    /// use vcc_server::Audit;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("audit.jsonl");
    ///
    /// let audit = Audit::append(&path)?;
    /// std::fs::rename(&path, path.with_extension("1"))?;
    /// audit.reopen();
    /// // It is done in the background.
    /// audit.flush(Duration::from_secs(60)).await;
    /// assert!(path.exists());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn reopen(&self) {
        self.queue().reopen();
    }

    /// Whether lines cannot be written: the last attempt failed, or they have waited for more than a
    /// second.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.queue().is_failing()
    }

    /// How many lines are not written yet.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.queue().waiting()
    }

    /// Waits until all lines are written, but no longer than `within`. Gives the number of lines that are
    /// not written yet.
    pub async fn flush(&self, within: Duration) -> u64 {
        let (done, written) = oneshot::channel();
        self.queue().mark(done);
        let _ = tokio::time::timeout(within, written).await;
        self.waiting()
    }

    /// Writes what waits, and logs how much could not be written within this time.
    pub(crate) async fn end(&self, within: Duration) {
        if self.flush(within).await > 0 {
            self.queue().end();
        }
    }

    /// Writes a line about a request, before it is answered.
    pub(crate) async fn record(
        &self,
        at: DateTime<Utc>,
        who: Who<'_>,
        query: &Query,
        records: usize,
    ) -> Result<(), Unwritten> {
        let queue = self.queue();
        let line = line::line(at, who, query, records, self.values);
        match (self.failure, line) {
            (AuditFailure::Serve, Ok(line)) => queue.push_or_lose(at, line),
            (AuditFailure::Serve, Err(_)) => queue.lose(at),
            (AuditFailure::Refuse, line) => {
                let (done, written) = oneshot::channel();
                let mut waiting = Waiting { queue, at, written, is_written: false };
                if line.is_ok_and(|line| queue.push_or_refuse(line, done)) {
                    let written = tokio::time::timeout(WAIT, &mut waiting.written).await;
                    waiting.is_written = matches!(written, Ok(Ok(())));
                }
                return if waiting.is_written { Ok(()) } else { Err(Unwritten) };
            }
        }
        Ok(())
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch(self.handle.0.clone())
    }

    fn queue(&self) -> &Queue {
        &self.handle.0
    }
}

/// A view of the state of a log, which does not keep it open.
#[derive(Debug)]
pub(crate) struct Watch(Arc<Queue>);

impl Watch {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn counts(&self) -> AuditCounts {
        let counts = &self.0.counts;
        AuditCounts {
            written: counts.written.load(Relaxed),
            dropped: counts.dropped.load(Relaxed),
            refused: counts.refused.load(Relaxed),
            errors: counts.errors.load(Relaxed),
            waiting: self.0.waiting(),
            is_failing: self.0.is_failing(),
        }
    }
}

/// What happened to lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditCounts {
    pub(crate) written: u64,
    pub(crate) dropped: u64,
    pub(crate) refused: u64,
    pub(crate) errors: u64,
    pub(crate) waiting: u64,
    pub(crate) is_failing: bool,
}

/// An answer that waits for its line. If the time is over or the client has left, it is counted as refused
/// before its line is withdrawn.
struct Waiting<'a> {
    queue: &'a Queue,
    at: DateTime<Utc>,
    written: oneshot::Receiver<()>,
    is_written: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_written {
            self.queue.refuse(self.at);
        }
    }
}

#[cfg(test)]
mod tests;
