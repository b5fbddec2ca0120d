-- Version 1 on Citus: what a tenant holds lies together on one node, and who there is on every node.
SELECT create_reference_table('tenants');
SELECT create_reference_table('tokens');
SELECT create_distributed_table('recordings', 'tenant', colocate_with => 'none');
SELECT create_distributed_table('counts', 'tenant', colocate_with => 'recordings');
SELECT create_distributed_table('imports', 'tenant', colocate_with => 'recordings');

-- A node plans what the coordinator sends it by settings of its own: reading a whole shard would be
-- reading everybody's. Citus passes them on from 13.1 on, and then lets nobody else do so. Whoever makes
-- the schema owns the database.
DO $$
DECLARE
    setting text;
    command text;
    alone boolean :=
        string_to_array(substring(citus_version() FROM 'Citus ([0-9]+\.[0-9]+)'), '.')::int[]
        < ARRAY[13, 1];
BEGIN
    FOREACH setting IN ARRAY ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_sort',
        'enable_hashjoin', 'enable_mergejoin', 'jit']
    LOOP
        command := format('ALTER DATABASE %I SET %I = off', current_database(), setting);
        EXECUTE command;
        IF alone AND (SELECT count(*) FROM run_command_on_workers(command) WHERE NOT success) > 0 THEN
            RAISE EXCEPTION 'a worker refused: %', command;
        END IF;
    END LOOP;
END $$;
