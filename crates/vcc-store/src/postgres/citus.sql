-- Version 1 on Citus: what a tenant holds lies together on one node, and who there is on every node.
SELECT create_reference_table('tenants');
SELECT create_reference_table('tokens');
SELECT create_distributed_table('recordings', 'tenant', colocate_with => 'none');
SELECT create_distributed_table('counts', 'tenant', colocate_with => 'recordings');
SELECT create_distributed_table('imports', 'tenant', colocate_with => 'recordings');
