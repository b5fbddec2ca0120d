//! Which index answers what, as PostgreSQL itself says.

use chrono::DateTime;
use tokio_postgres::SimpleQueryMessage;
use vcc_types::Field;

use super::postgres_server::{citus_database, database, psql};
use super::session::Session;
use super::{Postgres, statements as s};
use crate::index::{EVERYWHERE, INDEXABLE, Index};
use crate::plan::Plan;
use crate::shapes::{deep, shapes};
use crate::sql::statement::Statement;
use crate::sql::{Sql, Value};
use crate::{Deletion, Store as _, TenantId};

/// Enough records of one tenant to make a choice of plans, and as many of others.
const ROWS: &str = "INSERT INTO recordings (tenant, start, finish, seconds, agent_id, phone_number,
    channel, case_id, duration, filename, queue_id, queue_name, account_number, transaction_id,
    ext_var1, ext_var2, out_dial_code, wrap_up_code)
    SELECT 1 + i % 2, (1700000000 + i * 31) * 1000000, (1700000005 + i * 31 + i % 600) * 1000000,
    5 + i % 600, 'agent' || i % 200, '1650' || i * 7919 % 50000, '1408' || i % 100,
    (i % 1000)::text, (5 + i % 600)::text, 'R' || i || '.wav', 'q' || i % 10, 'phoneq' || i % 10,
    '', 'tx' || i, '', '', '', (i % 20)::text FROM generate_series(1::bigint, 60000) AS i";

const DEEP: [Statement; 4] =
    [s::DEEP_ASCENDING, s::DEEP_DESCENDING, s::GUARDED_DEEP_ASCENDING, s::GUARDED_DEEP_DESCENDING];

/// A store with these records, analysed.
async fn filled(url: &str) -> Postgres {
    let store = Postgres::open(url).await.unwrap();
    psql(url, ROWS).unwrap();
    psql(url, "VACUUM ANALYZE recordings").unwrap();
    store
}

/// What an import looks up.
fn lookups() -> [Sql; 3] {
    use super::statements::{ANY_KNOWN, FIND, IN_RANGE};
    let keys =
        || vec![Value::Integer(1), Value::Text("{tx1}".into()), Value::Text("{R1.wav}".into())];
    let range = vec![Value::Integer(1), Value::Text("tx1".into()), Value::Text("tx9".into())];
    let and = |mut values: Vec<_>, more| {
        values.push(Value::Integer(more));
        values
    };
    [(FIND, keys()), (ANY_KNOWN, and(keys(), 1)), (IN_RANGE, and(range, 50_001))]
        .map(|(statement, values)| Sql { text: statement.text.into(), values })
}

/// Deletions that an index answers.
fn deletions() -> [(Deletion, Index); 3] {
    [
        (Deletion::Before(DateTime::UNIX_EPOCH), Index::Start),
        (Deletion::Field(Field::AgentId, "agent7".into()), Index::Of(Field::AgentId)),
        (Deletion::Field(Field::PhoneNumber, "16507".into()), Index::Of(Field::PhoneNumber)),
    ]
}

/// The plan that is made once for all values, as for reads.
async fn explain(session: &Session, sql: &Sql) -> String {
    let values: Vec<_> = sql
        .values
        .iter()
        .map(|value| match value {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => format!("'{text}'"),
        })
        .collect();
    let statement = format!(
        "PREPARE explained AS {}; EXPLAIN EXECUTE explained ({}); DEALLOCATE explained",
        sql.text,
        values.join(", ")
    );
    let messages = session.client.simple_query(&statement).await.unwrap();
    let lines = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The pieces of how PostgreSQL writes a search of an index by the tenant and these columns.
fn conditions(found_by: &[&str]) -> Vec<String> {
    let mut conditions = vec!["(tenant = $1)".to_owned()];
    for column in found_by {
        match *column {
            "start" | "finish" => {
                conditions.extend([format!("({column} >= $"), format!("({column} < $")]);
            }
            _ => conditions.push(format!("({column} = $")),
        }
    }
    conditions
}

#[tokio::test]
async fn an_index_answers_what_it_is_there_for() {
    let Some(url) = database() else { return };
    let store = filled(&url).await;
    let session = store.readers.get().await.unwrap();
    for shape in shapes() {
        let (selection, index) = (shape.selection, shape.index.name());
        for guarded in [false, true] {
            let plan = Plan::new(TenantId(1), &selection).unwrap();
            let plan = explain(&session, &s::page(&plan, guarded)).await;
            let scans: Vec<_> = plan
                .lines()
                .filter(|line| line.contains("Scan"))
                .filter(|line| !line.contains("CTE Scan") && !line.contains("Subquery Scan"))
                .collect();
            assert!(
                scans.len() == 1 && scans[0].contains(index),
                "{index}: {selection:#?}\n{plan}"
            );
            let found_by =
                plan.lines().find(|line| line.contains("Index Cond:")).unwrap_or_default();
            for condition in
                conditions(&shape.found_by).iter().filter(|_| !shape.found_by.is_empty())
            {
                assert!(found_by.contains(condition), "{condition}: {selection:#?}\n{plan}");
            }
            assert!(plan.contains("tenant = $1"), "{plan}");
            // PAGE-5: the list is in the order of the index; only a few rows that were found are
            // sorted.
            if index == "recordings_start" {
                assert!(!plan.contains("Sort"), "{plan}");
            }
        }
    }
}

/// The fields whose indexes are in the order of a list in every store.
fn in_order() -> impl Iterator<Item = &'static Field> {
    EVERYWHERE.iter().filter(|field| **field != Field::TransactionId)
}

/// Before the page, only entries of the index are read.
#[tokio::test]
async fn where_a_deep_page_of_a_field_begins_is_answered_from_its_index_alone() {
    let Some(url) = database() else { return };
    let store = filled(&url).await;
    for field in INDEXABLE {
        assert!(store.set_index(*field, true).await.unwrap());
    }
    psql(&url, "VACUUM ANALYZE recordings").unwrap();
    let session = store.readers.get().await.unwrap();
    for shape in in_order().chain(INDEXABLE).flat_map(|field| deep(*field)) {
        let plan = Plan::new(TenantId(1), &shape.selection).unwrap();
        for guarded in [false, true] {
            let plan = explain(&session, &s::page(&plan, guarded)).await;
            let index = shape.index.name();
            let scans = |kind: &str| {
                let kinds = plan.lines().filter(|line| line.contains(kind));
                kinds.filter(|line| line.contains(index)).count()
            };
            assert_eq!(scans("Index Only Scan"), 2, "{index}\n{plan}");
            assert_eq!(scans("Index Scan"), 1, "{index}\n{plan}");
            assert_eq!(plan.matches(" on recordings").count(), 3, "{index}\n{plan}");
            let sorts = plan.lines().filter(|line| line.contains("Sort  ("));
            assert!(sorts.into_iter().all(|line| line.contains("Incremental Sort")), "{plan}");
        }
    }
}

#[tokio::test]
async fn imports_and_deletions_are_answered_from_an_index() {
    let Some(url) = database() else { return };
    let store = filled(&url).await;
    let session = store.writers.get().await.unwrap();
    for lookup in lookups() {
        let plan = explain(&session, &lookup).await;
        assert!(plan.contains("recordings_transaction") && !plan.contains("Seq Scan"), "{plan}");
        assert!(plan.contains("transaction_id") && !plan.contains("Sort"), "{plan}");
    }
    for (deletion, index) in deletions() {
        let plan = explain(&session, &s::delete(TenantId(1), &deletion, 5_000)).await;
        assert!(plan.contains(index.name()) && !plan.contains("Seq Scan"), "{deletion:?}: {plan}");
    }
}

#[tokio::test]
async fn there_are_five_indexes_led_by_the_tenant() {
    let Some(url) = database() else { return };
    Postgres::open(&url).await.unwrap();
    let indexes =
        "SELECT count(*), count(*) FILTER (WHERE indexdef LIKE '% USING btree (tenant, %')
        FROM pg_indexes WHERE tablename = 'recordings' AND indexname <> 'recordings_pkey'";
    assert_eq!(psql(&url, indexes).unwrap(), "5|5");
}

#[tokio::test]
async fn a_page_in_the_depth_reads_counts_and_one_bucket() {
    let Some(url) = database() else { return };
    let store = filled(&url).await;
    let session = store.readers.get().await.unwrap();
    for text in DEEP.map(|statement| statement.text) {
        let values = vec![Value::Integer(0); 14];
        let plan = explain(&session, &Sql { text: text.into(), values }).await;
        assert!(!plan.contains("Seq Scan") && !plan.contains(" Sort"), "{plan}");
        assert!(plan.contains("recordings_start") && plan.contains("counts_pkey"), "{plan}");
    }
}

/// The work does not depend on the number of recordings.
#[tokio::test]
async fn what_a_tenant_has_is_answered_from_the_coarsest_counts() {
    let Some(url) = database() else { return };
    let store = filled(&url).await;
    let session = store.readers.get().await.unwrap();
    let holdings = s::HOLDINGS.text.into();
    let plan = explain(&session, &Sql { text: holdings, values: vec![Value::Integer(1)] }).await;
    assert!(!plan.contains("Seq Scan"), "{plan}");
    assert!(plan.contains("(tenant = $1) AND (level = 28)"), "{plan}");
}

/// AUTH-5: however many tokens a tenant has, and whether there is such a tenant.
#[tokio::test]
async fn a_token_is_found_by_its_hash() {
    let Some(url) = database() else { return };
    let store = Postgres::open(&url).await.unwrap();
    let session = store.readers.get().await.unwrap();
    let text = s::CREDENTIALS.text.into();
    let values = vec![Value::Text("acme".into()), Value::Text("x".into())];
    let plan = explain(&session, &Sql { text, values }).await;
    assert!(!plan.contains("Seq Scan"), "{plan}");
    let found_by = "Index Cond: ((tenant = read.tenant) AND (hash = $2))";
    assert!(plan.contains("using tokens_hash") && plan.contains(found_by), "{plan}");
}

/// In the middle of a first import the table grows, and has not been analysed yet.
#[tokio::test]
async fn each_key_of_a_batch_is_looked_up_by_itself() {
    let Some(url) = database() else { return };
    let _store = Postgres::open(&url).await.unwrap();
    psql(&url, "ALTER TABLE recordings SET (autovacuum_enabled = off)").unwrap();
    psql(&url, ROWS).unwrap();
    let list = |prefix: &str, suffix: &str| {
        let keys: Vec<_> =
            (60_001..63_001).map(|number| format!("{prefix}{number}{suffix}")).collect();
        format!("'{{{}}}'", keys.join(","))
    };
    // The plan for these values, as the first batches get it.
    for statement in [s::FIND, s::ANY_KNOWN] {
        let find = statement.text.replace("$1", "1").replace("$4", "1");
        let find = find.replace("$2", &list("tx", "")).replace("$3", &list("R", ".wav"));
        let plan = psql(&url, &format!("EXPLAIN {find}")).unwrap();
        let found_by = plan.lines().find(|line| line.contains("Index Cond:")).unwrap_or_default();
        for part in ["tenant = 1", "transaction_id = ", "filename = "] {
            assert!(found_by.contains(part), "{part}: {plan}");
        }
        assert!(plan.contains("recordings_transaction") && !plan.contains("Seq Scan"), "{plan}");
    }
}

/// On a cluster each statement goes to the one node that has the tenant, which uses an index. Which
/// index may depend on the values, which are known there.
#[tokio::test]
async fn on_citus_one_node_answers_from_an_index() {
    let Some(url) = citus_database() else { return };
    let store = filled(&url).await;
    let reader = store.readers.get().await.unwrap();
    let mut plans = Vec::new();
    for shape in shapes().into_iter().chain(deep(Field::AgentId)) {
        let plan = Plan::new(TenantId(1), &shape.selection).unwrap();
        for guarded in [false, true] {
            plans.push(explain(&reader, &s::page(&plan, guarded)).await);
        }
    }
    for text in DEEP.map(|statement| statement.text) {
        let mut values = vec![Value::Integer(0); 14];
        values[0] = Value::Integer(1);
        let plan = explain(&reader, &Sql { text: text.into(), values }).await;
        assert!(plan.contains("counts_pkey"), "{plan}");
        plans.push(plan);
    }
    let writer = store.writers.get().await.unwrap();
    for lookup in lookups() {
        let plan = explain(&writer, &lookup).await;
        assert!(plan.contains("recordings_transaction"), "{plan}");
        plans.push(plan);
    }
    for (deletion, _) in deletions() {
        plans.push(explain(&writer, &s::delete(TenantId(1), &deletion, 5_000)).await);
    }
    for plan in plans {
        assert_eq!(plan.matches("Custom Scan (Citus").count(), 1, "{plan}");
        assert!(plan.contains("Task Count: 1") && !plan.contains("Subplan"), "{plan}");
        let found_by = plan.contains("Index Cond: ((tenant = '1'::bigint) AND ")
            || plan.contains("Index Cond: (tenant = '1'::bigint)");
        assert!(found_by && !plan.contains("Seq Scan"), "{plan}");
    }
}
