//! `import` drops nothing in silence: columns and keys that are none of the fifteen fields, rows whose
//! cells cannot be told apart, and files that are no lists of recordings.

mod common;

use std::io::Write as _;
use std::process::Stdio;

use common::command::{Folder, Ran, command, run_with};

const START: &str = "2007-12-19T19:16:36Z";

/// How many recordings `acme` has.
fn count(folder: &Folder) -> String {
    let listed = folder.run(&["tenant", "list"]).stdout;
    listed.split_whitespace().nth(2).unwrap().to_owned()
}

fn refused(ran: &Ran, said: &[&str]) {
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for said in said {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

fn imported(ran: &Ran, code: i32, said: &[&str]) {
    assert_eq!(ran.code, code, "{}", ran.stderr);
    for said in said {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn a_column_that_would_be_dropped_is_named_before_anything_is_stored() {
    let folder = Folder::new();
    let text = format!("startDate,Agent Name,agentID,colour\n{START},Bill B.,bill,red\n");
    let file = folder.write("a.csv", &text);
    let hint = "--map agentID='Agent Name' reads one as a field; --ignore-column 'Agent Name', for \
                each, or --ignore-unknown goes on without them";
    let said = "a.csv, line 1: columns that are none of the fifteen fields, and would be dropped: \
                \"Agent Name\" (nearest: agentID), \"colour\"";
    refused(&folder.import(&[&file]), &[said, hint]);
    let one = folder.import(&[&file, "--ignore-column", "agent_name"]);
    refused(
        &one,
        &["column that is none of the fifteen fields, and would be dropped: \"colour\"\n"],
    );
    assert_eq!(count(&folder), "0");
    let ignored = ["--ignore-column", "agent_name", "--ignore-column", "colour"];
    let ran = folder.import(&[&[file.as_str()], &ignored[..]].concat());
    imported(&ran, 0, &["1 added", "left out: 2 values of ignored columns"]);
    let ran = folder.import(&[&file, "--ignore-unknown", "--again"]);
    imported(&ran, 0, &["1 added", "left out: 2 values of ignored columns"]);
}

/// What is before it is imported, and stays so; what is behind it is read by its own header.
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
            "b.csv, line 5: column that is none of the fifteen fields, and would be dropped: ";
        let goes_on = "goes on without them; what came before is imported, and the same command with \
                       one of these goes on there";
        refused(&folder.import(&[&file]), &[": 2 added", said, goes_on]);
        // Given again as it was, it stops there again.
        refused(&folder.import(&[&file]), &["broken off after record 2", said]);
        let ran = folder.import(&[&file, "--ignore-column", "colour"]);
        imported(
            &ran,
            0,
            &["broken off after record 2", ": 2 added", "2 values of ignored columns"],
        );
        let listed = folder.run(&["export", "--tenant", "acme"]).stdout;
        assert_eq!(listed.matches(",,,8,,,").count(), 2, "{listed}");
        assert_eq!(count(&folder), "4");
        // Or it is read as a field.
        let folder = Folder::new();
        let file = folder.write("b.csv", &text);
        refused(&folder.import(&[&file]), &[": 2 added", said]);
        let ran = folder.import(&[&file, "--map", "extVar1=colour"]);
        imported(&ran, 0, &["broken off after record 2", ": 2 added"]);
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
        &["columns that are none of", "\"Who\", \"Length\" (nearest: duration)"],
    );
    let all = ["--map", "agentID=who", "--map", "duration=LENGTH", "--sample", "1"];
    let ran = folder.import(&[&[file.as_str()], &start[..], &all].concat());
    imported(&ran, 0, &["1 could be stored", "nothing was stored"]);
    assert_eq!(
        ran.stdout,
        "record 1\n  startDate      2007-12-19T19:16:36+00:00\n  agentID        bill\n  duration       27\n"
    );
    let ran = folder.import(&[&[file.as_str()], &start[..], &all[..4]].concat());
    imported(&ran, 0, &["2 added"]);
    let text = format!("startDate,who,agentID\n{START},anna,bill\n{START},,bill\n");
    let ran = folder.import(&[&folder.write("b.csv", &text), "--map", "agentID=who"]);
    imported(&ran, 3, &["1 added", "line 2: record 1: agentID: two values, the other in \"who\""]);
    // XML and JSON lines too.
    let text = format!("<recordings><file><begin>{START}</begin></file></recordings>");
    let ran = folder.import(&[&folder.write("a.xml", &text), "--map", "startDate=begin"]);
    imported(&ran, 0, &["1 added"]);
    let text = format!("{{\"begin\":\"{START}\",\"agentID\":\"x\"}}\n");
    let ran = folder.import(&[&folder.write("a.jsonl", &text), "--map", "startDate=begin"]);
    imported(&ran, 0, &["1 added"]);
    let ran = folder.import(&["a.csv", "--map", "begin=startDate"]);
    assert!(ran.code == 2 && ran.stderr.contains("begin is no field: expected one of startDate, "));
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
    // As many names as there are fields, of which none is known.
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
    let said = "element that is none of the fifteen fields, and would be dropped: \"colour\"";
    refused(&folder.import(&[&file, "--batch", "10"]), &[said, "--ignore-column colour"]);
    assert_eq!(count(&folder), "0");
    imported(&folder.import(&[&file, "--ignore-column", "colour"]), 0, &["101 added"]);
    // Beyond what is looked through, it stops there and goes on there.
    let folder = Folder::new();
    let many = 11_000_000 / plain.len();
    let far = format!("<recordings>{}{other}{plain}</recordings>", plain.repeat(many));
    let file = folder.write("b.xml", &far);
    let batch = ["--batch", "10000"];
    let ran = folder.import(&[&[file.as_str()], &batch[..]].concat());
    let goes_on = "goes on without them; what came before is imported, and the same command with one of \
                   these goes on there";
    refused(&ran, &[said, &format!("{} added", grouped(many)), goes_on]);
    // What a pipe has stored would be there twice.
    let stdin = ["import", "--tenant", "acme", "-", "--batch", "10000", "--store", &folder.store];
    refused(
        &run_with(&stdin, far.as_bytes()),
        &[said, "a pipe begins again with its first record"],
    );
    let ran = folder.import(&[&file, "--ignore-column", "colour", "--ignore-column", "x"]);
    imported(&ran, 0, &["broken off after record", ": 2 added"]);
    // What is before it may have had that name.
    assert!(!ran.stderr.contains("did nothing"), "{}", ran.stderr);
    let line = format!("{{\"startDate\":\"{START}\",\"colour\":\"red\",\"agentID\":\"a\"}}\n");
    let file = folder.write("a.jsonl", &line.repeat(3));
    refused(&folder.import(&[&file]), &["key that is none of the fifteen fields", "\"colour\"\n"]);
    imported(&folder.import(&[&file, "--ignore-unknown"]), 0, &["3 added", "3 values of ignored"]);
}

fn grouped(number: usize) -> String {
    let text = number.to_string();
    format!("{},{}", &text[..text.len() - 3], &text[text.len() - 3..])
}

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
        // What is too much is empty, or the row has fewer cells: the others are shifted all the same.
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
        imported(&ran, 3, &[": 2 added, 1 left out", "  line 3: record 2: ", reason]);
        let kept = std::fs::read_to_string(&rejects).unwrap();
        assert!(kept.contains("rejectedRow"), "{kept}");
        // Not mended, it is left out again.
        let again = folder.import(&[rejects.to_str().unwrap()]);
        imported(&again, 3, &[": 0 added, 1 left out", "take the key rejectedRow away"]);
    }
    // What is empty is nothing, and what is well quoted is no question.
    let text = format!("{header}{START},it's,\"a, 'b'\",5\"\"\",\"{{\"\"a\"\":1}}\",,,\n");
    let ran = folder.import(&[&folder.write("b.csv", &text)]);
    imported(&ran, 0, &["1 added"]);
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
         hint: --dry-run --reject FILE keeps what is left out with the reasons: mend that file, and import \
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
    imported(
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
    imported(&folder.import(&[&folder.write("c.csv", &text), "--strict"]), 0, &["1 added"]);
}

#[test]
fn what_was_imported_to_its_end_is_not_doubled_unseen() {
    let folder = Folder::new();
    let keyed = folder.write("a.csv", &format!("startDate,filename\n{START},a.wav\n"));
    for said in ["1 added", "1 was there already"] {
        imported(&folder.import(&[&keyed]), 0, &[said]);
    }
    let rows = format!("startDate,agentID,filename\n{START},a,\n{START},b,b.wav\nsoon,c,\n");
    let file = folder.write("b.csv", &rows);
    imported(&folder.import(&[&file]), 3, &["2 added, 1 left out"]);
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
    imported(&folder.import(&[&file, "--dry-run"]), 3, &["2 could be stored"]);
    imported(&folder.import(&[&file, "--again"]), 3, &[": 1 added, 1 was there already"]);
    refused(&folder.import(&[&file]), &["was imported to its end"]);
    // Of a pipe it is known at the end.
    let stdin = ["import", "--tenant", "acme", "-", "--store", &folder.store];
    let ran = run_with(&stdin, rows.as_bytes());
    imported(
        &ran,
        3,
        &[": 1 added, 1 was there already", "warning: the same bytes were imported at "],
    );
}

/// What is written with a pause comes in pieces.
#[test]
fn what_a_file_is_does_not_depend_on_how_it_comes() {
    let folder = Folder::new();
    let list = format!("recordings><file><startDate>{START}</startDate></file></recordings>");
    let csv = format!("startDate,agentID\n{START},a\n");
    for (pieces, said) in [
        (vec!["\n", "<", &list], "1 added"),
        (vec!["\u{FEFF}", "%", "lt;", &list], "1 added"),
        (vec![" \r\n", "s", &csv[1..]], "1 added"),
        (vec!["\n", "{", &format!("\"startDate\":\"{START}\"}}\n")], "1 added"),
    ] {
        let mut child = command(&["import", "--tenant", "acme", "-", "--store", &folder.store])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for piece in pieces {
            stdin.write_all(piece.as_bytes()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(said), "{stderr}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut into = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    into.write_all(bytes).unwrap();
    into.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn compressed_files_are_unpacked() {
    let folder = Folder::new();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path(name), bytes).unwrap();
        folder.path(name).to_str().unwrap().to_owned()
    };
    let rows: String = (0..5_000).map(|n| format!("{START},agent{n},{n}.wav\n")).collect();
    let csv = format!("startDate,agentID,filename\n{rows}");
    let (packed, frames) = (gzip(csv.as_bytes()), zstd(csv.as_bytes()));
    imported(&folder.import(&[&write("a.csv.gz", &packed)]), 0, &["5,000 added"]);
    imported(&folder.import(&[&write("a.csv.zst", &frames)]), 0, &["5,000 were there already"]);
    // Members and frames joined, one that is skipped among them.
    let (head, tail) = csv.split_at(csv.len() / 2);
    let joined = [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat();
    imported(&folder.import(&[&write("b.gz", &joined)]), 0, &["5,000 were there already"]);
    let skipped = b"\x50\x2A\x4D\x18\x03\0\0\0abc".to_vec();
    let joined = [skipped, zstd(head.as_bytes()), zstd(tail.as_bytes())].concat();
    let stdin = ["import", "--tenant", "acme", "-", "--store", &folder.store];
    imported(&run_with(&stdin, &joined), 0, &["5,000 were there already"]);
    for packed in [&packed, &frames] {
        let cut = write("c", &packed[..packed.len() / 2]);
        refused(&folder.import(&[&cut]), &["the compressed file ends before its end"]);
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0xFF);
        let ran = folder.import(&[&write("d", &damaged)]);
        assert!(ran.code != 0 && ran.stderr.contains("compressed file"), "{}", ran.stderr);
    }
    refused(&folder.import(&[&write("f", &gzip(&packed))]), &["f is compressed twice"]);
    refused(
        &folder.import(&[&write("g", b"%PDF-1.4")]),
        &["g is a PDF document\n", "hint: export"],
    );
    refused(&folder.import(&[&write("h", b"<!DOCTYPE html>\n<html>")]), &["h is an HTML page\n"]);
}

/// There may be another key in each record, of any length.
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
    imported(
        &ran,
        0,
        &["1 added", &said("--map channel=agentID"), &said("--ignore-column 'the colour'")],
    );
    assert_eq!(ran.stderr.matches("did nothing").count(), 2, "{}", ran.stderr);
}

#[test]
fn the_file_itself_takes_no_rejects() {
    let folder = Folder::new();
    let text = format!("startDate,agentID\n{START},bill\nsoon,anna\n");
    let file = folder.write("a.csv", &text);
    let other = folder.path(".").join("a.csv");
    let ran = folder.import(&[&file, "--reject", other.to_str().unwrap()]);
    let said =
        "a.csv is the file that is imported\n hint: another file keeps what is left out of it\n";
    assert!(ran.code == 2 && ran.stderr.ends_with(said), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(count(&folder), "0");
}

#[test]
fn of_a_file_that_is_not_read_nothing_is_said_to_be_imported() {
    let folder = Folder::new();
    let line = format!("{{\"startDate\":\"{START}\"}}\n");
    let wide: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let page = "<!-- login --><html><body>Sign in</body></html>";
    for (bytes, said) in [
        (&wide[..], "the document is in UTF-16, not in UTF-8"),
        (page.as_bytes(), "a page of HTML"),
    ] {
        std::fs::write(folder.path("a"), bytes).unwrap();
        let ran = folder.import(&[folder.path("a").to_str().unwrap()]);
        refused(&ran, &[said]);
        assert!(!ran.stderr.contains("what came before"), "{}", ran.stderr);
    }
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
