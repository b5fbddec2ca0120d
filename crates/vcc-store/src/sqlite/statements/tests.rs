//! AUTH-4: each statement of SQLite is led by the tenant, or is here by name.

use super::*;
use crate::plan::Plan;
use crate::sql::led_by_tenant::{
    TENANT, assert_built, assert_table, built_in, deletions, selections,
};

#[test]
fn every_statement_is_led_by_the_tenant() {
    assert_table(
        &[
            backup::TABLE,
            bulk::TABLE,
            deep::TABLE,
            delete::TABLE,
            import::TABLE,
            index::TABLE,
            migrate::TABLE,
            page::TABLE,
            remains::TABLE,
            session::TABLE,
            tenants::TABLE,
        ],
        &[
            "TABLES",
            "MAKING",
            "RENAME_INDEX",
            "INDEXES",
            "OBJECTS",
            "NAMES",
            "HAS_REMAINS",
            "BEGIN_REMAINS",
            "ADD_REMAINS",
            "REMAINS",
            "READY",
            "LANDMARKS",
            "ALIKE",
            "ADD_TENANT",
            "SET_ZONE",
            "TENANTS",
            "CREDENTIALS",
        ],
        &["ANY_RECORDING", "STAGED", "SURVEY", "UNWRAP", "HOLDINGS"],
    );
}

#[test]
fn every_statement_that_is_put_together_is_led_by_the_tenant() {
    for selection in selections() {
        let Some(plan) = Plan::new(TENANT, &selection) else { continue };
        for sql in [page(&plan, true), page(&plan, false), list(&plan), count(&plan)] {
            assert_built(&sql);
        }
        if plan.is_deep_in().is_some() {
            assert_built(&starts(&plan));
        }
    }
    for deletion in deletions() {
        for sql in [
            to_delete(TENANT, &deletion, 1),
            reach(TENANT, &deletion),
            reach_staged(TENANT, &deletion),
            delete_staged(TENANT, &deletion),
        ] {
            assert_built(&sql);
        }
    }
    // All rows of it are led by the first parameter, as the one of the statement that it begins with.
    let rows = ADD_TOGETHER.strip_prefix(ADD.text).unwrap();
    assert_eq!(rows.matches("), ($1, $").count() + 1, TOGETHER - 1);
    assert!(rows.starts_with(", ($1, $19, ") && rows.ends_with(", $1089)"), "{rows}");
    // The copy of a store has as many rows of everybody.
    assert_eq!(count_of_all("a\"b"), "SELECT count(*) FROM \"a\"\"b\"");

    let tested = [
        "ADD_TOGETHER",
        "count",
        "count_of_all",
        "delete_staged",
        "list",
        "page",
        "reach",
        "reach_staged",
        "starts",
        "to_delete",
    ];
    assert_eq!(built_in("sqlite"), tested.map(str::to_owned).into());
}
