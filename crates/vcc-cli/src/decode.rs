//! `vcc decode`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use vcc_format::{
    Deviation, Format, Limits, Mode, Options, StreamReader, csv::Csv, jsonl::JsonLines, xml::Xml,
};

use crate::document::{Document, Refused, check_columns};
use crate::document_format::DocumentFormat;
use crate::failure::{Failure, note, warn};
use crate::output::stdout;
use crate::query::zone;
use crate::text::counted;

/// How many local times that the clock skipped are told apart.
const MOST: usize = 10_000;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  vcc decode answer.xml > repaired.xml
  curl -s … | vcc decode - --to csv
  vcc decode answer.xml --check               says what is wrong, and ends with 3 where anything is")]
pub(crate) struct Args {
    /// The document; - is stdin
    file: PathBuf,
    /// What it is written as; by default what it was
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<DocumentFormat>,
    /// What it is; by default what its beginning says
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<DocumentFormat>,
    /// Further columns of a CSV: names of values that stand beside the fifteen fields
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    extra_columns: Vec<String>,
    /// Write no document, and end with 3 where anything was repaired
    #[arg(long)]
    check: bool,
    /// Say nothing about repairs
    #[arg(long, short)]
    quiet: bool,
    /// The zone of starts without an offset
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// The longest record that is read, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20)]
    max_record: u32,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let name =
        if args.file == Path::new("-") { "stdin".into() } else { args.file.display().to_string() };
    let failed = |error: io::Error| Failure::new(format!("{name}: {error}"));
    let source: Box<dyn io::Read> = if args.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&args.file).map_err(failed)?)
    };
    let mut source = BufReader::with_capacity(128 << 10, source);
    let format = match args.from {
        Some(format) => format,
        None => kind(source.fill_buf().map_err(failed)?),
    };
    let skipped = Arc::new(Mutex::new(BTreeSet::new()));
    let mut limits = Limits::default();
    limits.record_bytes = args.max_record;
    let mut options = Options::builder().mode(Mode::Tolerant).limits(limits);
    if let Some(name) = &args.tz {
        let zone = zone("--tz", name)?;
        let skipped = Arc::clone(&skipped);
        options = options.zone(move |local| {
            let instant = zone.first_instant(local);
            let offset = zone.offset_at(instant);
            let is_read = instant.with_timezone(&offset).naive_local() == local;
            if !is_read {
                let mut skipped = skipped.lock().unwrap_or_else(PoisonError::into_inner);
                if skipped.len() < MOST {
                    skipped.insert(local);
                }
            }
            // In a gap there is no offset: the value stays as it is, which is said in the end.
            is_read.then_some(offset)
        });
    }
    let options = options.build();
    let to = args.to.unwrap_or(format);
    check_columns(to, &args.extra_columns)?;
    let repaired = match format {
        DocumentFormat::Xml => copy::<Xml>(args, &name, source, options, to),
        DocumentFormat::Csv => copy::<Csv>(args, &name, source, options, to),
        DocumentFormat::Jsonl => copy::<JsonLines>(args, &name, source, options, to),
    }?;
    let skipped = skipped.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Some(first), Some(zone), false) = (skipped.first(), &args.tz, args.quiet) {
        let times = counted(skipped.len() as u64, "local time");
        let times = if skipped.len() < MOST { times } else { format!("{times} or more") };
        note(format_args!(
            "{name}: the clock of {zone} skipped {times}, such as {}: starts there have no offset and stay as they are",
            first.format("%Y-%m-%dT%H:%M:%S")
        ));
    }
    Ok(ExitCode::from(if args.check && repaired > 0 { 3 } else { 0 }))
}

/// What a document is, by its first bytes.
fn kind(bytes: &[u8]) -> DocumentFormat {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Every other byte of UTF-16 is 0.
    let mut seen =
        text.iter().filter(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xfe | 0xff));
    match seen.next() {
        Some(b'<' | b'%') => DocumentFormat::Xml,
        Some(b'{' | b'[') => DocumentFormat::Jsonl,
        _ => DocumentFormat::Csv,
    }
}

fn copy<F: Format>(
    args: &Args,
    name: &str,
    source: impl BufRead,
    options: Options,
    to: DocumentFormat,
) -> Result<u64, Failure> {
    let mut repaired = 0;
    let quiet = args.quiet;
    let sink = |deviation: Deviation| {
        repaired += 1;
        if !quiet {
            note(format_args!("{name}:{deviation}"));
        }
    };
    let mut reader = StreamReader::<_, F, _>::with(source, options, sink);
    let mut document = match args.check {
        true => None,
        false => Some(Document::new(stdout(), to, &args.extra_columns)?),
    };
    let mut refused = Refused::default();
    let mut records: u64 = 0;
    loop {
        match reader.read() {
            Ok(Some(record)) => {
                records += 1;
                if let Some(document) = &mut document {
                    refused.count(document.write(&record.to_recording()))?;
                }
            }
            Ok(None) => break,
            Err(error) => {
                // What was read stands on stdout, as far as it came.
                if let Some(document) = document {
                    document.finish()?;
                }
                return Err(Failure::in_part(format!("{name}:{error}"))
                    .hint(format!("{} before it were read", counted(records, "record"))));
            }
        }
    }
    drop(reader);
    if let Some(document) = document {
        let others = match to {
            DocumentFormat::Csv => "--to xml and --to jsonl keep them",
            DocumentFormat::Xml => "--to jsonl keeps them",
            DocumentFormat::Jsonl => "--to xml keeps a second one",
        };
        if let Some(warning) = document.left_out().warning(to, others) {
            warn(format_args!("{name}: {warning}"));
        }
        document.finish()?.flush()?;
    }
    if !quiet {
        note(format_args!(
            "{name}: {}, {}",
            counted(records, "record"),
            counted(repaired, "repair")
        ));
    }
    match refused.failure() {
        Some(failure) => Err(failure),
        None => Ok(repaired),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_by_its_beginning() {
        let table: [(&[u8], _); 8] = [
            (b"<?xml", DocumentFormat::Xml),
            (b"\xef\xbb\xbf \r\n<recordings>", DocumentFormat::Xml),
            (b"%lt;recordings>", DocumentFormat::Xml),
            (b"\xff\xfe<\0", DocumentFormat::Xml),
            (b" {\"agentID\":", DocumentFormat::Jsonl),
            (b"[{", DocumentFormat::Jsonl),
            (b"startDate,agentID", DocumentFormat::Csv),
            (b"", DocumentFormat::Csv),
        ];
        for (bytes, expected) in table {
            assert_eq!(kind(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
