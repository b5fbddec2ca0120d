//! `export` as a process: what it writes is what the API lists, and an import of it is what was there.

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::io::Read as _;
use std::process::Stdio;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use chrono::{DateTime, Utc};
use common::command::{Folder, Ran, command, run, run_with};
use common::{TOKEN, basic, send};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_format::{Deviation, DeviationKind, Error, Options, Record, csv, jsonl, xml};
use vcc_query::{Context, Query};
use vcc_server::{Api, Clock};
use vcc_store::{Postgres, Sqlite, Store, StoredRecord, Token};
use vcc_types::{Dialect, Field, Recording};

/// What a format or a reader that means well might take for something else.
const ODD: [&str; 44] = [
    "",
    " ",
    "  a  ",
    "\"",
    "\"\"",
    "a\"b",
    "\"a\"",
    "'",
    ",",
    "a,b",
    ";",
    "\t",
    "a\tb",
    "|",
    "\n",
    "\r",
    "\r\n",
    "a\r\nb",
    "a\n",
    "\na",
    "&",
    "&amp;",
    "&#13;",
    "<",
    ">",
    "]]>",
    "<file>",
    "</agentID>",
    "<a/>",
    "%lt;/recordings>",
    "%41",
    "\\",
    "\\n",
    "\\\"",
    "\\u0041",
    "null",
    "{\"a\":1}",
    "sep=;",
    "\u{7f}\u{80}\u{85}\u{9f}",
    "\u{feff}",
    "\u{2028}\u{200b}\u{a0}",
    "\u{1f600}e\u{301}",
    "\u{fffd}",
    "startDate",
];

fn text() -> impl Strategy<Value = String> {
    let odd = || proptest::sample::select(&ODD[..]);
    prop_oneof![
        3 => odd().prop_map(str::to_owned),
        2 => proptest::collection::vec(odd(), 0..4).prop_map(|parts| parts.concat()),
        1 => "[a-c\u{e9}\u{4e2d}]{0,3}",
    ]
}

/// A record as a store may hold it: with keys or without, tied with others or not, with a duration that
/// cannot be read.
fn record() -> impl Strategy<Value = StoredRecord> {
    let start = prop_oneof![
        4 => Just(1_198_120_596_000_000_i64),
        2 => (0_i64..3).prop_map(|micros| 1_198_120_596_000_000 + micros * 1_001),
        1 => -62_135_510_400_000_000_i64..253_402_214_400_000_000,
    ];
    let duration = proptest::sample::select(&["", "27", "027", "0", "abc", "-5", "1e9", "2 7"][..]);
    let keyed = prop_oneof![Just(None), any::<u32>().prop_map(Some)];
    (start, duration, proptest::collection::vec(text(), 13), keyed).prop_map(
        |(start, duration, texts, keyed)| {
            let mut recording = Recording::new().with(Field::Duration, duration);
            let others = StoredRecord::text_fields().filter(|field| *field != Field::Duration);
            for (field, text) in others.zip(&texts) {
                recording.set(field, text);
            }
            let key = keyed.map_or_else(String::new, |key| key.to_string());
            recording.set(Field::TransactionId, &key);
            if keyed.is_none() {
                recording.set(Field::Filename, "");
            }
            let start = DateTime::from_timestamp_micros(start).unwrap();
            StoredRecord::with_start(&recording, start).unwrap()
        },
    )
}

/// Stores for a test to fill and to ask, beside the process that exports.
async fn open(url: &str) -> Arc<dyn Store> {
    match url.strip_prefix("sqlite:") {
        Some(path) => Arc::new(Sqlite::open(path).unwrap()),
        None => Arc::new(Postgres::open(url).await.unwrap()),
    }
}

async fn add_tenant(store: &dyn Store, name: &str, zone: &str) {
    store.add_tenant(name, zone.parse().unwrap(), DateTime::UNIX_EPOCH).await.unwrap();
}

/// Everything that a tenant has, in the order of the list.
async fn held(store: &dyn Store, tenant: &str) -> Vec<StoredRecord> {
    let tenant = store.tenant(tenant).await.unwrap().unwrap();
    let dialect = Dialect::default();
    let context = Context { now: DateTime::UNIX_EPOCH, tenant_tz: tenant.zone, dialect };
    let selection = Query::parse("").unwrap().resolve(&context).unwrap();
    let mut export = store.export(tenant.id, &selection).await.unwrap();
    let mut records = Vec::new();
    while let Some(piece) = export.next().await.unwrap() {
        records.extend(piece);
    }
    records
}

fn exported(url: &str, tenant: &str, options: &[&str]) -> String {
    let ran = run(&[&["export", "--tenant", tenant, "--store", url], options].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout
}

const FORMATS: [&str; 3] = ["csv", "xml", "jsonl"];

/// Exports and imports odd records in each format, and finds them again, byte for byte and in their order.
async fn there_and_back(url: &str, sets: usize) {
    let store = open(url).await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for set in 0..sets {
        let records = proptest::collection::vec(record(), 400);
        let records = records.new_tree(&mut runner).unwrap().current();
        let from = format!("from {set}");
        // In year 1 the clocks of Amsterdam are not whole minutes from UTC.
        add_tenant(&*store, &from, "Europe/Amsterdam").await;
        let tenant = store.tenant(&from).await.unwrap().unwrap().id;
        let added = store.import(tenant, records.into()).await.unwrap().added;
        let there = held(&*store, &from).await;
        assert_eq!(there.len() as u64, added);
        for format in FORMATS {
            let document = exported(url, &from, &["--format", format]);
            let to = format!("to {set} {format}");
            add_tenant(&*store, &to, "Asia/Kolkata").await;
            let import = ["import", "--tenant", &to, "--format", format, "-", "--store", url];
            let ran = run_with(&import, document.as_bytes());
            assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
            let back = held(&*store, &to).await;
            for (back, there) in back.iter().zip(&there) {
                assert_eq!(back, there, "{format}");
            }
            assert_eq!(back.len(), there.len(), "{format}");
            assert_eq!(exported(url, &to, &["--format", format]).len(), document.len(), "{format}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_in_sqlite() {
    let folder = Folder::new();
    there_and_back(&folder.store, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_in_postgres() {
    let Some(url) = postgres_server::database() else { return };
    drop(Postgres::open(&url).await.unwrap());
    there_and_back(&url, 2).await;
}

/// What is between the pages of the API and not in an export: their heads and their ends.
fn body(page: &str, format: &str) -> String {
    match format {
        "csv" => page.split_once("\r\n").unwrap().1.to_owned(),
        _ => page.split_once("<recordings>\n").unwrap().1.replace("</recordings>\n", ""),
    }
}

/// The records of a document, in which nothing is a repair.
fn read(document: &str) -> Vec<Recording> {
    let mut deviations = Vec::new();
    let (bytes, tolerant) = (document.as_bytes(), Options::tolerant());
    let records: Result<Vec<_>, _> = match bytes.first() {
        Some(b'<') => owned(xml::Reader::with(bytes, tolerant, &mut deviations)),
        Some(b's') => owned(csv::Reader::with(bytes, tolerant, &mut deviations)),
        _ => owned(jsonl::Reader::with(bytes, tolerant, &mut deviations)),
    };
    // What the store holds that is no number of seconds.
    let is_kept = |of: &Deviation| of.kind == DeviationKind::UnreadableDuration;
    assert!(deviations.iter().all(is_kept), "{deviations:?}");
    records.unwrap()
}

fn owned<'a>(
    records: impl Iterator<Item = Result<Record<'a>, Error>>,
) -> Result<Vec<Recording>, Error> {
    records.map(|record| Ok(record?.to_recording())).collect()
}

/// An export is the pages of the API, joined: byte for byte.
async fn as_the_api_lists(url: &str) {
    let store = open(url).await;
    add_tenant(&*store, "listed", "America/Los_Angeles").await;
    let tenant = store.tenant("listed").await.unwrap().unwrap().id;
    let now: DateTime<Utc> = Clock::system().now();
    store.add_token(tenant, Token::from_secret(TOKEN).hash(), "", now).await.unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let records = proptest::collection::vec(record(), 330).new_tree(&mut runner).unwrap().current();
    store.import(tenant, records.into()).await.unwrap();
    let router = Api::builder(store).clock(Clock::fixed(now)).build().router();
    for query in [
        "",
        "tz=Asia/Kolkata",
        "d=2007-12-19",
        "d=2007-12-20&tz=UTC&duration=27",
        "d=2000,2100&outDialCode=",
        "start-date=2007-12-19T19:16:36-08:00",
        "finish-date=2007-12-19T19:17:03-08:00",
        "wrapUpCode=%22&duration=27",
        "queueName=a%0D%0Ab",
        "d=1999-01-01",
    ] {
        for format in ["csv", "xml"] {
            let mut pages = String::new();
            for page in 0.. {
                let n = page * 50 + 1;
                let target = format!("{}.{format}?n={n}&{query}", common::FILES);
                let authorization = basic("listed", TOKEN);
                let request = Request::get(target).header(header::AUTHORIZATION, authorization);
                let answer = send(&router, request.body(Body::empty()).unwrap()).await;
                assert_eq!(answer.status, 200, "{query}: {}", answer.body);
                let body = body(&answer.body, format);
                if body.is_empty() {
                    break;
                }
                pages += &body;
            }
            let whole = exported(url, "listed", &["--format", format, "--query", query]);
            assert_eq!(body(&whole, format), pages, "{query} {format}");
        }
        let lines = exported(url, "listed", &["--format", "jsonl", "--query", query]);
        let rows = exported(url, "listed", &["--query", query]);
        let document = exported(url, "listed", &["--format", "xml", "--query", query]);
        let records = read(&rows);
        assert_eq!(read(&document), records, "{query}");
        assert_eq!(read(&lines), records, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_api_lists_it_from_sqlite() {
    as_the_api_lists(&Folder::new().store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_api_lists_it_from_postgres() {
    let Some(url) = postgres_server::database() else { return };
    drop(Postgres::open(&url).await.unwrap());
    as_the_api_lists(&url).await;
}

const THREE: &str = "startDate,transactionID,agentID\n\
    2007-12-19T19:16:36-08:00,2,bill\n\
    2007-12-19T19:16:36-08:00,10,#a\n\
    2007-12-18T00:00:00.25-08:00,3,bill\n";

fn three() -> Folder {
    let folder = Folder::new();
    let file = folder.write("three.csv", THREE);
    let ran = folder.import(&[&file]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    folder
}

fn export(folder: &Folder, options: &[&str]) -> Ran {
    folder.run(&[&["export", "--tenant", "acme"], options].concat())
}

const HEADER: &str = "startDate,agentID,phoneNumber,channel,caseID,duration,filename,queueID,queueName,\
    accountNumber,transactionID,extVar1,extVar2,outDialCode,wrapUpCode\r\n";

#[test]
fn it_writes_documents_and_says_what_they_show() {
    let folder = three();
    let rows = [
        "2007-12-18T00:00:00.250-08:00,bill,,,,,,,,,3,,,,\r\n",
        "2007-12-19T19:16:36-08:00,#a,,,,,,,,,10,,,,\r\n",
        "2007-12-19T19:16:36-08:00,bill,,,,,,,,,2,,,,\r\n",
    ];
    let before = Clock::system().now();
    let ran = export(&folder, &[]);
    let after = Clock::system().now();
    assert_eq!((ran.code, ran.stdout), (0, format!("{HEADER}{}", rows.concat())));
    let (said, moment) = ran.stderr.trim_end().rsplit_once(", as they were at ").unwrap();
    assert!(said.starts_with("exported 3 recordings of acme in "), "{said}");
    let moment: DateTime<Utc> = moment.parse().unwrap();
    assert!(before.timestamp() <= moment.timestamp() && moment <= after, "{moment}");

    let ran = export(&folder, &["--query", "d=2007-12-19&agentID=#a"]);
    assert_eq!((ran.code, ran.stdout), (0, format!("{HEADER}{}", rows[1])));
    assert!(ran.stderr.starts_with("exported 1 recording of acme in "), "{}", ran.stderr);
    let ran = export(&folder, &["--format", "xml", "--query", "agentID=nobody"]);
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings>\n</recordings>\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, empty));
    assert!(ran.stderr.starts_with("exported 0 recordings of acme in "), "{}", ran.stderr);
    let ran = export(&folder, &["--format", "jsonl", "--query", "agentID=%23a&tz=UTC"]);
    let line = "{\"startDate\":\"2007-12-19T19:16:36-08:00\",\"agentID\":\"#a\",\"phoneNumber\":\"\",\
        \"channel\":\"\",\"caseID\":\"\",\"duration\":\"\",\"filename\":\"\",\"queueID\":\"\",\
        \"queueName\":\"\",\"accountNumber\":\"\",\"transactionID\":\"10\",\"extVar1\":\"\",\
        \"extVar2\":\"\",\"outDialCode\":\"\",\"wrapUpCode\":\"\"}\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, line));

    // As a server of this dialect lists them, told by the flag or by the settings of that server.
    let dialect = folder
        .write("dialect", "order = start-descending\nresponse_zone = query\nutc_offset = Z\n");
    let settings = folder.write("serve.toml", &format!("dialect = {dialect:?}\n"));
    for how in [["--dialect", &dialect], ["--config", &settings]] {
        let ran = export(&folder, &[&how[..], &["--query", "tz=UTC"]].concat());
        let starts: Vec<_> = ran.stdout.lines().skip(1).map(|row| &row[..row.len() - 8]).collect();
        let expected = [
            "2007-12-20T03:16:36Z,bill,,,,,,,,,",
            "2007-12-20T03:16:36Z,#a,,,,,,,,,1",
            "2007-12-18T08:00:00.250Z,bill,,,,,,,,,",
        ];
        let expected = expected.map(|row| &row[..row.len() - 3]);
        assert_eq!(starts.len(), 3, "{}", ran.stderr);
        for (start, expected) in starts.iter().zip(expected) {
            assert!(start.starts_with(expected), "{start}");
        }
    }
}

#[test]
fn what_is_refused() {
    let folder = three();
    let there = folder.write("there.csv", "mine");
    for (options, code, said) in [
        (
            &["--query", "n=51"][..],
            2,
            "error: --query: n: an export is whole, and has no pages\n hint: leave n out; ",
        ),
        (&["--query", "n=1&d=today"], 2, "error: --query: n: an export is whole"),
        (&["--query", "n=x"], 2, "error: --query: n: expected "),
        (
            &["--query", "d=yesterday"],
            2,
            "error: --query: d: expected a date such as 2007-08-05 or a constant such as today-1d, found \"yesterday\"\n  | d=yesterday\n  |   ^^^^^^^^^\n  = hint: yesterday is today-1d\n",
        ),
        (&["--query", "startDate=2007"], 2, "error: --query: startDate: "),
        (&["--query", "d=2008,2007"], 2, "error: --query: d: "),
        (&["--query", "tz=Mars/Base"], 2, "error: --query: tz: "),
        (
            &["--format", "json"],
            2,
            "error: invalid value 'json' for '--format <FORMAT>'\n  [possible values: csv, xml, jsonl]",
        ),
        (&["--dialect", "/nowhere/x"], 1, "error: cannot read /nowhere/x: "),
        (&["--output", &there], 1, "exists already\n hint: name a file that does not exist\n"),
        (&["--output", "/nowhere/x.csv"], 1, "error: cannot write /nowhere/x.csv.partial: "),
    ] {
        let ran = export(&folder, options);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{options:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{options:?}: {}", ran.stderr);
    }
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    let ran = folder.run(&["export", "--tenant", "nobody"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.starts_with("error: there is no tenant \"nobody\"\n hint: "),
        "{}",
        ran.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_file_has_its_name_once_it_is_whole() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = three();
    let [file, partial] = ["a.csv", "a.csv.partial"].map(|name| folder.path(name));
    let name = file.to_str().unwrap();
    // Left of an export that was killed, and readable for everybody.
    folder.write("a.csv.partial", &"x".repeat(9_999));
    let ran = export(&folder, &["--output", name]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), export(&folder, &[]).stdout);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!partial.exists());

    // Killed between the two names of the file: it is that of who was given it.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "whole").unwrap();
    std::fs::hard_link(&file, &partial).unwrap();
    assert_eq!(export(&folder, &["--output", name]).code, 1);
    std::fs::rename(&file, folder.path("kept.csv")).unwrap();
    assert_eq!(export(&folder, &["--output", name]).code, 0);
    assert_eq!(std::fs::read_to_string(folder.path("kept.csv")).unwrap(), "whole");

    // Another process has it.
    std::fs::remove_file(&file).unwrap();
    let other = std::fs::File::create(&partial).unwrap();
    other.lock().unwrap();
    let ran = export(&folder, &["--output", name]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(&format!("another process is making {name}")), "{}", ran.stderr);
    assert!(!file.exists());
}

/// More text than a pipe holds.
fn many() -> Folder {
    let folder = Folder::new();
    let mut rows = String::from("startDate,transactionID,extVar1\n");
    for number in 0..20_000 {
        let long = "x".repeat(50);
        rows += &format!("2007-12-19T19:16:36-08:00,{number},{long}\n");
    }
    let ran = folder.import(&[&folder.write("many.csv", &rows)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    folder
}

#[test]
fn who_has_enough_ends_it_quietly() {
    let folder = many();
    for format in FORMATS {
        let arguments =
            ["export", "--tenant", "acme", "--format", format, "--store", &folder.store];
        let mut child =
            command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{format}");
    }
}

/// The longest values that a store takes are read again.
#[tokio::test]
async fn long_records_come_back() {
    let folder = Folder::new();
    let store = open(&folder.store).await;
    let tenant = store.tenant("acme").await.unwrap().unwrap().id;
    let plain = Recording::new().with(Field::ExtVar1, &"x".repeat(1 << 20));
    let escaped = Recording::new()
        .with(Field::ExtVar1, &"&\"".repeat(200 << 10))
        .with(Field::ExtVar2, &"\u{e9}\n".repeat(300 << 10))
        .with(Field::AgentId, &"\"".repeat(1_000));
    let records: Vec<_> = [plain, escaped]
        .iter()
        .map(|recording| StoredRecord::with_start(recording, DateTime::UNIX_EPOCH).unwrap())
        .collect();
    store.import(tenant, records.into()).await.unwrap();
    let there = held(&*store, "acme").await;
    for format in FORMATS {
        let document = exported(&folder.store, "acme", &["--format", format]);
        add_tenant(&*store, format, "UTC").await;
        let import = ["import", "--tenant", format, "-", "--store", &folder.store];
        let ran = run_with(&import, document.as_bytes());
        assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
        assert!(held(&*store, format).await == there, "{format}");
    }
}

/// A full disk is no end.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_said() {
    let folder = many();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let arguments = ["export", "--tenant", "acme", "--store", &folder.store];
    let output = command(&arguments).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("error: cannot write stdout: No space left on device"), "{said}");
}
