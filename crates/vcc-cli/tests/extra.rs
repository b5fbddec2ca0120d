//! What stands beside the fifteen fields, and what a format cannot carry: written where there is a place for
//! it, else counted and said.

mod common;

use std::fs;

use common::{Folder, Service, answering, calls, page, run, vcc};

/// A value of a name of the service's own, a name that no element of XML can have when it comes as CSV, and a
/// second value of a field.
const XML: &str = "<recordings><file><agentID>bill</agentID><mood>good</mood></file>\
     <file><agentID>ann</agentID><agentID>eve</agentID><mood>bad</mood></file></recordings>";

/// The format, further arguments, what stands on stdout, and what is said of it on stderr.
type Row<'r> = (&'r str, &'r [&'r str], &'r [&'r str], &'r str);

#[test]
fn decode_writes_or_counts_values_beside_the_fields() {
    let folder = Folder::new("extra-decode");
    fs::write(folder.join("a.xml"), XML).unwrap();
    let table: [Row<'_>; 5] = [
        (
            "csv",
            &[],
            &[",wrapUpCode\r\n,bill,,,,,,,,,,,,,\r\n"],
            "warning: a.xml: values beside the fifteen fields are left out: agentID (1), mood (2); \
             --extra-columns NAMES gives them columns, --to xml and --to jsonl keep them\n",
        ),
        (
            "csv",
            &["--extra-columns", "mood"],
            &[",wrapUpCode,mood\r\n,bill,,,,,,,,,,,,,,good\r\n"],
            "left out: agentID (1); ",
        ),
        ("csv", &["--extra-columns", "mood,agentID"], &[",bad,eve\r\n"], ""),
        ("xml", &[], &["<agentID>eve</agentID>", "<mood>bad</mood>"], ""),
        (
            "jsonl",
            &[],
            &["{\"agentID\":\"ann\",\"mood\":\"bad\"}\n"],
            "left out: agentID (1); an object has a name once, --to xml keeps a second one\n",
        ),
    ];
    for (to, more, written, said) in table {
        let mut command = vcc(&folder, "");
        let (code, stdout, stderr) = run(command.args(["decode", "a.xml", "--to", to]).args(more));
        assert_eq!(code, 0, "{to} {more:?}: {stderr}");
        for text in written {
            assert!(stdout.contains(text), "{to} {more:?}: {stdout}");
        }
        assert!(stderr.contains(said), "{to} {more:?}: {stderr}");
        assert_eq!(stderr.contains("left out"), !said.is_empty(), "{to} {more:?}: {stderr}");
    }
    // Names that no element can have come with columns and with JSON.
    fs::write(folder.join("b.csv"), "agentID,two words\r\nbill,x\r\n").unwrap();
    let (code, stdout, stderr) = run(vcc(&folder, "").args(["decode", "b.csv", "--to", "xml"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("<agentID>bill</agentID>"), "{stdout}");
    assert!(
        stderr.contains(
            "warning: b.csv: values beside the fifteen fields are left out: two words (1); no element of XML can \
             have such a name there, --to jsonl keeps them"
        ),
        "{stderr}"
    );
    for (args, message) in [
        (
            ["--to", "xml", "--extra-columns", "mood"],
            "error: --extra-columns: only CSV has columns",
        ),
        (["--to", "csv", "--extra-columns", "a,,b"], "a column needs a name"),
    ] {
        let (code, stdout, stderr) = run(vcc(&folder, "").args(["decode", "a.xml"]).args(args));
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn list_writes_or_counts_values_beside_the_fields() {
    let folder = Folder::new("extra-list");
    let url = answering(|head| {
        let body = if head.contains("n=") { "<recordings></recordings>" } else { XML };
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n";
        [format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()]
    });
    let table: [Row<'_>; 6] = [
        (
            "csv",
            &[],
            &[",wrapUpCode\r\n,bill,,,,,,,,,,,,,\r\n"],
            "warning: values beside the fifteen fields are left out: agentID (1), mood (2); \
             --extra-columns NAMES gives them columns, --format jsonl keeps them\n",
        ),
        ("csv", &["--extra-columns", "mood,agentID"], &[",good,\r\n", ",bad,eve\r\n"], ""),
        ("xml", &[], &["<agentID>eve</agentID>", "<mood>bad</mood>"], ""),
        (
            "jsonl",
            &[],
            &["{\"agentID\":\"ann\",\"mood\":\"bad\"}\n"],
            "left out: agentID (1); an object has a name once, --format xml keeps a second one\n",
        ),
        ("json", &[], &["{\"agentID\":\"ann\",\"mood\":\"bad\"}\n"], "left out: agentID (1); "),
        ("table", &[], &["bill"], ""),
    ];
    for (format, more, written, said) in table {
        let mut command = vcc(&folder, &url);
        command.args(["list", "d=2007", "--tz", "UTC", "--format", format]).args(more);
        let (code, stdout, stderr) = run(&mut command);
        assert_eq!(code, 0, "{format} {more:?}: {stderr}");
        for text in written {
            assert!(stdout.contains(text), "{format} {more:?}: {stdout}");
        }
        assert!(stderr.contains(said), "{format} {more:?}: {stderr}");
        assert_eq!(stderr.contains("left out"), !said.is_empty(), "{format} {more:?}: {stderr}");
    }
    let mut command = vcc(&folder, &url);
    let (code, _, stderr) = run(command.args(["list", "--extra-columns", "mood"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("error: --extra-columns: it is for --format csv"), "{stderr}");
}

#[test]
fn a_record_that_the_format_cannot_carry_does_not_take_the_others_with_it() {
    let folder = Folder::new("extra-refused");
    let body = "<recordings><file><agentID>a\u{1}b</agentID></file><file><agentID>bill</agentID></file></recordings>";
    fs::write(folder.join("a.xml"), body).unwrap();
    let url = answering(move |head| {
        let body = if head.contains("n=") { "<recordings></recordings>" } else { body };
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n";
        [format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()]
    });
    let said = "error: 1 record that the format cannot carry is left out: record 1, agentID: U+0001 at byte 1 of \
                the value cannot be written";
    for format in ["csv", "xml", "jsonl"] {
        let decode = ["decode", "a.xml", "--to", format];
        let list = ["list", "d=2007&tz=UTC", "--format", format];
        for args in [decode, list] {
            let (code, stdout, stderr) = run(vcc(&folder, &url).args(args));
            assert_eq!(code, 3, "{args:?}: {stderr}");
            assert!(stdout.contains("bill"), "{args:?}: {stdout}");
            assert!(stderr.contains(said), "{args:?}: {stderr}");
        }
    }
    // JSON has every character.
    let (code, stdout, stderr) =
        run(vcc(&folder, &url).args(["list", "d=2007&tz=UTC", "--format", "json"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("a\\u0001b") && stdout.contains("bill"), "{stdout}");
}

#[test]
fn an_export_counts_each_value_once_however_its_windows_are_cut() {
    let folder = Folder::new("extra-export");
    let mut list = calls(300, 60);
    for recording in &mut list {
        recording.push_extra("mood", "good");
    }
    let ascending = list.clone();
    let up = Service::start(move |asked| page(&ascending, asked));
    let descending: Vec<_> = list.into_iter().rev().collect();
    let down = Service::start(move |asked| page(&descending, asked));
    for (out, service) in [("a.csv", up), ("b.csv", down)] {
        let mut command = vcc(&folder, service.url());
        command.args(["export", "--from", "2007-12-18", "--to", "2007-12-19", "--tz", "UTC"]);
        let (code, _, stderr) = run(command.args(["--out", out, "--window-pages", "2"]));
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("fifteen fields are left out: mood (300); "), "{out}: {stderr}");
        let manifest = folder.read(&format!("{out}.manifest.json"));
        assert!(manifest.contains("\"left_out\": {\n    \"mood\": 300\n  }"), "{out}: {manifest}");
        assert!(manifest.matches("\"until\"").count() > 2, "windows are cut: {manifest}");
    }
    // In the order of time, whichever way the service goes.
    assert_eq!(folder.read("a.csv"), folder.read("b.csv"));
    assert_eq!(folder.read("a.csv").lines().count(), 301);
}
