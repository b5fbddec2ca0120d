//! What is asked of a server and of a connection.

use crate::sql::{no_records, statements};

statements! {
    // A standby that receives nothing has no timeline. Its age is that of the last transaction that
    // it replayed, unless it has replayed all that it received.
    STANDING = no_records(
        "asks a server where it stands",
        "SELECT NOT pg_is_in_recovery(),
         CASE WHEN pg_is_in_recovery()
         THEN (SELECT received_tli FROM pg_stat_wal_receiver WHERE status = 'streaming')
         ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
         CASE WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0
         ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
         END::float8",
    );
    // A plan holds for every value, so each is made once; but Citus needs a value to find a shard.
    SET_UP = no_records(
        "sets up a connection",
        "SELECT set_config('statement_timeout', $1, FALSE), set_config('plan_cache_mode',
         CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
         THEN 'auto' ELSE 'force_generic_plan' END, FALSE), pg_backend_pid()",
    );
    WAITS = no_records(
        "asks whether a connection waits for a lock",
        "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)",
    );
    READY = no_records("finds a tenant to read a record of", "SELECT name FROM tenants LIMIT 1");
}
