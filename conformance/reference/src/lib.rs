//! The reference server in this process, for the conformance suite of the Recordings API. It is the default
//! target of a run. With defects around it, it proves that the suite can fail.

mod in_process;
mod reference;
pub mod selftest;

pub use reference::{Reference, ReferenceError, load};
