//! The same pages, read from the tables without the store: by the same statement, prepared once, on one
//! connection, with every column read.

#![allow(dead_code, reason = "each benchmark takes what it needs")]

use std::hint::black_box;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};
use vcc_query::Window;
use vcc_store::TenantId;

macro_rules! select {
    ($($more:literal),*) => {
        concat!(
            "SELECT start, agent_id, phone_number, channel, case_id, duration, filename, queue_id,
             queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code,
             wrap_up_code FROM recordings WHERE tenant = $1 AND start >= $2 AND start < $3",
            $($more),*
        )
    };
}

const ASCENDING: &str = select!(" ORDER BY start, transaction_id, filename, id LIMIT 51 OFFSET $4");
const DESCENDING: &str =
    select!(" ORDER BY start DESC, transaction_id DESC, filename DESC, id DESC LIMIT 51 OFFSET $4");
const OF_AGENT: &str =
    select!(" AND agent_id = $5 ORDER BY start, transaction_id, filename, id LIMIT 51 OFFSET $4");

/// All recordings of an agent, in the order of the list.
const LIST: &str = "SELECT start, agent_id, phone_number, channel, case_id, duration, filename,
    queue_id, queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code,
    wrap_up_code FROM recordings WHERE tenant = $1 AND agent_id = $2
    ORDER BY start, transaction_id, filename, id";

/// What is looked for.
pub(crate) struct Lookup<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) window: Option<Window>,
    pub(crate) agent: Option<&'a str>,
    pub(crate) descending: bool,
    pub(crate) skip: u64,
}

impl Lookup<'_> {
    /// Everything that a tenant has.
    pub(crate) fn of(tenant: TenantId) -> Self {
        Self { tenant, window: None, agent: None, descending: false, skip: 0 }
    }

    fn bounds(&self) -> (i64, i64) {
        self.window.map_or((i64::MIN, i64::MAX), |window| {
            (window.from.timestamp_micros(), window.until.timestamp_micros())
        })
    }

    fn statement(&self) -> usize {
        if self.agent.is_some() { 2 } else { usize::from(self.descending) }
    }
}

const STATEMENTS: [&str; 3] = [ASCENDING, DESCENDING, OF_AGENT];

pub(crate) struct BareSqlite(Connection);

impl BareSqlite {
    pub(crate) fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        // As in the store, a statement is not planned again for every value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        Self(connection)
    }

    pub(crate) fn page(&self, lookup: &Lookup<'_>) -> usize {
        let (from, until) = lookup.bounds();
        let text = STATEMENTS[lookup.statement()];
        let mut statement = self.0.prepare_cached(text).unwrap();
        statement.raw_bind_parameter(1, lookup.tenant.0).unwrap();
        statement.raw_bind_parameter(2, from).unwrap();
        statement.raw_bind_parameter(3, until).unwrap();
        // SQLite numbers parameters in the order of their first use.
        if let Some(agent) = lookup.agent {
            statement.raw_bind_parameter(4, agent).unwrap();
            statement.raw_bind_parameter(5, lookup.skip.cast_signed()).unwrap();
        } else {
            statement.raw_bind_parameter(4, lookup.skip.cast_signed()).unwrap();
        }
        let mut rows = statement.raw_query();
        let mut count = 0;
        while let Some(row) = rows.next().unwrap() {
            black_box(row.get::<_, i64>(0).unwrap());
            for column in 1..15 {
                black_box(row.get_ref(column).unwrap().as_str().unwrap());
            }
            count += 1;
        }
        count
    }
}

impl BareSqlite {
    /// Reads all recordings of an agent once, in the order of the list.
    pub(crate) fn list(&self, tenant: TenantId, agent: &str) -> usize {
        let text = LIST.replace("FROM recordings", "FROM recordings INDEXED BY recordings_agent");
        let mut statement = self.0.prepare_cached(&text).unwrap();
        let mut rows = statement.query((tenant.0, agent)).unwrap();
        let mut count = 0;
        while let Some(row) = rows.next().unwrap() {
            black_box(row.get::<_, i64>(0).unwrap());
            for column in 1..15 {
                black_box(row.get_ref(column).unwrap().as_str().unwrap());
            }
            count += 1;
        }
        count
    }
}

pub(crate) struct BarePostgres {
    client: Client,
    statements: Vec<Statement>,
}

impl BarePostgres {
    pub(crate) async fn open(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut statements = Vec::new();
        for text in STATEMENTS {
            statements.push(client.prepare(text).await.unwrap());
        }
        Self { client, statements }
    }

    /// Reads all recordings of an agent once, in the order of the list.
    pub(crate) async fn list(&self, tenant: TenantId, agent: &str) -> usize {
        let rows = self.client.query(LIST, &[&tenant.0, &agent]).await.unwrap();
        for row in &rows {
            black_box(row.get::<_, i64>(0));
            for column in 1..15 {
                black_box(row.get::<_, &str>(column));
            }
        }
        rows.len()
    }

    pub(crate) async fn page(&self, lookup: &Lookup<'_>) -> usize {
        let (from, until) = lookup.bounds();
        let skip = lookup.skip.cast_signed();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&lookup.tenant.0, &from, &until, &skip];
        if let Some(agent) = &lookup.agent {
            values.push(agent);
        }
        let statement = &self.statements[lookup.statement()];
        let rows = self.client.query(statement, &values).await.unwrap();
        for row in &rows {
            black_box(row.get::<_, i64>(0));
            for column in 1..15 {
                black_box(row.get::<_, &str>(column));
            }
        }
        rows.len()
    }
}
