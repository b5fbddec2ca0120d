//! A store in a file that may be replaced while it is open.

mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::Sqlite;
use super::files::identity;
use super::ready::Now;
use crate::{Page, Store as _, StoreError, StoreErrorKind};

/// A [`Sqlite`] that is opened again when another file has taken the place of its own. A server
/// needs that, if it runs while a backup is restored.
///
/// Each call checks whether the path still names the file that is open, by its device and number,
/// and a thread checks twice a second. If it names another file, that is opened, calls wait for it,
/// and nothing is answered from the old one any more. While there is no file, or one that is not a
/// store, calls are [`Unavailable`](StoreErrorKind::Unavailable). Both are logged, and
/// [`ready`](crate::Store::ready) reports once that the file was replaced.
///
/// The log of the old file is removed if it is still beside the new one, because it would be read
/// as a part of it. So it is best to move all files of a store together, or to close the old one
/// first.
///
/// A [`TenantId`](crate::TenantId) is a number in one file. If you keep one over several calls,
/// make sure that the new file has it for the same tenant; [`answer`](crate::Store::answer) reads
/// from one file, and [`rest`](crate::Store::rest) only from the file in which the page began.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{FollowedSqlite, Sqlite, Store as _};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let folder = tempfile::tempdir()?;
/// let (path, other) = (folder.path().join("calls.db"), folder.path().join("other.db"));
/// Sqlite::create(&path)?.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// Sqlite::create(&other)?.add_tenant("globex", vcc_query::Zone::UTC, now).await?;
///
/// let store = FollowedSqlite::open(&path, |path| Sqlite::open(path))?;
/// assert_eq!(store.tenants().await?[0].name, "acme");
/// std::fs::rename(&other, &path)?;
/// assert_eq!(store.tenants().await?[0].name, "globex");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct FollowedSqlite {
    shared: Arc<Shared>,
    /// Ends the thread that looks.
    _stop: mpsc::Sender<()>,
}

type Open = dyn Fn(&Path) -> Result<Sqlite, StoreError> + Send + Sync;

struct Shared {
    path: PathBuf,
    open: Box<Open>,
    current: RwLock<Current>,
    /// Whether there was a problem at the last check.
    is_troubled: AtomicBool,
    /// Whether the file was replaced since [`Store::ready`](crate::Store::ready) was last called.
    was_replaced: AtomicBool,
    trouble: Mutex<Trouble>,
    /// Of the calls that wait for the new file, one uses a thread.
    one: Arc<Semaphore>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("path", &self.path)
            .field("current", &self.current)
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}

/// The file that is open, and how many came before it.
#[derive(Clone, Debug)]
struct Current {
    store: Arc<Sqlite>,
    number: u64,
}

/// The problem, so that it is logged once.
#[derive(Debug, Default)]
struct Trouble {
    told: Option<String>,
    /// When the new file could not be opened.
    failed: Option<Instant>,
}

const REPLACED: &str = "was replaced";

/// How often the file is checked without a call.
const EVERY: Duration = Duration::from_millis(500);

/// How long to wait after a file could not be opened: it may be in the middle of being copied.
const PAUSE: Duration = Duration::from_millis(100);

/// How often to open a file that turns out to be replaced again.
const OPENINGS: usize = 3;

impl FollowedSqlite {
    /// Opens the store at a path, with `open` now and whenever the file was replaced.
    ///
    /// # Errors
    ///
    /// Those of `open`.
    pub fn open(
        path: impl AsRef<Path>,
        open: impl Fn(&Path) -> Result<Sqlite, StoreError> + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let store = Arc::new(open_one(&path, &open)?);
        warn_if_read_only(&path, &store);
        let shared = Arc::new(Shared {
            path,
            open: Box::new(open),
            current: RwLock::new(Current { store, number: 0 }),
            is_troubled: AtomicBool::new(false),
            was_replaced: AtomicBool::new(false),
            trouble: Mutex::default(),
            one: Arc::new(Semaphore::new(1)),
        });
        let (stop, stopped) = mpsc::channel();
        let looked_at = shared.clone();
        let look = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(EVERY) {
                if looked_at.unchanged().is_none() {
                    // Calls get the error; here it is logged.
                    let _ = looked_at.renew();
                }
            }
        };
        std::thread::Builder::new().name("vcc-store".to_owned()).spawn(look).map_err(|error| {
            StoreError::new(StoreErrorKind::Internal, "cannot start a thread").with_source(error)
        })?;
        Ok(Self { shared, _stop: stop })
    }

    /// The store in the file that the path names.
    async fn current(&self) -> Result<Current, StoreError> {
        if let Some(current) = self.shared.unchanged() {
            return Ok(current);
        }
        let turn =
            self.shared.one.clone().acquire_owned().await.map_err(|_| StoreError::closed())?;
        let shared = self.shared.clone();
        let renewed = tokio::task::spawn_blocking(move || {
            // Kept also if nobody waits for the result any more.
            let _turn = turn;
            shared.renew()
        });
        renewed.await.unwrap_or_else(|ended| Err(StoreError::task(ended)))
    }

    async fn store(&self) -> Result<Arc<Sqlite>, StoreError> {
        Ok(self.current().await?.store)
    }
}

impl Shared {
    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store that is open, if the path names it and there was no problem.
    fn unchanged(&self) -> Option<Current> {
        let current = self.current();
        let is_same = matches!(current.store.opened.now(), Now::Same);
        (is_same && !self.is_troubled.load(Ordering::Relaxed)).then_some(current)
    }

    /// Opens what the path names, if it is not open yet. It may block.
    fn renew(&self) -> Result<Current, StoreError> {
        let mut trouble = self.trouble();
        let current = self.current();
        let name = self.path.display();
        let what = match current.store.opened.now() {
            Now::Same => {
                if trouble.told.take().is_some() {
                    tracing::warn!("{name} is back");
                }
                self.is_troubled.store(false, Ordering::Relaxed);
                return Ok(current);
            }
            Now::Gone => return Err(self.report(&mut trouble, format!("{name} is gone"))),
            Now::Other => REPLACED,
            Now::Written => "was written to",
        };
        if let (Some(at), Some(told)) = (trouble.failed, &trouble.told)
            && at.elapsed() < PAUSE
        {
            return Err(StoreError::new(StoreErrorKind::Unavailable, told.clone()));
        }
        match self.reopen(&current) {
            Ok(store) => {
                let renewed = Current { store, number: current.number + 1 };
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed.clone();
                *trouble = Trouble::default();
                self.is_troubled.store(false, Ordering::Relaxed);
                if what == REPLACED {
                    self.was_replaced.store(true, Ordering::Relaxed);
                    tracing::warn!("{name} {REPLACED}: the new file is open now");
                } else {
                    tracing::info!("{name} {what}, and is opened anew");
                }
                Ok(renewed)
            }
            Err(error) => {
                trouble.failed = Some(Instant::now());
                let said = format!("{name} {what}, and cannot be opened: {error}");
                Err(self.report(&mut trouble, said))
            }
        }
    }

    /// Records a problem, and logs it once.
    fn report(&self, trouble: &mut Trouble, said: String) -> StoreError {
        if trouble.told.as_ref() != Some(&said) {
            tracing::warn!("{said}");
            trouble.told = Some(said.clone());
        }
        self.is_troubled.store(true, Ordering::Relaxed);
        StoreError::new(StoreErrorKind::Unavailable, said)
    }

    fn reopen(&self, old: &Current) -> Result<Arc<Sqlite>, StoreError> {
        for removed in old.store.opened.clear_beside()? {
            tracing::warn!("removed {}: it was of the file that was replaced", removed.display());
        }
        let store = Arc::new(open_one(&self.path, &self.open)?);
        if let Some(upgrade) = store.upgraded() {
            tracing::warn!("{upgrade}");
        }
        warn_if_read_only(&self.path, &store);
        Ok(store)
    }
}

fn warn_if_read_only(path: &Path, store: &Sqlite) {
    if let Some(why) = store.read_only() {
        tracing::warn!("{} is open read-only: {why}", path.display());
    }
}

/// Opens a file, and makes sure which it was.
fn open_one(path: &Path, open: &Open) -> Result<Sqlite, StoreError> {
    for _ in 0..OPENINGS {
        let before = path.metadata().ok().map(|about| identity(&about));
        let store = open(path)?;
        // Otherwise the file that was opened may not be the one that is named now.
        if before.is_none_or(|before| store.opened.is(before)) {
            return Ok(store);
        }
    }
    let message = format!("{} is replaced again and again", path.display());
    Err(StoreError::new(StoreErrorKind::Unavailable, message))
}

impl Current {
    /// Marks a page with this file: its rest can be read from no other.
    fn of(&self, mut page: Page) -> Page {
        if let Some(rest) = &mut page.rest {
            rest.set_file(self.number);
        }
        page
    }
}
