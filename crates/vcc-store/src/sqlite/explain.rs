//! Which index answers what, as SQLite itself says.

use chrono::DateTime;
use rusqlite::Connection;
use vcc_types::Field;

use super::migrate::migrate;
use super::{gather, index, statements as s};
use crate::index::{EVERYWHERE, Given, INDEXABLE};
use crate::plan::Plan;
use crate::shapes::{deep, shapes};
use crate::{Deletion, TenantId};

const TENANT: TenantId = TenantId(1);

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    gather::register(&connection).unwrap();
    migrate(&mut connection, ":memory:", true).unwrap();
    connection
}

/// The steps of a statement's plan.
fn explain(connection: &Connection, text: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// How SQLite writes that an index is searched by the tenant and by these columns.
fn search(index: &str, found_by: &[&str]) -> String {
    let mut conditions = String::from("tenant=?");
    for column in found_by {
        conditions += &match *column {
            "start" | "finish" => format!(" AND {column}>? AND {column}<?"),
            _ => format!(" AND {column}=?"),
        };
    }
    format!("SEARCH recordings USING INDEX {index} ({conditions})")
}

#[test]
fn an_index_answers_what_it_is_there_for() {
    let connection = database();
    for shape in shapes() {
        let plan = Plan::new(TENANT, &shape.selection).unwrap();
        assert!(plan.is_deep_in().is_none());
        let steps = explain(&connection, &s::page(&plan, true).text);
        let search = search(shape.index.name(), &shape.found_by);
        assert_eq!(steps[0], search, "{:#?}", shape.selection);
        // PAGE-5: the list is read in its order, and only records that start at once are sorted;
        // what a key or ten seconds leave is sorted as a whole.
        let sorts_all = ["recordings_finish", "recordings_transaction"];
        let sorted = if sorts_all.contains(&shape.index.name()) { "" } else { "LAST " };
        let sort = format!("USE TEMP B-TREE FOR {sorted}");
        let others = steps[1..].iter();
        assert!(others.into_iter().all(|step| step.starts_with(&sort)), "{steps:?}");
    }
}

/// The fields whose indexes are in the order of a list in every store.
fn in_order() -> impl Iterator<Item = &'static Field> {
    EVERYWHERE.iter().filter(|field| **field != Field::TransactionId)
}

/// Before the page, only entries of the index are read.
#[test]
fn where_a_deep_page_of_a_field_begins_is_answered_from_its_index_alone() {
    let mut connection = database();
    for field in INDEXABLE {
        assert!(index::set(&mut connection, *field, true).unwrap());
    }
    for shape in in_order().chain(INDEXABLE).flat_map(|field| deep(*field)) {
        let mut plan = Plan::new(TENANT, &shape.selection).unwrap();
        assert!(plan.wants_given() || EVERYWHERE.contains(&shape.selection.filters[0].field));
        plan.given = index::given(&connection).unwrap();
        let by = search(shape.index.name(), &shape.found_by);
        assert_eq!(explain(&connection, &s::page(&plan, true).text)[0], by);
        let by = by.replace("USING INDEX", "USING COVERING INDEX");
        assert_eq!(explain(&connection, &s::starts(&plan).text), [&*by]);
        assert_eq!(explain(&connection, &s::count(&plan).text), [&*by]);
    }
    for field in INDEXABLE {
        assert!(index::set(&mut connection, *field, false).unwrap());
    }
    assert_eq!(index::given(&connection).unwrap(), Given::default());
}

#[test]
fn counts_imports_and_deletions_are_answered_from_an_index() {
    let connection = database();
    let by_start = "recordings_start (tenant=? AND start>? AND start<?)";
    let count = explain(&connection, s::IN_START_RANGE.text);
    assert_eq!(count, [format!("SEARCH recordings USING COVERING INDEX {by_start}")]);
    let find = search("recordings_transaction", &["transaction_id", "filename"]);
    assert_eq!(explain(&connection, s::FIND.text), [find]);
    let any = "recordings_transaction (tenant=? AND transaction_id>? AND transaction_id<?)";
    let any = format!("SEARCH recordings USING COVERING INDEX {any}");
    assert_eq!(explain(&connection, s::IN_RANGE.text), [any]);
    for (deletion, index) in [
        (Deletion::Before(DateTime::UNIX_EPOCH), "recordings_start (tenant=? AND start<?)"),
        (Deletion::Field(Field::AgentId, "a".into()), "recordings_agent (tenant=? AND agent_id=?)"),
        (
            Deletion::Field(Field::PhoneNumber, "1".into()),
            "recordings_phone (tenant=? AND phone_number=?)",
        ),
        (Deletion::All, "recordings_start (tenant=?)"),
    ] {
        // To count them, no record is read.
        let steps = explain(&connection, &s::reach(TENANT, &deletion).text);
        let covering = format!("SEARCH recordings USING COVERING INDEX {index}");
        assert_eq!(steps, [covering], "{deletion:?}");
        let steps = explain(&connection, &s::to_delete(TENANT, &deletion, 9).text);
        assert!(steps.len() == 1 && steps[0].ends_with(index), "{deletion:?}: {steps:?}");
    }
}

/// The work does not depend on the number of recordings and tenants.
#[test]
fn what_a_tenant_has_and_whom_its_name_looks_like_is_answered_from_an_index() {
    let connection = database();
    let steps = explain(&connection, s::HOLDINGS.text);
    for search in ["SEARCH counts USING PRIMARY KEY (tenant=? AND level=?)", "SEARCH tokens USING"]
    {
        assert!(steps.iter().any(|step| step.starts_with(search)), "{steps:?}");
    }
    let steps = explain(&connection, s::ALIKE.text);
    assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
}

/// AUTH-5: however many tokens a tenant has, and whether there is such a tenant.
#[test]
fn a_token_is_found_by_its_hash() {
    let steps = explain(&database(), s::CREDENTIALS.text);
    assert!(!steps.iter().any(|step| step.starts_with("SCAN t")), "{steps:?}");
    let search = "SEARCH tokens USING COVERING INDEX tokens_hash (tenant=? AND hash=?)";
    assert!(steps.iter().any(|step| step.starts_with(search)), "{steps:?}");
}

#[test]
fn there_are_five_indexes_led_by_the_tenant() {
    let connection = database();
    let mut statement = connection
        .prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
             AND tbl_name = 'recordings'",
        )
        .unwrap();
    let indexes: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(indexes.len(), 5, "{indexes:?}");
    assert!(indexes.iter().all(|(_, sql)| sql.contains("ON recordings (tenant, ")), "{indexes:?}");
}
