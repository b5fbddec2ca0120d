//! The Recordings API as a server.
//!
//! A request goes through four steps: who asks (HTTP Basic, a tenant and one of its tokens), what
//! is asked (a path, a method, a query), which records those are (a
//! [`Selection`](vcc_query::Selection) for the [`Store`](vcc_store::Store)), and how they are
//! written (XML or CSV). The server holds no state that a second one would need.
//!
//! * [`Server`] listens on a socket: in a test, in another program, or as the command
//!   `vcc-server`. [`Tls`] is its certificate.
//! * [`InProcess`] has the same connections without a socket: bytes go in and come out within a process.
//! * [`Api`] is the same without a connection: a tower service to mount in your own application.
//! * [`Limits`] bound what is done at once and for how long, [`Metrics`] count it, and an [`Audit`]
//!   keeps who asked what. A [`Clock`] says what time it is, also in a test.
//! * A [`WebOrigin`] names pages that may ask, and servers that the page for people may ask.
//! * [`ZoneSource`] chooses the zone data: what is compiled in, or newer data of the system.
//! * [`Document`] writes any number of records as a response has them.
//!
//! ```no_run
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use std::sync::Arc;
//! use vcc_server::Server;
//! use vcc_store::Sqlite;
//!
//! let store = Arc::new(Sqlite::open("recordings.db")?);
//! let server = Server::builder(store).start("127.0.0.1:8080").await?;
//! println!("http://{}/api/recordings/files", server.local_addr());
//! server.run_until(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod admin;
mod api;
mod audit;
mod auth;
mod body;
mod clock;
mod connection;
mod cors;
mod document;
mod encrypted;
mod error_response;
mod explorer;
mod gate;
mod gzip;
mod held;
mod in_process;
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
mod web_origin;
mod zones;

pub use api::{Api, ApiBuilder};
pub use audit::{Audit, AuditFailure};
pub use clock::Clock;
pub use document::{Document, DocumentFormat};
pub use in_process::InProcess;
pub use limits::Limits;
pub use metrics::Metrics;
pub use server::{Server, ServerBuilder};
pub use tls::{Tls, TlsError};
pub use web_origin::{WebOrigin, WebOriginError};
pub use zones::{ZoneFolder, ZoneFolderError, ZoneSource, Zones};

/// The README's Rust is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
