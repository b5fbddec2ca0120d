//! `case.schema.json` describes the case files: every file is valid by it, and it refuses what the
//! reader refuses.

mod common;

use std::fs;
use std::path::Path;

use common::json_schema::check;
use serde_json::Value;

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("case.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_case_file_is_valid() {
    let schema = schema();
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let mut files = 0;
    for chapter in fs::read_dir(suite).unwrap() {
        for file in fs::read_dir(chapter.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let table: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
            let value = serde_json::to_value(table).unwrap();
            check(&value, &schema, &schema, &path.display().to_string()).unwrap();
            files += 1;
        }
    }
    assert!(files > 10);
}

#[test]
fn what_the_reader_refuses_is_not_valid() {
    let schema = schema();
    let case = "[[case]]\nid = \"dates/day\"\nclauses = [\"DATE-1\"]\ntitle = \"t\"\n";
    let valid = |rest: &str| {
        let table: toml::Table = format!("{case}{rest}").parse().unwrap();
        check(&serde_json::to_value(table).unwrap(), &schema, &schema, "case").is_ok()
    };
    assert!(valid("expect.status = [400, 414]"));
    for rest in [
        "expect.recods = []",
        "expect.status = \"5xx\"",
        "method = 1",
        "foo = 1",
        "amplify = 1",
        "tags = [\"odd\"]",
        "auth = \"wrong\"",
        "headers = { Host = true }",
        "[[case.reading]]\nvalue = \"x\"",
    ] {
        assert!(!valid(rest), "{rest}");
    }
}
