use std::fmt;

use futures_util::{Stream, stream};
use vcc_query::{Query, Selection};

use crate::{Client, Error, Page, Step, Transport, Walk, Warning};

/// The pages of a list, one request at a time: see [`Client::pages`].
///
/// A page holds the records that are new; the walk's own rules are those of [`Walk`]. Constants of the
/// query mean one moment for the whole walk (PAGE-6): where the zone is known, by `tz` or by the
/// tenant's zone, they are replaced by what they mean before the first request; else by the server's
/// link to the next page.
pub struct Pages<'c, T> {
    client: &'c Client<T>,
    walk: Walk,
    /// Whether the query holds constants that are not replaced yet.
    moves: bool,
    done: bool,
}

impl<T> fmt::Debug for Pages<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("walk", &self.walk).finish_non_exhaustive()
    }
}

impl<'c, T: Transport> Pages<'c, T> {
    pub(crate) fn new(client: &'c Client<T>, query: &Query) -> Self {
        let has_constants = query.has_constants(&client.settings().dialect);
        let pinned = if has_constants { client.pinned(query) } else { None };
        let moves = has_constants && pinned.is_none();
        let walk = Walk::new(&pinned.unwrap_or_else(|| query.clone()))
            .max_pages(client.settings().max_pages)
            .full_pages(client.knows_full_pages());
        Self { client, walk, moves, done: false }
    }

    /// As [`Walk::overlapping`].
    #[must_use]
    pub fn overlapping(mut self, overlapping: bool) -> Self {
        self.walk = self.walk.overlapping(overlapping);
        self
    }

    /// As [`Walk::max_pages`].
    #[must_use]
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.walk = self.walk.max_pages(pages);
        self
    }

    /// The next page with records; `None` at the end, and after an error.
    pub async fn next(&mut self) -> Option<Result<Page, Error>> {
        if self.done {
            return None;
        }
        loop {
            let Some(Step { query, .. }) = self.walk.next() else {
                self.done = true;
                return None;
            };
            let mut page = match self.client.page(&query).await {
                Ok(page) => page,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            };
            let came = page.recordings.len();
            if self.moves {
                self.pin(&page, came);
            }
            match self.walk.take(std::mem::take(&mut page.recordings)) {
                Ok(taken) => page.recordings = taken,
                Err(error) => {
                    self.done = true;
                    return Some(Err(Error::walk(&error, page.request)));
                }
            }
            if self.walk.has_full_page() {
                self.client.saw_full_page();
            }
            if !page.recordings.is_empty() || !page.deviations.is_empty() {
                return Some(Ok(page));
            }
        }
    }

    /// Goes on with what the server's link says that the constants mean. Where there is none, and
    /// another page to ask for, nothing says it.
    fn pin(&mut self, page: &Page, came: usize) {
        let dialect = &self.client.settings().dialect;
        let next = page.evidence.next.as_ref().and_then(|next| Query::parse(next).ok());
        if let Some(query) = next.filter(|query| !query.has_constants(dialect)) {
            self.moves = false;
            self.walk.set_query(&query);
        } else if came >= Selection::PAGE_SIZE as usize {
            self.moves = false;
            let query = Query::parse(&page.request.query).unwrap_or_default();
            self.walk.warn(Warning::NotPinned { query: Box::new(query) });
        }
    }

    /// What was seen so far.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.walk.warnings()
    }

    /// Whether the list was in descending order of starts.
    #[must_use]
    pub fn is_descending(&self) -> bool {
        self.walk.is_descending()
    }

    /// The same as a `Stream`. It is to be pinned: `std::pin::pin!`.
    pub fn into_stream(self) -> impl Stream<Item = Result<Page, Error>> + Send + use<'c, T> {
        stream::unfold(self, |mut pages| async move {
            let page = pages.next().await?;
            Some((page, pages))
        })
    }
}
