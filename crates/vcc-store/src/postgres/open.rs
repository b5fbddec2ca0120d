//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::hosts::{Hosts, Purpose};
use super::locks::Backend;
use super::long_texts::LongTexts;
use super::pool::Pool;
use super::settings::Settings;
use super::turns::Turns;
use super::{Postgres, migrate};
use crate::tenant::Zones;
use crate::waiting::{OnWaiting, Teller};
use crate::{StoreError, StoreErrorKind};

/// What a store is opened with.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) deadline: Duration,
    pub(super) zones: Zones,
    pub(super) wait: Duration,
    pub(super) on_waiting: OnWaiting,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deadline, wait, .. } = self;
        f.debug_struct("Options")
            .field("deadline", deadline)
            .field("wait", wait)
            .finish_non_exhaustive()
    }
}

/// How many connections are kept for writes: imports of different tenants run beside each other.
pub(super) const WRITERS: usize = 4;

/// Connects to the store of a URL.
pub(super) async fn connect(url: &str, how: Options) -> Result<Postgres, StoreError> {
    let Options { deadline, zones, wait, on_waiting } = how;
    let mut settings = Settings::parse(url)?;
    settings.complete()?;
    let connections = settings.connections;
    let hosts = Arc::new(Hosts::new(settings)?);
    let readers = Pool::new(hosts.clone(), Purpose::Read, connections, deadline, wait)?;
    let writers = Pool::new(hosts, Purpose::Write, WRITERS, deadline, wait)?;
    let (long, teller) = (LongTexts::default(), Teller::new(on_waiting));
    let turns = Turns::default();
    let mut store = Postgres { readers, writers, upgraded: None, long, turns, zones, wait, teller };
    let current = match store.readers.get().await {
        Ok(lease) => {
            let current = migrate::is_current(&lease).await;
            lease.settle(current)?
        }
        Err(error) if error.kind() == StoreErrorKind::Unavailable => false,
        Err(error) => return Err(error),
    };
    if !current {
        let mut lease = store.writers.get().await?;
        let migrated = store.await_write(Backend::of(&lease), migrate::migrate(&mut lease)).await;
        store.upgraded = lease.settle(migrated)?;
    }
    Ok(store)
}
