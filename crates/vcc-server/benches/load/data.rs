use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use tempfile::TempDir;
use vcc_store::{Sqlite, Store as _, StoredRecord, Token};
use vcc_types::{Field, Recording};

pub(crate) const TENANT: &str = "acme";
pub(crate) const TOKEN: &str = "ac12343934687a839cf";

/// A month in the middle of the records, and its bounds in microseconds.
pub(crate) const WINDOW: &str = "d=2024-02-01T00:00Z,2024-03-01T00:00Z";
pub(crate) const WINDOW_MICROS: [i64; 2] = [1_706_745_600_000_000, 1_709_251_200_000_000];

/// The same page from Datasette, by the same statement.
pub(crate) fn datasette_query() -> String {
    let [from, until] = WINDOW_MICROS;
    format!(
        "/recordings.csv?sql=SELECT+start,agent_id,phone_number,channel,case_id,duration,filename,\
         queue_id,queue_name,account_number,transaction_id,ext_var1,ext_var2,out_dial_code,\
         wrap_up_code+FROM+recordings+WHERE+tenant=1+AND+start>={from}+AND+start<{until}\
         +ORDER+BY+start,transaction_id,filename,id+LIMIT+50"
    )
}

/// Where the store and the bodies are kept.
pub(crate) struct Folder {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        match std::env::var_os("VCC_BENCH_FOLDER") {
            Some(path) => Self { path: path.into(), _temporary: None },
            None => {
                let temporary = TempDir::new().expect("a temporary folder");
                Self { path: temporary.path().to_owned(), _temporary: Some(temporary) }
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The store with this many records, which is made if it is missing.
    pub(crate) fn store(&self, records: u64) -> PathBuf {
        let path = self.path("recordings.db");
        if !path.exists() {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(fill(&path, records));
        }
        path
    }
}

async fn fill(path: &Path, records: u64) {
    let store = Arc::new(Sqlite::create(path).expect("a store"));
    let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a date");
    let zone = "America/Los_Angeles".parse().expect("a zone");
    let tenant = store.add_tenant(TENANT, zone, now).await.expect("a tenant");
    let hash = Token::from_secret(TOKEN).hash();
    store.add_token(tenant.id, hash, "bench", now).await.expect("a token");
    // A million of them fill some fourteen months.
    for from in (0..records).step_by(10_000) {
        let batch: Vec<_> = (from..records.min(from + 10_000)).map(record).collect();
        store.import(tenant.id, batch.into()).await.expect("a batch");
    }
}

fn record(index: u64) -> StoredRecord {
    let start = DateTime::from_timestamp(1_690_000_000, 0).expect("a date")
        + TimeDelta::seconds(i64::try_from(index).expect("a small number") * 37);
    let pick = |from: &[&'static str]| from[(index * 7 % from.len() as u64) as usize];
    let record = Recording::new()
        .with(Field::StartDate, &start.to_rfc3339())
        .with(Field::AgentId, &format!("agent-{}", index * 31 % 200))
        .with(Field::PhoneNumber, &format!("4155{:06}", index * 7_919 % 1_000_000))
        .with(Field::Channel, pick(&["8005551234", "#virtual_outbound#", "#virtual_daa#"]))
        .with(Field::CaseId, &format!("{}", index % 100_000))
        .with(Field::Duration, &format!("{}", 5 + index * 13 % 900))
        .with(Field::Filename, &format!("{}{index:07}.wav", start.format("S%Y%m%d/R%Y%m%d%H%M%S")))
        .with(Field::QueueId, &format!("fernandez~~queue~~phone~~{}", index % 300))
        .with(Field::QueueName, pick(&["phoneq1", "Sales & Service", "billing, US", "Support"]))
        .with(Field::AccountNumber, &format!("{}", index * 17 % 1_000_000))
        .with(Field::TransactionId, &format!("{}", 1_000_000 + index))
        .with(Field::ExtVar1, pick(&["0", "", "x"]))
        .with(Field::ExtVar2, "0")
        .with(Field::OutDialCode, pick(&["", "", "callback"]))
        .with(Field::WrapUpCode, pick(&["", "solved", "open"]));
    StoredRecord::new(&record).expect("a record that can be stored")
}
