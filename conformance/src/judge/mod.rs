//! Judges answers: a pure function of what was expected and what came, so that a saved run can be
//! judged again without the server.

pub mod compare;
mod expect;
mod finding;
pub mod list;

pub use expect::{View, judge};
pub(crate) use expect::{counted, excerpt};
pub use finding::Finding;
