//! The lines of a file in which records begin.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use tokio::sync::mpsc;

use super::Batches;
use super::maker::Maker;
use crate::commands::import::file_format::FileFormat;
use crate::commands::import::names::Names;
use crate::commands::import::report::Noted;
use crate::commands::import::source::Source;
use crate::commands::progress::Progress;

/// The lines in which the records of these numbers begin; fewer if the file cannot be read again.
pub(in crate::commands::import) fn lines(
    path: &Path,
    format: Option<FileFormat>,
    numbers: Vec<u64>,
) -> BTreeMap<u64, u64> {
    let Some(source) = Source::again(path) else { return BTreeMap::new() };
    let (sender, _events) = mpsc::channel(1);
    let batches = Batches {
        zone: None,
        batch: usize::MAX,
        names: Names { ignore_unknown: true, ..Names::default() },
        strict: false,
        skip: u64::MAX,
        most: numbers.iter().copied().max(),
        stores: false,
        sender,
        progress: Progress::hidden(),
    };
    let noted = Rc::new(RefCell::new(Noted::new(false)));
    let mut made = Maker::new(&batches, source.name(), noted);
    made.wanted = numbers;
    // The lines that were found before an error are right.
    let _ = made.file(source, format, &batches.progress);
    made.lines
}
