//! `import --dataset`: loads what the conformance suite needs, in one command.

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::path::{Path, PathBuf};

use common::command::{Folder, Ran, run};
use tempfile::TempDir;
use vcc_store::{Postgres, Sqlite, Store, Token};

/// The dataset of the suite in this repository.
fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/core/dataset")
}

/// The same without recordings relative to today, since the day may end between two loads.
fn timeless() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(suite()).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let mut parts = text.split("\"today");
        let mut fixed = parts.next().unwrap().to_owned();
        for part in parts {
            match part.split_once(' ') {
                Some((days, time)) if days.is_empty() || days.ends_with('d') => {
                    fixed += &format!("\"2011-07-05 {time}");
                }
                _ => fixed += &format!("\"today{part}"),
            }
        }
        std::fs::write(folder.path().join(file.file_name()), fixed).unwrap();
    }
    folder
}

fn load(folder: &Path, store: &str) -> Ran {
    run(&["import", "--dataset", folder.to_str().unwrap(), "--store", store])
}

fn empty() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("new.db").display());
    (folder, store)
}

const LOADED: [&str; 7] = [
    "acme (America/Los_Angeles)",
    "cyberdyne (America/Los_Angeles)",
    "globex (",
    "hooli (UTC)",
    "initech (Asia/Kolkata)",
    "tyrell (Pacific/Kiritimati)",
    "wonka (UTC)",
];

async fn loads_the_suite(url: &str, store: impl AsyncFn() -> Box<dyn Store>) {
    let dataset = timeless();
    let ran = load(dataset.path(), url);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let said: Vec<_> = ran.stderr.lines().collect();
    for (line, tenant) in said.iter().zip(LOADED) {
        assert!(line.starts_with(&format!("loaded {tenant}")), "{line}");
    }
    assert_eq!(said.len(), LOADED.len() + 1);
    assert!(said[7].starts_with("the tokens are those of the dataset"), "{}", said[7]);
    assert!(!ran.stderr.contains("ac12343934687a839cf"));
    let store = store().await;
    let hash = Token::from_secret("ac12343934687a839cf").hash();
    let acme = store.credentials("acme", &hash).await.unwrap().unwrap();
    assert!(hash.find_among(acme.token.as_slice()).is_some());
    assert_eq!(acme.tenant.zone.name(), "America/Los_Angeles");
    let count = store.count(acme.tenant.id).await.unwrap();
    assert!(count > 500, "{count}");
    // The record that the documentation prints, and a series of 101.
    let export = |query: &str| {
        let ran = run(&["export", "--tenant", "acme", "--query", query, "--store", url]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let sample = "2007-12-19T19:16:36-08:00,bill,bill,5027780,0,27,S20071220/R2007122003163601000.wav,\
        fernandez~~queue~~phone~~102,phoneq1,0,1,0,0,,\r\n";
    assert!(export("transactionID=1").ends_with(sample));
    let last = export("transactionID=day-7-local");
    assert!(last.contains("2007-08-07T13:00:00-07:00,day,"), "{last}");
    assert!(last.contains(",S20070807/R20070807200000000"), "{last}");

    // Once more, and then after one of its recordings was deleted.
    let again = load(dataset.path(), url);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(
        again.stderr.starts_with(&format!("acme (America/Los_Angeles) is there with its {count} "))
    );
    let gone = vcc_store::Deletion::Field(vcc_types::Field::TransactionId, "1".to_owned());
    assert_eq!(store.delete(acme.tenant.id, &gone).await.unwrap(), 1);
    let again = load(dataset.path(), url);
    let said = format!("acme (America/Los_Angeles) lacked 1 recording of {count}, and has them\n");
    assert!(again.code == 0 && again.stderr.starts_with(&said), "{}", again.stderr);
    assert_eq!(store.count(acme.tenant.id).await.unwrap(), count);
    for tenant in store.tenants().await.unwrap() {
        assert_eq!(store.tokens(tenant.id).await.unwrap().len(), 1);
    }
}

#[test]
fn what_is_relative_to_today_is_loaded_too() {
    let (_folder, url) = empty();
    let ran = load(&suite(), &url);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let ran = run(&["export", "--tenant", "acme", "--query", "agentID=today", "--store", &url]);
    assert!(ran.stdout.lines().count() > 10, "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_into_sqlite() {
    let (_folder, url) = empty();
    let path = url.strip_prefix("sqlite:").unwrap().to_owned();
    loads_the_suite(&url, async || Box::new(Sqlite::open(&path).unwrap()) as Box<dyn Store>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_into_postgres() {
    let Some(url) = postgres_server::database() else { return };
    let open = async || Box::new(Postgres::open(&url).await.unwrap()) as Box<dyn Store>;
    loads_the_suite(&url, open).await;
}

const JSON: &str = r#"[
    {"tenant": "acme", "token": "0123456789abcdef", "tz": "UTC", "csv": "acme.csv"},
    {"tenant": "a/b", "token": "to:ken", "tz": "Asia/Kolkata", "csv": "other.csv"}
]"#;

/// Records without keys, two of them equal.
const CSV: &str = "startDate,transactionID,agentID\r\n2007-12-19T19:16:36Z,,bill\r\n\
    2007-12-19T19:16:36Z,,bill\r\n2007-12-19T19:16:36Z,1,\"a,\"\"b\"\r\n";

fn exported(json: &str, csv: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tenants.json"), json).unwrap();
    std::fs::write(folder.path().join("acme.csv"), csv).unwrap();
    std::fs::write(folder.path().join("other.csv"), "startDate\r\n").unwrap();
    folder
}

#[test]
fn a_dataset_as_it_is_exported() {
    let (_folder, url) = empty();
    let dataset = exported(JSON, CSV);
    for first in
        ["loaded acme (UTC) with 3 recordings\n", "acme (UTC) is there with its 3 recordings\n"]
    {
        let ran = load(dataset.path(), &url);
        assert!(ran.code == 0 && ran.stderr.starts_with(first), "{}", ran.stderr);
        let listed = run(&["tenant", "list", "--store", &url]);
        assert_eq!(listed.stdout, "a/b   Asia/Kolkata  0  1\nacme  UTC           3  1\n");
    }
    let ran = run(&["export", "--tenant", "acme", "--store", &url]);
    let rows: Vec<_> = ran.stdout.lines().skip(1).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows[2].ends_with(",1,,,,") && rows[2].contains(",\"a,\"\"b\","), "{}", rows[2]);
}

/// A tenant with recordings of its own keeps them, and nothing of the dataset is loaded.
#[test]
fn what_is_anothers_is_left_alone() {
    let dataset = exported(JSON, CSV);
    let refused = |folder: &Folder, why: &str| {
        let before = folder.run(&["tenant", "list"]).stdout;
        let ran = load(dataset.path(), &folder.store);
        let said = format!(
            "error: the tenant \"acme\" is there, and not as the dataset has it: {why}\n hint: nothing was \
             loaded; load into another store, or `vcc-server tenant remove acme` first\n"
        );
        assert_eq!((ran.code, ran.stderr), (1, said));
        assert_eq!(folder.run(&["tenant", "list"]).stdout, before);
    };
    let folder = Folder::new();
    refused(&folder, "its zone is America/Los_Angeles, and not UTC");
    folder.run(&["tenant", "set", "acme", "--tz", "UTC"]);
    // An empty tenant may be left by a load that was interrupted.
    folder.run(&["token", "new", "acme"]);
    refused(&folder, "the token of the dataset does not open it");
    folder.run(&["token", "revoke", "acme", "1"]);
    let other = folder.write("other.csv", "startDate,transactionID\n2008-01-01T00:00:00Z,other\n");
    assert_eq!(folder.import(&[&other]).code, 0);
    refused(&folder, "the token of the dataset does not open it");
    assert_eq!(folder.run(&["tenant", "remove", "acme", "--yes"]).code, 0);
    assert_eq!(load(dataset.path(), &folder.store).code, 0);
    assert_eq!(folder.import(&[&other]).code, 0);
    refused(
        &folder,
        "it holds 1 recording that the dataset has not; those that are relative to today are of the day \
         on which they were loaded",
    );
}

#[test]
fn what_is_no_dataset_is_refused_before_anything_is_written() {
    let (folder, url) = empty();
    let wrong = |dataset: &TempDir, said: &str| {
        let ran = load(dataset.path(), &url);
        assert!(ran.code > 0 && ran.stderr.contains(said), "{said}: {}", ran.stderr);
        assert!(!folder.path().join("new.db").exists());
    };
    wrong(
        &tempfile::tempdir().unwrap(),
        " holds no dataset\n hint: expected tenants.json with a CSV ",
    );
    for (json, said) in [
        ("[{", "tenants.json: EOF while parsing"),
        (r#"[{"tenant": "a"}]"#, "tenants.json: missing field `token`"),
        (
            &JSON.replace("other.csv", "../acme.csv"),
            "\"../acme.csv\": expected the name of a file beside it",
        ),
        (&JSON.replace("other.csv", "none.csv"), "cannot read "),
        (&JSON.replace("a/b", "acme"), "the dataset has two tenants \"acme\""),
        (&JSON.replace("to:ken", ""), "the token of the tenant \"a/b\" is empty"),
        (&JSON.replace("Asia/Kolkata", "Mars/Base"), "there is no time zone \"Mars/Base\""),
    ] {
        wrong(&exported(json, CSV), said);
    }
    wrong(
        &exported(JSON, &CSV.replace("36Z,1", "36,1")),
        "acme.csv: record 3: startDate: expected an instant such as 2008-02-14T10:12:13-08:00",
    );
    let dataset = tempfile::tempdir().unwrap();
    let toml = "tenant = \"a\"\ntoken = \"0123456789abcdef\"\ntz = \"UTC\"\n[[group]]\nname = \"g\"\n\
        columns = [\"id\", \"start\", \"extVar1\"]\n\
        rows = [[\"a\", \"2007-12-19T19:16:36Z\", 7], [\"b\", \"today 00:00:00\", false]]\n\
        series = { id = \"p09\", count = 2, start = \"2007-12-19 19:16:36\", every = 60 }\n";
    for (from, to, said) in [
        ("extVar1", "extVar9", "a.toml: group \"g\", row 1: extVar9: no such column"),
        ("36Z\", 7]", "36Z\"]", "a.toml: group \"g\", row 1: 2 cells for 3 columns"),
        (
            "today 00",
            "tomorrow 00",
            "a.toml: group \"g\", row 2: start: \"tomorrow 00:00:00\": expected ",
        ),
        ("\"b\"", "\"a\"", "a.toml: group \"g\", row 2: key \"a\" is there twice"),
        ("false", "true", "a.toml: line 7, column "),
        ("count = 2", "count = 2000000", "a.toml: group \"g\": series.count: more than 1000000"),
        ("p09", "p", "a.toml: group \"g\": series.id: expected a number at its end"),
        ("name", "nam", "a.toml: line "),
        ("\"0123456789abcdef\"", "12", "a.toml: line 2, column 9: token: invalid type: integer"),
    ] {
        let text = toml.replacen(from, to, 1);
        std::fs::write(dataset.path().join("a.toml"), text).unwrap();
        wrong(&dataset, said);
    }
    std::fs::write(dataset.path().join("a.toml"), toml).unwrap();
    let ran = load(dataset.path(), &url);
    assert!(ran.stderr.starts_with("loaded a (UTC) with 4 recordings\n"), "{}", ran.stderr);
    let ran = run(&["export", "--tenant", "a", "--store", &url, "--query", "d=2007-12-19"]);
    let rows: Vec<_> = ran.stdout.lines().skip(1).collect();
    let expected = [
        "2007-12-19T19:16:36+00:00,,,,,,S20071219/R2007121919163600001.wav,,,,a,7,,,",
        "2007-12-19T19:16:36+00:00,,,,,,S20071219/R2007121919163600003.wav,,,,p09,,,,",
        "2007-12-19T19:17:36+00:00,,,,,,S20071219/R2007121919173600004.wav,,,,p10,,,,",
    ];
    assert_eq!(rows, expected);
    // With a FILE, or without both, it is the ordinary import.
    for arguments in
        [&["import"][..], &["import", "--tenant", "a"], &["import", "--dataset", "x", "a.csv"]]
    {
        assert_eq!(run(&[arguments, &["--store", &url]].concat()).code, 2, "{arguments:?}");
    }
}
