//! Writes that wait for locks.

use std::future::Future;
use std::pin::pin;
use std::time::Instant;

use futures_util::future::{Either, select};
use tokio::time::timeout;

use super::Postgres;
use super::session::Session;
use super::statements as s;
use crate::waiting::{SILENCE, Waiting};

/// The server's process for a connection, whose statement may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backend {
    host: usize,
    pid: i32,
}

impl Backend {
    pub(super) fn of(session: &Session) -> Self {
        Self { host: session.host, pid: session.pid }
    }
}

impl Postgres {
    /// Awaits a write, and tells if it waits for another one.
    pub(super) async fn await_write<T>(
        &self,
        backend: Backend,
        write: impl Future<Output = T>,
    ) -> T {
        let began = Instant::now();
        let mut write = pin!(write);
        loop {
            if let Ok(done) = timeout(SILENCE, &mut write).await {
                return done;
            }
            match select(&mut write, pin!(self.waits(backend))).await {
                Either::Left((done, _)) => return done,
                Either::Right((false, _)) => {}
                Either::Right((true, _)) => {
                    let host = self.writers.host(backend.host);
                    self.teller.tell(began.elapsed(), || Waiting::writer(host, self.wait));
                    return write.await;
                }
            }
        }
    }

    /// Whether a statement waits for a lock. This needs another connection, because its own is
    /// busy.
    async fn waits(&self, backend: Backend) -> bool {
        let waits = self.writers.read("cannot tell what waits", &backend.pid, |session, pid| {
            Box::pin(async move {
                let rows = session.query(s::WAITS, &[pid]).await?;
                rows.first().map_or(Ok(false), |row| row.try_get(0))
            })
        });
        waits.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use chrono::DateTime;
    use tokio_postgres::NoTls;

    use crate::postgres::postgres_server::database;
    use crate::{Postgres, Store as _, StoreErrorKind, TokenHash};

    #[tokio::test]
    async fn a_write_waits_for_another_one_and_not_for_ever() {
        let Some(url) = database() else { return };
        let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
        let patient = Postgres::builder()
            .wait(Duration::from_secs(3_600))
            .on_waiting(move |waiting| say.send(waiting.to_string()).unwrap());
        let store = Arc::new(patient.open(&url).await.unwrap());
        let now = DateTime::UNIX_EPOCH;
        let acme = store.add_tenant("acme", vcc_query::Zone::UTC, now).await.unwrap().id;
        let (holder, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        // As a batch of an import does.
        holder.batch_execute("BEGIN; SELECT 1 FROM tenants FOR UPDATE").await.unwrap();
        let adding = store.clone();
        let token = TokenHash::of(b"secret");
        let adding = tokio::spawn(async move { adding.add_token(acme, token, "", now).await });
        let waiting = said.recv().await.unwrap();
        assert!(waiting.starts_with("waiting for another writer of "), "{waiting}");
        assert!(waiting.ends_with(", for up to 3600 s"), "{waiting}");
        for (wait, said) in [
            (Duration::ZERO, "another writer holds it"),
            (Duration::from_millis(20), "another writer has held it for 0.02 s"),
        ] {
            let store = Postgres::builder().wait(wait).open(&url).await.unwrap();
            let error = store.add_token(acme, token, "", now).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            let error = error.to_string();
            assert!(error.ends_with(&format!(": cannot add a token: {said}")), "{error}");
        }
        holder.batch_execute("COMMIT").await.unwrap();
        assert_eq!(adding.await.unwrap().unwrap().id, 1);
    }
}
