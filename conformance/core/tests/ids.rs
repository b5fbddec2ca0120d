//! A frozen edition stays as it is: `ids.lock` has every id that there ever was, with the edition
//! that it came with, the first one without it, its own clause, and a digest of the whole case as
//! it is written, of datasets too. A case of a frozen edition that is edited, and an id that comes
//! back, fail here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::{Table, Value};
use vcc_conformance_core::edition::{self, EDITION, FROZEN};

const HINT: &str = "UPDATE_IDS_LOCK=1 cargo test -p vcc-conformance-core --test ids";

/// A text that is the same for the same content, however the file is laid out.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Table(table) => {
            text.push('{');
            for (key, value) in table.iter().collect::<BTreeMap<_, _>>() {
                text.push_str(&format!("{key:?}="));
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::String(string) => text.push_str(&format!("{string:?}")),
        other => text.push_str(&other.to_string()),
    }
}

/// A number that tells two contents apart (FNV-1a).
fn digest(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// What there is now: id, clause and digest.
type Now = BTreeMap<String, (String, String)>;

fn now() -> Now {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut now = Now::new();
    let files = |folder: &Path| -> Vec<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let read = |path: &Path| -> Table { fs::read_to_string(path).unwrap().parse().unwrap() };
    for file in files(&root.join("suite")).iter().flat_map(|chapter| files(chapter)) {
        let Some(Value::Array(cases)) = read(&file).remove("case") else { panic!("{file:?}") };
        for case in cases {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let (id, clause) = (text(&case["id"]), text(&case["clauses"][0]));
            now.insert(id, (clause, digest(&case)));
        }
    }
    for file in files(&root.join("dataset")) {
        let id = format!("dataset/{}", file.file_stem().unwrap().to_str().unwrap());
        now.insert(id, ("-".into(), digest(&Value::Table(read(&file)))));
    }
    now
}

/// The lock that follows from the one before, and what breaks it.
fn next(lock: &str, now: &Now) -> (String, Vec<String>) {
    let mut problems = Vec::new();
    let mut lines = BTreeMap::new();
    for line in edition::read(lock).unwrap() {
        let frozen = FROZEN.contains(&line.came);
        let is = now.get(line.id).map(|(clause, digest)| (clause.as_str(), digest.as_str()));
        let (gone, clause, digest) = match (line.gone, is) {
            (Some(gone), None) => (gone, line.clause, line.digest),
            (Some(gone), Some(_)) => {
                problems.push(format!(
                    "{}: this id is gone since {gone} and does not come back",
                    line.id
                ));
                (gone, line.clause, line.digest)
            }
            // What the current edition has not been published with was never there.
            (None, None) if !frozen => continue,
            (None, None) => (EDITION, line.clause, line.digest),
            (None, Some((clause, digest))) => {
                if frozen && (clause, digest) != (line.clause, line.digest) {
                    problems.push(format!(
                        "{}: edited, though edition {} is frozen: let it go, and give what is asked now a new id",
                        line.id, line.came
                    ));
                }
                ("-", clause, digest)
            }
        };
        lines.insert(line.id, format!("{} {gone} {} {clause} {digest}", line.came, line.id));
    }
    for (id, (clause, digest)) in now {
        lines.entry(id).or_insert_with(|| format!("{EDITION} - {id} {clause} {digest}"));
    }
    let head = format!(
        "# Every id that there ever was: the edition it came with, the first one without it, id, clause, digest.\n\
         # {HINT} adds new ones; those of a frozen edition stay as they are.\n"
    );
    let lines: Vec<_> = lines.into_values().map(|line| line + "\n").collect();
    (head + &lines.concat(), problems)
}

#[test]
fn frozen_editions_stay_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ids.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let (text, problems) = next(&lock, &now());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    if std::env::var_os("UPDATE_IDS_LOCK").is_some() {
        fs::write(&path, &text).unwrap();
    } else {
        let other = |line: &&str| !lock.lines().any(|locked| locked == *line);
        let new: Vec<_> = text.lines().filter(other).take(5).collect();
        assert!(text == lock, "ids.lock is not up to date: {HINT}\n{}", new.join("\n"));
    }
}

#[test]
fn what_breaks_a_frozen_edition_is_said() {
    let now = |cases: &[(&str, &str)]| -> Now {
        let cases = cases.iter();
        cases.map(|(id, digest)| ((*id).into(), ("REQ-1a".into(), (*digest).into()))).collect()
    };
    let frozen = FROZEN[0];
    let lock = format!("{frozen} - a/one REQ-1a 11\n{frozen} - a/two REQ-1a 22\n");
    let lines = |text: &str| -> Vec<String> { text.lines().skip(2).map(str::to_owned).collect() };

    let (same, problems) = next(&lock, &now(&[("a/one", "11"), ("a/two", "22")]));
    assert_eq!((lines(&same), problems), (lines(&format!("\n\n{lock}")), vec![]));
    let (_, problems) = next(&lock, &now(&[("a/one", "11"), ("a/two", "23")]));
    assert!(problems[0].starts_with("a/two: edited, though edition"), "{problems:?}");

    let (gone, problems) = next(&lock, &now(&[("a/one", "11"), ("a/three", "33")]));
    let expected = [
        format!("{frozen} - a/one REQ-1a 11"),
        format!("{EDITION} - a/three REQ-1a 33"),
        format!("{frozen} {EDITION} a/two REQ-1a 22"),
    ];
    assert_eq!((&lines(&gone)[..], problems), (&expected[..], vec![]));
    // The current edition may change as long as it is being written, and what is gone stays gone.
    let (text, problems) = next(&gone, &now(&[("a/one", "11"), ("a/two", "22")]));
    assert_eq!(lines(&text).len(), 2);
    assert!(problems[0].starts_with("a/two: this id is gone since"), "{problems:?}");
}

#[test]
fn the_digest_is_that_of_the_content() {
    let of = |text: &str| digest(&Value::Table(text.parse().unwrap()));
    assert_eq!(of("a = 1\nb.c = \"x\""), of("# said\nb = { c = 'x' }\n\na   = 1"));
    assert_ne!(of("a = [1, 2]"), of("a = [2, 1]"));
    assert_ne!(of("a = \"1\""), of("a = 1"));
}

#[test]
fn the_page_of_editions_begins_with_the_current_one_and_has_all() {
    let page = include_str!("../EDITIONS.md");
    let named: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.split(' ').next().unwrap())
        .collect();
    let expected: Vec<_> = [EDITION].into_iter().chain(FROZEN.into_iter().rev()).collect();
    assert_eq!(named, expected);
    // The retired ids of each are there by name.
    for line in edition::read(include_str!("../ids.lock")).unwrap() {
        let told = line.gone.is_none() || page.contains(&format!("`{}`", line.id));
        assert!(told, "EDITIONS.md does not say why {} is gone", line.id);
    }
}
