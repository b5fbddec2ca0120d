-- Version 2. It only adds, so that programs of version 1 that are running go on. It may be run again.

-- What a name is compared by when another tenant is added (AUTH-7). NULL where an older tenant has it
-- already, and where a program of version 1 added the tenant.
ALTER TABLE tenants ADD COLUMN IF NOT EXISTS folded text COLLATE "C";
CREATE UNIQUE INDEX IF NOT EXISTS tenants_folded ON tenants (folded);

-- AUTH-5: a token is found by its hash, however many a tenant has. Not unique: a program of version 1 may
-- have taken one twice.
CREATE INDEX IF NOT EXISTS tokens_hash ON tokens (tenant, hash, token);
