use std::io::{IsTerminal as _, Write as _};

use clap::Subcommand;
use vcc_server::Clock;

use super::failure::Failure;
use super::store::{self, StoreArgs};
use super::words::counted;
use super::{note, tenant_list, tenant_zone};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a tenant, making the store where there is none
    Add {
        /// The user name of the tenant's requests
        name: String,
        /// The tenant's time zone, by its IANA name: America/Los_Angeles
        #[arg(long, value_name = "ZONE")]
        tz: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Change the time zone of a tenant, saying what that changes; a running server goes by it from
    /// the next request on
    Set {
        /// The tenant's name
        name: String,
        /// The tenant's time zone from now on, by its IANA name: America/Los_Angeles
        #[arg(long, value_name = "ZONE")]
        tz: String,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// List the tenants: name, time zone, how many recordings and tokens they have
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Remove a tenant with its tokens and all its recordings
    Remove {
        /// The tenant's name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        store: StoreArgs,
    },
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add { name, tz, store } => {
            let zone = store.zone(&tz)?;
            store.create().await?.add_tenant(&name, zone, Clock::system().now()).await?;
            note(format_args!("added tenant {name} ({zone})"));
            note(format_args!(
                "next: `vcc-server token new {name}` and `vcc-server import --tenant {name} FILE`"
            ));
        }
        Command::Set { name, tz, dry_run, store } => {
            let zone = store.zone(&tz)?;
            tenant_zone::set(&*store.open().await?, &name, zone, dry_run).await?;
        }
        Command::List { store } => {
            tenant_list::list(&*store.open().await?).await?;
        }
        Command::Remove { name, yes, store } => {
            let store = store.open().await?;
            let tenant = store::tenant(&*store, &name).await?;
            if !yes {
                confirm(&name, store.count(tenant.id).await?)?;
            }
            let records = store.remove_tenant(tenant.id).await?;
            let records = counted(records, "recording");
            note(format_args!("removed tenant {name} and its {records}"));
        }
    }
    Ok(())
}

/// Has the name typed again: what follows cannot be undone.
fn confirm(name: &str, records: u64) -> Result<(), Failure> {
    let refused = || Failure::new("nothing was removed").hint("--yes removes without asking");
    if !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    let mut stderr = anstream::stderr();
    let _ = write!(
        stderr,
        "This removes {name} and its {}. Type its name to go on: ",
        counted(records, "recording")
    );
    let _ = stderr.flush();
    let mut typed = String::new();
    match std::io::stdin().read_line(&mut typed) {
        Ok(_) if typed.trim_end_matches(['\r', '\n']) == name => Ok(()),
        _ => Err(refused()),
    }
}
