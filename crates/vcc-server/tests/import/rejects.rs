//! `--reject`: what it writes, what it never writes to, and names that look like its own.

use crate::common::command::Folder;
use crate::{START, count, ended};

#[test]
fn names_of_rejects_that_are_the_users_own_are_not_dropped() {
    let folder = Folder::new();
    let said = "that is not among the fifteen fields, and would be dropped: \"rejectedBecause\"";
    for (name, text) in [
        (
            "a.jsonl",
            format!("{{\"startDate\":\"{START}\",\"rejectedBecause\":\"by the customer\"}}\n"),
        ),
        ("a.csv", format!("startDate,rejectedBecause\n{START},by the customer\n")),
        (
            "a.xml",
            format!(
                "<recordings><file><startDate>{START}</startDate>\
                 <rejectedBecause>x</rejectedBecause></file></recordings>"
            ),
        ),
        // A record number that is not a number.
        (
            "b.jsonl",
            format!(
                "{{\"startDate\":\"{START}\",\"rejectedRecord\":\"no\",\"rejectedBecause\":\"x\"}}\n"
            ),
        ),
    ] {
        let file = folder.write(name, &text);
        let said = if name == "b.jsonl" { "\"rejectedRecord\", \"rejectedBecause\"" } else { said };
        ended(&folder.import(&[&file]), 1, &[said]);
    }
    for name in ["rejectedRecord", "rejectedLine", "rejectedRow"] {
        let file = folder.write("a.csv", &format!("startDate,{name}\n{START},1\n"));
        ended(&folder.import(&[&file]), 1, &[&format!("would be dropped: \"{name}\"")]);
        let mapped = folder.import(&[&file, "--map", &format!("extVar1={name}"), "--again"]);
        ended(&mapped, 0, &["1 added"]);
    }
}

/// Repaired rows are imported, and a message says that their reasons are not.
#[test]
fn a_file_of_rejects_is_told_by_both_its_names() {
    let folder = Folder::new();
    let rejects = folder.path("rejects.jsonl");
    let rejects = rejects.to_str().unwrap();
    let file = folder.write("a.csv", "startDate,agentID\nsoon,bill\nlater,anna\n");
    ended(&folder.import(&[&file, "--reject", rejects]), 3, &["2 left out"]);
    let kept = std::fs::read_to_string(rejects).unwrap();
    let mended = kept.replace("\"soon\"", &format!("\"{START}\""));
    let mended = mended.replace("\"later\"", &format!("\"{START}\""));
    let said = "2 added\nleft out: rejectedRecord and rejectedBecause of 2 records, which are not stored\n";
    ended(&folder.import(&[&folder.write("b.jsonl", &mended)]), 0, &[said]);
    // The same after a spreadsheet.
    let text = format!(
        "startDate,agentID,rejectedRecord,rejectedBecause\n{START},bill,2,startDate: none\n{START},x,,\n"
    );
    ended(&folder.import(&[&folder.write("b.csv", &text)]), 0, &["2 added\nleft out: rejected"]);
}

/// The store, its log, or the imported file, under any name.
#[test]
fn nothing_that_is_needed_is_written_to() {
    let folder = Folder::new();
    let text = format!("startDate,agentID\n{START},bill\nsoon,anna\n");
    let file = folder.write("a.csv", &text);
    let at = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let mut own =
        vec!["recordings.db", "recordings.db-wal", "recordings.db-shm", "recordings.db-journal"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("recordings.db", at("link")).unwrap();
        std::fs::hard_link(at("recordings.db"), at("hard")).unwrap();
        std::os::unix::fs::symlink("recordings.db-wal", at("log")).unwrap();
        own.extend(["link", "hard", "log"]);
    }
    let before = std::fs::read(at("recordings.db")).unwrap();
    for name in own {
        let name = at(name);
        let ran = folder.import(&[&file, "--reject", &name]);
        let said = format!(
            "error: --reject: {name} is a file of the store\n hint: another file keeps what is left out\n"
        );
        ended(&ran, 2, &[&said]);
        let ran = folder.run(&["export", "--tenant", "acme", "--output", &name]);
        ended(&ran, 2, &[&format!("error: --output: {name} is a file of the store\n")]);
    }
    assert!(std::fs::read(at("recordings.db")).unwrap() == before);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.csv", at("itself")).unwrap();
        std::fs::hard_link(at("a.csv"), at("twin")).unwrap();
        for name in ["itself", "twin"] {
            let ran = folder.import(&[&file, "--reject", &at(name)]);
            ended(&ran, 2, &[" is the file that is imported\n"]);
        }
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
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
