//! A server for clients: it plays scenarios, grades what a client sent, and judges what it received.

mod grade;
mod result;
mod scenario;
mod server;

pub use grade::{Grade, grade};
pub use result::{ids, result};
pub use scenario::{Expected, Scenario};
pub use server::{Mock, Received};
