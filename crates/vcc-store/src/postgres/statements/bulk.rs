//! A bulk load that has not ended.

use super::import::update;
use crate::counts::WIDTH;
use crate::sql::columns::{ALL, ALL_WRITTEN, TEXT_COLUMNS, WRITTEN};
use crate::sql::text::{each, number, text};
use crate::sql::{everyone, no_records, statements, tenant};

statements! {
    // Of the table of recordings: whether it is spread over a cluster, whether it has any rows, whether
    // more hangs on it than what takes its place would have, and whether it is somebody else's.
    HINDRANCES = everyone(
        "asks what is in the way of a bulk load",
        "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_distributed_table'),
         EXISTS (SELECT FROM recordings),
         EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'recordings'::regclass AND NOT tgisinternal)
         OR EXISTS (SELECT FROM pg_policy WHERE polrelid = 'recordings'::regclass)
         OR EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = 'recordings'::regclass)
         OR EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_class'::regclass
             AND refobjid = 'recordings'::regclass AND classid = 'pg_rewrite'::regclass)
         OR EXISTS (SELECT FROM pg_inherits
             WHERE 'recordings'::regclass IN (inhparent, inhrelid)),
         (SELECT NOT pg_has_role(relowner, 'USAGE') FROM pg_class
             WHERE oid = 'recordings'::regclass)",
    );
    ANY_RECORDING = everyone(
        "asks whether the store has any recordings",
        "SELECT EXISTS (SELECT FROM recordings)",
    );
    HAS_LOAD = no_records(
        "asks whether there is a load that has not ended",
        "SELECT to_regclass('load') IS NOT NULL AND to_regclass('staged') IS NOT NULL",
    );
    /// The key, then the index by which records are known again, then the others.
    MAKING = no_records(
        "reads how the indexes of the recordings are made",
        "SELECT quote_ident(c.relname), pg_get_indexdef(c.oid), pg_get_constraintdef(k.oid)
         FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
         LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
         WHERE i.indrelid = 'recordings'::regclass
         ORDER BY NOT i.indisprimary, c.relname <> 'recordings_transaction', c.relname",
    );
    /// The statements that give a new table what the empty one has.
    RIGHTS = no_records(
        "reads the owner, the settings and the rights of the table of recordings",
        "SELECT format('ALTER TABLE recordings OWNER TO %I;', pg_get_userbyid(relowner))
         FROM pg_class WHERE oid = 'recordings'::regclass
         UNION ALL SELECT
             format('ALTER TABLE recordings SET (%s);', array_to_string(reloptions, ', '))
         FROM pg_class WHERE oid = 'recordings'::regclass AND reloptions IS NOT NULL
         UNION ALL SELECT format('GRANT %s ON %s %s TO %s%s;', privilege_type,
             CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
             CASE relkind WHEN 'S' THEN 'recordings_id_seq' ELSE 'recordings' END,
             CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
             CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
         FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
         WHERE oid IN ('recordings'::regclass,
             pg_get_serial_sequence('recordings', 'id')::regclass) AND grantee <> relowner",
    );
    LOADED = tenant("SELECT records FROM load WHERE tenant = $1 AND source = $2");
    BEGIN_LOAD = tenant("INSERT INTO load (tenant, source, records) VALUES ($1, $2, 0)");
    FORGET_LOAD = tenant("DELETE FROM load WHERE tenant = $1");
    ADVANCE = tenant(
        "UPDATE load SET records = $4 WHERE tenant = $1 AND source = $2 AND records = $3",
    );
    STAGE = tenant(text!(
        "COPY staged (tenant, id, ", ALL_WRITTEN, ") FROM STDIN (FORMAT binary)",
    ));
    ANY_TWIN = tenant(
        "SELECT 1 FROM staged WHERE tenant = $1 AND (transaction_id <> '' OR filename <> '')
         GROUP BY transaction_id, filename HAVING count(*) > 1 LIMIT 1",
    );
    /// All records whose keys more than one has, in the order of their arrival.
    TWINS = tenant(text!(
        "SELECT ", ALL, ", id
         FROM (SELECT *, count(*) OVER (PARTITION BY transaction_id, filename) AS records
             FROM staged WHERE tenant = $1 AND (transaction_id <> '' OR filename <> '')) AS s
         WHERE s.records > 1 ORDER BY transaction_id, filename, id",
    ));
    DROP_STAGED = tenant("DELETE FROM staged WHERE tenant = $1 AND id = ANY($2)");
    UPDATE_STAGED = tenant(update!("staged"));
    // The floor of a division, also before 1970.
    STAGED_BUCKETS = tenant(text!(
        "SELECT (start - ((start % ", number!(WIDTH), ") + ", number!(WIDTH), ") % ",
        number!(WIDTH), ") / ", number!(WIDTH),
        ", count(*) FROM staged WHERE tenant = $1 GROUP BY 1",
    ));
    NEXT_NUMBER = everyone(
        "finds the first number that no record of the load has",
        "SELECT coalesce(max(id), 0) + 1 FROM staged",
    );
}
