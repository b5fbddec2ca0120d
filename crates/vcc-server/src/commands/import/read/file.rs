//! Reads a file in its format.

use std::io::BufReader;

use vcc_format::{Deviation, Options, csv, jsonl, xml};

use super::broken_off::BrokenOff;
use super::limits;
use super::lines::Lines;
use super::maker::Maker;
use crate::commands::import::counted::Counted;
use crate::commands::import::file_format::FileFormat;
use crate::commands::import::kind;
use crate::commands::import::names::Names;
use crate::commands::import::source::{BUFFER, Hash, Source};
use crate::commands::progress::Progress;

impl Maker<'_> {
    /// Reads a file to its end.
    pub(super) fn file(
        &mut self,
        source: Source,
        format: Option<FileFormat>,
        progress: &Progress,
    ) -> Result<Hash, BrokenOff> {
        let raw = source.reader(progress.clone());
        let hash = raw.hash.clone();
        self.once = hash.is_some();
        let opened = kind::open(Box::new(BufReader::with_capacity(BUFFER, raw)), format)
            .map_err(|error| error.failure(&self.name))?;
        let reader = Counted { inner: opened.reader, bytes: self.read.clone() };
        let reader = BufReader::with_capacity(BUFFER, reader);
        self.format = Some(opened.format);
        // In CSV, all names are in the header.
        let looks = opened.format != FileFormat::Csv && !self.batches.names.ignore_unknown;
        self.held = looks.then(Vec::new);
        let noted = self.noted.clone();
        let note = move |deviation: Deviation| noted.borrow_mut().take(deviation);
        macro_rules! read {
            ($Reader:path, $options:expr) => {{
                let mut records = <$Reader>::with(reader, $options, note);
                self.all(|made| {
                    let taken = match records.read()? {
                        None => return Ok(false),
                        Some(record) => made.take(&record),
                    };
                    made.locate(|| records.line());
                    taken.map(|()| true)
                })?;
            }};
        }
        let options = Options::builder().limits(limits(opened.format));
        match opened.format {
            FileFormat::Csv => {
                let Names { map, ignore, .. } = &self.batches.names;
                let names = map.iter().map(|(_, name)| name).chain(ignore);
                read!(csv::StreamReader<_, _>, options.columns(names).build());
            }
            FileFormat::Xml => read!(xml::StreamReader<_, _>, options.build()),
            FileFormat::Jsonl if !opened.has_lines => {
                read!(jsonl::StreamReader<_, _>, options.build());
            }
            FileFormat::Jsonl => {
                let mut lines = Lines::new(reader);
                self.all(|made| lines.next(made))?;
            }
        }
        Ok(hash)
    }
}
