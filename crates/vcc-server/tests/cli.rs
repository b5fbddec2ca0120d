//! The command `vcc-server`: its output, its errors and its exit codes.

mod common;

use common::command::{Folder, Serving, command, run, run_with};
use vcc_types::TokenForm;

const HEADER: &str = "startDate,agentID,transactionID,filename,duration\n";

#[test]
fn the_documentations_urls_work_against_the_demo() {
    let demo = Serving::start(&["demo", "--port", "0"]);
    for (query, at_least) in [
        ("", 50),
        (
            "?agentID=bill&channel=8005557780&phoneNumber=4155551234&finish-date=2007-12-19%2019:16:58Z\"",
            1,
        ),
        ("?d=2007-08-05&tz=America/New_York", 3),
        ("?d=2007-08-05,2007-08-07", 4),
        ("?d=2007-08-05%2013:15Z,2007-08-07%2014:30Z", 5),
        ("?d=20070805T1315Z,20070807T1430Z", 5),
        ("?d=today-1d,today&tz=America/Denver", 50),
        // The demo counts from the day of its start, which may have ended.
        ("?d=today-1d,today", 1),
        ("?n=51", 50),
        ("?channel=8005551234", 5),
    ] {
        let target = format!("/api/recordings/files{query}");
        let answer = demo.get(&target, "acme", "ac12343934687a839cf");
        assert!(answer.starts_with("HTTP/1.1 200"), "{query}: {answer}");
        let records = answer.matches("<file>").count();
        assert!(records >= at_least, "{query}: {records}");
    }
}

#[test]
fn a_store_is_made_filled_and_served() {
    let folder = Folder::new();
    let token = folder.run(&["token", "new", "acme", "--label", "first"]);
    assert_eq!((token.code, token.stdout.len()), (0, 55), "{}", token.stderr);
    let token = token.stdout.trim();
    assert_eq!(TokenForm::of(token), TokenForm::Whole);
    let file =
        folder.write("a.csv", &format!("{HEADER}2007-12-19T19:16:36-08:00,bill,1,a.wav,27\n"));
    let imported = folder.import(&[&file]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);

    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &folder.store];
    let server = Serving::start(&arguments);
    let target = "/api/recordings/files.csv?agentID=bill";
    assert!(server.get(target, "acme", token).contains("2007-12-19T19:16:36-08:00,bill"));

    // From the next request on, without a restart.
    assert_eq!(folder.run(&["token", "revoke", "acme", "1"]).code, 0);
    assert!(server.get(target, "acme", token).starts_with("HTTP/1.1 403"));
    let listed = folder.run(&["token", "list", "acme"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (0, ""));
}

#[test]
fn tokens_from_elsewhere_and_replacements() {
    let folder = Folder::new();
    let stdin = ["token", "new", "acme", "--stdin", "--store", &folder.store];
    let kept = run_with(&stdin, b"ac12343934687a:839cf\n");
    assert_eq!((kept.code, kept.stdout.as_str()), (0, ""), "{}", kept.stderr);
    assert!(!kept.stderr.contains("ac1234"), "{}", kept.stderr);
    assert!(!kept.stderr.contains("warning"), "{}", kept.stderr);
    let mistyped = run_with(&stdin, b"vccr_0000000000000000000000000000000000000000000000000\n");
    assert!(mistyped.code == 0 && mistyped.stderr.contains("check characters are wrong"));
    assert_eq!(folder.run(&["token", "revoke", "acme", "2"]).code, 0);
    let long = folder.run(&["token", "new", "acme", "--label", &"x".repeat(101)]);
    let said = "error: the label has 101 characters: expected one line of at most 100 characters, \
                without control and format characters\n";
    assert_eq!((long.code, long.stderr.as_str()), (1, said));
    assert_eq!(folder.run(&["token", "new", "acme", "--label", "a\nb"]).code, 1);
    let short = run_with(&stdin, b"sesame\n");
    assert_eq!(short.code, 2);
    assert_eq!(folder.run(&["token", "new", "acme", "--replace", "--label", "b"]).code, 0);
    let listed = folder.run(&["token", "list", "acme"]).stdout;
    assert!(listed.starts_with("   3  ") && listed.ends_with("Z  b\n"), "{listed}");
}

#[test]
fn of_replacements_at_once_each_shows_its_token_and_the_last_stays() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["token", "new", "acme"]).code, 0);
    let ran = std::thread::scope(|scope| {
        let one = || folder.run(&["token", "new", "acme", "--replace"]);
        let running: Vec<_> = (0..6).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect::<Vec<_>>()
    });
    for ran in ran {
        assert_eq!((ran.code, ran.stdout.len()), (0, 55), "{}", ran.stderr);
    }
    let listed = folder.run(&["token", "list", "acme"]).stdout;
    assert!(listed.starts_with("   7  ") && listed.lines().count() == 1, "{listed}");
}

#[test]
fn an_import_says_what_became_of_every_record() {
    let folder = Folder::new();
    let file = folder.write(
        "a.csv",
        &format!(
            "{HEADER}2007-12-19T19:16:36-08:00,bill,1,a.wav,27\n\
             2007-12-19T19:16:36,bill,2,b.wav,27\n\
             2007-12-19T19:16:36.0000001Z,bill,3,c.wav,27\n\
             soon,bill,4,d.wav,27\n"
        ),
    );
    let rejects = folder.path("rejects.jsonl");
    let first = folder.import(&[&file, "--reject", rejects.to_str().unwrap()]);
    assert_eq!(first.code, 3, "{}", first.stderr);
    assert!(first.stderr.contains(": 1 added, 3 left out: cannot be stored"), "{}", first.stderr);
    assert!(first.stderr.contains("record 2: startDate: no offset, and no --zone that would"));
    let kept = std::fs::read_to_string(&rejects).unwrap();
    assert_eq!(kept.lines().count(), 3);
    assert!(kept.contains(r#""rejectedRecord":"3","rejectedBecause":"startDate: finer than"#));

    // With a zone they are complete, and are imported from the rejects.
    let again = folder.import(&[rejects.to_str().unwrap(), "--zone", "America/Los_Angeles"]);
    assert!(again.stderr.contains(": 1 added, 2 left out"), "{}", again.stderr);

    let changed = folder.write(
        "b.csv",
        &format!(
            "{HEADER}2007-12-19T19:16:36-08:00,bill,1,a.wav,27\n\
             2007-12-19T19:16:36-08:00,anna,2,b.wav,27\n"
        ),
    );
    let conflict = folder.import(&[&changed, "--reject", rejects.to_str().unwrap()]);
    assert_eq!(conflict.code, 3);
    assert!(conflict.stderr.contains("1 was there already, 1 left out"), "{}", conflict.stderr);
    assert!(std::fs::read_to_string(&rejects).unwrap().contains(r#""agentID":"anna""#));
    let updated = folder.import(&[&changed, "--update"]);
    assert_eq!(updated.code, 0, "{}", updated.stderr);
    assert!(updated.stderr.contains("1 was there already, 1 updated"), "{}", updated.stderr);
}

/// OUT-3, FIELD-4: each message has the field, what is wrong, and what would be accepted.
#[test]
fn an_import_refuses_starts_and_durations_that_no_list_could_show_rightly() {
    let folder = Folder::new();
    let file = folder.write(
        "a.csv",
        &format!(
            "{HEADER}0001-01-01T23:59:59Z,bill,1,a.wav,27\n\
             9999-12-31T23:59:59Z,bill,2,b.wav,27\n\
             2007-12-19T19:16:36Z,bill,3,c.wav,9223372036854775808\n\
             0001-01-02T00:00:00Z,bill,4,d.wav,9223372036854775807\n\
             9999-12-30T23:59:59Z,bill,5,e.wav,00000000000000000000000000027\n\
             2007-12-19T19:16:36Z,bill,6,f.wav,a while\n"
        ),
    );
    let rejects = folder.path("rejects.jsonl");
    for arguments in [&[][..], &["--bulk"]] {
        let reject = ["--reject", rejects.to_str().unwrap()];
        // A bulk load is the first of all.
        let folder = if arguments.is_empty() { &folder } else { &Folder::new() };
        let ran = folder.import(&[&[file.as_str()], arguments, &reject].concat());
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        let year = "its year would not have four digits in every zone: expected a start from \
                    0001-01-02T00:00:00Z on and before 9999-12-31T00:00:00Z, found ";
        for said in [
            &format!("record 1: startDate: {year}"),
            &format!("record 2: startDate: {year}"),
            "record 3: duration: too large: expected at most 9223372036854775807 seconds, which is",
            ": 3 added, 3 left out: cannot be stored",
        ] {
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
        let kept = std::fs::read_to_string(&rejects).unwrap();
        assert!(kept.contains(r#""startDate":"9999-12-31T23:59:59Z""#), "{kept}");
        assert!(kept.contains(r#""duration":"9223372036854775808""#), "{kept}");
    }
}

#[test]
fn an_import_reads_the_documentations_broken_xml_from_stdin() {
    let folder = Folder::new();
    let xml = "<?xml version='1.0' encoding='UTF-8' ?>\n<recordings>\n<file>\n\
        <startDate>2007-12-19T19:16:36-08:00</startDate>\n<queueName>phoneq1</>\n</file>\n\
        %lt;/recordings>\n";
    let arguments = ["import", "--tenant", "acme", "-", "--store", &folder.store];
    let imported = run_with(&arguments, xml.as_bytes());
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    for said in ["1 added", "1 × empty-end-tag (QUIRK-1)", "(QUIRK-2)"] {
        assert!(imported.stderr.contains(said), "{said}: {}", imported.stderr);
    }
}

#[test]
fn an_import_that_breaks_off_keeps_what_came_before() {
    let folder = Folder::new();
    let whole = "<file><startDate>2007-12-19T19:16:36Z</startDate></file>";
    let file = folder.write("a.xml", &format!("<recordings>{}<file><ag", whole.repeat(5)));
    let broken = folder.import(&[&file, "--batch", "2"]);
    assert_eq!(broken.code, 1, "{}", broken.stderr);
    assert!(broken.stderr.contains("5 added"), "{}", broken.stderr);
    // The same file again: nothing is added twice, though the records have no keys.
    let again = folder.import(&[&file, "--batch", "2"]);
    assert!(again.stderr.contains("broken off after record 5"), "{}", again.stderr);
    assert!(again.stderr.contains("0 added"), "{}", again.stderr);
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = Folder::new();
    let missing = format!("sqlite:{}", folder.path("none.db").display());
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().to_string();
    for (arguments, code, said) in [
        (&["serve", "--store", &folder.store][..], 2, "unencrypted"),
        (&["serve", "--insecure-http", "--store", &missing], 1, "there is no store at"),
        (&["serve", "--insecure-http", "--store", "mysql:x"], 2, "sqlite:PATH"),
        (
            &["serve", "--insecure-http", "--listen", &busy, "--store", &folder.store],
            1,
            "another program listens there",
        ),
        (
            &["tenant", "add", "b", "--tz", "America/Los_angeles", "--store", &folder.store],
            2,
            "no time zone \"America/Los_angeles\"",
        ),
        (&["tenant", "add", "b", "--tz", "utc", "--store", &folder.store], 2, "sensitive: UTC\n"),
        (&["tenant", "add", "acme", "--tz", "UTC", "--store", &folder.store], 1, "already"),
        (
            &["tenant", "add", "a:b", "--tz", "UTC", "--store", &folder.store],
            1,
            "the tenant name \"a:b\" has a `:`, which ends the name in Basic credentials: expected a \
             name without one\n",
        ),
        (
            &["tenant", "add", "a\tb", "--tz", "UTC", "--store", &folder.store],
            1,
            "the tenant name \"a\\tb\" has the control character U+0009: expected",
        ),
        (
            &["tenant", "add", " acme", "--tz", "UTC", "--store", &folder.store],
            1,
            "the tenant name \" acme\" begins or ends with white space, U+0020: expected it without",
        ),
        (
            &["tenant", "add", "\u{202e}emca", "--tz", "UTC", "--store", &folder.store],
            1,
            "the tenant name \"\\u{202e}emca\" has the format character U+202E, which cannot be seen",
        ),
        (
            &["tenant", "add", "ACME", "--tz", "UTC", "--store", &folder.store],
            1,
            "the tenant name \"ACME\" looks like that of the tenant \"acme\": expected a name that",
        ),
        (&["token", "new", "nobody", "--store", &folder.store], 1, "no tenant \"nobody\""),
        (&["tenant", "remove", "acme", "--store", &folder.store], 2, "this would remove acme"),
        (&["import", "--tenant", "acme", "none.csv", "--store", &folder.store], 1, "none.csv"),
        (
            &[
                "serve",
                "--insecure-http",
                "--listen=127.0.0.1:0",
                "--admin",
                &busy,
                "--store",
                &folder.store,
            ],
            1,
            "`--admin 127.0.0.1:0` takes a free port",
        ),
        (&["serve", "--insecure-http", "--listen", ":80"], 2, "127.0.0.1:80 for this machine"),
        (
            &["serve", "--insecure-http", "--dialect", "none.toml", "--store", &folder.store],
            1,
            "cannot read none.toml",
        ),
        (&["serve", "--insecure-http", "--log", "loud"], 2, "error, warn, info, debug, trace"),
        (&["serve", "--tls-cert", "none.pem", "--tls-key", "k"], 1, "cannot read none.pem"),
        (&["serve"], 2, "unencrypted"),
        (&["serve", "--insecure-http"], 2, "no store is named"),
        (&["serve", "--tls-cert", "x", "--store", &folder.store], 2, "go together"),
        (&["token", "list", "acme"], 2, "--store"),
        (&["no-such-command"], 2, "no-such-command"),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "colours in a pipe: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    assert!(folder.path("recordings.db").exists());
}

#[test]
fn a_tenant_is_removed_with_all_it_has() {
    let folder = Folder::new();
    let file =
        folder.write("a.csv", &format!("{HEADER}2007-12-19T19:16:36-08:00,bill,1,a.wav,27\n"));
    assert_eq!(folder.import(&[&file]).code, 0);
    assert_eq!(folder.run(&["token", "new", "acme"]).code, 0);
    assert_eq!(folder.run(&["tenant", "list"]).stdout, "acme  America/Los_Angeles  1  1\n");
    let removed = folder.run(&["tenant", "remove", "acme", "--yes"]);
    assert_eq!(removed.code, 0);
    assert!(removed.stderr.contains("its 1 recording\n"), "{}", removed.stderr);
    assert_eq!(folder.run(&["tenant", "list"]).stdout, "");
}

#[test]
fn records_are_purged_erased_backed_up_and_restored() {
    let folder = Folder::new();
    let file = folder.write(
        "a.csv",
        "startDate,agentID,phoneNumber,transactionID\n\
         2007-12-19T00:00:00-08:00,bill,1,1\n\
         2007-12-18T23:59:59-08:00,bill,2,2\n\
         2007-12-20T00:00:00-08:00,anna,3,3\n\
         2007-12-20T00:00:00-08:00,bill,4,4\n",
    );
    assert_eq!(folder.import(&[&file]).code, 0);
    let backup = folder.path("backup.db").to_str().unwrap().to_owned();
    assert_eq!(folder.run(&["backup", &backup]).code, 0);

    let tenant = ["--tenant", "acme"];
    for (arguments, said) in [
        (&["purge", "--before", "2007-12-19"][..], "deleted 1 recording"),
        (&["erase", "--agent", "anna"], "deleted 1 recording"),
        (&["erase", "--phone-number", "4"], "deleted 1 recording"),
        (&["erase", "--phone-number", "%"], "deleted 0 recordings"),
    ] {
        let ran = folder.run(&[arguments, &tenant, &["--yes"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
    for wrong in [
        &["purge", "--before", "soon"][..],
        &["erase"],
        &["erase", "--agent", ""],
        &["erase", "--agent", "a", "--phone-number", "b"],
    ] {
        assert_eq!(folder.run(&[wrong, &tenant].concat()).code, 2, "{wrong:?}");
    }

    let restored = format!("sqlite:{}", folder.path("restored.db").display());
    assert_eq!(run(&["restore", &backup, "--store", &restored]).code, 0);
    let removed = run(&["tenant", "remove", "acme", "--yes", "--store", &restored]);
    assert!(removed.stderr.contains("its 4 recordings"), "{}", removed.stderr);
    assert_eq!(run(&["restore", &backup, "--store", &restored]).code, 1);
    assert_eq!(folder.run(&["backup", &backup]).code, 1);
}

#[test]
fn a_field_is_given_an_index_while_it_is_served() {
    let folder = Folder::new();
    let token = folder.run(&["token", "new", "acme"]);
    let lines: String = (0..300)
        .map(|call| format!("2007-12-19T19:16:36Z,bill,{call},a.wav,{}\n", call % 3))
        .collect();
    let file = folder.write("a.csv", &format!("{HEADER}{lines}"));
    assert_eq!(folder.import(&[&file]).code, 0);
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &folder.store];
    let server = Serving::start(&arguments);
    let get =
        || server.get("/api/recordings/files.csv?duration=1&n=51", "acme", token.stdout.trim());
    let before = get();
    assert_eq!(before.matches(",bill,").count(), 50, "{before}");
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    for (option, said) in [
        ("--index", "made the index by duration\n"),
        ("--drop-index", "dropped the index by duration\n"),
    ] {
        let ran = folder.run(&["fields", option, "duration"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.ends_with(said), "{}", ran.stderr);
        assert_eq!(body(&get()), body(&before), "{option}");
        let listed = folder.run(&["fields"]).stdout;
        let is_there = listed.contains("duration       an index, given by --index\n");
        assert_eq!(is_there, option == "--index", "{listed}");
    }
}

#[test]
fn a_backup_that_is_cut_off_is_none() {
    let folder = Folder::new();
    let rows = (0..40_000).map(|n| format!("2007-12-19T19:16:36Z,bill,{n},a.wav,27\n"));
    let file = folder.write("a.csv", &(HEADER.to_owned() + &rows.collect::<String>()));
    assert_eq!(folder.import(&[&file]).code, 0);
    let begun = || {
        let mut files = std::fs::read_dir(folder.path("")).unwrap();
        files.any(|file| file.unwrap().file_name().to_string_lossy().starts_with("backup.db"))
    };
    let backup = folder.path("backup.db");
    let mut child =
        command(&["backup", backup.to_str().unwrap(), "--store", &folder.store]).spawn().unwrap();
    while child.try_wait().unwrap().is_none() && !begun() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Either the signal came too late, or nothing has that name.
    if backup.exists() {
        let store = format!("sqlite:{}", backup.display());
        let removed = run(&["tenant", "remove", "acme", "--yes", "--store", &store]);
        assert!(removed.stderr.contains("its 40,000 recordings"), "{}", removed.stderr);
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    for arguments in [&["completions", "bash"][..], &["completions", "zsh"], &["man"]] {
        let printed = run(arguments);
        assert_eq!(printed.code, 0);
        assert!(printed.stdout.contains("vcc-server"), "{arguments:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&["man", "--to", folder.path().to_str().unwrap()]).code, 0);
    let page = std::fs::read_to_string(folder.path().join("vcc-server-token-new.1")).unwrap();
    assert!(page.contains("\\-\\-replace"), "{page}");
}
