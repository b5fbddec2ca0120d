//! JSON lines, each read by itself: one that cannot be read is left out, and reading continues with the next.

use std::io::{BufRead, Read};

use vcc_format::{Deviation, Options, jsonl};

use super::broken_off::BrokenOff;
use super::limits;
use super::maker::Maker;
use crate::commands::import::file_format::FileFormat;

pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0 }
    }

    /// Reads the records of the next line; `false` at the end.
    pub(super) fn next(&mut self, made: &mut Maker<'_>) -> Result<bool, BrokenOff> {
        self.line.clear();
        self.number += 1;
        let limits = limits(FileFormat::Jsonl);
        let limit = u64::from(limits.record_bytes) + 1;
        let read = Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        let (number, noted) = (self.number, made.noted.clone());
        let note = |mut deviation: Deviation| {
            deviation.line = number;
            noted.borrow_mut().take(deviation);
        };
        let records: Result<Vec<_>, _> =
            jsonl::Reader::with(&self.line[..], Options::builder().limits(limits).build(), note)
                .recordings()
                .collect();
        match records {
            // A blank line has none, and a line may have several.
            Ok(records) => {
                for record in &records {
                    made.take(record)?;
                    made.locate(|| number);
                }
            }
            Err(error) => {
                if !self.line.ends_with(b"\n") {
                    self.reader.skip_until(b'\n')?;
                }
                made.leave_out(&self.line, format!("not JSON of a record: {}", error.message()))?;
                made.locate(|| number);
            }
        }
        Ok(true)
    }
}
