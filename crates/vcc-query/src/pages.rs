use crate::Query;

/// Walks a list page by page, with any HTTP client. You tell it how many records a page held, and it
/// tells you what to ask next and when to stop.
///
/// Give it a query with constants [pinned](Query::pinned), so that all pages belong to one list (PAGE-6).
///
/// ```
/// use vcc_query::{Pages, Query};
///
/// # fn get(query: &str) -> Vec<u64> {
/// #     // A server with 101 records.
/// #     let n = Query::parse(query).unwrap().n().unwrap();
/// #     (n..=101).take(50).collect()
/// # }
/// let mut records = Vec::new();
/// let mut pages = Pages::new(Query::parse("agentID=bill")?);
/// while let Some(query) = pages.next_query() {
///     let page = get(&query.to_string());
///     pages.held(page.len());
///     records.extend(page);
/// }
/// assert_eq!(records, (1..=101).collect::<Vec<_>>());
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pages {
    query: Query,
    next: Option<u64>,
    until_empty: bool,
}

impl Pages {
    /// How many records a full page holds (PAGE-1).
    pub const FULL: usize = 50;

    /// Starts with the record that the query's `n` names, or with the first.
    #[must_use]
    pub fn new(query: Query) -> Pages {
        let next = Some(query.n().unwrap_or(1).max(1));
        Pages { query, next, until_empty: false }
    }

    /// Stops only at an empty page, for servers whose full pages may hold fewer than 50 records.
    #[must_use]
    pub fn until_empty(mut self) -> Pages {
        self.until_empty = true;
        self
    }

    /// What to ask next; `None` at the end of the list. Until [`held`](Pages::held) is called it stays
    /// the same query, so that a failed request can be repeated.
    #[must_use]
    pub fn next_query(&self) -> Option<Query> {
        self.next.map(|n| self.query.clone().with_n(n))
    }

    /// Says how many records the last page held. The next page begins after them (PAGE-2). A page that
    /// is not full is the last one (PAGE-1). After a full page the next may be empty (PAGE-3).
    pub fn held(&mut self, records: usize) {
        let is_last = if self.until_empty { records == 0 } else { records < Pages::FULL };
        self.next = match self.next {
            Some(next) if !is_last => next.checked_add(records as u64),
            _ => None,
        };
    }
}
