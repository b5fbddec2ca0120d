//! Tenants and their tokens.

use crate::counts::COARSEST;
use crate::sql::text::{number, text};
use crate::sql::{no_records, statements, tenant};

statements! {
    /// The names that a new one may be, or look like: its own, the one with its key, and those without a
    /// key, which are few.
    ALIKE = no_records(
        "finds the names that a new one may be, or look like",
        "SELECT name FROM tenants WHERE name = $1 UNION ALL SELECT name FROM tenants
         WHERE folded = $2 UNION ALL SELECT name FROM tenants WHERE folded IS NULL",
    );
    ADD_TENANT = no_records(
        "makes the tenant's number",
        "INSERT INTO tenants (name, zone, created, folded) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO NOTHING RETURNING tenant",
    );
    SET_ZONE = no_records(
        "sets the zone of a tenant, by its name",
        "UPDATE tenants SET zone = $2 WHERE name = $1 RETURNING tenant",
    );
    TENANTS = no_records(
        "lists all tenants",
        "SELECT tenant, name, zone FROM tenants ORDER BY name",
    );
    /// How many recordings and tokens a tenant has. The coarsest counts are few.
    HOLDINGS = tenant(text!(
        "SELECT (SELECT coalesce(sum(records), 0)::bigint FROM counts
         WHERE tenant = $1 AND level = ", number!(COARSEST),
        "), (SELECT count(*) FROM tokens WHERE tenant = $1)",
    ));
    /// A join, for one round trip: the table of tenants is on every node of a cluster. AUTH-3, AUTH-5: for
    /// an unknown name the same is read as for a known one, of the tenant that was added first; but the
    /// first column is NULL. A token is looked up in one index, however many there are.
    CREDENTIALS = no_records(
        "finds a tenant by its name",
        "SELECT named.tenant, read.name, read.zone, tokens.hash, tokens.token
         FROM (SELECT 1) AS one LEFT JOIN tenants AS named ON named.name = $1
         JOIN tenants AS read
             ON read.tenant = coalesce(named.tenant, (SELECT min(tenant) FROM tenants))
         LEFT JOIN tokens ON tokens.tenant = read.tenant AND tokens.hash = $2
         ORDER BY tokens.token LIMIT 1",
    );
    /// Held until the end of a transaction, so that one import a tenant decides what is known.
    LOCK_TENANT = tenant("SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE");
    REMOVE_TENANT = tenant("DELETE FROM tenants WHERE tenant = $1");
    REMOVE_TOKENS = tenant("DELETE FROM tokens WHERE tenant = $1");
    REMOVE_RECORDINGS = tenant("DELETE FROM recordings WHERE tenant = $1");
    REMOVE_COUNTS = tenant("DELETE FROM counts WHERE tenant = $1");
    REMOVE_IMPORTS = tenant("DELETE FROM imports WHERE tenant = $1");
    // A number is never given twice, so an old note cannot revoke a new token.
    NEXT_TOKEN = tenant(
        "UPDATE tenants SET last_token = last_token + 1 WHERE tenant = $1 RETURNING last_token",
    );
    ADD_TOKEN = tenant(
        "INSERT INTO tokens (tenant, token, hash, label, created) VALUES ($1, $2, $3, $4, $5)",
    );
    TOKENS = tenant("SELECT token, label, created FROM tokens WHERE tenant = $1 ORDER BY token");
    REVOKE_TOKEN = tenant("DELETE FROM tokens WHERE tenant = $1 AND token = $2");
}
