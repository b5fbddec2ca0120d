//! Time is linear in the input, also inside one tag or element: of twice the bytes, twice the
//! steps.

use std::io::BufReader;

use super::{Decoder, Reader, StreamReader};
use crate::{Options, steps};

/// What a tag, an element or a document can be full of.
const UNITS: [&str; 62] = [
    "a",
    " ",
    "é",
    "\u{FEFF}",
    "\0",
    "\u{C} ",
    "<",
    ">",
    "&",
    "&a",
    "&#1",
    "&#xD83D;",
    "&amp;",
    "%",
    "%lt;",
    "%lt;file a='",
    "]]>",
    "'",
    "\"",
    " a='1'",
    " a=\"1",
    " a=1",
    " a",
    "='",
    "/",
    "<a",
    "<a ",
    "<a>",
    "<b/>",
    "<a b='",
    "<a b=\"1\"",
    "<a b='>",
    "</a>",
    "</a",
    "</>",
    "</b></i>",
    "<b></i>",
    "<i></b> ",
    "<b><i>x</b></i>",
    "<agentID>",
    "</agentID>",
    "<agentID></b>",
    "<caseID></agentID>",
    "<agentID><caseID></agentID>",
    "<agentID>x<file></agentID>",
    "<queueID/>",
    "<site><agentID/>",
    "<site><agentID/><b></b>",
    "<file>",
    "</file>",
    "<file>x",
    "</file><file ",
    "<!--",
    "-->",
    "<!-- -- -->",
    "<![CDATA[",
    "<![CDATA[]]>",
    "<?p",
    "<?p ?>",
    "<!DOCTYPE recordings [<!-- ",
    "<?xml version='1.0'?><recordings>",
    "</recordings><recordings>",
];

/// Where they stand: what is before them and what is behind.
const FRAMES: [(&str, &str); 16] = [
    ("", ""),
    ("<?xml ", "?><recordings/>"),
    ("<?xml version='", ""),
    ("<!DOCTYPE recordings [", "]><recordings/>"),
    ("<!DOCTYPE ", "><recordings/>"),
    ("<recordings", "></recordings>"),
    ("<recordings>", "</recordings>"),
    ("<recordings><file ", "></file></recordings>"),
    ("<recordings><file>", "</file></recordings>"),
    ("<recordings><file><agentID>", "</agentID></file></recordings>"),
    ("<recordings><file><agentID>", "<caseID>1</caseID></file></recordings>"),
    ("<recordings><file><agentID><", "></agentID></file></recordings>"),
    ("<recordings><file><site>", "</site></file></recordings>"),
    ("<recordings><file><site>", "</file></recordings>"),
    ("<recordings><file><agentID></", "></file></recordings>"),
    ("<recordings/>", "<recordings/>"),
];

/// A way of reading.
type Read = fn(&[u8]);

fn slice(input: &[u8]) {
    let mut reader = Reader::with(input, Options::tolerant(), Vec::new());
    while let Ok(Some(_)) = reader.read() {}
}

fn source(input: &[u8]) {
    let source = BufReader::with_capacity(1, input);
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
    let kinds: [(&str, Read); 3] =
        [("slice", slice), ("bytes", source), ("pieces of 100", |input| pieces(input, 100))];
    let mut slow = Vec::new();
    for (before, after) in FRAMES {
        for unit in UNITS {
            let document = |bytes: usize| {
                let units = unit.repeat(bytes / unit.len());
                format!("{before}{units}{after}").into_bytes()
            };
            let (small, large) = (document(8_000), document(16_000));
            for (kind, read) in kinds {
                let (few, many) = (steps(read, &small), steps(read, &large));
                let what = format!("{before:?} {unit:?} {after:?}: {kind}");
                if many > few * 21 / 10 + 40_000 || many > large.len() as u64 * 16 + 400 {
                    slow.push(format!("{what}: {few} and {many} steps"));
                }
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
