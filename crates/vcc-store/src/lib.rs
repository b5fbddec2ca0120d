//! Where recordings live.
//!
//! A [`Store`] holds tenants, their tokens and their recordings, and answers a
//! [`Selection`](vcc_query::Selection) with one [`Page`]: the records that the selection matches,
//! in its order. Every engine gives the answer that matching all records in memory would give.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use chrono::DateTime;
//! use vcc_query::{Context, Query};
//! use vcc_store::{Sqlite, Store, StoredRecord, Token};
//! use vcc_types::{Dialect, Field, Recording, Row};
//!
//! let now = DateTime::from_timestamp(1_198_120_596, 0).unwrap();
//! let store = Sqlite::in_memory()?;
//! let tenant = store.add_tenant("acme", "America/Los_Angeles".parse().unwrap(), now).await?;
//! let token = Token::generate()?;
//! store.add_token(tenant.id, token.hash(), "first", now).await?;
//!
//! let recording = Recording::new()
//!     .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
//!     .with(Field::AgentId, "bill");
//! let records = vec![StoredRecord::new(&recording).unwrap()];
//! store.import(tenant.id, records.into()).await?;
//!
//! let context = Context { now, tenant_tz: tenant.zone, dialect: Dialect::default() };
//! let selection = Query::parse("d=2007-12-19&agentID=bill").unwrap().resolve(&context).unwrap();
//! let page = store.page(tenant.id, &selection).await?;
//! assert_eq!(page.records[0].text(Field::AgentId), "bill");
//! # Ok::<(), vcc_store::StoreError>(())
//! # }).unwrap();
//! ```
//!
//! # Features
//!
//! * `sqlite` (default): [`Sqlite`], an engine compiled into the program.
//! * `postgres` (default): [`Postgres`], on servers of its own.
//! * `laws`: what every store promises, as tests for any engine: `vcc_store::laws`.

#![warn(missing_debug_implementations)]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, unused_imports, unused_macros, reason = "what the engines share")
)]

mod answer;
mod batch;
mod bulk;
mod checkpoint;
mod counts;
mod deletion;
mod error;
mod export;
mod index;
mod label;
#[cfg(feature = "laws")]
pub mod laws;
mod micros;
mod page;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod remains;
mod rest;
mod selection;
#[cfg(test)]
mod shapes;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod tenant;
mod tenant_name;
mod token;
mod upgrade;
mod vacuum;
mod waiting;

pub use answer::Decide;
pub use batch::{Batch, Imported, OnConflict};
pub use bulk::{BulkLoad, BulkLoaded};
pub use checkpoint::Checkpoint;
pub use deletion::{Deletion, Reach};
pub use error::{StoreError, StoreErrorKind};
pub use export::Export;
pub use index::INDEXABLE;
pub use page::Page;
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresBuilder};
pub use record::{RecordError, RecordErrorKind, StoredRecord};
pub use remains::Remains;
pub use rest::Rest;
#[cfg(feature = "sqlite")]
pub use sqlite::followed::FollowedSqlite;
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteBuilder};
pub use store::Store;
pub use tenant::{Credentials, Overview, Tenant, TenantId};
pub use tenant_name::NameProblem;
pub use token::{KnownToken, Token, TokenHash, TokenInfo};
pub use upgrade::Upgrade;
pub use vacuum::{Vacuum, VacuumNeeds, Vacuumed};
pub use waiting::Waiting;
