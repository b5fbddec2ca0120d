//! `vacuum`: rewrites a store, such as after a deletion that left that to be done.

use vcc_store::Vacuum;

use super::failure::Failure;
use super::note;
use super::rewrite;
use super::store::StoreArgs;

#[derive(clap::Args)]
pub(super) struct Args {
    /// In PostgreSQL, rewrite the tables. Nobody can read or write them until that is done. A store in a
    /// file is always rewritten, and can be read while that runs
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let store = args.store.open().await?;
    let needs = store.vacuum_needs().await?;
    if let Some(needs) = &needs {
        rewrite::has_room(needs).map_err(|short| Failure::new(short).hint(rewrite::MORE_ROOM))?;
        let remains = store.remains().await?;
        if !remains.is_empty() {
            note(format_args!("still in the file, though in no answer: {remains}"));
        }
        note(rewrite::told(needs));
    }
    rewrite::vacuum(&*store, Vacuum { full: args.full }, None).await?;
    note(rewrite::BEYOND);
    Ok(())
}
