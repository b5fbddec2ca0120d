use core::fmt;

use vcc_query::Query;

/// What a walk saw that a server which keeps the rules does not do, or that a list did while it was
/// read. The walk goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A page held more than 50 records (PAGE-1).
    LongPage {
        /// The first record that was asked for.
        n: u64,
        /// How many came.
        records: usize,
    },
    /// Records of an earlier page came again: the list grew in front of them, or pages overlap.
    /// They were left out the second time.
    Overlap {
        /// The first record that was asked for.
        n: u64,
        /// How many came again.
        records: usize,
        /// One of them: its transactionID and filename.
        example: String,
    },
    /// A page does not begin with the last record of the one before, as it was asked to: records were
    /// added or removed in between, so some may be missing.
    Shifted {
        /// The first record that was asked for.
        n: u64,
        /// What was expected there: transactionID and filename.
        expected: String,
        /// What stood there; nothing where the page was empty.
        found: Option<String>,
    },
    /// Starts do not go on in one direction from page to page (PAGE-5).
    Disordered {
        /// The first record that was asked for.
        n: u64,
        /// The start before, and the one that follows it.
        starts: (String, String),
    },
    /// The query holds constants (`today`), the tenant's zone is not known, and the server gave no
    /// link: after midnight there, later pages show another list (PAGE-6).
    NotPinned {
        /// The query.
        query: Box<Query>,
    },
}

impl Warning {
    /// Whether the list may have changed while it was read, so that it is to be read again.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(
            self,
            Warning::Overlap { .. } | Warning::Shifted { .. } | Warning::Disordered { .. }
        )
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::LongPage { n, records } => {
                write!(f, "n={n}: a page of {records} records, at most 50 are allowed (PAGE-1)")
            }
            Warning::Overlap { n, records, example } => {
                let verb = if *records == 1 {
                    "record of an earlier page came"
                } else {
                    "records of earlier pages came"
                };
                write!(
                    f,
                    "n={n}: {records} {verb} again, such as {example}: the list grew, or pages overlap"
                )
            }
            Warning::Shifted { n, expected, found: Some(found) } => write!(
                f,
                "n={n}: expected {expected} again, found {found}: the list changed between two pages"
            ),
            Warning::Shifted { n, expected, found: None } => write!(
                f,
                "n={n}: expected {expected} again, found nothing: the list became shorter between two pages"
            ),
            Warning::Disordered { n, starts: (before, after) } => write!(
                f,
                "n={n}: a record that started {after} follows one that started {before}: the list is in no \
                 order, or changed between two pages"
            ),
            Warning::NotPinned { query } => write!(
                f,
                "{query}: the tenant's zone is not known, so that \"today\" may become another day during \
                 the walk; give tz or the tenant's zone"
            ),
        }
    }
}
