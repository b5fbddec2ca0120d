-- Version 2. It only adds, so that programs of version 1 that are running go on.

-- What a name is compared by when another tenant is added (AUTH-7). NULL where an older tenant has it
-- already, and where a program of version 1 added the tenant.
ALTER TABLE tenants ADD COLUMN folded TEXT;
CREATE UNIQUE INDEX tenants_folded ON tenants (folded);

-- AUTH-5: a token is found by its hash, however many a tenant has. Not unique: a program of version 1 may
-- have taken one twice. The number ends every index of this table by itself.
CREATE INDEX tokens_hash ON tokens (tenant, hash);
