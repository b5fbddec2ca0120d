//! The schema and its versions.

use crate::sql::{everyone, no_records, statements, tenant};

statements! {
    LOCK_SCHEMA = no_records(
        "lets one server at a time change the schema, or add a tenant",
        "SELECT pg_advisory_xact_lock($1)",
    );
    SCHEMA = no_records(
        "looks for the tables, of this program's or another's",
        "SELECT to_regclass('vcc_schema') IS NOT NULL, to_regclass('recordings') IS NOT NULL
         OR to_regclass('tenants') IS NOT NULL",
    );
    SCHEMA_VERSION = no_records(
        "reads the version of the schema",
        "SELECT version FROM vcc_schema",
    );
    SET_SCHEMA_VERSION = no_records(
        "sets the version of the schema",
        "UPDATE vcc_schema SET version = $1",
    );
    CITUS = no_records(
        "asks whether the tables can be distributed",
        "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_distributed_table')",
    );
    // FIELD-4: version 1 kept the bits of 64-bit integers, and no number of longer ones. The whole table
    // is read, so nothing is locked meanwhile.
    SURVEY = everyone(
        "counts the recordings of version 1 that are refused today",
        "SELECT count(*) FILTER (WHERE seconds < 0),
         count(*) FILTER (WHERE seconds < 0 OR seconds IS NULL AND duration ~ '^[0-9]+$'),
         count(*) FILTER (WHERE start < $1 OR start >= $2) FROM recordings",
    );
    UNWRAP = everyone(
        "forgets the numbers of version 1 that have wrapped around",
        "UPDATE recordings SET seconds = NULL WHERE seconds < 0",
    );
    NAMES = no_records(
        "reads which names look alike",
        "SELECT tenant, name, folded FROM tenants ORDER BY tenant",
    );
    KEEP_FOLDED = tenant("UPDATE tenants SET folded = $2 WHERE tenant = $1");
}
