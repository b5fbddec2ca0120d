//! The file of `--reject`: each line is written before its batch is done, also on a full disk.

use std::path::Path;

use crate::watched::{Watched, on_a_server};
use crate::{HEADER, broken_xml, said};

/// A device that is always full, where the system has one.
const FULL: &str = "/dev/full";

#[test]
fn rejects_are_kept_when_an_import_goes_on() {
    let folder = Watched::new();
    let whole = "<file><startDate>2007-12-19T19:16:36Z</startDate></file>";
    let bad = "<file><startDate>soon</startDate></file>";
    let xml = format!("<recordings>{whole}{bad}{whole}{whole}<file><ag");
    let file = folder.write("a.xml", &xml);
    let rejects = folder.path("rejects.jsonl");
    let options = ["--batch", "2", "--reject", rejects.to_str().unwrap()];
    for _ in 0..2 {
        let broken = folder.import(&file, &options).output().unwrap();
        assert_eq!(broken.status.code(), Some(1), "{}", said(&broken));
        let kept = std::fs::read_to_string(&rejects).unwrap();
        assert_eq!(kept.lines().count(), 1, "{kept}");
    }
}

#[test]
fn a_batch_is_not_dealt_with_before_its_rejects_are_written() {
    if !Path::new(FULL).exists() {
        return;
    }
    let folder = Watched::new();
    let text = format!(
        "{HEADER}2007-12-19T19:16:36Z,bill,,,27\n\
         2007-12-19T19:16:36Z,bill,1,a.wav,27\n\
         2007-12-19T19:16:37Z,bill,1,a.wav,27\n\
         2007-12-19T19:16:38Z,bill,,,27\n\
         2007-12-19T19:16:39Z,bill,1,a.wav,27\n\
         2007-12-19T19:16:36Z,bill,1,a.wav,27\n"
    );
    let file = folder.write("a.csv", &text);
    let full = folder.import(&file, &["--batch", "2", "--reject", FULL]).output().unwrap();
    assert_eq!(full.status.code(), Some(1), "{}", said(&full));
    assert!(said(&full).contains("cannot write /dev/full: "), "{}", said(&full));
    // The first batch has no rejects. The second counts as not read.
    assert_eq!(folder.count(), 2);

    let rejects = folder.path("rejects.jsonl");
    let options = ["--batch", "3", "--reject", rejects.to_str().unwrap()];
    let again = folder.import(&file, &options).output().unwrap();
    assert_eq!(again.status.code(), Some(3), "{}", said(&again));
    assert!(said(&again).contains("broken off after record 2"), "{}", said(&again));
    let summary = ": 1 added, 1 was there already, 2 left out: there with other content\n";
    assert!(said(&again).contains(summary), "{}", said(&again));
    let kept = std::fs::read_to_string(&rejects).unwrap();
    let kept: Vec<_> = kept.lines().collect();
    assert_eq!(kept.len(), 2);
    for (line, number, start) in [(kept[0], 3, "16:37"), (kept[1], 5, "16:39")] {
        let number = format!(r#""rejectedRecord":"{number}""#);
        assert!(line.contains(&number) && line.contains(start), "{line}");
    }
    assert_eq!(folder.count(), 3);
}

#[test]
fn what_a_full_disk_cut_off_takes_no_other_line_with_it() {
    let folder = Watched::new();
    let file = folder.write("a.xml", &broken_xml(4));
    let rejects = folder.write("rejects.jsonl", "");
    let options = ["--batch", "2", "--reject", rejects.to_str().unwrap()];
    let first = folder.import(&file, &options).output().unwrap();
    assert_eq!(first.status.code(), Some(1), "{}", said(&first));
    let kept = std::fs::read_to_string(&rejects).unwrap();
    assert_eq!(kept.lines().count(), 2, "{kept}");
    let cut = &kept[..kept.len() - 10];
    folder.write("rejects.jsonl", cut);
    let again = folder.import(&file, &options).output().unwrap();
    assert!(said(&again).contains("broken off after record 4"), "{}", said(&again));
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), format!("{cut}\n"));
}

#[test]
fn a_bulk_load_says_that_its_reject_file_cannot_be_written() {
    if !Path::new(FULL).exists() {
        return;
    }
    let folder = Watched::new();
    // Conflicts are known only at the end.
    let text = format!(
        "{HEADER}2007-12-19T19:16:36Z,bill,1,a.wav,27\n\
         2007-12-19T19:16:37Z,bill,1,a.wav,27\n"
    );
    let file = folder.write("a.csv", &text);
    let loaded = folder.import(&file, &["--bulk", "--reject", FULL]).output().unwrap();
    assert_eq!(loaded.status.code(), Some(1), "{}", said(&loaded));
    for line in ["cannot write /dev/full: ", "the records are loaded"] {
        assert!(said(&loaded).contains(line), "{line}: {}", said(&loaded));
    }
    assert_eq!(folder.count(), 1);
}

/// Rejects are written before their batch is done, whatever the store does in the meantime.
#[test]
fn rejects_of_an_import_into_postgresql_are_those_of_sqlite() {
    let Some((folder, _)) = on_a_server() else { return };
    let other = Watched::new();
    let row = |number: usize| {
        let (second, key) = (number % 60, number / 2 % 40);
        format!("2007-12-19T19:16:{second:02}Z,agent{},{key},a.wav,27\n", number % 9)
    };
    let text = HEADER.to_owned() + &(0..400).map(row).collect::<String>();
    for options in [&[][..], &["--update"]] {
        let mut kept = Vec::new();
        for folder in [&folder, &other] {
            let file = folder.write("a.csv", &text);
            let rejects = folder.path("rejects.jsonl");
            let _ = std::fs::remove_file(&rejects);
            let options = [&["--batch", "30", "--reject", rejects.to_str().unwrap()], options];
            let imported = folder.import(&file, &options.concat()).output().unwrap();
            let said = said(&imported);
            let tally = said.split_once("/s): ").and_then(|(_, tally)| tally.lines().next());
            let tally = tally.map(str::to_owned);
            kept.push((std::fs::read_to_string(&rejects).unwrap(), imported.status.code(), tally));
        }
        assert!(kept[0].1 == Some(0) || kept[0].0.lines().count() > 100, "{:?}", kept[0].2);
        assert!(kept[0] == kept[1], "{:?} {:?}", kept[0].2, kept[1].2);
    }
}
