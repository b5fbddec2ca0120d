//! The space of deleted rows.

use crate::sql::{no_records, statements};

statements! {
    OTHERS_TABLES = no_records(
        "asks which tables this role may not vacuum",
        "SELECT relname::text FROM pg_class WHERE oid IN ('recordings'::regclass,
         'counts'::regclass, 'imports'::regclass, 'tokens'::regclass, 'tenants'::regclass,
         to_regclass('staged')) AND NOT pg_has_role(relowner, 'USAGE')",
    );
    VACUUM = no_records(
        "frees the space of everybody's deleted rows",
        "VACUUM recordings, counts, imports, tokens, tenants",
    );
    VACUUM_FULL = no_records(
        "rewrites the tables",
        "VACUUM (FULL) recordings, counts, imports, tokens, tenants",
    );
    VACUUM_STAGED = no_records("frees the space of deleted rows of a bulk load", "VACUUM staged");
    VACUUM_STAGED_FULL = no_records("rewrites the table of a bulk load", "VACUUM (FULL) staged");
}
