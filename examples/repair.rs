//! Reads a document that no XML parser accepts, shows each repair, and writes it as it should have been.
//!
//! ```sh
//! cargo run --example repair
//! cargo run --example repair -- recordings.csv > repaired.xml
//! ```
//!
//! Without a file it reads the sample of the API's own documentation, which is not well-formed.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};

use vcc_format::{Deviation, Format, Options, StreamReader, csv::Csv, xml, xml::Xml};

const SAMPLE: &[u8] = include_bytes!("../crates/vcc-format/tests/data/documented.xml");

fn main() -> Result<(), Box<dyn Error>> {
    let Some(name) = std::env::args().nth(1) else { return repair::<Xml>(SAMPLE) };
    let file = BufReader::new(File::open(&name).map_err(|error| format!("{name}: {error}"))?);
    if name.ends_with(".csv") { repair::<Csv>(file) } else { repair::<Xml>(file) }
}

/// Memory for one record, however long the document is.
fn repair<F: Format>(source: impl BufRead) -> Result<(), Box<dyn Error>> {
    let mut repairs = 0;
    let show = |deviation: Deviation| {
        repairs += 1;
        eprintln!("{deviation}\n  found {:?}; {}", deviation.found, deviation.kind.doc());
    };
    let mut reader = StreamReader::<_, F, _>::with(source, Options::tolerant(), show);
    let mut writer = xml::Writer::new(io::stdout().lock());
    while let Some(record) = reader.read()? {
        writer.write_record(&record)?;
    }
    writer.finish()?.flush()?;
    drop(reader);
    eprintln!("{repairs} repairs");
    Ok(())
}
