use vcc_types::Recording;

use crate::{Deviation, Error, ErrorKind, Format, Options, Reader};

/// A complete document.
///
/// ```
/// use vcc_format::{Options, read_page, xml::Xml};
///
/// let body = b"<recordings><file><agentID>AT&T</agentID></file></recordings>";
/// let page = read_page::<Xml>(body, Options::tolerant())?;
/// assert_eq!((page.recordings.len(), page.deviations.len()), (1, 1));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The records in the order of the document.
    pub recordings: Vec<Recording>,
    /// The repairs, ordered by place.
    pub deviations: Vec<Deviation>,
}

/// Reads a document whole or not at all, for code that must not act on half an answer. A client whose
/// connection was cut would otherwise take the records before the cut for all of them.
///
/// ```
/// use vcc_format::{ErrorKind, Options, csv::Csv, read_page, xml::Xml};
///
/// let cut = b"<recordings><file><agentID>bill</agentID></file><file>";
/// let error = read_page::<Xml>(cut, Options::tolerant()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Truncated);
/// // Nothing closes the rows of CSV; the line end of the last one says that it is whole.
/// let error = read_page::<Csv>(b"agentID,caseID\r\nbill,1", Options::tolerant()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Truncated);
/// ```
///
/// # Errors
///
/// As [`Reader::read`], and [`ErrorKind::Truncated`] where the document is not
/// [whole](Reader::is_whole).
pub fn read_page<F: Format>(document: &[u8], options: Options) -> Result<Page, Error> {
    let mut reader = Reader::<F, Vec<Deviation>>::with(document, options, Vec::new());
    let mut recordings = Vec::new();
    while let Some(record) = reader.read()? {
        recordings.push(record.to_recording());
    }
    if !reader.is_whole() {
        let message = "expected a line end after the last row, which may be cut".to_owned();
        return Err(reader.error_at_end(ErrorKind::Truncated, message));
    }
    Ok(Page { recordings, deviations: reader.into_sink() })
}
