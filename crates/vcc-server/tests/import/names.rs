//! Names other than those of the fifteen fields: none is dropped silently.

use crate::common;
use crate::common::command::{Folder, run_with};
use crate::{START, count, ended, refused};

#[test]
fn a_column_that_would_be_dropped_is_named_before_anything_is_stored() {
    let folder = Folder::new();
    let text = format!("startDate,Agent Name,agentID,colour\n{START},Bill B.,bill,red\n");
    let file = folder.write("a.csv", &text);
    let hint = "--map agentID='Agent Name' reads one as a field; --ignore-column 'Agent Name', for \
                each, or --ignore-unknown goes on without them";
    let said = "a.csv, line 1: columns that are not among the fifteen fields, and would be dropped: \
                \"Agent Name\" (nearest: agentID), \"colour\"";
    refused(&folder.import(&[&file]), &[said, hint]);
    let one = folder.import(&[&file, "--ignore-column", "agent_name"]);
    refused(
        &one,
        &["column that is not among the fifteen fields, and would be dropped: \"colour\"\n"],
    );
    assert_eq!(count(&folder), "0");
    let ignored = ["--ignore-column", "agent_name", "--ignore-column", "colour"];
    let ran = folder.import(&[&[file.as_str()], &ignored[..]].concat());
    ended(&ran, 0, &["1 added", "left out: 2 values of ignored columns"]);
    let ran = folder.import(&[&file, "--ignore-unknown", "--again"]);
    ended(&ran, 0, &["1 added", "left out: 2 values of ignored columns"]);
}

/// Rows before the second header are imported, and stay; rows after it are read by that header.
#[test]
fn a_header_may_come_again_with_another_column() {
    let page = format!("startDate,agentID\n{START},a\n");
    for header in
        ["startDate,caseID,colour", "colour,startDate,caseID", "start_date,Case ID,Colour"]
    {
        let row = if header.starts_with("colour") { "red,START,8" } else { "START,8,red" };
        let more = row.replace("START", START);
        let text =
            format!("{page}startDate,agentID,caseID\n{START},b,7\n{header}\n{more}\n{more}\n");
        let folder = Folder::new();
        let file = folder.write("b.csv", &text);
        let said =
            "b.csv, line 5: column that is not among the fifteen fields, and would be dropped: ";
        let goes_on = "goes on without them; what came before is imported, and the same command with \
                       one of these goes on there";
        refused(&folder.import(&[&file]), &[": 2 added", said, goes_on]);
        // The same command stops there again.
        refused(&folder.import(&[&file]), &["broken off after record 2", said]);
        let ran = folder.import(&[&file, "--ignore-column", "colour"]);
        ended(&ran, 0, &["broken off after record 2", ": 2 added", "2 values of ignored columns"]);
        let listed = folder.run(&["export", "--tenant", "acme"]).stdout;
        assert_eq!(listed.matches(",,,8,,,").count(), 2, "{listed}");
        assert_eq!(count(&folder), "4");
        // The other way out: read the column as a field.
        let folder = Folder::new();
        let file = folder.write("b.csv", &text);
        refused(&folder.import(&[&file]), &[": 2 added", said]);
        let ran = folder.import(&[&file, "--map", "extVar1=colour"]);
        ended(&ran, 0, &["broken off after record 2", ": 2 added"]);
        let listed = folder.run(&["export", "--tenant", "acme"]).stdout;
        assert_eq!(listed.matches(",red,").count(), 2, "{listed}");
    }
}

#[test]
fn a_column_is_mapped() {
    let folder = Folder::new();
    let text = format!("Call Start;Who;Length\n {START} ;bill;27\n{START};anna;\n");
    let file = folder.write("a.csv", &text);
    refused(
        &folder.import(&[&file]),
        &["expected a header or 15 values", "--map startDate='Call Start'"],
    );
    let start = ["--map", "startDate=Call Start"];
    refused(
        &folder.import(&[&[file.as_str()], &start[..]].concat()),
        &["columns that are not among", "\"Who\", \"Length\" (nearest: duration)"],
    );
    let all = ["--map", "agentID=who", "--map", "duration=LENGTH", "--sample", "1"];
    let ran = folder.import(&[&[file.as_str()], &start[..], &all].concat());
    ended(&ran, 0, &["1 could be stored", "nothing was stored"]);
    assert_eq!(
        ran.stdout,
        "record 1\n  startDate      2007-12-19T19:16:36+00:00\n  agentID        bill\n  duration       27\n"
    );
    let ran = folder.import(&[&[file.as_str()], &start[..], &all[..4]].concat());
    ended(&ran, 0, &["2 added"]);
    let text = format!("startDate,who,agentID\n{START},anna,bill\n{START},,bill\n");
    let ran = folder.import(&[&folder.write("b.csv", &text), "--map", "agentID=who"]);
    ended(&ran, 3, &["1 added", "line 2: record 1: agentID: two values, the other in \"who\""]);
    // The same in XML and in JSON lines.
    let text = format!("<recordings><file><begin>{START}</begin></file></recordings>");
    let ran = folder.import(&[&folder.write("a.xml", &text), "--map", "startDate=begin"]);
    ended(&ran, 0, &["1 added"]);
    let text = format!("{{\"begin\":\"{START}\",\"agentID\":\"x\"}}\n");
    let ran = folder.import(&[&folder.write("a.jsonl", &text), "--map", "startDate=begin"]);
    ended(&ran, 0, &["1 added"]);
    let ran = folder.import(&["a.csv", "--map", "begin=startDate"]);
    assert!(
        ran.code == 2 && ran.stderr.contains("begin is not a field: expected one of startDate, ")
    );
}

#[test]
fn a_header_without_a_start_is_one_error() {
    let folder = Folder::new();
    let rows = format!("{START},bill\n").repeat(1_000);
    let file = folder.write("a.csv", &format!("Call Start,agentID\n{rows}"));
    let ran = folder.import(&[&file]);
    refused(
        &ran,
        &[
            "a.csv, line 1: the header has no column startDate\n",
            "hint: --map startDate='Call Start' reads another column as it\n",
        ],
    );
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    // As many names as there are fields, all unknown.
    let names: Vec<_> = (1..=15).map(|n| format!("col{n}")).collect();
    let cells = format!("{START}{}", ",".repeat(14));
    let file = folder.write("b.csv", &format!("{}\n{cells}\n", names.join(",")));
    refused(
        &folder.import(&[&file]),
        &["the first row is no header with startDate among its names"],
    );
    assert_eq!(count(&folder), "0");
}

#[test]
fn an_element_or_key_that_would_be_dropped_is_named_before_anything_is_stored() {
    let folder = Folder::new();
    let plain = format!("<file><startDate>{START}</startDate></file>");
    let other = format!("<file><startDate>{START}</startDate><colour>red</colour></file>");
    let near = format!("<recordings>{}{other}</recordings>", plain.repeat(100));
    let file = folder.write("a.xml", &near);
    let said = "element that is not among the fifteen fields, and would be dropped: \"colour\"";
    refused(&folder.import(&[&file, "--batch", "10"]), &[said, "--ignore-column colour"]);
    assert_eq!(count(&folder), "0");
    ended(&folder.import(&[&file, "--ignore-column", "colour"]), 0, &["101 added"]);
    // Beyond the part that is searched first, the import stops there, and can be resumed there.
    let folder = Folder::new();
    let many = 11_000_000 / plain.len();
    let far = format!("<recordings>{}{other}{plain}</recordings>", plain.repeat(many));
    let file = folder.write("b.xml", &far);
    let batch = ["--batch", "10000"];
    let ran = folder.import(&[&[file.as_str()], &batch[..]].concat());
    let goes_on = "goes on without them; what came before is imported, and the same command with one of \
                   these goes on there";
    refused(&ran, &[said, &format!("{} added", grouped(many)), goes_on]);
    // Records that came through a pipe would be stored twice.
    let stdin = ["import", "--tenant", "acme", "-", "--batch", "10000", "--store", &folder.store];
    refused(
        &run_with(&stdin, far.as_bytes()),
        &[said, "a pipe begins again with its first record"],
    );
    let ran = folder.import(&[&file, "--ignore-column", "colour", "--ignore-column", "x"]);
    ended(&ran, 0, &["broken off after record", ": 2 added"]);
    // Records before it may have had that name.
    assert!(!ran.stderr.contains("did nothing"), "{}", ran.stderr);
    let line = format!("{{\"startDate\":\"{START}\",\"colour\":\"red\",\"agentID\":\"a\"}}\n");
    let file = folder.write("a.jsonl", &line.repeat(3));
    refused(
        &folder.import(&[&file]),
        &["key that is not among the fifteen fields", "\"colour\"\n"],
    );
    ended(&folder.import(&[&file, "--ignore-unknown"]), 0, &["3 added", "3 values of ignored"]);
}

fn grouped(number: usize) -> String {
    let text = number.to_string();
    format!("{},{}", &text[..text.len() - 3], &text[text.len() - 3..])
}

/// Each record may have a different key, of any length.
#[test]
fn unknown_names_are_shown_in_bounds() {
    let folder = Folder::new();
    for (records, said) in [(30, "\"k19\", and 10 more\n"), (3_000, "\"k19\", and more\n")] {
        let line = |n| format!("{{\"startDate\":\"{START}\",\"k{n}\":\"x\"}}\n");
        let text: String = (0..records).map(line).collect();
        refused(&folder.import(&[&folder.write("a.jsonl", &text)]), &["\"k0\", \"k1\", ", said]);
    }
    let long = "x".repeat(10_000);
    let file = folder.write("a.csv", &format!("startDate,\u{1b}[31mred,{long}\n{START},1,2\n"));
    let ran = folder.import(&[&file]);
    refused(&ran, &["\"\\u{1b}[31mred\", \"xxx", "x\"…\n", "--ignore-column NAME, for each"]);
    assert!(ran.stderr.len() < 1_000, "{}", ran.stderr);
}

#[test]
fn a_name_that_is_not_there_is_said() {
    let folder = Folder::new();
    let file = folder.write("a.csv", &format!("startDate,agentID,Case No\n{START},bill,7\n"));
    let names =
        ["--map", "caseID=case_no", "--map", "channel=agentID", "--ignore-column", "the colour"];
    let ran = folder.import(&[&[file.as_str()], &names[..]].concat());
    let did_nothing = ": did nothing, for beside the fifteen fields no record has that name\n";
    let said = |option: &str| format!("\n{option}{did_nothing}");
    ended(
        &ran,
        0,
        &["1 added", &said("--map channel=agentID"), &said("--ignore-column 'the colour'")],
    );
    assert_eq!(ran.stderr.matches("did nothing").count(), 2, "{}", ran.stderr);
}

#[test]
fn the_help_has_the_fields() {
    let help = common::command::run(&["import", "--help"]);
    assert_eq!(help.code, 0);
    for row in [
        "  startDate      start-date     instant  When the recording started",
        "  wrapUpCode     wrapUpCode     text     The code that the agent chose when wrapping up.",
    ] {
        assert!(help.stdout.contains(row), "{}", help.stdout);
    }
}
