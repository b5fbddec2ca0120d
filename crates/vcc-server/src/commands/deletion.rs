//! Deletes recordings: `purge` and `erase`.

use chrono::{DateTime, Utc};
use clap::ArgGroup;
use vcc_query::{Context, Query};
use vcc_server::Clock;
use vcc_store::{Deletion, Store, Tenant};
use vcc_types::{Dialect, Field};

use super::ask::{Answer, AskArgs, Question, What};
use super::failure::Failure;
use super::note;
use super::rewrite::{Rewrite, RewriteArgs};
use super::store::{self, StoreArgs};
use super::words::counted;

/// Whether to ask before a deletion, and whether to rewrite the store after it.
#[derive(clap::Args)]
pub(super) struct Ends {
    #[command(flatten)]
    pub(super) ask: AskArgs,
    #[command(flatten)]
    pub(super) rewrite: RewriteArgs,
}

#[derive(clap::Args)]
pub(super) struct Purge {
    /// The tenant whose recordings they are
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// Delete what started before this date, as a query writes dates: 2024-01-01, today-365d
    #[arg(long, value_name = "DATE")]
    before: String,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(clap::Args)]
#[command(override_usage = "vcc-server erase [OPTIONS] --tenant <NAME> \\\n       \
    <--phone-number <NUMBER>|--agent <AGENT>>")]
#[command(group(ArgGroup::new("who").required(true).args(["phone_number", "agent"])))]
pub(super) struct Erase {
    /// The tenant whose recordings they are
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// Delete the recordings of this phone number
    #[arg(long, value_name = "NUMBER")]
    phone_number: Option<String>,
    /// Delete the recordings of this agent
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn purge(args: Purge) -> Result<(), Failure> {
    let store = args.store.open().await?;
    let tenant = store::tenant(&*store, &args.tenant).await?;
    let now = Clock::system().now();
    let context = Context { now, tenant_tz: tenant.zone, dialect: Dialect::default() };
    let before = instant(&args.before, &context)?;
    let what = if before > now { What::BeforeFuture(&args.before) } else { What::Recordings };
    let deletion = Deletion::Before(before);
    let deleted = delete(&*store, &tenant, &deletion, what, &args.ends).await?;
    let Some((deleted, rewrite)) = deleted else { return Ok(()) };
    note(format_args!("deleted {} that started before {before}", counted(deleted, "recording")));
    rewrite.run(deleted > 0, "purged").await
}

pub(super) async fn erase(args: Erase) -> Result<(), Failure> {
    let store = args.store.open().await?;
    let tenant = store::tenant(&*store, &args.tenant).await?;
    let (field, value) = match (args.phone_number, args.agent) {
        (Some(number), _) => (Field::PhoneNumber, number),
        (None, agent) => (Field::AgentId, agent.unwrap_or_default()),
    };
    if value.is_empty() {
        return Err(Failure::usage("an empty value would delete what belongs to nobody"));
    }
    let deletion = Deletion::Field(field, value);
    let deleted = delete(&*store, &tenant, &deletion, What::Recordings, &args.ends).await?;
    let Some((deleted, rewrite)) = deleted else { return Ok(()) };
    note(format_args!("deleted {}", counted(deleted, "recording")));
    rewrite.run(deleted > 0, "erased").await
}

/// Deletes, if the answer allows it. Gives the number of deleted recordings and the rewrite that follows;
/// `None` for `--dry-run`.
async fn delete<'a>(
    store: &'a dyn Store,
    tenant: &Tenant,
    deletion: &Deletion,
    what: What<'_>,
    ends: &Ends,
) -> Result<Option<(u64, Rewrite<'a>)>, Failure> {
    let reach = store.reach(tenant.id, deletion).await?;
    let rewrite = ends.rewrite.of(store).await?;
    if ends.ask.ask(&Question { tenant, reach, what, then: rewrite.told() })? == Answer::Leave {
        return Ok(None);
    }
    Ok(Some((store.delete(tenant.id, deletion).await?, rewrite)))
}

/// A date as a query would read it: the start of the range that begins there.
fn instant(date: &str, context: &Context) -> Result<DateTime<Utc>, Failure> {
    let refused = || {
        Failure::usage(format!("{date:?} is not a date"))
            .hint("2024-01-01, 2024-01-01T12:00:00Z, today or today-365d")
    };
    let query = Query::builder().start_date(date).build().map_err(|_| refused())?;
    let selection = query.resolve(context).map_err(|_| refused())?;
    selection.near.map(|near| near.at).ok_or_else(refused)
}
