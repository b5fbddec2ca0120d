//! The messages and errors of the command.

use crate::common::command::{Folder, Ran};
use chrono::{DateTime, Utc};
use vcc_server::Clock;

const THREE: &str = "startDate,transactionID,agentID\n\
    2007-12-19T19:16:36-08:00,2,bill\n\
    2007-12-19T19:16:36-08:00,10,#a\n\
    2007-12-18T00:00:00.25-08:00,3,bill\n";

pub(crate) fn three() -> Folder {
    let folder = Folder::new();
    let file = folder.write("three.csv", THREE);
    let ran = folder.import(&[&file]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    folder
}

pub(crate) fn export(folder: &Folder, options: &[&str]) -> Ran {
    folder.run(&[&["export", "--tenant", "acme"], options].concat())
}

const HEADER: &str = "startDate,agentID,phoneNumber,channel,caseID,duration,filename,queueID,queueName,\
    accountNumber,transactionID,extVar1,extVar2,outDialCode,wrapUpCode\r\n";

#[test]
fn it_writes_documents_and_says_what_they_show() {
    let folder = three();
    let rows = [
        "2007-12-18T00:00:00.250-08:00,bill,,,,,,,,,3,,,,\r\n",
        "2007-12-19T19:16:36-08:00,#a,,,,,,,,,10,,,,\r\n",
        "2007-12-19T19:16:36-08:00,bill,,,,,,,,,2,,,,\r\n",
    ];
    let before = Clock::system().now();
    let ran = export(&folder, &[]);
    let after = Clock::system().now();
    assert_eq!((ran.code, ran.stdout), (0, format!("{HEADER}{}", rows.concat())));
    let (said, moment) = ran.stderr.trim_end().rsplit_once(", as they were at ").unwrap();
    assert!(said.starts_with("exported 3 recordings of acme in "), "{said}");
    let moment: DateTime<Utc> = moment.parse().unwrap();
    assert!(before.timestamp() <= moment.timestamp() && moment <= after, "{moment}");

    let ran = export(&folder, &["--query", "d=2007-12-19&agentID=#a"]);
    assert_eq!((ran.code, ran.stdout), (0, format!("{HEADER}{}", rows[1])));
    assert!(ran.stderr.starts_with("exported 1 recording of acme in "), "{}", ran.stderr);
    let ran = export(&folder, &["--format", "xml", "--query", "agentID=nobody"]);
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings>\n</recordings>\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, empty));
    assert!(ran.stderr.starts_with("exported 0 recordings of acme in "), "{}", ran.stderr);
    let ran = export(&folder, &["--format", "jsonl", "--query", "agentID=%23a&tz=UTC"]);
    let line = "{\"startDate\":\"2007-12-19T19:16:36-08:00\",\"agentID\":\"#a\",\"phoneNumber\":\"\",\
        \"channel\":\"\",\"caseID\":\"\",\"duration\":\"\",\"filename\":\"\",\"queueID\":\"\",\
        \"queueName\":\"\",\"accountNumber\":\"\",\"transactionID\":\"10\",\"extVar1\":\"\",\
        \"extVar2\":\"\",\"outDialCode\":\"\",\"wrapUpCode\":\"\"}\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, line));

    // It lists as a server of this dialect would, which a flag or the settings of that server give.
    let dialect = folder
        .write("dialect", "order = start-descending\nresponse_zone = query\nutc_offset = Z\n");
    let settings = folder.write("serve.toml", &format!("dialect = {dialect:?}\n"));
    for how in [["--dialect", &dialect], ["--config", &settings]] {
        let ran = export(&folder, &[&how[..], &["--query", "tz=UTC"]].concat());
        let starts: Vec<_> = ran.stdout.lines().skip(1).map(|row| &row[..row.len() - 8]).collect();
        let expected = [
            "2007-12-20T03:16:36Z,bill,,,,,,,,,",
            "2007-12-20T03:16:36Z,#a,,,,,,,,,1",
            "2007-12-18T08:00:00.250Z,bill,,,,,,,,,",
        ];
        let expected = expected.map(|row| &row[..row.len() - 3]);
        assert_eq!(starts.len(), 3, "{}", ran.stderr);
        for (start, expected) in starts.iter().zip(expected) {
            assert!(start.starts_with(expected), "{start}");
        }
    }
}

#[test]
fn what_is_refused() {
    let folder = three();
    let there = folder.write("there.csv", "mine");
    for (options, code, said) in [
        (
            &["--query", "n=51"][..],
            2,
            "error: --query: n: an export is whole, and has no pages\n hint: leave n out; ",
        ),
        (&["--query", "n=1&d=today"], 2, "error: --query: n: an export is whole"),
        (&["--query", "n=x"], 2, "error: --query: n: expected "),
        (
            &["--query", "d=yesterday"],
            2,
            "error: --query: d: expected a date such as 2007-08-05 or a constant such as today-1d, found \"yesterday\"\n  | d=yesterday\n  |   ^^^^^^^^^\n  = hint: yesterday is today-1d\n",
        ),
        (&["--query", "startDate=2007"], 2, "error: --query: startDate: "),
        (&["--query", "d=2008,2007"], 2, "error: --query: d: "),
        (&["--query", "tz=Mars/Base"], 2, "error: --query: tz: "),
        (
            &["--format", "json"],
            2,
            "error: invalid value 'json' for '--format <FORMAT>'\n  [possible values: csv, xml, jsonl]",
        ),
        (&["--dialect", "/nowhere/x"], 1, "error: cannot read /nowhere/x: "),
        (&["--output", &there], 1, "exists already\n hint: name a file that does not exist\n"),
        (&["--output", "/nowhere/x.csv"], 1, "error: cannot write /nowhere/x.csv.partial: "),
    ] {
        let ran = export(&folder, options);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{options:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{options:?}: {}", ran.stderr);
    }
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    let ran = folder.run(&["export", "--tenant", "nobody"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.starts_with("error: there is no tenant \"nobody\"\n hint: "),
        "{}",
        ran.stderr
    );
}
