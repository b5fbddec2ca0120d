//! Which index answers what, as PostgreSQL itself says.

#[path = "../../tests/postgres_server/mod.rs"]
mod postgres_server;

use chrono::DateTime;
use tokio_postgres::SimpleQueryMessage;
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
use vcc_types::{Field, Order};

use self::postgres_server::{database, psql};
use super::Postgres;
use super::session::Session;
use crate::TenantId;
use crate::plan::Plan;
use crate::sql::{Sql, Value};

/// As many records of one tenant as make a choice, and as many of others.
const ROWS: &str = "INSERT INTO recordings (tenant, start, finish, seconds, agent_id, phone_number,
    channel, case_id, duration, filename, queue_id, queue_name, account_number, transaction_id,
    ext_var1, ext_var2, out_dial_code, wrap_up_code)
    SELECT 1 + i % 2, (1700000000 + i * 31) * 1000000, (1700000005 + i * 31 + i % 600) * 1000000,
    5 + i % 600, 'agent' || i % 200, '1650' || i * 7919 % 50000, '1408' || i % 100,
    (i % 1000)::text, (5 + i % 600)::text, 'R' || i || '.wav', 'q' || i % 10, 'phoneq' || i % 10,
    '', 'tx' || i, '', '', '', (i % 20)::text FROM generate_series(1::bigint, 60000) AS i";

/// The plan that is made once for all values, as reads use it.
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

fn selection() -> Selection {
    Selection {
        window: None,
        near: None,
        filters: Vec::new(),
        first: 1,
        page_size: 50,
        order: Order::StartAscending,
        response_zone: "UTC".parse().unwrap(),
        notes: Vec::new(),
    }
}

fn filter(field: Field) -> Filter {
    let wanted = match field {
        Field::Duration => Wanted::Seconds(27),
        _ => Wanted::Text("7".into()),
    };
    Filter { field, wanted }
}

#[tokio::test]
async fn an_index_answers_what_it_is_there_for() {
    let Some(url) = database() else { return };
    let store = Postgres::open(&url).await.unwrap();
    psql(&url, ROWS).unwrap();
    psql(&url, "VACUUM ANALYZE recordings").unwrap();
    let session = store.readers.get().await.unwrap();

    let at = |seconds: i64| DateTime::from_timestamp(1_700_900_000 + seconds, 0).unwrap();
    let window = Some(Window { from: at(0), until: at(86_400) });
    let near = |edge| Some(Near { edge, at: at(0), tolerance: 5, from: at(-5), until: at(5) });
    let own = |field| match field {
        Field::AgentId => "recordings_agent",
        Field::PhoneNumber => "recordings_phone",
        Field::TransactionId => "recordings_transaction",
        // The tenant's rows by start, until the page is full or the deadline has come.
        _ => "recordings_start",
    };
    let mut shapes = vec![
        (selection(), "recordings_start"),
        (Selection { window, ..selection() }, "recordings_start"),
        (Selection { near: near(Edge::Start), ..selection() }, "recordings_start"),
        (Selection { near: near(Edge::Finish), ..selection() }, "recordings_finish"),
        (Selection { window, near: near(Edge::Finish), ..selection() }, "recordings_finish"),
    ];
    for field in Field::ALL.into_iter().filter(|field| *field != Field::StartDate) {
        let filters = vec![filter(field)];
        shapes.push((Selection { filters: filters.clone(), ..selection() }, own(field)));
        shapes.push((Selection { window, filters: filters.clone(), ..selection() }, own(field)));
        let transaction = field == Field::TransactionId;
        let index = if transaction { own(field) } else { "recordings_finish" };
        shapes.push((Selection { near: near(Edge::Finish), filters, ..selection() }, index));
    }
    for (ascending, index) in shapes {
        let descending = Selection { order: Order::StartDescending, ..ascending.clone() };
        for selection in [ascending, descending] {
            let plan = Plan::new(TenantId(1), &selection).unwrap();
            let plan = explain(&session, &plan.page_for_postgres()).await;
            let scans: Vec<_> = plan
                .lines()
                .filter(|line| line.contains("Scan") && !line.contains("CTE Scan"))
                .filter(|line| !line.contains("Bitmap Heap Scan"))
                .collect();
            assert!(!scans.is_empty(), "{plan}");
            assert!(
                scans.iter().all(|scan| scan.contains(index)),
                "{index}: {selection:#?}\n{plan}"
            );
            assert!(plan.contains("tenant = $1"), "{plan}");
            // PAGE-5: the order of the list is the index's own, but for what few rows were found.
            if index == "recordings_start" {
                assert!(!plan.contains("Sort"), "{plan}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_in_the_depth_reads_counts_and_one_bucket() {
    let Some(url) = database() else { return };
    let store = Postgres::open(&url).await.unwrap();
    psql(&url, ROWS).unwrap();
    psql(&url, "VACUUM ANALYZE recordings").unwrap();
    let session = store.readers.get().await.unwrap();
    for text in [super::deep::ASCENDING, super::deep::DESCENDING] {
        let values = vec![Value::Integer(0); 14];
        let plan = explain(&session, &Sql { text: text.into(), values }).await;
        assert!(!plan.contains("Seq Scan") && !plan.contains(" Sort"), "{plan}");
        assert!(plan.contains("recordings_start") && plan.contains("counts_pkey"), "{plan}");
    }
}
