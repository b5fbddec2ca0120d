//! The reference server in this process, for the conformance suite of the Recordings API: what a run
//! is held against unless another target is named, and what the suite itself is proved with.

mod reference;
pub mod selftest;

pub use reference::{Reference, ReferenceError, load};
