//! Writes that are on the disk before they are acknowledged.

use rusqlite::Connection;

use super::error::error;
use crate::StoreError;

/// How a file is written otherwise: checkpoints are synced, the log is not. An import that a loss
/// of power undoes can be repeated, and is faster this way.
pub(super) const SYNCHRONOUS: &str = "NORMAL";

/// Does work that no loss of power may undo: what it commits, and everything before it, is on the
/// disk when it ends.
pub(super) fn synced<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let set = |connection: &Connection, level| {
        connection
            .pragma_update(None, "synchronous", level)
            .map_err(error("cannot have the store on the disk"))
    };
    set(connection, "FULL")?;
    let done = work(connection);
    set(connection, SYNCHRONOUS)?;
    done
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use chrono::DateTime;
    use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

    use super::*;
    use crate::{Deletion, Sqlite, Store as _, StoredRecord, TokenHash};

    /// What the writer of a store does: its levels, its transactions, and what they delete from.
    async fn watched(store: &Sqlite) -> Arc<Mutex<Vec<String>>> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let into = seen.clone();
        let watch = move |context: AuthContext<'_>| {
            let said = match context.action {
                AuthAction::Pragma { pragma_name: "synchronous", pragma_value } => {
                    pragma_value.map(|level| level.trim_matches('\'').to_owned())
                }
                AuthAction::Delete { table_name } if !table_name.starts_with("sqlite_") => {
                    Some(table_name.to_owned())
                }
                AuthAction::Transaction { operation } => Some(format!("{operation:?}")),
                _ => None,
            };
            into.lock().unwrap().extend(said);
            Authorization::Allow
        };
        let work = move |connection: &mut Connection| {
            connection.authorizer(Some(watch)).map_err(error("cannot watch"))
        };
        store.writer.run(work).await.unwrap();
        seen
    }

    #[tokio::test]
    async fn deletions_and_revocations_are_synced_before_they_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::create(folder.path().join("recordings.db")).unwrap();
        let (zone, now) = ("UTC".parse().unwrap(), DateTime::UNIX_EPOCH);
        let acme = store.add_tenant("acme", zone, now).await.unwrap().id;
        let recording = vcc_types::Recording::new();
        let records = vec![StoredRecord::with_start(&recording, now).unwrap()];
        store.import(acme, records.into()).await.unwrap();
        store.add_token(acme, TokenHash::of(b"x"), "", now).await.unwrap();
        let seen = watched(&store).await;
        let synced = |deleted: &str| {
            let seen = std::mem::take(&mut *seen.lock().unwrap());
            let at = |what: &str| seen.iter().position(|seen| seen == what);
            // SQLite refuses another level before the transaction has ended.
            let order = [at("FULL"), at("Begin"), at(deleted), at("NORMAL")];
            assert!(order.is_sorted() && !order.contains(&None), "{deleted}: {seen:?}");
        };
        store.delete(acme, &Deletion::All).await.unwrap();
        synced("recordings");
        store.revoke_token(acme, 1).await.unwrap();
        synced("tokens");
        store.remove_tenant(acme).await.unwrap();
        synced("tenants");
        // An error ends it too.
        store.revoke_token(acme, 1).await.unwrap_err();
        let seen = seen.lock().unwrap();
        let levels = ["FULL", "NORMAL"];
        let level = seen.iter().rfind(|seen| levels.contains(&seen.as_str()));
        assert_eq!(level.unwrap(), "NORMAL", "{seen:?}");
    }
}
