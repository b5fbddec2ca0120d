//! The Recordings API as a server.
//!
//! A request goes through four steps: who asks (HTTP Basic, a tenant and one of its tokens), what
//! is asked (a path, a method, a query), which records those are (a
//! [`Selection`](vcc_query::Selection) for the [`Store`](vcc_store::Store)), and how they are
//! written (XML or CSV). The server holds no state that a second one would need.
//!
//! * [`Server`] listens on a socket: in a test, in another program, or as the command
//!   `vcc-server`.
//! * [`Api`] is the same without a socket: a tower service.
//! * [`Document`] writes any number of records as a response has them.
//! * [`ZoneSource`] chooses the zone data: what is compiled in, or newer data of the system.

mod admin;
mod api;
mod audit;
mod auth;
mod body;
mod clock;
mod connection;
mod document;
mod encrypted;
mod error_response;
mod gate;
mod gzip;
mod held;
mod limits;
mod metrics;
mod pending;
mod pieces;
mod readiness;
mod request_head;
mod requests;
mod room;
mod server;
mod sign_ins;
mod stall;
mod starts;
mod tls;
mod tls_records;
mod unproven;
mod zones;

pub use api::{Api, ApiBuilder};
pub use audit::{Audit, AuditFailure};
pub use clock::Clock;
pub use document::{Document, DocumentFormat};
pub use limits::Limits;
pub use metrics::Metrics;
pub use server::{Server, ServerBuilder};
pub use tls::{Tls, TlsError};
pub use zones::{ZoneFolder, ZoneFolderError, ZoneSource, Zones};

/// The README's Rust is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
