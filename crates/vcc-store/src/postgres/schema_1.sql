-- Version 1. Every key and index but that of the tenants' names is led by the tenant. Text compares
-- by bytes (COLLATE "C"). The names and the columns are those of SQLite's schema.

CREATE TABLE vcc_schema (version bigint NOT NULL);
INSERT INTO vcc_schema VALUES (0);

CREATE TABLE tenants (
    tenant bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    zone text NOT NULL,
    last_token bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL
);

CREATE TABLE tokens (
    tenant bigint NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    token bigint NOT NULL,
    hash bytea NOT NULL,
    label text NOT NULL,
    created bigint NOT NULL,
    PRIMARY KEY (tenant, token)
);

-- Instants are microseconds since 1970-01-01T00:00:00Z. `seconds` is the duration as a number, the
-- bits of an unsigned 64-bit integer; `finish` is start + duration. Both are computed.
CREATE TABLE recordings (
    tenant bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    start bigint NOT NULL,
    finish bigint,
    seconds bigint,
    agent_id text COLLATE "C" NOT NULL,
    phone_number text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    case_id text COLLATE "C" NOT NULL,
    duration text COLLATE "C" NOT NULL,
    filename text COLLATE "C" NOT NULL,
    queue_id text COLLATE "C" NOT NULL,
    queue_name text COLLATE "C" NOT NULL,
    account_number text COLLATE "C" NOT NULL,
    transaction_id text COLLATE "C" NOT NULL,
    ext_var1 text COLLATE "C" NOT NULL,
    ext_var2 text COLLATE "C" NOT NULL,
    out_dial_code text COLLATE "C" NOT NULL,
    wrap_up_code text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- The order of a list (PAGE-5), so that no page is sorted; `id` breaks ties.
CREATE INDEX recordings_start ON recordings (tenant, start, transaction_id, filename, id);
CREATE INDEX recordings_finish ON recordings (tenant, finish);
CREATE INDEX recordings_agent ON recordings (tenant, agent_id, start);
CREATE INDEX recordings_phone ON recordings (tenant, phone_number, start);
-- Also the key by which an import knows a record again.
CREATE INDEX recordings_transaction ON recordings (tenant, transaction_id, filename);

-- How many records start in each bucket of 2^level seconds, so that deep pages need not walk.
CREATE TABLE counts (
    tenant bigint NOT NULL,
    level bigint NOT NULL,
    bucket bigint NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (tenant, level, bucket)
);

-- How far an import is that may be broken off.
CREATE TABLE imports (
    tenant bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (tenant, source)
);
