//! Records of a load that have the same keys.

use std::fmt;

use rusqlite::{OptionalExtension as _, Transaction};
use vcc_types::Field;

use super::stage::insert;
use crate::bulk::LeftOut;
use crate::sqlite::rows::record;
use crate::sqlite::statements as s;
use crate::{BulkLoaded, OnConflict, TenantId};

/// The records with keys that an earlier one has, treated as an import of one after another would.
pub(super) struct Twins<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) tenant: TenantId,
    pub(super) on_conflict: OnConflict,
    pub(super) left_out: &'a mut LeftOut,
    pub(super) loaded: &'a mut BulkLoaded,
}

impl fmt::Debug for Twins<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twins")
            .field("tenant", &self.tenant)
            .field("loaded", &self.loaded)
            .finish_non_exhaustive()
    }
}

impl Twins<'_> {
    pub(super) fn settle(&mut self) -> rusqlite::Result<()> {
        // Both empty come before every key, and are not a key.
        let mut last = (String::new(), String::new());
        loop {
            let keys: Vec<(String, String)> = self
                .transaction
                .prepare_cached(s::TWIN_KEYS.text)?
                .query_map((self.tenant.0, &last.0, &last.1), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            for (transaction, filename) in &keys {
                self.of(transaction, filename)?;
            }
            match keys.into_iter().next_back() {
                Some(key) => last = key,
                None => return Ok(()),
            }
        }
    }

    /// Treats the records of one key, in the order of their arrival.
    fn of(&mut self, transaction: &str, filename: &str) -> rusqlite::Result<()> {
        let mut next = self.transaction.prepare_cached(s::TWIN.text)?;
        let mut after = |id: i64| {
            next.query_row((self.tenant.0, transaction, filename, id), |row| {
                Ok((row.get::<_, i64>(Field::COUNT)?, record(row)?))
            })
            .optional()
        };
        let mut delete = self.transaction.prepare_cached(s::DROP_STAGED.text)?;
        let Some((first, mut known)) = after(i64::MIN)? else { return Ok(()) };
        let mut replaced = false;
        let mut last = first;
        while let Some((id, twin)) = after(last)? {
            delete.execute((self.tenant.0, id))?;
            if twin == known {
                self.loaded.unchanged += 1;
            } else if self.on_conflict == OnConflict::Update {
                self.loaded.updated += 1;
                (known, replaced) = (twin, true);
            } else {
                self.loaded.conflicts += 1;
                (self.left_out)(id.cast_unsigned(), &twin);
            }
            last = id;
        }
        if replaced {
            delete.execute((self.tenant.0, first))?;
            insert(self.transaction, self.tenant, &[(first.cast_unsigned(), known)])?;
        }
        Ok(())
    }
}
