//! Time is linear in the input, also inside one row: twice the bytes take twice the steps.

use std::io::BufReader;

use super::{Decoder, Reader, StreamReader};
use crate::{Options, steps};

/// What a cell, a row or a document can be full of.
const UNITS: [&str; 25] = [
    "a",
    "a\"",
    "\"a",
    "\"\r",
    "\r",
    "\r\r",
    "a,\"",
    "\"\"a\"",
    "é\"",
    "\"",
    "\"\"",
    "\"\",",
    "\",\"",
    "\"a\",",
    "\"\"b,",
    ",\"\"b",
    "\n\"",
    "\"\n",
    "\"a\n",
    "\"\"\n",
    "\n\"\"\"",
    "<a href=\"x, y\">",
    "\0",
    "\u{FEFF}",
    "startDate;agentID",
];

/// Where they stand: what is before them and what is behind.
const FRAMES: [(&str, &str); 10] = [
    (",\"", ",,,,,,,,,,,,,\r\n"),
    (",\"", "\",,,,,,,,,,,,,\r\n"),
    (",\"", ""),
    (",", ",,,,,,,,,,,,,\r\n"),
    ("\"", ""),
    ("", "\r\n"),
    ("", ""),
    ("2008-02-14T10:12:13-08:00,", ",,,,,,,,,,,,,"),
    ("\"x\"y,\"", "\n,,,,,,,,,,,,,\n"),
    ("\r\n,a", "\r\n"),
];

/// A name, and how the input is read.
type Kind = (&'static str, fn(&[u8]));

fn slice(input: &[u8]) {
    let mut reader = Reader::with(input, Options::tolerant(), Vec::new());
    while let Ok(Some(_)) = reader.read() {}
}

fn source(input: &[u8]) {
    let source = BufReader::with_capacity(40, input);
    let mut reader = StreamReader::with(source, Options::tolerant(), Vec::new());
    while let Ok(Some(_)) = reader.read() {}
}

fn pieces(input: &[u8], size: usize) {
    let mut decoder = Decoder::with(Options::tolerant(), Vec::new());
    for piece in input.chunks(size) {
        decoder.feed(piece);
        while let Ok(Some(_)) = decoder.read() {}
    }
    decoder.finish();
    while let Ok(Some(_)) = decoder.read() {}
}

fn steps(read: impl Fn(&[u8]), input: &[u8]) -> u64 {
    let _ = steps::taken();
    read(input);
    steps::taken()
}

#[test]
fn twice_the_bytes_are_twice_the_steps() {
    let documented = "startDate,agentID,phoneNumber,channel,caseID,duration,filename,queueID,\
                      queueName,accountNumber,transactionID,extVar1,extVar2,outDialCode,wrapUpCode";
    let kinds: [Kind; 4] = [
        ("slice", slice),
        ("source", source),
        ("bytes", |input| pieces(input, 1)),
        ("pieces of 100", |input| pieces(input, 100)),
    ];
    for (before, after) in FRAMES {
        for unit in UNITS {
            for head in [format!("{documented}\r\n"), "startDate,agentID".to_owned()] {
                let document = |bytes: usize| {
                    let units = unit.repeat(bytes / unit.len());
                    format!("{head}{before}{units}{after}").into_bytes()
                };
                let (small, large) = (document(800), document(1_600));
                for (kind, read) in kinds {
                    let (few, many) = (steps(read, &small), steps(read, &large));
                    let what = format!("{head:?} {before:?} {unit:?} {after:?}: {kind}");
                    assert!(many <= few * 21 / 10 + 400, "{what}: {few} and {many} steps");
                    assert!(many <= large.len() as u64 * 16 + 400, "{what}: {many} steps");
                }
            }
        }
    }
}
