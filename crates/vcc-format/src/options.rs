use core::fmt;
use std::sync::Arc;

use chrono::{FixedOffset, NaiveDateTime};

/// What a reader does with what should not have been sent.
///
/// ```
/// use vcc_format::{DeviationKind, ErrorKind, Mode, Options, xml};
/// use vcc_types::Field;
///
/// let input = b"<recordings><file><agentID>AT&T</agentID></file></recordings>";
/// let read = |mode| xml::Reader::with(input, Options::default().mode(mode), ()).read();
/// let record = read(Mode::Tolerant)?;
/// assert_eq!(record.as_ref().and_then(|record| record.get(Field::AgentId)), Some("AT&T"));
/// let error = read(Mode::Strict).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Deviation(DeviationKind::BareAmpersand));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Repairs what the clauses QUIRK-1 to QUIRK-19 name, and reports each repair. QUIRK-9, QUIRK-15
    /// and the delimiters of QUIRK-16 are about CSV alone, QUIRK-19 about JSON lines.
    #[default]
    Tolerant,
    /// Refuses instead, with the same names.
    Strict,
}

/// How much a reader takes in before it refuses. Every limit is inclusive.
///
/// ```
/// use vcc_format::{ErrorKind, Limits, Options, xml};
///
/// // From `<file>` to `</file>` it is 36 bytes.
/// let input = b"<recordings><file><agentID>bill</agentID></file></recordings>";
/// let limit = |bytes| Options::tolerant().limits(Limits::default().record_bytes(bytes));
/// assert!(xml::Reader::with(input, limit(36), ()).read()?.is_some());
/// let error = xml::Reader::with(input, limit(35), ()).read().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::RecordTooLong);
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one record from its first tag to its last, of one row, or of one piece of markup
    /// between records such as a comment. At most 2³²−1.
    pub record_bytes: u32,
    /// Values of one record, the extra ones included.
    pub fields: usize,
    /// Extra values of one record, or extra columns.
    pub extra: usize,
    /// Elements that are open at the same time.
    pub depth: usize,
}

impl Default for Limits {
    /// 512 KiB a record, 1,024 values, 256 extra ones, 64 open elements.
    fn default() -> Self {
        Self { record_bytes: 512 << 10, fields: 1024, extra: 256, depth: 64 }
    }
}

impl Limits {
    /// Sets [`record_bytes`](Self::record_bytes).
    #[must_use]
    pub fn record_bytes(mut self, bytes: u32) -> Self {
        self.record_bytes = bytes;
        self
    }

    /// Sets [`fields`](Self::fields).
    #[must_use]
    pub fn fields(mut self, fields: usize) -> Self {
        self.fields = fields;
        self
    }

    /// Sets [`extra`](Self::extra).
    #[must_use]
    pub fn extra(mut self, extra: usize) -> Self {
        self.extra = extra;
        self
    }

    /// Sets [`depth`](Self::depth).
    #[must_use]
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }
}

type Zone = Arc<dyn Fn(NaiveDateTime) -> Option<FixedOffset> + Send + Sync>;

/// How a reader reads.
///
/// ```
/// use chrono::FixedOffset;
/// use vcc_format::{Limits, Options, xml};
/// use vcc_types::Row as _;
///
/// let options = Options::tolerant()
///     .limits(Limits::default().record_bytes(64 << 10))
///     .zone(|_| FixedOffset::west_opt(8 * 3600));
/// let input = b"<recordings><file><startDate>2008-02-14T10:12:13</startDate></file></recordings>";
/// let record = xml::Reader::with(input, options, ()).read()?.ok_or("no record")?;
/// // QUIRK-14: a start without an offset is one of the zone's.
/// let start = record.start().map(|start| start.to_rfc3339());
/// assert_eq!(start.as_deref(), Some("2008-02-14T18:12:13+00:00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Options {
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    pub(crate) zone: Option<Zone>,
    pub(crate) expect_extra: bool,
    /// The keys of the names of columns that tell a header.
    pub(crate) columns: Arc<[String]>,
}

impl Options {
    /// Repair and report; default limits, no zone.
    #[must_use]
    pub fn tolerant() -> Self {
        Self::default()
    }

    /// Refuse; default limits, no zone.
    #[must_use]
    pub fn strict() -> Self {
        Self::default().mode(Mode::Strict)
    }

    /// Sets the mode.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives the zone in which a `startDate` without an offset is read: the offset at a local time,
    /// or `None` where there is none. The value becomes the date with that offset (QUIRK-14).
    #[must_use]
    pub fn zone(
        mut self,
        offset_at: impl Fn(NaiveDateTime) -> Option<FixedOffset> + Send + Sync + 'static,
    ) -> Self {
        self.zone = Some(Arc::new(offset_at));
        self
    }

    /// Whether values beside the fifteen fields are part of what was agreed with the server. Then
    /// they are neither reported nor, in strict mode, refused. Default: no (QUIRK-6).
    #[must_use]
    pub fn expect_extra(mut self, expected: bool) -> Self {
        self.expect_extra = expected;
        self
    }

    /// Names columns beside the fifteen fields that a CSV document may have, in any spelling: a first
    /// row with one of them is a header, as one with the name of a field is (QUIRK-15).
    ///
    /// ```
    /// use vcc_format::{Options, csv};
    ///
    /// let options = Options::tolerant().columns(["Call Start"]);
    /// let mut reader = csv::Reader::with(b"call_start,Who\r\nsoon,bill\r\n", options, ());
    /// let record = reader.read()?.unwrap();
    /// assert!(record.extra().eq([("call_start", "soon"), ("Who", "bill")]));
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    #[must_use]
    pub fn columns(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.columns = names.into_iter().map(|name| crate::csv::key(name.as_ref())).collect();
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("mode", &self.mode)
            .field("limits", &self.limits)
            .field("zone", &self.zone.as_ref().map(|_| ".."))
            .field("expect_extra", &self.expect_extra)
            .field("columns", &self.columns)
            .finish()
    }
}
