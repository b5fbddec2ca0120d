//! `backup` and `restore` of a store in a file.

use std::path::PathBuf;
use std::sync::Arc;

use vcc_store::Sqlite;

use super::failure::Failure;
use super::note;
use super::store::{StoreArgs, sqlite, told};

#[derive(clap::Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(clap::Args)]
pub(super) struct Restore {
    /// The file that `backup` wrote
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn backup(args: Backup) -> Result<(), Failure> {
    let store = sqlite(args.store.wait()).open_to_read(file(&args.store)?)?;
    told(Arc::new(store)).backup(&args.file).await?;
    note(format_args!("wrote {}", args.file.display()));
    Ok(())
}

pub(super) async fn restore(args: Restore) -> Result<(), Failure> {
    let target = file(&args.store)?;
    if target.exists() {
        return Err(Failure::new(format!("{} exists already", target.display()))
            .hint("a backup is restored where there is no store yet"));
    }
    Sqlite::restore(&args.file, &target).await?;
    // A backup of an earlier version is upgraded here, and not in its own file.
    told(Arc::new(Sqlite::open(&target)?));
    note(format_args!("restored {}", target.display()));
    Ok(())
}

/// The file of the store, if it is in one.
pub(super) fn file(store: &StoreArgs) -> Result<PathBuf, Failure> {
    store.path()?.ok_or_else(|| {
        Failure::usage("only a store in a file can be copied, renamed or removed so")
            .hint("PostgreSQL has pg_basebackup and pg_dump")
    })
}
