//! Ids neither change their meaning nor come back: `ids.lock` has every id that was ever released,
//! with the edition that it came with, its own clause, and what it asks. A line that begins with
//! `gone` is an id that is used no more.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use vcc_conformance::edition::EDITION;
use vcc_conformance::fixture::{self, Case};

/// What a case asks, as a number that tells two questions apart (FNV-1a).
fn question(case: &Case) -> String {
    let mut text = format!("{:?}", case.request);
    for step in &case.step {
        text.push_str(&format!("{:?}", step.request));
    }
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[test]
fn ids_keep_their_meaning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ids.lock");
    let lock = fs::read_to_string(&path).unwrap_or_default();
    let mut locked = BTreeMap::new();
    for line in lock.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [edition, id, clause, question] = words[..] else { panic!("ids.lock: {line:?}") };
        locked.insert(id.to_owned(), (edition.to_owned(), clause.to_owned(), question.to_owned()));
    }
    let cases = fixture::embedded().unwrap();
    let mut lines = vec![
        "# Every id that was ever released: edition, id, clause, question. `gone` in place of an edition: used no more.".to_owned(),
        "# UPDATE_IDS_LOCK=1 cargo test -p vcc-conformance --test ids adds new ones; the others stay as they are.".to_owned(),
    ];
    let mut problems = Vec::new();
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for case in &cases {
        let now = (case.clauses[0].clone(), question(case));
        let edition = match locked.remove(&case.id) {
            Some((edition, ..)) if edition == "gone" => {
                problems.push(format!("{}: this id was used before and is gone", case.id));
                edition
            }
            Some((edition, clause, question)) => {
                // An edition that is not released yet may still change.
                if edition != EDITION && (clause, question) != now {
                    problems.push(format!(
                        "{}: another question than in edition {edition}: give it a new id",
                        case.id
                    ));
                }
                edition
            }
            None => EDITION.to_owned(),
        };
        all.insert(case.id.clone(), format!("{edition} {} {} {}", case.id, now.0, now.1));
    }
    for (id, (edition, clause, question)) in locked {
        if edition != EDITION {
            all.insert(id.clone(), format!("gone {id} {clause} {question}"));
        }
    }
    lines.extend(all.into_values());
    let text = lines.join("\n") + "\n";
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    if std::env::var_os("UPDATE_IDS_LOCK").is_some() {
        fs::write(&path, &text).unwrap();
    }
    // The edition that is being written may still change; those before it may not.
    let released = |text: &str| {
        let old = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with(EDITION));
        old.map(str::to_owned).collect::<Vec<_>>()
    };
    let hint = "UPDATE_IDS_LOCK=1 cargo test -p vcc-conformance --test ids";
    assert_eq!(released(&text), released(&lock), "ids.lock is not up to date: {hint}");
}
