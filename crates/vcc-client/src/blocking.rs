//! The client for programs that are not `async`. It has a runtime of its own in threads of its own, so
//! that it works inside another runtime too.

use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use vcc_query::Query;
use vcc_types::Recording;

use crate::{ClientBuilder, Error, Http, Page, Warning};

/// A [`Client`](crate::Client) whose methods wait.
///
/// ```no_run
/// use vcc_client::{Client, Credentials, blocking};
/// use vcc_query::Query;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let builder = Client::builder("na3").credentials(Credentials::from_env()?);
/// let client = blocking::Client::new(builder)?;
/// for recording in client.recordings(&Query::parse("d=today&tz=America/Denver")?) {
///     println!("{:?}", recording?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client<Http>,
    runtime: Arc<Held>,
}

/// A runtime that is let go without waiting, which is not allowed inside another one.
#[derive(Debug)]
struct Held(Option<Runtime>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Client {
    /// Builds a client.
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`], and where no thread can be started.
    pub fn new(builder: ClientBuilder) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vcc-client")
            .enable_all()
            .build()
            .map_err(|error| Error::settings(format!("no thread for the client: {error}")))?;
        Ok(Self { client: builder.build()?, runtime: Arc::new(Held(Some(runtime))) })
    }

    /// As [`Client::page`](crate::Client::page).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn page(&self, query: &Query) -> Result<Page, Error> {
        self.wait(self.client.page(query))
    }

    /// As [`Client::pages`](crate::Client::pages).
    #[must_use]
    pub fn pages(&self, query: &Query) -> Pages<'_> {
        Pages { pages: self.client.pages(query), client: self }
    }

    /// As [`Client::recordings`](crate::Client::recordings).
    pub fn recordings(&self, query: &Query) -> impl Iterator<Item = Result<Recording, Error>> {
        self.pages(query).flat_map(|page| match page {
            Ok(page) => page.recordings.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    /// Waits in a thread of its own: the caller's may belong to a runtime, where waiting is refused.
    fn wait<F: Future<Output: Send> + Send>(&self, future: F) -> F::Output {
        let Some(runtime) = &self.runtime.0 else { unreachable!("only taken when it is dropped") };
        thread::scope(|scope| match scope.spawn(|| runtime.block_on(future)).join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

/// As [`crate::Pages`].
#[derive(Debug)]
pub struct Pages<'c> {
    pages: crate::Pages<'c, Http>,
    client: &'c Client,
}

impl Pages<'_> {
    /// As [`Pages::overlapping`](crate::Pages::overlapping).
    #[must_use]
    pub fn overlapping(mut self, overlapping: bool) -> Self {
        self.pages = self.pages.overlapping(overlapping);
        self
    }

    /// As [`Pages::warnings`](crate::Pages::warnings).
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.pages.warnings()
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Page, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { pages, client } = self;
        client.wait(pages.next())
    }
}
