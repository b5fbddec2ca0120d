//! A store of an earlier version of the schema: the messages, and what is served from it.

mod common;

use std::io::Read as _;
use std::path::Path;

use common::command::{Folder, Serving, run};

/// A store as version 1 left it; its tenant `acme` is in Tokyo.
fn of_version_1(folder: &Folder) -> String {
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../vcc-store/tests/fixtures/sqlite-1.db.gz");
    let mut unpacked = Vec::new();
    let packed = std::fs::File::open(fixture).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut unpacked).unwrap();
    let path = folder.path("old.db");
    std::fs::write(&path, unpacked).unwrap();
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute("UPDATE tenants SET zone = 'Asia/Tokyo' WHERE name = 'acme'", []).unwrap();
    format!("sqlite:{}", path.display())
}

const SAID: &str = "upgraded the store from schema version 1 to 2; 4 recordings with a duration \
    beyond 9223372036854775807 seconds: kept and listed, but no number finds such a duration any \
    more; 3 recordings starting before 0001-01-02 or from 9999-12-31 on (UTC): kept and listed, in \
    UTC where the year would not have four digits\n";

#[test]
fn an_upgrade_is_said_once_and_names_of_before_are_marked() {
    let folder = Folder::new();
    let store = of_version_1(&folder);
    let listed = run(&["tenant", "list", "--store", &store]);
    assert_eq!((listed.code, listed.stderr.as_str()), (0, SAID));
    let alike = "would be refused today: the name looks like that of the tenant \"acme\": expected a \
                 name that differs by more than case, width, style or what cannot be seen";
    let format = |character| {
        format!(
            "would be refused today: the name has the format character {character}, which cannot be \
             seen: expected it without"
        )
    };
    let expected = [
        "\" padded\"            America/Denver   0  0  would be refused today: the name begins or ends \
         with white space, U+0020: expected it without"
            .to_owned(),
        format!("Acme                 America/Denver   0  0  {alike}"),
        "acme                 Asia/Tokyo      13  2".to_owned(),
        "bulk                 UTC              0  0".to_owned(),
        "\"cafe\\u{301}\"        America/Denver   0  0  would be refused today: the name is not in \
         Unicode's normal form NFC: expected \"\\u{63}\\u{61}\\u{66}\\u{e9}\", that is \"café\""
            .to_owned(),
        "plain                America/Denver   0  0".to_owned(),
        format!("\"rtl\\u{{202e}}evil\"    America/Denver   0  0  {}", format("U+202E")),
        format!("\"zero\\u{{200b}}width\"  America/Denver   0  0  {}", format("U+200B")),
        format!("ＡCME                America/Denver   0  0  {alike}"),
    ];
    assert_eq!(listed.stdout.lines().collect::<Vec<_>>(), expected);
    assert_eq!(run(&["tenant", "list", "--store", &store]).stderr, "");
}

#[test]
fn commands_that_copy_say_it_too() {
    let folder = Folder::new();
    let store = of_version_1(&folder);
    let copy = folder.path("copy.db").display().to_string();
    let backup = run(&["backup", &copy, "--store", &store]);
    assert!(backup.code == 0 && backup.stderr.starts_with(SAID), "{}", backup.stderr);
    assert_eq!(run(&["tenant", "list", "--store", &format!("sqlite:{copy}")]).stderr, "");
}

/// OUT-3, FIELD-4: whatever an old store holds, every year has four digits, and nothing is lost.
#[test]
fn a_store_of_before_is_served() {
    let folder = Folder::new();
    let store = of_version_1(&folder);
    let server =
        Serving::start(&["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &store]);
    let get = |query: &str| {
        let answer = server.get(&format!("/api/recordings/files.csv{query}"), "acme", "first");
        assert!(answer.starts_with("HTTP/1.1 200"), "{query}: {answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        body.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let all = get("");
    assert_eq!(all.len(), 13);
    for row in &all {
        let start = row.split(',').next().unwrap();
        assert!(start.len() >= 25 && start.as_bytes()[4] == b'-', "{row}");
        assert!(("0001"..="9999").contains(&&start[..4]), "{row}");
    }
    assert!(all[12].starts_with("9999-12-31T23:59:59+00:00,bill"), "{}", all[12]);
    assert!(all[11].starts_with("9999-12-31T09:00:00+09:00,bill"), "{}", all[11]);
    assert_eq!(get("?d=9999-12-31T00:00Z,9999-12-31T23:59:59.5Z").len(), 2);
    for (seconds, count) in [
        ("27", 2),
        ("0000000027", 2),
        ("9223372036854775807", 1),
        ("9223372036854775808", 0),
        ("18446744073709551615", 0),
        ("18446744073709551616", 0),
    ] {
        assert_eq!(get(&format!("?duration={seconds}")).len(), count, "{seconds}");
    }
}
