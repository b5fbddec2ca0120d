//! The conformance suite of the Recordings API: cases, runner, judge and reports.
//!
//! The formats of the data are described in `FORMAT.md`, the clauses in `SPEC.md`. Nothing here knows
//! how the reference reads a query or writes a list: the judge shares no code with what it judges.

pub mod check;
pub mod clock;
pub mod dataset;
pub mod edition;
pub mod embedded;
mod escapes;
pub mod fixture;
pub mod folder;
pub mod http;
pub mod judge;
pub mod live;
pub mod mock;
pub mod naive;
pub mod nearest;
pub mod pseudonyms;
pub mod report;
pub mod run;
pub mod setup;
pub mod signatures;
pub mod spec;
pub mod symptom;
pub mod transcript;
pub mod words;
pub mod zone;

/// The records of a page (PAGE-1). Repeated here, because the judge shares no code with what it judges.
pub(crate) const PAGE: usize = 50;
