use clap::Subcommand;
use vcc_server::Clock;
use vcc_store::{Deletion, Store};

use super::ask::{Answer, Question, What};
use super::deletion::Ends;
use super::failure::Failure;
use super::store::{self, StoreArgs};
use super::words::counted;
use super::{note, rewrite, tenant_list, tenant_zone};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a tenant, and make the store if there is none
    Add {
        /// The user name of the tenant's requests
        name: String,
        /// The tenant's time zone, by its IANA name: America/Los_Angeles
        #[arg(long, value_name = "ZONE")]
        tz: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Change the time zone of a tenant, and say what that changes; a running server uses it from the next
    /// request on
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
        #[command(flatten)]
        ends: Ends,
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
            let store = store.open_to_read().await?;
            tenant_list::list(&*store).await?;
            rewrite::say_remains(&*store).await?;
        }
        Command::Remove { name, ends, store } => {
            remove(&*store.open().await?, &name, &ends).await?;
        }
    }
    Ok(())
}

/// Removes a tenant with everything that it has.
async fn remove(store: &dyn Store, name: &str, ends: &Ends) -> Result<(), Failure> {
    let tenant = match store::tenant(store, name).await {
        Ok(tenant) => tenant,
        Err(failure) => {
            // It may have been removed by a command that was ended before the rewrite.
            rewrite::say_remains(store).await?;
            return Err(failure);
        }
    };
    let reach = store.reach(tenant.id, &Deletion::All).await?;
    let rewrite = ends.rewrite.of(store).await?;
    let tokens = store.tokens(tenant.id).await?.len() as u64;
    let question =
        Question { tenant: &tenant, reach, what: What::Tenant { tokens }, then: rewrite.told() };
    if ends.ask.ask(&question)? == Answer::Leave {
        return Ok(());
    }
    let records = store.remove_tenant(tenant.id).await?;
    note(format_args!("removed tenant {name} and its {}", counted(records, "recording")));
    rewrite.run(true, "removed").await
}
