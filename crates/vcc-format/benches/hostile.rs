//! Shapes of input that make a reader look back or ahead, beside plain records: the time per byte
//! is at most five times theirs, whatever a row or a tag is full of and however it comes.
//!
//! `cargo bench -p vcc-format --bench hostile [-- PART OF A NAME]`. Each shape fills one record of 500 KB;
//! the best of sixty runs is printed in MB of input a second, for input in memory, from a `BufRead`,
//! and in pieces of 1,000 bytes, with how many times the time of plain records it is.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::io::BufReader;
use std::time::Instant;

use vcc_format::{Decoder, Format, Reader, StreamReader, csv::Csv, xml::Xml};

const RUNS: usize = 60;
const BYTES: usize = 500_000;

/// A name, what is before, what it is full of, what is behind.
type Shape = (&'static str, &'static str, &'static str, &'static str);

const CSV: [Shape; 33] = [
    (
        "plain rows",
        "",
        "2008-02-14T10:12:13-08:00,bill,4155551234,8005551234,0,27,S20080214/R20080214181213.wav,q1,Sales,0,1,,,,\r\n",
        "",
    ),
    ("one long cell", ",", "abcdefgh", ",,,,,,,,,,,,,\r\n"),
    ("one long cell in quotes", ",\"", "abcdefgh", "\",,,,,,,,,,,,,\r\n"),
    ("quotes doubled", ",\"", "a\"\"", "\",,,,,,,,,,,,,\r\n"),
    ("quotes not doubled", ",\"", "a\"", "\",,,,,,,,,,,,,\r\n"),
    ("quotes that nothing ends", ",\"", "a\"", ",,,,,,,,,,,,,\r\n"),
    ("quotes behind a letter", ",a", "a\"", ",,,,,,,,,,,,,\r\n"),
    ("quote, CR", ",\"", "\"\r", ",,,,,,,,,,,,,\r\n"),
    ("cell, quote", ",\"", "a,\"", ",,,,,,,,,,,,,\r\n"),
    ("two quotes, cell, quote", ",\"", "\"\"a\"", ",,,,,,,,,,,,,\r\n"),
    ("é, quote", ",\"", "é\"", ",,,,,,,,,,,,,\r\n"),
    ("HTML in quotes, not doubled", ",\"", "<a href=\"x\">y, z</a> ", "\",,,,,,,,,,,,,\r\n"),
    ("HTML without quotes", ",", "<a href=\"x\">y z</a> ", ",,,,,,,,,,,,,\r\n"),
    ("commas, CR", ",", "\r", ",,,,,,,,,,,,,\r\n"),
    ("quotes in the last cell", ",,,,,,,,,,,,,,\"", "\"\"a\"", "\r\n"),
    ("quotes that the input ends", ",\"", "\"\"a\"", ""),
    (
        "headers without line ends",
        ",,,,,,,,,,,,,,x",
        "startDate;agentID;phoneNumber;channel;caseID;duration;filename;queueID;queueName;accountNumber;transactionID;extVar1;extVar2;outDialCode;wrapUpCode",
        "\r\n",
    ),
    (
        "headers in another spelling",
        "",
        "start_date; agent id; Phone-Number; channel; case_id; duration; filename; queue_id; ",
        "\r\n",
    ),
    ("names of one field", "startDate;", "startDate;", "\r\n"),
    ("a start, then names of nothing", "startDate;", "x;", "\r\n"),
    ("a start, then one long cell", "startDate,", "abcdefgh", "\r\n"),
    ("a start, then é", "startDate,", "é", "\r\n"),
    ("a start, then quotes doubled", "startDate,\"", "\"\"", "\"\r\n"),
    ("a text, then one long cell", "x,", "abcdefgh", "\r\n"),
    ("a text, then é", "x,", "é", "\r\n"),
    ("a text, then spaces", "x,", " ", "\r\n"),
    ("a BOM in a cell", ",", "\u{FEFF}", ",,,,,,,,,,,,,\r\n"),
    ("control characters", ",", "\u{1}", ",,,,,,,,,,,,,\r\n"),
    ("padding", "", "\0", ""),
    ("lines that a quote opens", "", ",\"a,,,,,,,,,,,,,\r\n", ""),
    ("short rows", "", "a,b\r\n", ""),
    (
        "rows with a value too many",
        "",
        "2008-02-14T10:12:13-08:00,bill,4155551234,8005551234,0,27,S20080214/R20080214181213.wav,q1,Sales,0,1,,,,,\r\n",
        "",
    ),
    ("blank rows", "", "\r\n", ""),
];

/// Without a header before them.
const FIRST_ROWS: [Shape; 14] = [
    ("plain rows", CSV[0].1, CSV[0].2, CSV[0].3),
    ("one long cell", "", "abcdefgh", "\r\n"),
    ("cells", "", "a;", "\r\n"),
    ("cells with all delimiters", "", "a;b|c\t", "\r\n"),
    ("cells in quotes", "startDate;", "\"a\";", "\r\n"),
    ("cells that a quote opens", "startDate,a;", "\"a;", "\r\n"),
    ("quotes doubled", "\"", "a\"\"", "\"\r\n"),
    ("quotes that nothing ends", "\"", "a\"", ""),
    ("names of one field", "", "startDate;", "\r\n"),
    ("a field, as often as it goes", "", "startDate", "\r\n"),
    ("headers without line ends", "", CSV[16].2, "\r\n"),
    ("one long name", "startDate,", "abcdefgh", "\r\n"),
    ("a name full of é", "startDate,", "é", "\r\n"),
    ("a name full of white space", "startDate,a", "\u{A0}", "b\r\n"),
];

const XML: [Shape; 100] = [
    (
        "plain records",
        "<recordings>",
        "<file><startDate>2008-02-14T10:12:13-08:00</startDate><agentID>bill</agentID><duration>27</duration><queueName>Sales</queueName></file>",
        "</recordings>",
    ),
    ("one long value", FIELD, "abcdefgh", END),
    ("attributes", "<recordings><file", " ab='12'", "></file></recordings>"),
    ("attributes without quotes", "<recordings><file", " ab=12", "></file></recordings>"),
    ("attributes without values", "<recordings><file", " ab", "></file></recordings>"),
    (
        "attributes of a field",
        "<recordings><file><agentID",
        " ab='12'",
        "></agentID></file></recordings>",
    ),
    (
        "attributes of a tag in a value",
        "<recordings><file><agentID><b",
        " ab='12'",
        "></agentID></file></recordings>",
    ),
    ("quotes that nothing closes", FIELD, "<a b='", END),
    ("quotes closed by the next tag", FIELD, "<a b=\"1", END),
    ("a long name", "<recordings><file><", "abcdefgh", ">1</file></recordings>"),
    ("a long end tag", "<recordings><file><agentID>1</", "abcdefgh", "></file></recordings>"),
    ("less-than", FIELD, "<", END),
    ("ampersands", FIELD, "&", END),
    ("ampersands and letters", FIELD, "&copy ", END),
    ("unknown references", FIELD, "&nbsp;", END),
    ("references", FIELD, "&amp;", END),
    ("surrogate pairs", FIELD, "&#xD83D;&#xDE00;", END),
    ("ends of CDATA", FIELD, "]]>", END),
    ("tags in a value", FIELD, "<b>x</b>", END),
    ("open tags in a value", FIELD, "<br>", END),
    ("end tags in a value", FIELD, "x</b>", END),
    ("crossing tags in a value", FIELD, "<b><i>x</b></i>", END),
    ("tags that others close", FIELD, "<b></i>", END),
    ("end tags with a space", FIELD, "</b >", END),
    ("end tags with a line end", FIELD, "</b\n>", END),
    ("end tags with CR LF and a tab", FIELD, "</b\r\n\t>", END),
    ("end tags and a space", FIELD, "</b> ", END),
    ("end tags with an attribute", FIELD, "</b c='1'>", END),
    ("end tags with a slash", FIELD, "</b/>", END),
    ("end tags of two names", FIELD, "</b></i>", END),
    ("end tags of long names", FIELD, "</strong></paragraph>", END),
    ("end tags with a prefix", FIELD, "</x:b>", END),
    ("end tags of another field", FIELD, "</caseID>", END),
    (
        "empty end tags in an element",
        "<recordings><file><site>",
        "<b></>",
        "</site></file></recordings>",
    ),
    ("start tags with a space", FIELD, "<b >", END),
    ("start tags with a tab", FIELD, "<b\t>x", END),
    ("empty tags", FIELD, "<b/>", END),
    ("empty tags with a space", FIELD, "<b />", END),
    ("tags with a prefix", FIELD, "<x:b>t</x:b>", END),
    ("tags in capitals", FIELD, "<B>x</B>", END),
    ("a tree of tags", FIELD, "<a><b><c>x</c></b></a>", END),
    ("crossing tags and end tags", FIELD, "<b><i></u></b></i></s>", END),
    ("crossing tags with spaces", FIELD, "<b ><i >x</b ></i >", END),
    ("crossing tags, apart", FIELD, "<b> <i> </b> </i> ", END),
    ("end tags, then a comment", FIELD, "<b></i>x<!-- -->", END),
    ("end tags and references", FIELD, "</b>&amp;", END),
    ("end tags and percent signs", FIELD, "<b></i><a %x>", END),
    ("tags and percent signs", FIELD, "<a %x>", END),
    ("attributes with percent signs", FIELD, "<a b=%20>", END),
    ("tags that a reference ends", FIELD, "<b%gt;", END),
    ("end tags that a reference ends", FIELD, "</b%gt;", END),
    ("tags that a reference begins", "<recordings>", "%lt;b>", "</recordings>"),
    ("elements with empty end tags", "<recordings>", "<b></>", "</recordings>"),
    ("end tags and a comment", FIELD, "</b>x<!---->", END),
    ("tags with a quote", FIELD, "<b c=\"></i>", END),
    ("tags with unquoted attributes", FIELD, "<b c=1></i>", END),
    ("tags that nothing ends, named", FIELD, "<span class ", END),
    ("less-than and letters", FIELD, "x < y", END),
    ("CR LF in a value", FIELD, "\r\n", END),
    ("brackets", FIELD, "]]", END),
    ("empty comments", FIELD, "<!---->", END),
    ("short instructions", FIELD, "<?a?>", END),
    ("declarations in a value", FIELD, "<!b>", END),
    (
        "crossing tags in an unknown element",
        "<recordings><file><site>",
        "<b><i>x</b></i>",
        "</site></file></recordings>",
    ),
    (
        "end tags with a space in an unknown element",
        "<recordings><file><site>",
        "</b >",
        "</site></file></recordings>",
    ),
    ("end tags with a space between fields", "<recordings><file>", "</b >", "</file></recordings>"),
    ("end tags with a space around records", "<recordings>", "</b >", "</recordings>"),
    ("crossing tags around records", "<recordings>", "<b><i></b></i>", "</recordings>"),
    (
        "elements of long names around records",
        "<recordings>",
        "<paragraph></paragraph>",
        "</recordings>",
    ),
    ("elements with attributes in a value", FIELD, "<p class=\"a\">t</p>", END),
    ("tags that nothing ends", FIELD, "<a ", END),
    ("end tags before a field", FIELD, "</b>", "<caseID>1</caseID></file></recordings>"),
    ("mentions of a field", FIELD, "<agentID>", END),
    ("comments in a value", FIELD, "<!-- -->", END),
    ("a comment that nothing ends", FIELD, "<!-- ", END),
    ("CDATA that nothing ends", FIELD, "<![CDATA[", END),
    ("CDATA in a value", FIELD, "<![CDATA[x]]>", END),
    ("instructions in a value", FIELD, "<?a b?>", END),
    (
        "tags in an unknown element",
        "<recordings><file><site>",
        "<b>x</b>",
        "</site></file></recordings>",
    ),
    (
        "end tags in an unknown element",
        "<recordings><file><site>",
        "x</b>",
        "</site></file></recordings>",
    ),
    ("attributes that are none", "<recordings><file", " &a", "></file></recordings>"),
    (
        "references in an attribute",
        "<recordings><file><agentID a='",
        "&amp;",
        "'></agentID></file></recordings>",
    ),
    ("numbers of characters", FIELD, "&#65;", END),
    ("ampersands and names", FIELD, "&a", END),
    ("CR in a value", FIELD, "\r", END),
    ("CR and letters", FIELD, "x\r", END),
    ("control characters in a value", FIELD, "\u{1}", END),
    ("a document type", "<!DOCTYPE recordings [", "<!ENTITY a 'b'>", "]><recordings/>"),
    ("text between fields", "<recordings><file>", "x%", "</file></recordings>"),
    ("references to a percent sign", "<recordings><file>", "%lt", "</file></recordings>"),
    ("end tags between fields", "<recordings><file>", "</b>", "</file></recordings>"),
    ("comments between fields", "<recordings><file>", "<!-- -->", "</file></recordings>"),
    ("instructions between fields", "<recordings><file>", "<?p ?>", "</file></recordings>"),
    ("comments between records", "<recordings>", "<!-- -->", "</recordings>"),
    ("text between records", "<recordings>", "x%", "</recordings>"),
    ("attributes around records", "<recordings>", "<a b='1'/>", "</recordings>"),
    ("elements around records", "<recordings>", "<a></a>", "</recordings>"),
    ("tags and text around records", "<recordings>", "<b>x</b>", "</recordings>"),
    ("form feeds before the root", "", "\u{C} ", "<recordings/>"),
    ("empty lists, joined", "", "<recordings/>", ""),
];

#[cfg(feature = "serde")]
const JSON: [Shape; 9] = [
    (
        "plain lines",
        "",
        "{\"startDate\":\"2008-02-14T10:12:13-08:00\",\"agentID\":\"bill\",\"duration\":\"27\",\"queueName\":\"Sales\"}\n",
        "",
    ),
    ("one long string", "{\"agentID\":\"", "abcdefgh", "\"}\n"),
    ("escapes", "{\"agentID\":\"", "\\n", "\"}\n"),
    ("escapes of characters", "{\"agentID\":\"", "\\u00e9", "\"}\n"),
    ("half escapes", "{\"agentID\":\"", "\\ud83d", "\"}\n"),
    ("escapes that are none", "{\"agentID\":\"", "\\x", "\"}\n"),
    ("a long name", "{\"", "abcdefgh", "\":\"1\"}\n"),
    ("nested arrays", "", "[", ""),
    ("blank lines", "", "\r\n", ""),
];

const FIELD: &str = "<recordings><file><agentID>";
const END: &str = "</agentID></file></recordings>";

fn in_memory<F: Format>(input: &[u8]) {
    let mut reader = Reader::<F>::new(input);
    while let Ok(Some(record)) = reader.read() {
        black_box(&record);
    }
}

fn from_source<F: Format>(input: &[u8]) {
    let mut reader = StreamReader::<_, F>::new(BufReader::new(input));
    while let Ok(Some(record)) = reader.read() {
        black_box(&record);
    }
}

fn in_pieces<F: Format>(input: &[u8]) {
    let mut decoder = Decoder::<F>::new();
    for piece in input.chunks(1000) {
        decoder.feed(piece);
        while let Ok(Some(record)) = decoder.read() {
            black_box(&record);
        }
    }
    decoder.finish();
    while let Ok(Some(record)) = decoder.read() {
        black_box(&record);
    }
}

fn table<F: Format>(title: &str, head: &str, shapes: &[Shape]) {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let is_named = |name: &str| filter.iter().any(|part| name.contains(part.as_str()));
    if !filter.is_empty() && !is_named(title) && !shapes.iter().any(|shape| is_named(shape.0)) {
        return;
    }
    println!("\n{title:<32} {:>20} {:>20} {:>20}", "in memory", "from a BufRead", "in pieces");
    let kinds: [fn(&[u8]); 3] = [in_memory::<F>, from_source::<F>, in_pieces::<F>];
    let mut plain = [0.0; 3];
    for (index, (name, before, unit, after)) in shapes.iter().enumerate() {
        if index > 0 && !filter.is_empty() && !is_named(title) && !is_named(name) {
            continue;
        }
        let units = unit.repeat(BYTES / unit.len());
        let input = format!("{head}{before}{units}{after}").into_bytes();
        print!("{name:<32}");
        for (kind, read) in kinds.iter().enumerate() {
            let mut best = f64::MAX;
            for _ in 0..RUNS {
                let start = Instant::now();
                read(&input);
                best = best.min(start.elapsed().as_secs_f64());
            }
            let speed = input.len() as f64 / 1e6 / best.max(1e-9);
            if index == 0 {
                plain[kind] = speed;
            }
            print!(" {speed:>7.0} MB/s {:>6.2}x", plain[kind] / speed);
        }
        println!();
    }
}

fn main() {
    let head = vcc_format::csv::Writer::new(Vec::new()).finish().map(String::from_utf8);
    if let Ok(Ok(head)) = head {
        table::<Csv>("CSV", &head, &CSV);
        table::<Csv>("CSV, the first row", "", &FIRST_ROWS);
    }
    table::<Xml>("XML", "", &XML);
    #[cfg(feature = "serde")]
    table::<vcc_format::jsonl::JsonLines>("JSON", "", &JSON);
}
