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

/// A [`Sqlite`] that is opened anew when another file has taken the place of its own, as a server
/// needs it that runs on while a backup is restored.
///
/// Each call looks whether the path still names the file that is open, by its device and its number;
/// a thread looks too, twice a second. Where it names another one, that is opened, calls wait for it,
/// and nothing is answered out of the old one any more. As long as there is no file, or none that is a
/// store, calls are [`Unavailable`](StoreErrorKind::Unavailable). Either is logged, and
/// [`ready`](crate::Store::ready) says once that the file was replaced.
///
/// The log of the old file is removed where it still stands beside the new one: it would be read as a
/// part of it. So the files of a store are best moved away together, or the old one is closed first.
///
/// A [`TenantId`](crate::TenantId) is a number in one file. Who keeps one over several calls must know whether the other
/// file has it for the same tenant; [`answer`](crate::Store::answer) reads one file, and
/// [`rest`](crate::Store::rest) none but that in which the page began.
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
    /// Whether something was the matter when it was last looked.
    is_troubled: AtomicBool,
    /// Whether it was replaced since [`Store::ready`](crate::Store::ready) was last asked.
    was_replaced: AtomicBool,
    trouble: Mutex<Trouble>,
    /// Of those who wait for the new file, one has a thread.
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

/// The file that is open, and how many were before it.
#[derive(Clone, Debug)]
struct Current {
    store: Arc<Sqlite>,
    number: u64,
}

/// What was the matter, so that it is logged once.
#[derive(Debug, Default)]
struct Trouble {
    told: Option<String>,
    /// When the new file could not be opened.
    failed: Option<Instant>,
}

const REPLACED: &str = "was replaced";

/// How often it is looked at without a call.
const EVERY: Duration = Duration::from_millis(500);

/// How long nothing is tried after a file could not be opened: it may be one that is being copied.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a file is opened that is another when it is open.
const OPENINGS: usize = 3;

impl FollowedSqlite {
    /// Opens the store at a path, by `open` now and whenever it was replaced.
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
                    // Whoever asks is told; here it is logged.
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
            // Also when nobody waits for it any more.
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

    /// What is open, if that is what the path names and nothing was the matter.
    fn unchanged(&self) -> Option<Current> {
        let current = self.current();
        let is_same = matches!(current.store.opened.now(), Now::Same);
        (is_same && !self.is_troubled.load(Ordering::Relaxed)).then_some(current)
    }

    /// Opens what the path names, if it is not open. It may block.
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

    /// Notes what is the matter, and logs it once.
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

/// Opens a file, and knows which it was.
fn open_one(path: &Path, open: &Open) -> Result<Sqlite, StoreError> {
    for _ in 0..OPENINGS {
        let before = path.metadata().ok().map(|about| identity(&about));
        let store = open(path)?;
        // Else another may have been opened than is named now.
        if before.is_none_or(|before| store.opened.is(before)) {
            return Ok(store);
        }
    }
    let message = format!("{} is replaced again and again", path.display());
    Err(StoreError::new(StoreErrorKind::Unavailable, message))
}

impl Current {
    /// A page of this file, of which the rest can be read in no other.
    fn of(&self, mut page: Page) -> Page {
        if let Some(rest) = &mut page.rest {
            rest.set_file(self.number);
        }
        page
    }
}
