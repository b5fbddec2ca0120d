//! Every statement but those of pages. A session runs nothing else, so this is a closed set, and a
//! test sees to it that each is led by the tenant.

/// A statement, and what keeps it to one tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    pub(super) text: &'static str,
    #[cfg_attr(not(test), allow(dead_code, reason = "what the tests hold the text against"))]
    scope: Scope,
}

/// Whose rows a statement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Those of the tenant `$1`, in every table that it names (AUTH-4). A shard is found by it.
    Tenant,
    /// None of any tenant's data, or everybody's, for this reason.
    Everyone(#[allow(dead_code, reason = "for the reader")] &'static str),
}

const fn tenant(text: &'static str) -> Statement {
    Statement { text, scope: Scope::Tenant }
}

const fn everyone(reason: &'static str, text: &'static str) -> Statement {
    Statement { text, scope: Scope::Everyone(reason) }
}

/// The statement that puts records in the places of others: a macro, since the pieces must be literals.
macro_rules! update {
    ($table:literal) => {
        concat!(
            "UPDATE ", $table, " AS old SET start = new.start, finish = new.finish, seconds = new.seconds,
         agent_id = new.agent_id, phone_number = new.phone_number, channel = new.channel,
         case_id = new.case_id, duration = new.duration, filename = new.filename,
         queue_id = new.queue_id, queue_name = new.queue_name,
         account_number = new.account_number, transaction_id = new.transaction_id,
         ext_var1 = new.ext_var1, ext_var2 = new.ext_var2, out_dial_code = new.out_dial_code,
         wrap_up_code = new.wrap_up_code
         FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
             $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[])
         AS new (id, start, finish, seconds, agent_id, phone_number, channel, case_id, duration,
             filename, queue_id, queue_name, account_number, transaction_id, ext_var1, ext_var2,
             out_dial_code, wrap_up_code)
         WHERE old.tenant = $1 AND old.id = new.id",
        )
    };
}

macro_rules! statements {
    ($($name:ident = $statement:expr;)*) => {
        $(pub(super) const $name: Statement = $statement;)*
        #[cfg(test)]
        const ALL: &[(&str, Statement)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    // A standby that receives nothing has no timeline. Its age is that of the last transaction that
    // it replayed, unless it has replayed all that it received.
    STANDING = everyone(
        "asks a server where it stands",
        "SELECT NOT pg_is_in_recovery(),
         CASE WHEN pg_is_in_recovery()
         THEN (SELECT received_tli FROM pg_stat_wal_receiver WHERE status = 'streaming')
         ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
         CASE WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0
         ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
         END::float8",
    );
    // Plans hold for every value, so each is made once; but Citus finds a shard only by a value.
    SET_UP = everyone(
        "sets up a connection",
        "SELECT set_config('statement_timeout', $1, FALSE), set_config('plan_cache_mode',
         CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
         THEN 'auto' ELSE 'force_generic_plan' END, FALSE), pg_backend_pid()",
    );
    WAITS = everyone(
        "asks whether a connection waits for a lock",
        "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)",
    );
    LOCK_SCHEMA = everyone(
        "lets one server at a time change the schema, or add a tenant",
        "SELECT pg_advisory_xact_lock($1)",
    );
    TRY_LOCK = everyone(
        "lets one server at a time make or drop an index",
        "SELECT pg_try_advisory_lock($1)",
    );
    UNLOCK = everyone("lets the next one", "SELECT pg_advisory_unlock($1)");
    INDEXES = everyone(
        "lists which indexes there are",
        "SELECT name.relname::text FROM pg_index JOIN pg_class AS name ON name.oid = indexrelid
         WHERE indrelid = 'recordings'::regclass AND indisvalid",
    );
    SCHEMA = everyone(
        "looks for the tables, of this program's or another's",
        "SELECT to_regclass('vcc_schema') IS NOT NULL, to_regclass('recordings') IS NOT NULL
         OR to_regclass('tenants') IS NOT NULL",
    );
    SCHEMA_VERSION = everyone("reads the version of the schema", "SELECT version FROM vcc_schema");
    SET_SCHEMA_VERSION = everyone(
        "sets the version of the schema",
        "UPDATE vcc_schema SET version = $1",
    );
    CITUS = everyone(
        "asks whether the tables can be distributed",
        "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_distributed_table')",
    );
    OTHERS_TABLES = everyone(
        "asks which tables this role may not vacuum",
        "SELECT relname::text FROM pg_class WHERE oid IN ('recordings'::regclass,
         'counts'::regclass, 'imports'::regclass, 'tokens'::regclass, 'tenants'::regclass,
         to_regclass('staged')) AND NOT pg_has_role(relowner, 'USAGE')",
    );
    VACUUM = everyone(
        "frees the room of everybody's deleted rows",
        "VACUUM recordings, counts, imports, tokens, tenants",
    );
    VACUUM_FULL = everyone(
        "writes everybody's rows anew",
        "VACUUM (FULL) recordings, counts, imports, tokens, tenants",
    );
    VACUUM_STAGED = everyone("frees the room of deleted rows of a bulk load", "VACUUM staged");
    VACUUM_STAGED_FULL = everyone("writes the rows of a bulk load anew", "VACUUM (FULL) staged");
    READY = everyone("finds a tenant to read a record of", "SELECT name FROM tenants LIMIT 1");
    // Its own, that with its key, and those without a key, which are few.
    ALIKE = everyone(
        "finds the names that a new one may be, or look like",
        "SELECT name FROM tenants WHERE name = $1 UNION ALL SELECT name FROM tenants
         WHERE folded = $2 UNION ALL SELECT name FROM tenants WHERE folded IS NULL",
    );
    ADD_TENANT = everyone(
        "makes the tenant's number",
        "INSERT INTO tenants (name, zone, created, folded) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO NOTHING RETURNING tenant",
    );
    KEEP_FOLDED = tenant("UPDATE tenants SET folded = $2 WHERE tenant = $1");
    NAMES = everyone(
        "reads whose names look alike",
        "SELECT tenant, name, folded FROM tenants ORDER BY tenant",
    );
    SET_ZONE = everyone(
        "sets the zone of a tenant, by its name",
        "UPDATE tenants SET zone = $2 WHERE name = $1 RETURNING tenant",
    );
    TENANTS = everyone(
        "lists who there is",
        "SELECT tenant, name, zone FROM tenants ORDER BY name",
    );
    // A join, for one round trip: who there is lies on every node of a cluster. AUTH-3, AUTH-5: for an
    // unknown name the same is read as for a known one, of the tenant that was added first; but the first
    // column is NULL. A token is looked for in one index, however many there are.
    CREDENTIALS = everyone(
        "finds a tenant by its name",
        "SELECT named.tenant, read.name, read.zone, tokens.hash, tokens.token
         FROM (SELECT 1) AS one LEFT JOIN tenants AS named ON named.name = $1
         JOIN tenants AS read
             ON read.tenant = coalesce(named.tenant, (SELECT min(tenant) FROM tenants))
         LEFT JOIN tokens ON tokens.tenant = read.tenant AND tokens.hash = $2
         ORDER BY tokens.token LIMIT 1",
    );
    // Held until the end of a transaction, so that one import a tenant decides what is known.
    LOCK_TENANT = tenant("SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE");
    REMOVE_TENANT = tenant("DELETE FROM tenants WHERE tenant = $1");
    // Numbers are never given twice, so that an old note cannot revoke a new token.
    NEXT_TOKEN = tenant(
        "UPDATE tenants SET last_token = last_token + 1 WHERE tenant = $1 RETURNING last_token",
    );
    TOKENS = tenant("SELECT token, label, created FROM tokens WHERE tenant = $1 ORDER BY token");
    ADD_TOKEN = tenant(
        "INSERT INTO tokens (tenant, token, hash, label, created) VALUES ($1, $2, $3, $4, $5)",
    );
    REVOKE_TOKEN = tenant("DELETE FROM tokens WHERE tenant = $1 AND token = $2");
    REMOVE_TOKENS = tenant("DELETE FROM tokens WHERE tenant = $1");
    REMOVE_RECORDINGS = tenant("DELETE FROM recordings WHERE tenant = $1");
    REMOVE_COUNTS = tenant("DELETE FROM counts WHERE tenant = $1");
    REMOVE_IMPORTS = tenant("DELETE FROM imports WHERE tenant = $1");
    CHECKPOINT = tenant("SELECT records FROM imports WHERE tenant = $1 AND source = $2");
    KEEP_CHECKPOINT = tenant(
        "INSERT INTO imports (tenant, source, records) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, source) DO UPDATE SET records = excluded.records",
    );
    FORGET_CHECKPOINT = tenant("DELETE FROM imports WHERE tenant = $1 AND source = $2");
    RECORDS = tenant(
        "SELECT coalesce(sum(records), 0)::bigint FROM counts WHERE tenant = $1 AND level = 28",
    );
    HOLDINGS = tenant(
        "SELECT (SELECT coalesce(sum(records), 0)::bigint FROM counts
         WHERE tenant = $1 AND level = 28), (SELECT count(*) FROM tokens WHERE tenant = $1)",
    );
    // The pairs of keys come as two arrays; what they find is few, and sorted by the caller.
    // OFFSET 0: each key is looked up by itself. A table that has grown since it was last analysed
    // would be read as a whole for every batch.
    FIND = tenant(
        "SELECT r.start, r.agent_id, r.phone_number, r.channel, r.case_id, r.duration, r.filename,
         r.queue_id, r.queue_name, r.account_number, r.transaction_id, r.ext_var1, r.ext_var2,
         r.out_dial_code, r.wrap_up_code, r.id
         FROM unnest($2::text[], $3::text[]) AS k (transaction_id, filename)
         CROSS JOIN LATERAL (
             SELECT * FROM recordings WHERE recordings.tenant = $1
             AND recordings.transaction_id = k.transaction_id AND recordings.filename = k.filename
             OFFSET 0
         ) AS r",
    );
    // Whether a batch can know any record at all; no more of them are read than decide it.
    IN_RANGE = tenant(
        "SELECT count(*) FROM (SELECT 1 FROM recordings WHERE tenant = $1
         AND transaction_id >= $2 AND transaction_id <= $3 LIMIT $4) AS r",
    );
    // Whether more records than $4 have one of the keys. As FIND does, for each key by itself.
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
    // NULL for a role that may write recordings and not ask for a number.
    NUMBERS = everyone(
        "takes numbers for new records",
        "SELECT array_agg(nextval(s.name)) FROM
         (SELECT pg_get_serial_sequence('recordings', 'id')::regclass AS name OFFSET 0) AS s,
         generate_series(1::bigint, $1)
         WHERE has_sequence_privilege(s.name, 'USAGE, UPDATE')",
    );
    // Records of a page by their numbers, sorted by the caller.
    PICK = tenant(
        "SELECT start, agent_id, phone_number, channel, case_id, duration, filename, queue_id,
         queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code,
         wrap_up_code, id FROM recordings WHERE tenant = $1 AND id = ANY($2)",
    );
    // Each row that is copied carries its tenant, and its number.
    COPY = tenant(
        "COPY recordings (tenant, id, start, finish, seconds, agent_id, phone_number, channel,
         case_id, duration, filename, queue_id, queue_name, account_number, transaction_id,
         ext_var1, ext_var2, out_dial_code, wrap_up_code) FROM STDIN (FORMAT binary)",
    );
    COPY_WITHOUT_NUMBERS = tenant(
        "COPY recordings (tenant, start, finish, seconds, agent_id, phone_number, channel, case_id,
         duration, filename, queue_id, queue_name, account_number, transaction_id, ext_var1,
         ext_var2, out_dial_code, wrap_up_code) FROM STDIN (FORMAT binary)",
    );
    UPDATE = tenant(update!("recordings"));
    // Those of a bulk load that has not ended.
    LOADED = tenant("SELECT records FROM load WHERE tenant = $1 AND source = $2");
    BEGIN_LOAD = tenant("INSERT INTO load (tenant, source, records) VALUES ($1, $2, 0)");
    FORGET_LOAD = tenant("DELETE FROM load WHERE tenant = $1");
    ADVANCE = tenant(
        "UPDATE load SET records = $4 WHERE tenant = $1 AND source = $2 AND records = $3",
    );
    STAGE = tenant(
        "COPY staged (tenant, id, start, finish, seconds, agent_id, phone_number, channel, case_id,
         duration, filename, queue_id, queue_name, account_number, transaction_id, ext_var1,
         ext_var2, out_dial_code, wrap_up_code) FROM STDIN (FORMAT binary)",
    );
    ANY_TWIN = tenant(
        "SELECT 1 FROM staged WHERE tenant = $1 AND (transaction_id <> '' OR filename <> '')
         GROUP BY transaction_id, filename HAVING count(*) > 1 LIMIT 1",
    );
    // All records whose keys more than one has, in the order of their arrival.
    TWINS = tenant(
        "SELECT start, agent_id, phone_number, channel, case_id, duration, filename, queue_id,
         queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code,
         wrap_up_code, id
         FROM (SELECT *, count(*) OVER (PARTITION BY transaction_id, filename) AS records
             FROM staged WHERE tenant = $1 AND (transaction_id <> '' OR filename <> '')) AS s
         WHERE s.records > 1 ORDER BY transaction_id, filename, id",
    );
    DROP_STAGED = tenant("DELETE FROM staged WHERE tenant = $1 AND id = ANY($2)");
    UPDATE_STAGED = tenant(update!("staged"));
    // The floor of a division, also before 1970.
    STAGED_BUCKETS = tenant(
        "SELECT (start - ((start % 1024000000) + 1024000000) % 1024000000) / 1024000000, count(*)
         FROM staged WHERE tenant = $1 GROUP BY 1",
    );
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
    DEEP_ASCENDING = tenant(super::deep::WHOLE[0]);
    DEEP_DESCENDING = tenant(super::deep::WHOLE[1]);
    GUARDED_DEEP_ASCENDING = tenant(super::deep::GUARDED[0]);
    GUARDED_DEEP_DESCENDING = tenant(super::deep::GUARDED[1]);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
    use vcc_types::{Field, Order};

    use super::*;
    use crate::plan::Plan;
    use crate::postgres::delete;
    use crate::{Deletion, StoredRecord, TenantId};

    /// The last two are those of a bulk load.
    const TABLES: [&str; 7] =
        ["tenants", "tokens", "recordings", "counts", "imports", "staged", "load"];

    /// Every place where a statement names a table, with what follows it up to the next one.
    fn uses(text: &str) -> Vec<(&'static str, String)> {
        let words: Vec<_> = text
            .split(|character: char| !(character.is_alphanumeric() || "_.$=".contains(character)))
            .filter(|word| !word.is_empty())
            .collect();
        let named = |at: usize| {
            let before = words[at.checked_sub(1)?].to_ascii_uppercase();
            let table = TABLES.into_iter().find(|table| *table == words[at])?;
            ["FROM", "JOIN", "INTO", "UPDATE", "COPY"].contains(&before.as_str()).then_some(table)
        };
        let places: Vec<_> = (0..words.len()).filter_map(|at| Some((at, named(at)?))).collect();
        places
            .iter()
            .enumerate()
            .map(|(index, (at, table))| {
                let end = places.get(index + 1).map_or(words.len(), |(next, _)| *next);
                (*table, words[*at..end].join(" "))
            })
            .collect()
    }

    /// AUTH-4: each table that a statement names is kept to the tenant `$1` where it is named.
    fn assert_led_by_tenant(text: &str, first_is_tenant: bool) {
        let uses = uses(text);
        assert!(!uses.is_empty(), "names no table: {text}");
        for (table, rest) in uses {
            let leads = rest.contains("tenant = $1")
                // Built statements bind the tenant once for each table.
                || !first_is_tenant && rest.contains("WHERE tenant = $")
                || rest.starts_with(&format!("{table} tenant "))
                    && (rest.contains("VALUES $1") || rest.contains("SELECT $1") || rest.contains("STDIN"));
            assert!(leads, "{table} is not led by the tenant: {text}");
        }
    }

    #[test]
    fn every_statement_is_led_by_the_tenant() {
        let mut everyone = Vec::new();
        for (name, statement) in ALL {
            match statement.scope {
                Scope::Tenant => assert_led_by_tenant(statement.text, true),
                Scope::Everyone(reason) => {
                    assert!(!reason.is_empty(), "{name}");
                    let data = ["recordings", "counts", "imports"];
                    let reaches = uses(statement.text).into_iter();
                    assert!(!reaches.into_iter().any(|(table, _)| data.contains(&table)), "{name}");
                    everyone.push(*name);
                }
            }
        }
        assert_eq!(
            everyone,
            [
                "STANDING",
                "SET_UP",
                "WAITS",
                "LOCK_SCHEMA",
                "TRY_LOCK",
                "UNLOCK",
                "INDEXES",
                "SCHEMA",
                "SCHEMA_VERSION",
                "SET_SCHEMA_VERSION",
                "CITUS",
                "OTHERS_TABLES",
                "VACUUM",
                "VACUUM_FULL",
                "VACUUM_STAGED",
                "VACUUM_STAGED_FULL",
                "READY",
                "ALIKE",
                "ADD_TENANT",
                "NAMES",
                "SET_ZONE",
                "TENANTS",
                "CREDENTIALS",
                "NUMBERS",
            ]
        );
    }

    fn every_shape() -> impl Iterator<Item = Selection> {
        let at = DateTime::from_timestamp(1_198_120_596, 0).unwrap();
        let until = DateTime::from_timestamp(1_198_120_606, 0).unwrap();
        let near = move |edge| Some(Near { edge, at, tolerance: 5, from: at, until });
        let windows = [None, Some(Window { from: at, until })];
        let nears = [None, near(Edge::Start), near(Edge::Finish)];
        let fields: Vec<_> =
            std::iter::once(None).chain(StoredRecord::text_fields().map(Some)).collect();
        let mut shapes = Vec::new();
        for (one, other) in
            fields.iter().flat_map(|one| fields.iter().map(move |other| (*one, *other)))
        {
            for (window, near) in windows.iter().flat_map(|w| nears.iter().map(move |n| (*w, *n))) {
                for (order, first) in [
                    (Order::StartAscending, 1),
                    (Order::StartDescending, 9),
                    (Order::StartAscending, 1_001),
                    (Order::StartDescending, 1_001),
                ] {
                    for wanted in ["", "x"] {
                        let filter = |field: Field| Filter {
                            field,
                            wanted: match field {
                                Field::Duration => Wanted::Seconds(1),
                                _ => Wanted::Text(wanted.into()),
                            },
                        };
                        let mut filters: Vec<_> =
                            one.into_iter().chain(other).map(filter).collect();
                        filters.dedup_by_key(|filter| filter.field);
                        shapes.push(Selection {
                            window,
                            near,
                            filters,
                            first,
                            page_size: if first == 1 { 50 } else { 3 },
                            order,
                            response_zone: "UTC".parse().unwrap(),
                            notes: Vec::new(),
                        });
                    }
                }
            }
        }
        shapes.into_iter()
    }

    #[test]
    fn every_page_and_deletion_is_led_by_the_tenant() {
        let mut pages = 0;
        for selection in every_shape() {
            let Some(plan) = Plan::new(TenantId(7), &selection) else { continue };
            for guarded in [false, true] {
                let sql = plan.page_for_postgres(guarded);
                assert_led_by_tenant(&sql.text, false);
                assert_eq!(sql.values[0], crate::sql::Value::Integer(7));
            }
            #[cfg(feature = "sqlite")]
            for gathers in [true, false] {
                assert_led_by_tenant(&plan.page_for_sqlite(gathers).text, true);
            }
            #[cfg(feature = "sqlite")]
            if plan.is_deep_in().is_some() {
                assert_led_by_tenant(&plan.starts_for_sqlite().text, true);
                assert_led_by_tenant(&plan.count_for_sqlite().text, true);
            }
            pages += 1;
        }
        assert!(pages > 2_000, "{pages}");
        let instant = Deletion::Before(DateTime::UNIX_EPOCH);
        let field = |field| Deletion::Field(field, "x".into());
        for deletion in Field::ALL.into_iter().map(field).chain([instant, Deletion::All]) {
            assert_led_by_tenant(&delete::statement(TenantId(7), &deletion, 1).text, false);
            assert_led_by_tenant(&Plan::reach_for_postgres(TenantId(7), &deletion).text, true);
            assert_led_by_tenant(&Plan::reach_staged(TenantId(7), &deletion).text, true);
            #[cfg(feature = "sqlite")]
            for sql in [
                Plan::doomed_for_sqlite(TenantId(7), &deletion, 1),
                Plan::reach_for_sqlite(TenantId(7), &deletion),
            ] {
                assert_led_by_tenant(&sql.text, true);
            }
        }
    }

    #[test]
    fn what_is_not_led_is_found() {
        for text in [
            "SELECT 1 FROM recordings",
            "SELECT 1 FROM recordings WHERE start = $1",
            "SELECT 1 FROM counts WHERE tenant = $1 AND bucket IN (SELECT id FROM recordings)",
            "DELETE FROM counts WHERE tenant = $2",
        ] {
            let led = std::panic::catch_unwind(|| assert_led_by_tenant(text, true));
            assert!(led.is_err(), "{text}");
        }
    }

    /// SQLite's statements stand where they are run: every literal of its sources that is one.
    #[cfg(feature = "sqlite")]
    #[test]
    fn every_statement_of_sqlite_is_led_by_the_tenant() {
        let sources = concat!(
            include_str!("../sqlite/mod.rs"),
            include_str!("../sqlite/bulk.rs"),
            include_str!("../sqlite/import.rs"),
            include_str!("../sqlite/index.rs"),
            include_str!("../sqlite/delete.rs"),
            include_str!("../sqlite/migrate.rs"),
            include_str!("../sqlite/tenants.rs"),
            include_str!("../sqlite/gather.rs"),
            include_str!("../sqlite/page.rs"),
            include_str!("../sqlite/pool.rs"),
            include_str!("../sqlite/remains.rs"),
            include_str!("../sqlite/scans.rs"),
        );
        // The tables of who there is, and SQLite's own; whether a store is empty; what is built.
        let known = [
            "SELECT count(*) FROM sqlite_schema",
            "SELECT sql FROM sqlite_schema",
            "UPDATE sqlite_schema SET name",
            "SELECT name FROM sqlite_schema",
            "SELECT 1 FROM recordings LIMIT 1",
            "SELECT 1 FROM tenants LIMIT 1",
            "SELECT count(*) FROM staged",
            // Numbers alone: how much is to be rewritten.
            "INSERT INTO remains",
            "UPDATE remains",
            "SELECT mark, deleted, replaced, tokens, tenants FROM remains",
            "SELECT 1 FROM sqlite_schema",
            "SELECT name FROM tenants WHERE name = $1",
            "INSERT INTO tenants (name, zone, created, folded)",
            "UPDATE tenants SET zone = ?2 WHERE name = ?1",
            "SELECT tenant, name, zone FROM tenants ORDER BY name",
            "SELECT tenants.tenant,",
            // The upgrade of a whole store.
            "SELECT count(*) FILTER (WHERE seconds < 0",
            "UPDATE recordings SET seconds = NULL WHERE seconds < 0",
            "SELECT tenant, name FROM tenants ORDER BY tenant",
            "SELECT named.tenant, read.name, read.zone, tokens.hash",
        ];
        let mut statements = 0;
        for literal in sources.split('"').skip(1).step_by(2) {
            let is_statement = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
            if !is_statement.iter().any(|verb| literal.starts_with(verb)) {
                continue;
            }
            statements += 1;
            if !known.iter().any(|known| literal.starts_with(known)) {
                assert_led_by_tenant(&literal.replace("?1", "$1").replace("\\\n", " "), true);
            }
        }
        assert!(statements > 20, "{statements}");
    }
}
