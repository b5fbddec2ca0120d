//! `import` as a process: killed in the middle, resumed, in bulk, with lines that cannot be read.

#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vcc_store::{Sqlite, Store as _, TenantId};

/// A folder with a store in it, and a tenant `acme` in UTC.
struct Folder {
    folder: TempDir,
    store: String,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("recordings.db").display());
        let this = Self { folder, store };
        let added = this.command(&["tenant", "add", "acme", "--tz", "UTC"]).output().unwrap();
        assert!(added.status.success(), "{}", said(&added));
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcc-server"));
        // Nothing of the caller's environment decides.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VCC_")) {
            command.env_remove(name);
        }
        command.args(arguments).args(["--store", &self.store]);
        command
    }

    fn import(&self, file: &Path, options: &[&str]) -> Command {
        let mut command = self.command(&["import", "--tenant", "acme"]);
        command.args(options).arg(file);
        command
    }

    /// How many records `acme` has.
    fn count(&self) -> u64 {
        self.with(async |store, acme| store.count(acme).await.unwrap())
    }

    /// Asks the store itself, or changes it, while a process may have it open too.
    fn with<T>(&self, work: impl AsyncFnOnce(&Sqlite, TenantId) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Sqlite::open(self.path("recordings.db")).unwrap();
            let acme = store.tenant("acme").await.unwrap().unwrap();
            work(&store, acme.id).await
        })
    }
}

/// What is full from the start, where there is such a thing.
const FULL: &str = "/dev/full";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const HEADER: &str = "startDate,agentID,transactionID,filename,duration\n";

/// Records without keys: what is imported twice is there twice.
fn keyless(count: usize) -> String {
    let rows =
        (0..count).map(|n| format!("2007-12-19T19:16:{:02}Z,agent{n},,,{}\n", n % 60, n % 9));
    HEADER.to_owned() + &rows.collect::<String>()
}

/// A store in PostgreSQL with a tenant `acme` in UTC, where there is a server.
fn on_a_server() -> Option<(Folder, String)> {
    let url = postgres_server::database()?;
    let folder = Folder { folder: tempfile::tempdir().unwrap(), store: url.clone() };
    let added = folder.command(&["tenant", "add", "acme", "--tz", "UTC"]).output().unwrap();
    assert!(added.status.success(), "{}", said(&added));
    Some((folder, url))
}

/// Kills an import as soon as `begun`, and imports the same file again.
fn killed_and_resumed(options: &[&str], count: usize, begun: impl Fn(&Folder) -> bool) {
    let folder = Folder::new();
    let file = folder.write("a.csv", &keyless(count));
    let mut child =
        folder.import(&file, options).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() && !begun(&folder) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Otherwise it was too late: all was there, and another import would add it again.
    if folder.count() < count as u64 {
        let again = folder.import(&file, options).output().unwrap();
        assert!(again.status.success(), "{}", said(&again));
        assert!(said(&again).contains("broken off after record"), "{}", said(&again));
    }
    assert_eq!(folder.count(), count as u64);
}

#[test]
fn an_import_that_is_killed_goes_on() {
    killed_and_resumed(&["--batch", "200"], 40_000, |folder| folder.count() > 0);
}

#[test]
fn a_bulk_load_that_is_killed_goes_on() {
    let begun = |folder: &Folder| {
        let wal = std::fs::metadata(folder.path("recordings.db-wal"));
        wal.is_ok_and(|wal| wal.len() > 200_000)
    };
    killed_and_resumed(&["--batch", "200", "--bulk"], 40_000, begun);
}

#[test]
fn a_file_that_was_changed_is_another() {
    let folder = Folder::new();
    // As long, with the same beginning and end.
    let xml = |agent: &str| {
        let one = "<file><startDate>2007-12-19T19:16:36Z</startDate></file>";
        let other = format!(
            "<file><startDate>2007-12-19T19:16:36Z</startDate><agentID>{agent}</agentID></file>"
        );
        format!("<recordings>{}{other}{}<file><ag", one.repeat(4_000), one.repeat(4_000))
    };
    let file = folder.write("a.xml", &xml("bill"));
    let first = folder.import(&file, &["--batch", "2000"]).output().unwrap();
    assert_eq!(first.status.code(), Some(1), "{}", said(&first));
    folder.write("a.xml", &xml("anna"));
    let changed = folder.import(&file, &["--batch", "2000"]).output().unwrap();
    assert!(!said(&changed).contains("broken off"), "{}", said(&changed));
    assert_eq!(folder.count(), 2 * 8_001);
}

/// Records of which every other has no offset, and an end that is missing.
fn broken_xml(count: usize) -> String {
    let one = "<file><startDate>2007-12-19T19:16:36Z</startDate></file>\
               <file><startDate>2007-12-19T19:16:36</startDate></file>";
    format!("<recordings>{}<file><ag", one.repeat(count / 2))
}

/// Nothing of a bulk load is seen before its end: begun with other options, it is another, of which no
/// record is there twice.
#[test]
fn a_bulk_load_with_other_options_is_another() {
    let folder = Folder::new();
    let file = folder.write("a.xml", &broken_xml(400));
    let import = |options: &[&str]| {
        let options = [&["--batch", "100", "--bulk"], options].concat();
        let output = folder.import(&file, &options).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    let first = import(&[]);
    assert!(first.contains(": 200 loaded"), "{first}");
    // To name the format that the file has anyway changes nothing.
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
    let folder = Folder::new();
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

#[test]
fn rejects_are_kept_when_an_import_goes_on() {
    let folder = Folder::new();
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
fn a_line_that_is_no_record_is_left_out_and_the_next_is_read() {
    let folder = Folder::new();
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
    // What was left out is left out again, and says so.
    let again = folder.import(&rejects, &[]).output().unwrap();
    assert!(said(&again).contains("0 added, 3 left out"), "{}", said(&again));
}

/// QUIRK-16, QUIRK-17, QUIRK-19: what a file is taken for, and records that share a line.
#[test]
fn arrays_utf_16_and_lines_of_two_records_are_read() {
    let folder = Folder::new();
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
    let folder = Folder::new();
    // Otherwise names are looked for in what comes first, before anything is stored.
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
    // After this one the producer has nothing to say for long, and does not end either.
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

#[test]
fn a_batch_is_not_dealt_with_before_its_rejects_are_written() {
    if !Path::new(FULL).exists() {
        return;
    }
    let folder = Folder::new();
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
    // The first batch has nothing to be left out. The second is as if it had not been read.
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
    let folder = Folder::new();
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
    let folder = Folder::new();
    // What is in conflict is known at the very end only.
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

/// Also while its batches are in the store two at a time: none is lost, none comes twice, and the order
/// is that of the file.
#[test]
fn an_import_into_postgresql_that_is_killed_goes_on() {
    for (bulk, begun) in [
        (&[][..], "SELECT EXISTS (SELECT FROM recordings)"),
        (&["--bulk"], "SELECT to_regclass('staged') IS NOT NULL"),
    ] {
        let Some((folder, url)) = on_a_server() else { return };
        let file = folder.write("a.csv", &keyless(20_000));
        let options = [&["--batch", "150"], bulk].concat();
        // Too late, if one comes to its end first.
        let mut is_whole = false;
        for _ in 0..3 {
            let mut child = folder.import(&file, &options).stderr(Stdio::null()).spawn().unwrap();
            while child.try_wait().unwrap().is_none()
                && postgres_server::psql(&url, begun).unwrap() != "t"
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            child.kill().unwrap();
            is_whole = child.wait().unwrap().success();
            if is_whole {
                break;
            }
        }
        if !is_whole {
            let again = folder.import(&file, &options).output().unwrap();
            assert!(again.status.success(), "{}", said(&again));
        }
        let whole = "SELECT count(*), count(DISTINCT agent_id),
            (SELECT sum(records) FROM counts WHERE level = 10) FROM recordings";
        assert_eq!(postgres_server::psql(&url, whole).unwrap(), "20000|20000|20000");
        let order = "SELECT count(*) FROM (SELECT substr(agent_id, 6)::bigint
            > lead(substr(agent_id, 6)::bigint) OVER (ORDER BY id) AS wrong FROM recordings) AS r
            WHERE wrong";
        assert_eq!(postgres_server::psql(&url, order).unwrap(), "0");
    }
}

/// What is left out is noted before its batch is dealt with, whatever the store does meanwhile.
#[test]
fn rejects_of_an_import_into_postgresql_are_those_of_sqlite() {
    let Some((folder, _)) = on_a_server() else { return };
    let other = Folder::new();
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
