//! How a store is opened.

use std::cell::Cell;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::Sqlite;
use super::access::{self, Access};
use super::durable::SYNCHRONOUS;
use super::error::error;
use super::held::Held;
use super::location::Location;
use super::log::{Log, LogLimits};
use super::migrate::{is_current, migrate};
use super::patience::Patience;
use super::pool::Pool;
use super::ready::Opened;
use super::scans::Scans;
use super::writer::Writer;
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
    pub(super) log: LogLimits,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deadline, wait, log, .. } = self;
        f.debug_struct("Options")
            .field("deadline", deadline)
            .field("wait", wait)
            .field("log", log)
            .finish_non_exhaustive()
    }
}

/// Bytes to a page of a new file: an import is some percent faster than with 4,096.
pub(super) const PAGE_SIZE: i64 = 8_192;

/// How many connections there are for long reads.
pub(super) const SCANS: usize = 4;

/// How many connections there are for short reads.
pub(super) fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get()).clamp(2, 16)
}

/// Makes an empty store in memory.
pub(super) fn in_memory(how: Options) -> Result<Sqlite, StoreError> {
    let location = Location { path: None, create: true, read_only: false, is_alone: false };
    let pool = Pool::open_with(&location, 1, |connection| {
        migrate(connection, ":memory:", true).map(drop)
    })?;
    let (readers, scans) = (pool.clone(), Scans::new(pool.clone(), 1));
    let (patience, log) = sharing(&location, ":memory:", &how);
    let writer = Writer::new(pool, patience, log);
    let Options { deadline, zones, .. } = how;
    let opened = Arc::new(Opened::new(&location, Held::nothing()));
    let (upgraded, file, read_only) = (None, None, None);
    Ok(Sqlite { readers, scans, writer, deadline, upgraded, zones, opened, file, read_only })
}

/// Opens a store in a file to read and write it.
pub(super) fn write(path: &Path, create: bool, how: Options) -> Result<Sqlite, StoreError> {
    let name = path.display().to_string();
    if !create && !path.exists() {
        let message = format!("there is no store at {name}");
        return Err(StoreError::new(StoreErrorKind::NotFound, message));
    }
    if path.is_dir() {
        let message = format!("{name} is a folder, and no store");
        return Err(StoreError::new(StoreErrorKind::Refused, message));
    }
    if path.is_file() {
        access::to_write(path)?;
    }
    let mut location =
        Location { path: Some(path.to_owned()), create, read_only: false, is_alone: false };
    let held = Held::take(path)?;
    let upgraded = Cell::new(None);
    let (patience, log) = sharing(&location, &name, &how);
    let open = |connection: &mut Connection| {
        let patience = patience.clone();
        connection
            .busy_handler(Some(move |_| patience.again()))
            .map_err(error("cannot open the store"))?;
        // For a new file; an existing one keeps its own.
        connection
            .pragma_update(None, "page_size", PAGE_SIZE)
            .map_err(error("cannot open the store"))?;
        upgraded.set(migrate(connection, &name, create)?);
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .and_then(|()| connection.pragma_update(None, "synchronous", SYNCHRONOUS))
            // An import touches pages all over the indexes: they are kept in memory, and go to the
            // file in larger pieces.
            .and_then(|()| connection.pragma_update(None, "cache_size", -65_536))
            // A process that has written much writes the log back, so that a small write, such as revoking
            // a token, is quick.
            .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", 0))
            // When the log starts over, its excess is given back.
            .and_then(|()| connection.pragma_update(None, "journal_size_limit", 128 << 20))
            // From the first read on there is a log, and others see that the store is open.
            .and_then(|()| connection.pragma_query_value(None, "schema_version", |_| Ok(())))
            .map_err(error("cannot open the store"))
    };
    let writer = Pool::open_with(&location, 1, |connection| patience.during(|| open(connection)))?;
    let writer = Writer::new(writer, patience, log);
    location.read_only = true;
    location.create = false;
    let readers = Pool::open_with(&location, readers(), |_| Ok(()))?;
    let scans = Scans::new(Pool::open_with(&location, SCANS, |_| Ok(()))?, SCANS / 2);
    let Options { deadline, zones, .. } = how;
    let (upgraded, opened) = (upgraded.into_inner(), Arc::new(Opened::new(&location, held)));
    let (file, read_only) = (location.path, None);
    Ok(Sqlite { readers, scans, writer, deadline, upgraded, zones, opened, file, read_only })
}

/// Opens a store in a file to read it, or, if it can be written, to write it as well.
pub(super) fn read(path: &Path, how: Options) -> Result<Sqlite, StoreError> {
    if !path.is_file() {
        return write(path, false, how);
    }
    let Access::Read { is_alone, why } = access::of(path)? else {
        return write(path, false, how);
    };
    let (name, held) = (path.display().to_string(), Held::take(path)?);
    let path = Some(path.to_owned());
    let location = Location { path, create: false, read_only: true, is_alone };
    let (patience, log) = sharing(&location, &name, &how);
    // A write fails there, and says why.
    let writer = Pool::open_with(&location, 1, |connection| is_current(connection, &name))?;
    let writer = Writer::new(writer, patience, log);
    let readers = Pool::open_with(&location, readers(), |_| Ok(()))?;
    let scans = Scans::new(Pool::open_with(&location, SCANS, |_| Ok(()))?, SCANS / 2);
    let Options { deadline, zones, .. } = how;
    let (opened, read_only) = (Arc::new(Opened::new(&location, held)), Some(why));
    let (upgraded, file) = (None, location.path);
    Ok(Sqlite { readers, scans, writer, deadline, upgraded, zones, opened, file, read_only })
}

/// How a store's writer shares it with others.
fn sharing(location: &Location, name: &str, how: &Options) -> (Arc<Patience>, Log) {
    let teller = || Teller::new(how.on_waiting.clone());
    let patience = Patience::new(how.wait, teller(), name.to_owned(), location.log());
    (Arc::new(patience), Log::new(location.log(), name.to_owned(), how.log, teller()))
}
