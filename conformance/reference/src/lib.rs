//! The reference server in this process, for the conformance suite of the Recordings API: the target
//! of a run that names no other, and, with defects around it, the proof that the suite can fail.

mod in_process;
mod reference;
pub mod selftest;

pub use reference::{Reference, ReferenceError, load};
