//! `store rename` and `store remove`, of a store in a file.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use vcc_store::Sqlite;

use super::backup::file;
use super::failure::Failure;
use super::note;
use super::store::StoreArgs;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Give a store that nobody has open another name in the same file system
    Rename {
        /// The new name; it must not exist
        to: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Remove a store that nobody has open, with its tenants, tokens and recordings
    Remove {
        /// Remove without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        store: StoreArgs,
    },
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Rename { to, store } => {
            let from = file(&store)?;
            Sqlite::rename(&from, &to).await?;
            note(format_args!("renamed {} to {}", from.display(), to.display()));
        }
        Command::Remove { yes, store } => {
            let path = file(&store)?;
            if !yes {
                confirm(&path)?;
            }
            Sqlite::remove(&path).await?;
            note(format_args!("removed {}", path.display()));
        }
    }
    Ok(())
}

/// Asks to type the name, because the removal cannot be undone.
fn confirm(path: &Path) -> Result<(), Failure> {
    let refused = || Failure::new("nothing was removed").hint("--yes removes without asking");
    if !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    let name = path.display().to_string();
    let mut stderr = anstream::stderr();
    let _ = write!(stderr, "This removes {name} and all that is in it. Type its name to go on: ");
    let _ = stderr.flush();
    let mut typed = String::new();
    match std::io::stdin().read_line(&mut typed) {
        Ok(_) if typed.trim_end_matches(['\r', '\n']) == name => Ok(()),
        _ => Err(refused()),
    }
}
