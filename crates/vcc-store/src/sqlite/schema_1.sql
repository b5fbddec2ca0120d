-- Version 1. Every key and index is led by the tenant. Text compares by bytes (BINARY, the default).

CREATE TABLE tenants (
    tenant INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL,
    last_token INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    tenant INTEGER NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    token INTEGER NOT NULL,
    hash BLOB NOT NULL,
    label TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, token)
) STRICT, WITHOUT ROWID;

-- Instants are microseconds since 1970-01-01T00:00:00Z. `seconds` is the duration as a number, the
-- bits of an unsigned 64-bit integer; `finish` is start + duration. Both are computed.
CREATE TABLE recordings (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER,
    seconds INTEGER,
    agent_id TEXT NOT NULL,
    phone_number TEXT NOT NULL,
    channel TEXT NOT NULL,
    case_id TEXT NOT NULL,
    duration TEXT NOT NULL,
    filename TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    queue_name TEXT NOT NULL,
    account_number TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    ext_var1 TEXT NOT NULL,
    ext_var2 TEXT NOT NULL,
    out_dial_code TEXT NOT NULL,
    wrap_up_code TEXT NOT NULL
) STRICT;

-- The order of a list (PAGE-5); `id` breaks ties, and ends every index of SQLite by itself.
CREATE INDEX recordings_start ON recordings (tenant, start, transaction_id, filename);
CREATE INDEX recordings_finish ON recordings (tenant, finish);
CREATE INDEX recordings_agent ON recordings (tenant, agent_id, start);
CREATE INDEX recordings_phone ON recordings (tenant, phone_number, start);
-- Also the key by which an import knows a record again.
CREATE INDEX recordings_transaction ON recordings (tenant, transaction_id, filename);

-- How many records start in each bucket of 2^level seconds, so that deep pages need not walk.
CREATE TABLE counts (
    tenant INTEGER NOT NULL,
    level INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (tenant, level, bucket)
) STRICT, WITHOUT ROWID;

-- How far an import is that may be broken off.
CREATE TABLE imports (
    tenant INTEGER NOT NULL,
    source TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (tenant, source)
) STRICT, WITHOUT ROWID;
