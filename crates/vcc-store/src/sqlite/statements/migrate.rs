//! The schema and its versions.

use crate::sql::{everyone, no_records, statements, tenant};

statements! {
    OBJECTS = no_records(
        "asks whether there is anything in the database",
        "SELECT count(*) FROM sqlite_schema",
    );
    // FIELD-4: version 1 kept the bits of 64-bit integers, and no number of longer ones.
    SURVEY = everyone(
        "counts the recordings of version 1 that are refused today",
        "SELECT count(*) FILTER (WHERE seconds < 0 OR seconds IS NULL
         AND duration <> '' AND duration NOT GLOB '*[^0-9]*'),
         count(*) FILTER (WHERE start < $1 OR start >= $2), count(*) FILTER (WHERE seconds < 0)
         FROM recordings",
    );
    UNWRAP = everyone(
        "forgets the numbers of version 1 that have wrapped around",
        "UPDATE recordings SET seconds = NULL WHERE seconds < 0",
    );
    NAMES = no_records(
        "reads which names look alike",
        "SELECT tenant, name FROM tenants ORDER BY tenant",
    );
    KEEP_FOLDED = tenant("UPDATE tenants SET folded = $2 WHERE tenant = $1");
}
