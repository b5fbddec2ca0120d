//! Recordings from any service that speaks the Recordings API: all of them, or the reason why not.
//!
//! The API tells no total, its list moves while it is read, and what it sends is not always
//! well-formed. So a client has to walk page by page, to see where a server does not keep the rules,
//! to ask again what broke on the way, and to say what it saw. This crate does that.
//!
//! ```no_run
//! # #[cfg(feature = "http")]
//! # async fn all() -> Result<(), Box<dyn std::error::Error>> {
//! use futures_util::TryStreamExt as _;
//! use vcc_client::{Client, Credentials};
//! use vcc_query::Query;
//!
//! let client = Client::builder("https://recordings.example")
//!     .credentials(Credentials::from_env()?)
//!     .build()?;
//! let query = Query::parse("d=2007-08-05&tz=America/Denver&agentID=bill")?;
//! let mut recordings = std::pin::pin!(client.recordings(&query));
//! while let Some(recording) = recordings.try_next().await? {
//!     println!("{:?}", recording.get(vcc_types::Field::Filename));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | for | see |
//! |---|---|
//! | one page, with its deviations | [`Client::page`] |
//! | every page of a list, with what was seen on the way | [`Client::pages`] |
//! | every recording of a list | [`Client::recordings`] |
//! | programs that are not `async`, or call from inside a runtime | `blocking`, a feature |
//! | another way to send requests | [`Transport`], one method; without default features nothing else |
//!
//! # What is asked again
//!
//! Connections that were refused or broke, bodies that were cut, 503 and 429 after the time that
//! `Retry-After` gives, and 500 once: within one budget, [`Retry`]. Nothing else. An error says how often
//! was asked and for how long.

#[cfg(feature = "http")]
mod base;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "http")]
mod builder;
mod client;
mod credentials;
mod error;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "keyring")]
mod keyring;
mod page;
mod pages;
#[cfg(feature = "profiles")]
mod profiles;
mod retry;
mod transport;
mod walk;
mod warning;

#[cfg(feature = "http")]
pub use base::{Base, InvalidBase};
#[cfg(feature = "http")]
pub use builder::ClientBuilder;
pub use client::Client;
pub use credentials::{Credentials, CredentialsError};
pub use error::{Error, ErrorKind};
#[cfg(feature = "http")]
pub use http::Http;
pub use page::{Evidence, Page};
pub use pages::Pages;
#[cfg(feature = "profiles")]
pub use profiles::{Profile, Profiles, ProfilesError};
pub use retry::Retry;
pub use transport::{Answer, Request, Transport, TransportError, TransportErrorKind};
pub use walk::{Step, Walk, WalkError};
pub use warning::Warning;

/// The README's examples are tests.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
