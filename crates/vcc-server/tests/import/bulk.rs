//! `--bulk`: nothing is visible before its end.

use crate::watched::Watched;
use crate::{HEADER, broken_xml, said};
use std::process::Command;

/// Since nothing is visible before the end, a bulk load with other options begins anew, and no record is
/// stored twice.
#[test]
fn a_bulk_load_with_other_options_is_another() {
    let folder = Watched::new();
    let file = folder.write("a.xml", &broken_xml(400));
    let import = |options: &[&str]| {
        let options = [&["--batch", "100", "--bulk"], options].concat();
        let output = folder.import(&file, &options).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    let first = import(&[]);
    assert!(first.contains(": 200 loaded"), "{first}");
    // Naming the format that the file has anyway changes nothing.
    let same = import(&["--format", "xml"]);
    assert!(same.contains("broken off after record 400, and goes on there"), "{same}");
    assert!(same.contains("what it left out before that was said then"), "{same}");
    for (options, count) in
        [(["--zone", "UTC"], 400), (["--zone", "Asia/Tokyo"], 400), (["--update", "--"], 200)]
    {
        let other = import(&options);
        assert!(!other.contains("broken off"), "{options:?}: {other}");
        assert!(other.contains(&format!(": {count} loaded")), "{options:?}: {other}");
    }
    assert_eq!(folder.count(), 0);
}

#[test]
fn a_bulk_load_says_what_an_import_says() {
    let folder = Watched::new();
    let text = format!(
        "{HEADER}2007-12-19T19:16:36Z,bill,1,a.wav,27\n\
         2007-12-19T19:16:37Z,bill,1,a.wav,27\n\
         soon,bill,2,b.wav,27\n\
         2007-12-19T19:16:36Z,bill,1,a.wav,27\n\
         2007-12-19T19:16:38Z,bill,,,27\n"
    );
    let file = folder.write("a.csv", &text);
    let rejects = folder.path("rejects.jsonl");
    let loaded =
        folder.import(&file, &["--bulk", "--reject", rejects.to_str().unwrap()]).output().unwrap();
    assert_eq!(loaded.status.code(), Some(3), "{}", said(&loaded));
    for line in [
        "5 records in ",
        ", the indexes in ",
        ": 2 added, 1 was there already, 1 left out: there with other content, 1 left out: cannot",
        "  line 3: record 2: a record with this transactionID",
        "  line 4: record 3: startDate: ",
    ] {
        assert!(said(&loaded).contains(line), "{line}: {}", said(&loaded));
    }
    let kept = std::fs::read_to_string(&rejects).unwrap();
    assert!(kept.contains(r#""rejectedRecord":"2""#) && kept.contains(r#""rejectedRecord":"3""#));
    assert_eq!(folder.count(), 2);

    let again = folder.import(&file, &["--bulk", "--again"]).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(said(&again).contains("a bulk load is the first of all"), "{}", said(&again));
    assert!(said(&again).contains("without --bulk"), "{}", said(&again));
    let elsewhere = Command::new(env!("CARGO_BIN_EXE_vcc-server"))
        .args(["import", "--tenant", "acme", "--bulk", "--store", "postgres://127.0.0.1:1/none"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(!elsewhere.status.success());
}
