//! Records of a load that have the same keys.

use std::fmt;

use tokio_postgres::{Error, Transaction};
use vcc_types::Field;

use crate::bulk::LeftOut;
use crate::postgres::import;
use crate::postgres::rows::record;
use crate::postgres::session::Prepared;
use crate::postgres::statements as s;
use crate::{BulkLoaded, OnConflict, StoredRecord, TenantId};

/// The records with keys that an earlier one has, treated as an import of one after another would.
pub(super) struct Twins<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) prepared: &'a Prepared,
    pub(super) tenant: TenantId,
    pub(super) on_conflict: OnConflict,
    /// `None` only while it is called.
    pub(super) left_out: Option<Box<LeftOut>>,
    pub(super) loaded: BulkLoaded,
    pub(super) known: Option<FirstOfKey>,
}

impl fmt::Debug for Twins<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twins")
            .field("tenant", &self.tenant)
            .field("loaded", &self.loaded)
            .finish_non_exhaustive()
    }
}

/// The first record of a key, with the updates so far.
#[derive(Debug)]
pub(super) struct FirstOfKey {
    id: i64,
    record: StoredRecord,
    is_replaced: bool,
}

/// What to do about some twins.
#[derive(Debug, Default)]
struct Settled {
    deleted: Vec<i64>,
    replaced: Vec<(i64, StoredRecord)>,
    left_out: Vec<(u64, StoredRecord)>,
}

/// How many are read at a time.
const CHUNK: i32 = 1_000;

impl Twins<'_> {
    pub(super) async fn settle(mut self) -> Result<BulkLoaded, Error> {
        let (transaction, prepared, tenant) = (self.transaction, self.prepared, self.tenant);
        if prepared.query(transaction, s::ANY_TWIN, &[&tenant.0]).await?.is_empty() {
            return Ok(self.loaded);
        }
        let statement = prepared.get(transaction, s::TWINS.text).await?;
        let twins = transaction.bind(&statement, &[&tenant.0]).await?;
        loop {
            let rows = transaction.query_portal(&twins, CHUNK).await?;
            let mut settled = Settled::default();
            for row in &rows {
                self.next(row.try_get(Field::COUNT)?, record(row)?, &mut settled);
            }
            if rows.is_empty() {
                self.other(&mut settled);
            }
            prepared.execute(transaction, s::DROP_STAGED, &[&tenant.0, &settled.deleted]).await?;
            let replaced: Vec<_> =
                settled.replaced.iter().map(|(id, record)| (*id, record)).collect();
            import::update(transaction, prepared, s::UPDATE_STAGED, tenant, &replaced).await?;
            self.tell(settled.left_out).await;
            if rows.is_empty() {
                return Ok(self.loaded);
            }
        }
    }

    /// Takes the next record, by key and then by arrival.
    fn next(&mut self, id: i64, record: StoredRecord, settled: &mut Settled) {
        let known =
            self.known.as_mut().filter(|known| import::key(&known.record) == import::key(&record));
        let Some(known) = known else {
            self.other(settled);
            self.known = Some(FirstOfKey { id, record, is_replaced: false });
            return;
        };
        settled.deleted.push(id);
        if record == known.record {
            self.loaded.unchanged += 1;
        } else if self.on_conflict == OnConflict::Update {
            self.loaded.updated += 1;
            (known.record, known.is_replaced) = (record, true);
        } else {
            self.loaded.conflicts += 1;
            settled.left_out.push((id.cast_unsigned(), record));
        }
    }

    /// The key has no more records.
    fn other(&mut self, settled: &mut Settled) {
        if let Some(known) = self.known.take().filter(|known| known.is_replaced) {
            settled.replaced.push((known.id, known.record));
        }
    }

    /// Calls back for the records that are left out, on a thread where that may block.
    async fn tell(&mut self, records: Vec<(u64, StoredRecord)>) {
        let Some(mut left_out) = self.left_out.take_if(|_| !records.is_empty()) else { return };
        let told = tokio::task::spawn_blocking(move || {
            for (number, record) in &records {
                left_out(*number, record);
            }
            left_out
        });
        match told.await {
            Ok(left_out) => self.left_out = Some(left_out),
            // A panic goes on as if the callback had been called here.
            Err(ended) => {
                if let Ok(panic) = ended.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
}
