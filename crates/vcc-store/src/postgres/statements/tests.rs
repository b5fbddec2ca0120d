//! AUTH-4: each statement of PostgreSQL is led by the tenant, or is here by name.

use super::{
    bulk, deep, delete, delete_staged, import, index, migrate, page, reach, reach_staged, session,
    tenants, vacuum,
};
use crate::plan::Plan;
use crate::sql::led_by_tenant::{
    TENANT, assert_built, assert_table, built_in, deletions, selections,
};

#[test]
fn every_statement_is_led_by_the_tenant() {
    assert_table(
        &[
            bulk::TABLE,
            deep::TABLE,
            import::TABLE,
            index::TABLE,
            migrate::TABLE,
            page::TABLE,
            session::TABLE,
            tenants::TABLE,
            vacuum::TABLE,
        ],
        &[
            "HAS_LOAD",
            "MAKING",
            "RIGHTS",
            "NUMBERS",
            "INDEXES",
            "TRY_LOCK",
            "UNLOCK",
            "LOCK_SCHEMA",
            "SCHEMA",
            "SCHEMA_VERSION",
            "SET_SCHEMA_VERSION",
            "CITUS",
            "NAMES",
            "STANDING",
            "SET_UP",
            "WAITS",
            "READY",
            "ALIKE",
            "ADD_TENANT",
            "SET_ZONE",
            "TENANTS",
            "CREDENTIALS",
            "OTHERS_TABLES",
            "VACUUM",
            "VACUUM_FULL",
            "VACUUM_STAGED",
            "VACUUM_STAGED_FULL",
        ],
        &["HINDRANCES", "ANY_RECORDING", "NEXT_NUMBER", "SURVEY", "UNWRAP"],
    );
}

#[test]
fn every_statement_that_is_put_together_is_led_by_the_tenant() {
    for selection in selections() {
        let Some(plan) = Plan::new(TENANT, &selection) else { continue };
        for guarded in [false, true] {
            assert_built(&page(&plan, guarded));
        }
    }
    for deletion in deletions() {
        for sql in [
            delete(TENANT, &deletion, 1),
            reach(TENANT, &deletion),
            reach_staged(TENANT, &deletion),
            delete_staged(TENANT, &deletion),
        ] {
            assert_built(&sql);
        }
    }
    let tested = ["delete", "delete_staged", "page", "reach", "reach_staged"];
    assert_eq!(built_in("postgres"), tested.map(str::to_owned).into());
}
