//! A bulk load that has not ended.

use crate::counts::{FAN_OUT, LEVELS, WIDTH};
use crate::sql::columns::{ALL, ALL_WRITTEN, WRITTEN};
use crate::sql::text::{each, number, text};
use crate::sql::{everyone, no_records, statements, tenant};

statements! {
    ANY_RECORDING = everyone(
        "asks whether the store has any recordings",
        "SELECT 1 FROM recordings LIMIT 1",
    );
    /// The statements that made the tables, or the indexes, of a table.
    MAKING = no_records(
        "reads the schema",
        "SELECT sql FROM sqlite_schema WHERE type = ?1 AND tbl_name = ?2 AND sql IS NOT NULL",
    );
    RENAME_INDEX = no_records(
        "gives an index the name that statements know",
        "UPDATE sqlite_schema SET name = ?1, sql = ?2 WHERE type = 'index' AND name = ?3",
    );
    LOADED = tenant("SELECT records FROM load WHERE tenant = $1 AND source = $2");
    LOAD = tenant("SELECT 1 FROM load WHERE tenant = $1");
    BEGIN_LOAD = tenant("INSERT INTO load (tenant, source, records) VALUES ($1, $2, 0)");
    // Numbered by `?`: SQLite numbers `$1` by where it first stands.
    ADVANCE = tenant(
        "UPDATE load SET records = ?4 WHERE tenant = ?1 AND source = ?2 AND records = ?3",
    );
    STAGE = tenant(text!(
        "INSERT INTO staged (tenant, ", ALL_WRITTEN, ", id) VALUES ($1, ", each!(WRITTEN, "$#", 2),
        ", $", number!(WRITTEN.len() as i64 + 2), ")",
    ));
    STAGED = everyone(
        "counts the records of the one load that there is",
        "SELECT count(*) FROM staged",
    );
    /// The next keys after a key that more than one record has.
    TWIN_KEYS = tenant(
        "SELECT transaction_id, filename FROM staged INDEXED BY staged_transaction
         WHERE tenant = $1 AND (transaction_id, filename) > ($2, $3)
         GROUP BY transaction_id, filename HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1000",
    );
    /// The next record with a key.
    TWIN = tenant(text!(
        "SELECT ", ALL, ", id FROM staged INDEXED BY staged_transaction
         WHERE tenant = $1 AND transaction_id = $2 AND filename = $3 AND id > $4
         ORDER BY id LIMIT 1",
    ));
    DROP_STAGED = tenant("DELETE FROM staged WHERE tenant = $1 AND id = $2");
    // The floor of a division, also before 1970.
    COUNT_FINEST = tenant(text!(
        "INSERT INTO counts (tenant, level, bucket, records) SELECT $1, ", number!(LEVELS[0]),
        ", (start - ((start % ", number!(WIDTH), ") + ", number!(WIDTH), ") % ", number!(WIDTH),
        ") / ", number!(WIDTH), ", count(*) FROM recordings WHERE tenant = $1 GROUP BY 3",
    ));
    COUNT_COARSER = tenant(text!(
        "INSERT INTO counts (tenant, level, bucket, records)
         SELECT ?1, ?3, bucket >> ", number!(FAN_OUT as i64), ", sum(records) FROM counts
         WHERE tenant = ?1 AND level = ?2 GROUP BY 3",
    ));
}
