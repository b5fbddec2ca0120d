//! The conformance suite of the Recordings API: cases, runner, judge and reports.
//!
//! The formats of the data are described in `FORMAT.md`, the clauses in `SPEC.md`.

pub mod check;
pub mod cli;
pub mod clock;
pub mod dataset;
pub mod edition;
mod embedded;
pub mod fixture;
pub mod http;
pub mod judge;
pub mod live;
pub mod mock;
pub mod naive;
pub mod record;
pub mod reference;
pub mod report;
pub mod run;
pub mod selftest;
pub mod spec;
pub mod transcript;
mod words;
pub mod world;
pub mod zone;
