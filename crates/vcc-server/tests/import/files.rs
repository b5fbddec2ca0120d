//! How the format, encoding and compression of a file are recognised.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use vcc_store::Store as _;

use crate::common::command::{Folder, command, run_with};
use crate::watched::Watched;
use crate::{START, ended, refused, said};

#[test]
fn a_line_that_is_no_record_is_left_out_and_the_next_is_read() {
    let folder = Watched::new();
    let file = folder.write(
        "a.jsonl",
        "{\"startDate\":\"2007-12-19T19:16:36Z\",\"agentID\":\"a\"}\n\
         {\"startDate\":\"2007-12-19T19:16:36Z\",\"agentID\":\n\
         \n\
         {\"startDate\":\"2007-12-19T19:16:36Z\",\"agentID\":\"b\\u0000\"}\n\
         [1]\n\
         {\"startDate\":\"2007-12-19T19:16:36Z\",\"agentID\":\"c\"}",
    );
    let rejects = folder.path("rejects.jsonl");
    let imported = folder.import(&file, &["--reject", rejects.to_str().unwrap()]).output().unwrap();
    assert_eq!(imported.status.code(), Some(3), "{}", said(&imported));
    assert!(
        said(&imported).contains(": 2 added, 3 left out: cannot be stored"),
        "{}",
        said(&imported)
    );
    let kept = std::fs::read_to_string(&rejects).unwrap();
    let kept: Vec<_> = kept.lines().collect();
    assert_eq!(kept.len(), 3);
    assert!(kept[0].contains(r#""rejectedRecord":"2","rejectedBecause":"not JSON of a record: "#));
    assert!(kept[2].contains(r#""rejectedLine":"[1]""#), "{kept:?}");
    // Rejects that were not repaired are left out again, and the import says so.
    let again = folder.import(&rejects, &[]).output().unwrap();
    assert!(said(&again).contains("0 added, 3 left out"), "{}", said(&again));
}

/// QUIRK-16, QUIRK-17, QUIRK-19: how a file is recognised, and records that share a line.
#[test]
fn arrays_utf_16_and_lines_of_two_records_are_read() {
    let folder = Watched::new();
    let record =
        |agent: &str| format!("{{\"startDate\":\"2007-12-19T19:16:36Z\",\"agentID\":\"{agent}\"}}");
    let array = format!("\u{FEFF}\r\n[\n{},\n{}\n]", record("a"), record("b"));
    let imported = folder.import(&folder.write("a.json", &array), &[]).output().unwrap();
    assert!(said(&imported).contains("2 added"), "{}", said(&imported));
    let line = format!("{}{}\n", record("c"), record("d"));
    let imported = folder.import(&folder.write("b.jsonl", &line), &[]).output().unwrap();
    assert!(said(&imported).contains("2 added"), "{}", said(&imported));
    let list =
        "\u{FEFF}<recordings><file><startDate>2007-12-19T19:16:36Z</startDate></file></recordings>";
    let wide: Vec<u8> = list.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = folder.path("c.xml");
    std::fs::write(&path, wide).unwrap();
    let imported = folder.import(&path, &[]).output().unwrap();
    assert!(said(&imported).contains("1 added"), "{}", said(&imported));
}

#[test]
fn an_import_that_fails_does_not_wait_for_stdin() {
    let folder = Watched::new();
    // Without this option the import first looks for unknown names, before it stores anything.
    let mut import = folder.import(Path::new("-"), &["--batch", "1", "--ignore-unknown"]);
    import.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = import.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let line = "{\"startDate\":\"2007-12-19T19:16:36Z\"}\n";
    stdin.write_all(line.as_bytes()).unwrap();
    while folder.count() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    folder.with(async |store, acme| store.remove_tenant(acme).await.unwrap());
    // After this the producer sends nothing for a long time, and does not close the pipe either.
    stdin.write_all(line.as_bytes()).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(ended) => break ended,
            None if Instant::now() > patience => {
                child.kill().unwrap();
                panic!("it waits for stdin");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(ended.code(), Some(1), "{said}");
    assert!(said.contains("there is no such tenant"), "{said}");
    drop(stdin);
}

/// A pause between writes makes them arrive in pieces.
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
    ended(&folder.import(&[&write("a.csv.gz", &packed)]), 0, &["5,000 added"]);
    ended(&folder.import(&[&write("a.csv.zst", &frames)]), 0, &["5,000 were there already"]);
    // Concatenated members and frames, with a skippable frame among them.
    let (head, tail) = csv.split_at(csv.len() / 2);
    let joined = [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat();
    ended(&folder.import(&[&write("b.gz", &joined)]), 0, &["5,000 were there already"]);
    let skipped = b"\x50\x2A\x4D\x18\x03\0\0\0abc".to_vec();
    let joined = [skipped, zstd(head.as_bytes()), zstd(tail.as_bytes())].concat();
    let stdin = ["import", "--tenant", "acme", "-", "--store", &folder.store];
    ended(&run_with(&stdin, &joined), 0, &["5,000 were there already"]);
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
