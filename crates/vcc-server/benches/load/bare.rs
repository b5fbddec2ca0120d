//! The cost of a page without a server, and of a server without a page.

use std::hint::black_box;
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use chrono::DateTime;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use vcc_format::{csv, xml};
use vcc_query::Zone;
use vcc_types::StartDate;

use crate::process;

/// Serves the bytes of a file from memory, and prints its address.
pub(crate) fn axum(file: &Path, kind: &str) {
    let body = Bytes::from(std::fs::read(file).expect("the body"));
    let kind = kind.to_owned();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let answer = move || async move { ([(CONTENT_TYPE, kind)], body) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        crate::say(&format!("listening on http://{address}/"));
        axum::serve(listener, Router::new().route("/", get(answer))).await.expect("a server");
    });
}

const SQL: &str = "SELECT start, agent_id, phone_number, channel, case_id, duration, filename, \
    queue_id, queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code, \
    wrap_up_code FROM recordings WHERE tenant = $1 AND start >= $2 AND start < $3 \
    ORDER BY start, transaction_id, filename, id LIMIT 51";

const PAGES: u32 = 5_000;

/// CPU time of a page, from the driver to its bytes, in microseconds.
pub(crate) fn sql(store: &Path, format: &str, [from, until]: [i64; 2]) -> f64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags).expect("the store");
    // The store sets this too: a statement is not planned again for every value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).expect("a setting");
    let zone: Zone = "America/Los_Angeles".parse().expect("a zone");
    let mut statement = connection.prepare(SQL).expect("the statement");
    let mut page = || {
        let mut csv = csv::Writer::new(Vec::with_capacity(32_000));
        let mut xml = xml::Writer::new(Vec::with_capacity(32_000));
        let mut rows = statement.query((1, from, until)).expect("rows");
        let mut left = 50;
        while let Some(row) = rows.next().expect("a row") {
            if left == 0 {
                break;
            }
            left -= 1;
            let start = DateTime::from_timestamp_micros(row.get(0).expect("a start"));
            let start = start.expect("an instant");
            let local = start.with_timezone(&zone.offset_at(start));
            let text = StartDate::Instant(local).to_string();
            let values: [Option<&str>; 15] = std::array::from_fn(|index| match index {
                0 => Some(&*text),
                _ => match row.get_ref(index).expect("a value") {
                    ValueRef::Text(text) => std::str::from_utf8(text).ok(),
                    _ => None,
                },
            });
            match format {
                "csv" => csv.write_values(&values),
                _ => xml.write_values(&values),
            }
            .expect("a record");
        }
        match format {
            "csv" => csv.finish(),
            _ => xml.finish(),
        }
        .expect("a body")
    };
    for _ in 0..PAGES / 10 {
        black_box(page());
    }
    let before = process::cpu("self");
    for _ in 0..PAGES {
        black_box(page());
    }
    (process::cpu("self") - before) * 1e6 / f64::from(PAGES)
}
