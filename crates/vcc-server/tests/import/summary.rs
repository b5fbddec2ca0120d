//! The summary of an import: what was repaired, kept as it is, or left out.

use crate::common::command::Folder;
use crate::{START, count, ended, refused};

#[test]
fn rows_whose_cells_cannot_be_told_apart_are_left_out() {
    let folder = Folder::new();
    let header = "startDate,agentID,phoneNumber,channel,caseID\n";
    for (row, reason) in [
        ("'Smith, Bill',5,6,7", "more cells than columns: \"7\""),
        ("'Smith, Bill',5", "single quotes around a value"),
        (" \"Smith, Bill\",5", "a quote that opens in one value and closes in another"),
        ("\"say \\\"hi, you\\\"\",5,6", ""),
        ("{\"a\":1,\"b\":2},5", "JSON in a value"),
        ("a,b,c,d,e", "more cells than columns: \"e\""),
        // The extra cells are empty, or there are too few cells: the others are shifted all the same.
        ("'Smith, Bill',5,6,", "single quotes around a value"),
        ("Smith\\, Bill,5,6,", "a backslash before a delimiter"),
        ("Smith\\, Bill,5", "a backslash before a delimiter"),
        ("[1,2],5,6,", "JSON in a value"),
        ("{a:1,b:2},5", "JSON in a value"),
    ] {
        let text = format!("{header}{START},bill,1,2,3\n{START},{row}\n{START},bill,1,2,3\n");
        let file = folder.write("a.csv", &text);
        let rejects = folder.path("rejects.jsonl");
        let ran = folder.import(&[&file, "--again", "--reject", rejects.to_str().unwrap()]);
        ended(&ran, 3, &[": 2 added, 1 left out", "  line 3: record 2: ", reason]);
        let kept = std::fs::read_to_string(&rejects).unwrap();
        assert!(kept.contains("rejectedRow"), "{kept}");
        // Unless it is repaired, it is left out again.
        let again = folder.import(&[rejects.to_str().unwrap()]);
        ended(&again, 3, &[": 0 added, 1 left out", "remove the key rejectedRow"]);
    }
    // Empty extra cells and correctly quoted values are no problem.
    let text = format!("{header}{START},it's,\"a, 'b'\",5\"\"\",\"{{\"\"a\"\":1}}\",,,\n");
    let ran = folder.import(&[&folder.write("b.csv", &text)]);
    ended(&ran, 0, &["1 added"]);
}

#[test]
fn three_words_with_lines() {
    let folder = Folder::new();
    let text = format!(
        "startDate,agentID,duration,filename\n{START},a,27 ,1.wav\n{START},b,long,2.wav\nsoon,c,3,3.wav\n\
         {START},d\n{START},e,5,5.wav\n{START},f,5,5.wav\n"
    );
    let file = folder.write("a.csv", &text);
    let ran = folder.import(&[&file]);
    let from = ran.stderr.find(": 4 added").unwrap();
    assert_eq!(
        &ran.stderr[from..],
        ": 4 added, 1 left out: there with other content, 1 left out: cannot be stored\n\
         repaired: 1: 1 × space-around-value (QUIRK-14)\n  \
           line 2: \"27 \" read as \"27\": White space around a `startDate` or a `duration` was passed over.\n\
         kept as it is: 2: 1 × short-row (QUIRK-9), 1 × unreadable-duration (QUIRK-14)\n  \
           line 3: \"long\": A `duration` that is no number of seconds was kept as the text it is.\n  \
           line 5: \"2007-12-19T19:16:36Z,d\" read as \"absent: duration, filename\": A row has too few \
             values: the fields of the columns that are missing at its end are absent.\n\
         left out: 2 records\n  \
           line 4: record 3: startDate: expected an instant such as 2008-02-14T10:12:13-08:00, found \"soon\"\n  \
           line 7: record 6: a record with this transactionID and filename is there with other content\n\
         no column: phoneNumber, channel, caseID, queueID, queueName, accountNumber, transactionID, extVar1, \
         extVar2, outDialCode, wrapUpCode: absent from every record\n\
         error: 2 records were left out\n \
         hint: --dry-run --reject FILE keeps what is left out with the reasons: repair that file, and import \
         it instead of this one\n"
    );
    assert_eq!(ran.code, 3);
}

#[test]
fn a_dry_run_stores_nothing_and_strict_takes_nothing_that_is_repaired() {
    let folder = Folder::new();
    let text = format!("startDate,agentID,duration\n{START},a,1\nsoon,b,2\n{START},c,long\n");
    let file = folder.write("a.csv", &text);
    let rejects = folder.path("rejects.jsonl");
    let ran = folder.import(&[&file, "--dry-run", "--reject", rejects.to_str().unwrap()]);
    ended(
        &ran,
        3,
        &[
            ": 2 could be stored, 1 left out: cannot be stored",
            "kept as it is: 1",
            "nothing was stored",
        ],
    );
    assert_eq!(std::fs::read_to_string(&rejects).unwrap().lines().count(), 1);
    refused(
        &folder.import(&[&file, "--strict", "--dry-run"]),
        &["a.csv, record 2: startDate: ", "found \"soon\""],
    );
    let text = format!("startDate,agentID,duration\n{START},c,long\n");
    let file = folder.write("b.csv", &text);
    refused(
        &folder.import(&[&file, "--strict"]),
        &[
            "b.csv, line 2, column 24: unreadable-duration (QUIRK-14)",
            "without --strict it is repaired",
        ],
    );
    assert_eq!(count(&folder), "0");
    let text = format!("agentID,startDate,duration\n\"c\",{START},1\n");
    ended(&folder.import(&[&folder.write("c.csv", &text), "--strict"]), 0, &["1 added"]);
}
