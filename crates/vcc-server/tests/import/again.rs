//! The same file a second time: unchanged, with other options, after a deletion; and `--strict`, which
//! stores nothing of a file with a fault.

use crate::common::command::{Folder, run_with};
use crate::{START, count, ended, refused};

/// A list that breaks off after these records, every second one without an offset. `key` adds further elements
/// to each.
fn broken(count: usize, key: impl Fn(usize) -> String) -> String {
    let record = |n: usize| {
        let offset = if n.is_multiple_of(2) { "Z" } else { "" };
        format!("<file><startDate>2007-12-19T19:16:36{offset}</startDate>{}</file>", key(n))
    };
    format!("<recordings>{}<file><ag", (0..count).map(record).collect::<String>())
}

#[test]
fn records_without_keys_are_not_doubled_by_other_options() {
    let folder = Folder::new();
    let file = folder.write("a.xml", &broken(400, |_| String::new()));
    let import =
        |options: &[&str]| folder.import(&[&["--batch", "100", file.as_str()], options].concat());
    ended(&import(&[]), 1, &[": 200 added"]);
    for (options, others) in [
        (&["--zone", "UTC"][..], "no --zone"),
        (&["--zone", "Asia/Tokyo", "--update"], "no --zone, no --update"),
        (&["--update"], "no --update"),
        (&["--map", "agentID=who"], "no --map"),
    ] {
        let said = format!(
            "a.xml was begun with other options ({others}) and broken off: what it has stored holds \
             records without transactionID and filename, which would be there twice\n hint: with those \
             options it goes on where it was; --again adds all of this file with these\n"
        );
        ended(&import(options), 1, &[&said]);
        assert_eq!(count(&folder), "200", "{options:?}");
    }
    // The options of before continue it, also with the format named.
    for options in [&[][..], &["--format", "xml"]] {
        ended(&import(options), 1, &["broken off after record 400, and goes on there"]);
    }
    let tokyo = ["--zone", "Asia/Tokyo"];
    ended(&import(&[&tokyo[..], &["--again"]].concat()), 1, &[": 400 added"]);
    // From then on, that is the import to continue, and the one before is forgotten.
    ended(&import(&tokyo), 1, &["broken off after record 400"]);
    ended(&import(&[]), 1, &["with other options (--zone Asia/Tokyo)"]);
    ended(&import(&["--again"]), 1, &[": 200 added"]);
    assert_eq!(count(&folder), "800");
}

#[test]
fn records_with_keys_begin_again_with_other_options() {
    let folder = Folder::new();
    let text = broken(400, |n| format!("<filename>{n}.wav</filename>"));
    let file = folder.write("a.xml", &text);
    ended(&folder.import(&[&file]), 1, &[": 200 added"]);
    let begins = "was begun with other options (no --zone) and broken off: this one begins with the \
                  first record\n";
    ended(
        &folder.import(&[&file, "--zone", "UTC"]),
        1,
        &[begins, ": 200 added, 200 were there already"],
    );
    // The first import is not continued in the middle.
    let ran = folder.import(&[&file]);
    ended(&ran, 1, &["(--zone UTC) and broken off: this one", ": 0 added, 200 were there already"]);
    assert_eq!(count(&folder), "400");
}

/// The store is empty, so nothing would be doubled.
#[test]
fn what_was_deleted_comes_back() {
    let folder = Folder::new();
    let file = folder.write("a.csv", &format!("startDate,agentID\n{START},bill\n"));
    ended(&folder.import(&[&file]), 0, &["1 added"]);
    ended(&folder.import(&[&file]), 1, &["was imported to its end"]);
    let purge = ["purge", "--tenant", "acme", "--before", "2020-01-01", "--yes"];
    let purged = folder.run(&purge);
    assert!(purged.stderr.contains("deleted 1 recording"), "{}", purged.stderr);
    ended(&folder.import(&[&file]), 0, &["1 added"]);
    ended(&folder.import(&[&file]), 1, &["was imported to its end"]);
}

#[test]
fn strict_stores_nothing_of_a_file_with_a_fault() {
    let folder = Folder::new();
    let rows = format!("{START},a\n").repeat(300);
    let text = format!("startDate,agentID\n{rows}\n{START},b\n");
    let file = folder.write("a.csv", &text);
    let batch = ["--strict", "--batch", "100"];
    let fault = "line 302, column 1: blank-row (QUIRK-9)";
    let ran = folder.import(&[&[file.as_str()], &batch[..]].concat());
    ended(&ran, 1, &["nothing of it was stored\n", "a.csv, ", fault]);
    assert_eq!(count(&folder), "0");
    // A pipe is read once.
    let stdin = ["import", "--tenant", "acme", "-", "--store", &folder.store];
    let ran = run_with(&[&stdin[..], &batch].concat(), text.as_bytes());
    ended(&ran, 1, &[": 300 added\n", "300 records were stored before it\n", fault]);
    assert_eq!(count(&folder), "300");
    // A conflict that only the store notices ends it too.
    let row = |agent: &str| format!("{START},{agent},1.wav\n");
    let header = "startDate,agentID,filename\n";
    let file = folder.write("b.csv", &format!("{header}{}{}", row("a"), row("b")));
    let said = "record 2: a record with this transactionID and filename is there with other content\n \
                hint: without --strict it is left out\n";
    let ran = folder.import(&[&file, "--strict", "--batch", "1"]);
    ended(&ran, 1, &["1 record was stored before it\n", said]);
    assert_eq!(count(&folder), "301");
    let file = folder.write("c.csv", &format!("{header}{}", row("a")));
    ended(&folder.import(&[&file, "--strict"]), 0, &["1 was there already"]);
}

#[test]
fn what_was_imported_to_its_end_is_not_doubled_unseen() {
    let folder = Folder::new();
    let keyed = folder.write("a.csv", &format!("startDate,filename\n{START},a.wav\n"));
    for said in ["1 added", "1 was there already"] {
        ended(&folder.import(&[&keyed]), 0, &[said]);
    }
    let rows = format!("startDate,agentID,filename\n{START},a,\n{START},b,b.wav\nsoon,c,\n");
    let file = folder.write("b.csv", &rows);
    ended(&folder.import(&[&file]), 3, &["2 added, 1 left out"]);
    for options in [&[][..], &["--zone", "UTC"], &["--update"]] {
        let ran = folder.import(&[&[file.as_str()], options].concat());
        refused(
            &ran,
            &[
                "b.csv was imported to its end at 20",
                "Z, and holds records without transactionID and filename, which would be there twice",
                "--again adds all of this file again",
            ],
        );
    }
    assert_eq!(count(&folder), "3");
    ended(&folder.import(&[&file, "--dry-run"]), 3, &["2 could be stored"]);
    ended(&folder.import(&[&file, "--again"]), 3, &[": 1 added, 1 was there already"]);
    refused(&folder.import(&[&file]), &["was imported to its end"]);
    // For a pipe, this is known only at the end.
    let stdin = ["import", "--tenant", "acme", "-", "--store", &folder.store];
    let ran = run_with(&stdin, rows.as_bytes());
    ended(
        &ran,
        3,
        &[": 1 added, 1 was there already", "warning: the same bytes were imported at "],
    );
}
