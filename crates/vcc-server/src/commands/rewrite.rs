//! What follows a deletion: the rewrite of the store, so that no file has copies of what was deleted.

use std::path::Path;

use vcc_store::{Store, Vacuum, VacuumNeeds};

use super::failure::Failure;
use super::note;
use super::words::bytes;

#[derive(clap::Args)]
pub(super) struct RewriteArgs {
    /// Leave the rewrite of the store to `vcc-server vacuum`: until then its files keep copies of the
    /// deleted recordings
    #[arg(long)]
    defer: bool,
}

/// Copies that no rewrite reaches.
pub(super) const BEYOND: &str =
    "not reached: backups, files of `import --reject`, audit logs with values";

/// Copies that PostgreSQL keeps unless its tables are rewritten.
const PAGES: &str = "PostgreSQL: the bytes of deleted rows stay in its pages until other rows take their \
    place; `vcc-server vacuum --full` writes the tables anew";

/// Copies that it keeps even then.
const LOG: &str = "PostgreSQL: its log and archives of that have what was deleted for as long as they \
    are kept, and a standby until it has replayed this";

/// At least this many bytes of a store are rewritten in a second.
const SPEED: u64 = 50_000_000;

/// A deletion, followed by a rewrite.
pub(super) struct Rewrite<'a> {
    store: &'a dyn Store,
    defer: bool,
    needs: Option<VacuumNeeds>,
}

impl RewriteArgs {
    /// Checks that there is room for the rewrite.
    pub(super) async fn of<'a>(&self, store: &'a dyn Store) -> Result<Rewrite<'a>, Failure> {
        let needs = store.vacuum_needs().await?;
        if let Some(needs) = needs.as_ref().filter(|_| !self.defer) {
            has_room(needs).map_err(|short| {
                Failure::new(format!("{short}; nothing was deleted")).hint(format!(
                    "{MORE_ROOM}, or leave the rewrite to `vcc-server vacuum` by --defer"
                ))
            })?;
        }
        Ok(Rewrite { store, defer: self.defer, needs })
    }
}

impl Rewrite<'_> {
    /// What the rewrite costs, if there is one, in words.
    pub(super) fn told(&self) -> Option<String> {
        let needs = self.needs.as_ref().filter(|_| !self.defer)?;
        Some(format!("afterwards {}", told(needs)))
    }

    /// Rewrites the store if something was deleted, now or before. `done` says what was done, such as
    /// `erased`.
    pub(super) async fn run(&self, deleted: bool, done: &str) -> Result<(), Failure> {
        let remains = self.store.remains().await?;
        if !deleted && remains.is_empty() {
            return Ok(());
        }
        if self.defer {
            note(match &self.needs {
                Some(_) => format!(
                    "{done} from the answers; copies remain in the file until `vcc-server vacuum`: \
                     {remains}"
                ),
                None => format!("{done} from the answers; `vcc-server vacuum` is left to be done"),
            });
        } else {
            vacuum(self.store, Vacuum { full: false }, Some(done)).await?;
        }
        note(BEYOND);
        Ok(())
    }
}

/// Rewrites a store, and says which copies remain. `done` says what was done before, if anything.
pub(super) async fn vacuum(
    store: &dyn Store,
    vacuum: Vacuum,
    done: Option<&str>,
) -> Result<(), Failure> {
    match store.vacuum(vacuum).await {
        Ok(rewritten) if !rewritten.log_is_clean => {
            let done = done.unwrap_or("rewritten");
            let message =
                format!("{done}; the log is not yet clean: another process reads from it");
            Err(Failure::in_part(message)
                .hint("`vcc-server vacuum` when that process is done, or with a longer --wait"))
        }
        Ok(rewritten) if rewritten.before > 0 => {
            let (before, after) = (bytes(rewritten.before), bytes(rewritten.after));
            note(format_args!("rewrote the file: {after} instead of {before}"));
            Ok(())
        }
        Ok(_) => {
            note(if vacuum.full { "wrote the tables anew" } else { "vacuumed the tables" });
            if !vacuum.full {
                note(PAGES);
            }
            note(LOG);
            Ok(())
        }
        Err(error) => Err(match done {
            Some(done) => Failure::in_part(format!("{done}; copies remain in the store: {error}"))
                .hint("`vcc-server vacuum` when that can be done, or with a longer --wait"),
            None => error.into(),
        }),
    }
}

/// Says what still has to be rewritten, if anything.
pub(super) async fn say_remains(store: &dyn Store) -> Result<(), Failure> {
    let remains = store.remains().await?;
    if !remains.is_empty() {
        note(format_args!(
            "still in the file, though in no answer: {remains}; `vcc-server vacuum` rewrites it"
        ));
    }
    Ok(())
}

/// What a rewrite costs, in words.
pub(super) fn told(needs: &VacuumNeeds) -> String {
    let size = bytes(needs.bytes);
    let seconds = needs.bytes.div_ceil(SPEED).max(1);
    let (beside, temporary) = (needs.beside.display(), needs.temporary.display());
    format!(
        "the file is rewritten: {size}, some {seconds} s, with as much room in {beside} and in \
         {temporary} meanwhile"
    )
}

pub(super) const MORE_ROOM: &str = "make room, or name a folder that has some in SQLITE_TMPDIR";

/// Whether the disks have room for a rewrite; if not, what is missing, in words.
pub(super) fn has_room(needs: &VacuumNeeds) -> Result<(), String> {
    let folders = [&*needs.beside, &*needs.temporary].map(Free::of);
    fits(needs, folders)
}

/// The free space of a disk, and its id.
#[derive(Clone, Copy)]
struct Free {
    bytes: u64,
    disk: u64,
}

impl Free {
    /// The disk of a folder, if the system can tell.
    #[cfg(unix)]
    fn of(folder: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let room = rustix::fs::statvfs(folder).ok()?;
        let bytes = room.f_bavail.saturating_mul(room.f_frsize);
        Some(Self { bytes, disk: folder.metadata().ok()?.dev() })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

fn fits(needs: &VacuumNeeds, free: [Option<Free>; 2]) -> Result<(), String> {
    let both = match free {
        [Some(one), Some(other)] => one.disk == other.disk,
        _ => false,
    };
    let wanted = needs.bytes.saturating_mul(if both { 2 } else { 1 });
    for (folder, free) in [&needs.beside, &needs.temporary].into_iter().zip(free) {
        if let Some(free) = free.filter(|free| free.bytes < wanted) {
            let (wanted, has) = (bytes(wanted), bytes(free.bytes));
            let folder = folder.display();
            return Err(format!(
                "the rewrite takes {wanted} of the disk of {folder}, and {has} are \
                 free"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_rewrite_that_has_no_room_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let store = vcc_store::Sqlite::create(folder.path().join("rec.db")).unwrap();
        let mut needs = store.vacuum_needs().await.unwrap().unwrap();
        assert_eq!(has_room(&needs), Ok(()));
        (needs.bytes, needs.beside, needs.temporary) = (1_000, "/data".into(), "/tmp".into());
        let disk = |disk, bytes| Some(Free { bytes, disk });
        let short = |folder: &str, wanted: &str, has: &str| {
            Err(format!("the rewrite takes {wanted} of the disk of {folder}, and {has} are free"))
        };
        for (free, expected) in [
            ([disk(1, 1_000), disk(2, 1_000)], Ok(())),
            ([disk(1, 999), disk(2, 1_000)], short("/data", "1.0 KB", "999 bytes")),
            ([disk(1, 1_000), disk(2, 999)], short("/tmp", "1.0 KB", "999 bytes")),
            // Both on one disk.
            ([disk(1, 2_000), disk(1, 2_000)], Ok(())),
            ([disk(1, 1_999), disk(1, 1_999)], short("/data", "2.0 KB", "2.0 KB")),
            ([None, None], Ok(())),
        ] {
            assert_eq!(fits(&needs, free), expected);
        }
        needs.bytes = 120_000_000;
        let said = "the file is rewritten: 120 MB, some 3 s, with as much room in /data and in /tmp \
                    meanwhile";
        assert_eq!(told(&needs), said);
    }
}
