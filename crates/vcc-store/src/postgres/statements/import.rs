//! Imports: what is there, what is written, and the counts.

use crate::counts::COARSEST;
use crate::sql::columns::{ALL_WRITTEN, COLUMNS, TEXT_COLUMNS, WRITTEN};
use crate::sql::text::{each, number, text};
use crate::sql::{no_records, statements, tenant};

/// Puts records in the places of others of a table.
macro_rules! update {
    ($table:literal) => {
        text!(
            "UPDATE ",
            $table,
            " AS old SET ",
            each!(WRITTEN, "% = new.%"),
            " FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], ",
            each!(TEXT_COLUMNS, "$#::text[]", 6),
            ") AS new (id, ",
            ALL_WRITTEN,
            ") WHERE old.tenant = $1 AND old.id = new.id",
        )
    };
}
pub(super) use update;

statements! {
    /// The pairs of keys come as two arrays; what they find is few, and sorted by the caller.
    // OFFSET 0: each key is looked up by itself. A table that has grown since it was last analysed
    // would be read as a whole for every batch.
    FIND = tenant(text!(
        "SELECT ", each!(COLUMNS, "r.%"), ", r.id
         FROM unnest($2::text[], $3::text[]) AS k (transaction_id, filename)
         CROSS JOIN LATERAL (
             SELECT * FROM recordings WHERE recordings.tenant = $1
             AND recordings.transaction_id = k.transaction_id AND recordings.filename = k.filename
             OFFSET 0
         ) AS r",
    ));
    /// Whether a batch can know any record at all; no more of them are read than decide it.
    IN_RANGE = tenant(
        "SELECT count(*) FROM (SELECT 1 FROM recordings WHERE tenant = $1
         AND transaction_id >= $2 AND transaction_id <= $3 LIMIT $4) AS r",
    );
    /// Whether more records than $4 have one of the keys. As [`FIND`] does, for each key by itself.
    ANY_KNOWN = tenant(
        "SELECT 1 FROM unnest($2::text[], $3::text[]) AS k (transaction_id, filename)
         CROSS JOIN LATERAL (
             SELECT count(*) AS records FROM (
                 SELECT 1 FROM recordings WHERE recordings.tenant = $1
                 AND recordings.transaction_id = k.transaction_id
                 AND recordings.filename = k.filename LIMIT 2
             ) AS same
         ) AS r WHERE r.records > $4 LIMIT 1",
    );
    /// NULL for a role that may write recordings but not ask for a number.
    NUMBERS = no_records(
        "takes numbers for new records",
        "SELECT array_agg(nextval(s.name)) FROM
         (SELECT pg_get_serial_sequence('recordings', 'id')::regclass AS name OFFSET 0) AS s,
         generate_series(1::bigint, $1)
         WHERE has_sequence_privilege(s.name, 'USAGE, UPDATE')",
    );
    // Each row that is copied carries its tenant, and its number.
    ADD = tenant(text!(
        "COPY recordings (tenant, id, ", ALL_WRITTEN, ") FROM STDIN (FORMAT binary)",
    ));
    ADD_WITHOUT_NUMBERS = tenant(text!(
        "COPY recordings (tenant, ", ALL_WRITTEN, ") FROM STDIN (FORMAT binary)",
    ));
    UPDATE = tenant(update!("recordings"));
    COUNT = tenant(
        "INSERT INTO counts (tenant, level, bucket, records)
         SELECT $1, level, bucket, records
         FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS c (level, bucket, records)
         ON CONFLICT (tenant, level, bucket)
         DO UPDATE SET records = counts.records + excluded.records",
    );
    DROP_EMPTY_COUNTS = tenant(
        "DELETE FROM counts USING unnest($2::bigint[], $3::bigint[]) AS c (level, bucket)
         WHERE counts.tenant = $1 AND counts.level = c.level AND counts.bucket = c.bucket
         AND counts.records = 0",
    );
    RECORDS = tenant(text!(
        "SELECT coalesce(sum(records), 0)::bigint FROM counts WHERE tenant = $1 AND level = ",
        number!(COARSEST),
    ));
    CHECKPOINT = tenant("SELECT records FROM imports WHERE tenant = $1 AND source = $2");
    KEEP_CHECKPOINT = tenant(
        "INSERT INTO imports (tenant, source, records) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, source) DO UPDATE SET records = excluded.records",
    );
    FORGET_CHECKPOINT = tenant("DELETE FROM imports WHERE tenant = $1 AND source = $2");
}
