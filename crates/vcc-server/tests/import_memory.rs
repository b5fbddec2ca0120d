//! The memory that an import takes: less than 256 MB, whatever the shape of its input. A build without
//! optimisation tries only some shapes, and shorter ones; `.ci/import` tries them all.

#![cfg(target_os = "linux")]

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;
use std::process::Stdio;

use common::command::{Folder, command, run};
use tempfile::TempDir;

/// The limit that the README promises, in bytes.
const PROMISED: u64 = 256_000_000;

/// How many MiB a shape has, if all shapes are to be tried.
fn named_size() -> Option<usize> {
    let named = std::env::var("VCC_TEST_IMPORT_MIB").ok();
    named.map(|text| text.parse().expect("VCC_TEST_IMPORT_MIB is a number"))
}

/// How many bytes a shape has.
fn size() -> usize {
    named_size().unwrap_or(4) << 20
}

/// The shapes that take seconds, not minutes, without optimisation.
const QUICK: [&str; 8] = [
    "fat rows",
    "tiny rows",
    "tiny lines, held back",
    "tiny rows that are left out",
    "fat rows that are left out",
    "a line without an end",
    "a row of bare quotes",
    "a gigabyte of nothing in gzip",
];

const START: &str = "2007-12-19T19:16:36Z";
const MIB: usize = 1 << 20;

/// How long the values of a store may be: fourteen fields, of which four take 1,000 bytes.
const LONG: [&str; 10] = [
    "channel",
    "caseID",
    "duration",
    "queueID",
    "queueName",
    "accountNumber",
    "extVar1",
    "extVar2",
    "outDialCode",
    "wrapUpCode",
];

type Shape = fn(&mut dyn Write, usize) -> io::Result<()>;

/// Rows of CSV with these values behind a start.
fn rows(
    to: &mut dyn Write,
    names: &[&str],
    bytes: usize,
    mut values: impl FnMut(usize) -> String,
) -> io::Result<()> {
    writeln!(to, "startDate,{}", names.join(","))?;
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let row = format!("{START},{}\n", values(number));
        written += row.len();
        number += 1;
        to.write_all(row.as_bytes())?;
    }
    Ok(())
}

/// Records of XML with these elements behind a start.
fn files(
    to: &mut dyn Write,
    bytes: usize,
    mut text: impl FnMut(usize) -> String,
) -> io::Result<()> {
    to.write_all(b"<recordings>")?;
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let file = format!("<file><startDate>{START}</startDate>{}</file>\n", text(number));
        written += file.len();
        number += 1;
        to.write_all(file.as_bytes())?;
    }
    to.write_all(b"</recordings>")
}

fn lines(
    to: &mut dyn Write,
    bytes: usize,
    mut text: impl FnMut(usize) -> String,
) -> io::Result<()> {
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let line = format!("{{\"startDate\":\"{START}\"{}}}\n", text(number));
        written += line.len();
        number += 1;
        to.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn gzip(
    to: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut gzip = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
    write(&mut gzip)?;
    gzip.finish().map(drop)
}

/// The longest value of each field that is long.
fn longest(filler: &str, of_a_field: impl Fn(&str, &str) -> String) -> String {
    let value = filler.repeat(MIB);
    LONG.iter().map(|name| of_a_field(name, &value)).collect()
}

/// A shape: its bytes, what the import says of it, and its options.
const SHAPES: [(&str, &str, &[&str], Shape); 20] = [
    ("fat rows", "added", &[], |to, bytes| {
        rows(to, &["extVar1", "filename"], bytes, |n| format!("{},{n}.wav", "x".repeat(100_000)))
    }),
    ("the longest rows, all of it escaped", "added", &[], |to, bytes| {
        let row: Vec<_> = LONG.iter().map(|_| format!("\"{}\"", "\"\"".repeat(MIB))).collect();
        rows(to, &LONG, bytes, |_| row.join(","))
    }),
    ("the longest files, all of it escaped", "added", &[], |to, bytes| {
        let file = longest("&amp;", |name, value| format!("<{name}>{value}</{name}>"));
        files(to, bytes.max(2 * file.len()), |_| file.clone())
    }),
    ("the longest lines, all of it escaped", "added", &[], |to, bytes| {
        let line = longest("\\n", |name, value| format!(",\"{name}\":\"{value}\""));
        lines(to, bytes, |_| line.clone())
    }),
    ("tiny rows", "added", &[], |to, bytes| {
        writeln!(to, "startDate")?;
        (0..bytes / 8 / (START.len() + 1)).try_for_each(|_| writeln!(to, "{START}"))
    }),
    ("tiny files, held back", "added", &[], |to, bytes| {
        files(to, bytes.min(12 * MIB), |_| String::new())
    }),
    ("tiny lines, held back", "added", &[], |to, bytes| {
        lines(to, bytes.min(12 * MIB), |_| String::new())
    }),
    (
        "tiny rows that are left out",
        "left out: cannot be stored",
        &["--reject", "REJECTS"],
        |to, bytes| {
            writeln!(to, "startDate")?;
            (0..bytes / 8 / 5).try_for_each(|_| writeln!(to, "soon"))
        },
    ),
    (
        "fat rows that are left out",
        "left out: cannot be stored",
        &["--reject", "REJECTS"],
        |to, bytes| rows(to, &["extVar1"], bytes, |_| "x".repeat(2 * MIB)),
    ),
    ("fat rows in conflict", ": 1 added", &["--reject", "REJECTS"], |to, bytes| {
        rows(to, &["extVar1", "filename"], bytes, |n| format!("{}{n},a.wav", "x".repeat(500_000)))
    }),
    ("a line without an end", "1 left out: cannot be stored", &[], |to, bytes| {
        (0..bytes / MIB).try_for_each(|_| to.write_all(&[b'{'; MIB]))
    }),
    ("a value without an end", "a record is longer than the limit", &[], |to, bytes| {
        write!(to, "<recordings><file><agentID>")?;
        (0..bytes / MIB).try_for_each(|_| to.write_all(&[b'x'; MIB]))
    }),
    ("a quote without an end", "a row is longer than the limit", &[], |to, bytes| {
        write!(to, "startDate\n\"")?;
        (0..bytes / MIB).try_for_each(|_| to.write_all(&[b'x'; MIB]))
    }),
    ("a row of bare quotes", "1 left out: cannot be stored", &[], |to, bytes| {
        rows(to, &["agentID"], bytes.min(19 * MIB), |_| format!("x{}", "\"".repeat(19 * MIB)))
    }),
    ("a file of unknown references", "1 left out: cannot be stored", &[], |to, bytes| {
        files(to, bytes.min(48 * MIB), |_| format!("<extVar1>{}</extVar1>", "&a;".repeat(16 * MIB)))
    }),
    (
        "a file of unknown elements",
        "more than 256 extra values",
        &["--ignore-unknown"],
        |to, bytes| files(to, bytes.min(48 * MIB), |_| "<a>x</a>".repeat(6 * MIB)),
    ),
    (
        "a line of unknown keys",
        "1 left out: cannot be stored",
        &["--ignore-unknown"],
        |to, bytes| {
            let keys = (0..MIB).map(|n| format!(",\"k{n}\":\"\"")).collect::<String>();
            lines(to, bytes.min(keys.len()), |_| keys.clone())
        },
    ),
    ("an array of arrays", "expected a record in braces", &[], |to, bytes| {
        (0..bytes / MIB).try_for_each(|_| to.write_all(&[b'['; MIB]))
    }),
    ("fat files in gzip", "added", &[], |to, bytes| {
        gzip(to, |to| {
            files(to, bytes, |n| {
                format!("<extVar1>{}</extVar1><filename>{n}</filename>", "x y".repeat(MIB / 3))
            })
        })
    }),
    ("a gigabyte of nothing in gzip", "a row is longer than the limit", &[], |to, _| {
        gzip(to, |to| (0..1_024).try_for_each(|_| to.write_all(&[b' '; MIB])))
    }),
];

/// The peak memory of an import, in bytes, and what it says.
fn peak(store: &str, rejects: &Path, options: &[&str], shape: Shape) -> (u64, String) {
    let options = options.iter().map(|option| match *option {
        "REJECTS" => rejects.to_str().unwrap(),
        option => option,
    });
    let options: Vec<_> = options.collect();
    let arguments = ["import", "--tenant", "acme", "-", "--store", store];
    let mut child = command(&[&arguments[..], &options].concat())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let mut stdin = BufWriter::with_capacity(MIB, stdin);
        // It may stop before the end of its input.
        let _ = shape(&mut stdin, size()).and_then(|()| stdin.flush());
    });
    let mut stderr = child.stderr.take().unwrap();
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        said
    });
    // The peak only grows, so the last reading before the end is close to the final one.
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kilobytes) = line.and_then(|line| line.trim().strip_suffix(" kB")) {
            peak = peak.max(kilobytes.trim().parse::<u64>().unwrap() * 1024);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    writer.join().unwrap();
    (peak, said.join().unwrap())
}

/// Measures each shape in a store of its own, made by `fresh` together with a folder for rejects.
fn all_shapes<F>(fresh: impl Fn() -> (String, TempDir, F)) {
    let mut wrong = Vec::new();
    let quick = |name: &str| named_size().is_some() || QUICK.contains(&name);
    for (name, expected, options, shape) in SHAPES.into_iter().filter(|(name, ..)| quick(name)) {
        let (store, folder, _held) = fresh();
        let (peak, said) = peak(&store, &folder.path().join("rejects"), options, shape);
        let _ = writeln!(io::stderr().lock(), "{:>4} MB  {name}", peak / 1_000_000);
        assert!(peak > 0 && said.contains(expected), "{name}: {said}");
        if peak >= PROMISED {
            wrong.push(format!("{name}: {peak} bytes"));
        }
        // The parts of values that are printed are bounded too.
        if said.len() > 20_000 {
            wrong.push(format!("{name}: {} bytes are said", said.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_import_into_sqlite_takes_less_than_256_mb() {
    all_shapes(|| {
        let folder = Folder::new();
        (folder.store.clone(), tempfile::tempdir().unwrap(), folder)
    });
}

#[test]
fn an_import_into_postgresql_takes_less_than_256_mb() {
    if postgres_server::database().is_none() {
        return;
    }
    all_shapes(|| {
        let url = postgres_server::database().unwrap();
        let added = run(&["tenant", "add", "acme", "--tz", "UTC", "--store", &url]);
        assert_eq!(added.code, 0, "{}", added.stderr);
        (url, tempfile::tempdir().unwrap(), ())
    });
}
