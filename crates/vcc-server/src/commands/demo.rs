use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use vcc_query::Zone;
use vcc_server::{Clock, Limits, Server};
use vcc_store::{Sqlite, Store as _, StoredRecord, Token};
use vcc_types::{Field, Recording, Row};

use super::background::Output;
use super::descriptors;
use super::failure::Failure;
use super::serve::cannot_listen;
use super::stopping::Stopping;
use super::zones::{ZoneArgs, zone};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080, value_parser = port)]
    port: u16,
    #[command(flatten)]
    zones: ZoneArgs,
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "expected a port from 0 to 65535".to_owned())
}

/// The tenant and the token of the documentation's own curl line.
const TENANT: &str = "acme";
const TOKEN: &str = "ac12343934687a839cf";
const ZONE: &str = "America/Los_Angeles";

/// Records at the dates that the documentation's URLs ask for.
const DOCUMENTED: &str = include_str!("demo.csv");

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let now = Clock::system().now();
    let zones = args.zones.read()?;
    let zone = zone(&zones, ZONE)?;
    let records = documented()?.into_iter().chain(recent(now, zone)?).collect::<Vec<_>>();
    let store = Sqlite::builder().zones(zones.clone()).in_memory()?;
    let count = records.len();
    let tenant = store.add_tenant(TENANT, zone, now).await?;
    store.add_token(tenant.id, Token::from_secret(TOKEN).hash(), "demo", now).await?;
    store.import(tenant.id, records.into()).await?;

    let mut limits = Limits::default();
    let files = descriptors::raise_limit();
    let (connections, warning) =
        descriptors::clamp(files, limits.connections, store.descriptors())?;
    limits.connections = connections;
    let builder = Server::builder(Arc::new(store)).zones(zones).limits(limits).explorer(true);
    let listen = SocketAddr::from(([127, 0, 0, 1], args.port));
    let output = Output::start(&Arc::default())?;
    warning.into_iter().for_each(|warning| output.note(warning));
    let server = builder.start(listen).await.map_err(|error| {
        cannot_listen(&listen.into(), &error).hint("`demo --port 0` takes a free port")
    })?;
    let mut stopping = Stopping::listen();
    let page = format!("http://{}/", server.local_addr());
    let files = format!("{page}api/recordings/files");
    output.say(format_args!(
        "\
The tenant {TENANT} ({ZONE}) has {count} sample recordings. Try:

  curl -u {TENANT}:{TOKEN} '{files}?d=today'
  curl -u {TENANT}:{TOKEN} '{files}.csv?d=today-1d,today&tz=America/Denver'
  curl -u {TENANT}:{TOKEN} '{files}?d=2007-08-05&tz=America/New_York'

or, in a browser, {page} (tenant {TENANT}, token {TOKEN}).

This is plain HTTP, on loopback only: no other machine can reach it. Ctrl-C stops it."
    ));
    server.run_until(stopping.asked()).await;
    Ok(())
}

fn documented() -> Result<Vec<StoredRecord>, Failure> {
    let mut records = Vec::new();
    for record in vcc_format::csv::Reader::new(DOCUMENTED.as_bytes()) {
        records.push(store(&record.map_err(|error| Failure::new(error.to_string()))?)?);
    }
    Ok(records)
}

/// Records every ten minutes of yesterday, and of today up to now.
fn recent(now: DateTime<Utc>, zone: Zone) -> Result<Vec<StoredRecord>, Failure> {
    let today = zone.local(now).date_naive();
    let yesterday = today.pred_opt().unwrap_or(today);
    let from = zone.first_instant(yesterday.and_time(NaiveTime::MIN));
    let starts = (0..).map(|index| (index, from + TimeDelta::minutes(10) * index));
    starts
        .take_while(|(_, start)| *start <= now)
        .map(|(index, start)| store(&sample(index, start)))
        .collect()
}

/// A record of one of the three kinds of call (CALL-1, CALL-2, CALL-3).
fn sample(index: i32, start: DateTime<Utc>) -> Recording {
    let agents = ["anna", "bill", "carl", "dora", "emil"];
    let (channel, queue_id, queue_name) = match index % 5 {
        0 => ("#virtual_outbound#", "QUEUE_OUTBOUND", "QUEUE_OUTBOUND"),
        1 => ("#virtual_daa#", "QUEUE_DIRECT_AGENT_ACCESS", "QUEUE_DIRECT_AGENT_ACCESS"),
        2 | 3 => ("8005551234", "101", "sales"),
        _ => ("8005557780", "102", "support"),
    };
    let filename = format!("{}01{index:03}.wav", start.format("S%Y%m%d/R%Y%m%d%H%M%S"));
    let mut record = Recording::new()
        .with(Field::AgentId, agents[index as usize % agents.len()])
        .with(Field::PhoneNumber, &format!("41555502{:02}", index % 100))
        .with(Field::Channel, channel)
        .with(Field::CaseId, &format!("{}", 9000 + index))
        .with(Field::Duration, &format!("{}", 20 + index * 37 % 400))
        .with(Field::Filename, &filename)
        .with(Field::QueueId, queue_id)
        .with(Field::QueueName, queue_name)
        .with(Field::AccountNumber, &format!("{}", 2000 + index % 17))
        .with(Field::TransactionId, &format!("{}", 1000 + index))
        .with(Field::ExtVar1, "0")
        .with(Field::ExtVar2, "0")
        .with(Field::OutDialCode, if index % 5 == 0 { "callback" } else { "" })
        .with(Field::WrapUpCode, if index % 3 == 0 { "solved" } else { "" });
    record.set_start(start.fixed_offset());
    record
}

fn store(record: &impl Row) -> Result<StoredRecord, Failure> {
    StoredRecord::new(record).map_err(|refusal| Failure::new(refusal.to_string()))
}
