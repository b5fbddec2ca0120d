use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, GenericClient, Row, RowStream};

use crate::sql::statement::Statement;
use crate::sql::{Sql, Value};

/// A connection, with the statements that are prepared on it.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) prepared: Prepared,
    /// The position of its host.
    pub(super) host: usize,
    pub(super) born: Instant,
    /// The number of the server's process.
    pub(super) pid: i32,
    /// How long its statements wait for a lock.
    pub(super) wait: Duration,
    /// Whether another host would be better, so that the connection is not kept for long.
    pub(super) is_makeshift: bool,
    /// Whether rows were left unread, for which the next user would have to wait.
    pub(super) is_left: AtomicBool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("host", &self.host)
            .field("pid", &self.pid)
            .field("is_makeshift", &self.is_makeshift)
            .finish_non_exhaustive()
    }
}

/// The values of a statement, in its order.
pub(super) type Values<'a> = [&'a (dyn ToSql + Sync)];

impl Session {
    /// Runs a statement, and gives its rows.
    pub(super) async fn query(
        &self,
        statement: Statement,
        values: &Values<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.prepared.query(&self.client, statement, values).await
    }

    /// Runs a statement, and gives its rows as they come.
    pub(super) async fn stream(
        &self,
        statement: Statement,
        values: &Values<'_>,
    ) -> Result<RowStream, Error> {
        self.prepared.stream(&self.client, statement.text, values).await
    }

    /// [`stream`](Self::stream) for a statement that was built for a page.
    pub(super) async fn stream_built(&self, sql: &Sql) -> Result<RowStream, Error> {
        self.prepared.stream(&self.client, &sql.text, &values(sql)).await
    }

    /// Tells that rows were left unread: the connection is not kept.
    pub(super) fn leave(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }
}

/// The values of a statement that was built.
fn values(sql: &Sql) -> Vec<&(dyn ToSql + Sync)> {
    sql.values
        .iter()
        .map(|value| match value {
            Value::Integer(number) => number as &(dyn ToSql + Sync),
            Value::Text(text) => text as _,
        })
        .collect()
}

/// The statements that a connection has prepared, the last used first. Clients decide by their
/// queries how many there are, so the oldest are dropped.
#[derive(Default)]
pub(super) struct Prepared(Mutex<Vec<(Box<str>, tokio_postgres::Statement)>>);

/// How many statements a connection keeps.
const KEPT: usize = 64;

impl Prepared {
    /// Runs a statement in a session or in a transaction of it, and gives its rows.
    pub(super) async fn query(
        &self,
        client: &(impl GenericClient + Sync),
        statement: Statement,
        values: &Values<'_>,
    ) -> Result<Vec<Row>, Error> {
        let prepared = self.get(client, statement.text).await?;
        client.query(&prepared, values).await
    }

    /// [`query`](Self::query) for a statement that was built.
    pub(super) async fn query_built(
        &self,
        client: &(impl GenericClient + Sync),
        sql: &Sql,
    ) -> Result<Vec<Row>, Error> {
        let prepared = self.get(client, &sql.text).await?;
        client.query(&prepared, &values(sql)).await
    }

    /// Runs a statement of this text, and gives its rows as they come.
    async fn stream(
        &self,
        client: &Client,
        text: &str,
        values: &Values<'_>,
    ) -> Result<RowStream, Error> {
        let prepared = self.get(client, text).await?;
        client.query_raw(&prepared, values.iter().map(|value| *value as &dyn ToSql)).await
    }

    /// Runs a statement, and says how many rows it changed.
    pub(super) async fn execute(
        &self,
        client: &(impl GenericClient + Sync),
        statement: Statement,
        values: &Values<'_>,
    ) -> Result<u64, Error> {
        let prepared = self.get(client, statement.text).await?;
        client.execute(&prepared, values).await
    }

    /// [`execute`](Self::execute) for a statement that was built.
    pub(super) async fn execute_built(
        &self,
        client: &(impl GenericClient + Sync),
        sql: &Sql,
    ) -> Result<u64, Error> {
        let prepared = self.get(client, &sql.text).await?;
        client.execute(&prepared, &values(sql)).await
    }

    /// Prepares a statement, once.
    pub(super) async fn get(
        &self,
        client: &(impl GenericClient + Sync),
        text: &str,
    ) -> Result<tokio_postgres::Statement, Error> {
        {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = kept.iter().position(|(known, _)| **known == *text) {
                kept[..=at].rotate_right(1);
                return Ok(kept[0].1.clone());
            }
        }
        let prepared = client.prepare(text).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.insert(0, (text.into(), prepared.clone()));
        Ok(prepared)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}
