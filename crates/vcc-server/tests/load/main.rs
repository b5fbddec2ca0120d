//! Too much at once, a store that does not answer, and clients that do nothing.

#[path = "../common/mod.rs"]
mod common;

mod failures;
mod gated;
mod leaving;
mod log;
mod overload;
mod unproven;
