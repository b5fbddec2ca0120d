use core::fmt;
use std::sync::Arc;

use chrono::{FixedOffset, NaiveDateTime};

/// What a reader does with malformed input.
///
/// ```
/// use vcc_format::{DeviationKind, ErrorKind, Mode, Options, xml};
/// use vcc_types::Field;
///
/// let input = b"<recordings><file><agentID>AT&T</agentID></file></recordings>";
/// let options = |mode| Options::builder().mode(mode).build();
/// let read = |mode| xml::Reader::with(input, options(mode), ()).read();
/// let record = read(Mode::Tolerant)?;
/// assert_eq!(record.as_ref().and_then(|record| record.get(Field::AgentId)), Some("AT&T"));
/// let error = read(Mode::Strict).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Deviation(DeviationKind::BareAmpersand));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Repairs what the clauses QUIRK-1 to QUIRK-19 name, and reports each repair. QUIRK-9, QUIRK-15
    /// and the delimiters of QUIRK-16 are about CSV alone, QUIRK-19 about JSON lines.
    #[default]
    Tolerant,
    /// Refuses what the tolerant mode repairs, under the same names.
    Strict,
}

/// How much a reader takes in before it refuses. Every limit is inclusive.
///
/// ```
/// use vcc_format::{ErrorKind, Limits, Options, xml};
///
/// // From `<file>` to `</file>` it is 36 bytes.
/// let input = b"<recordings><file><agentID>bill</agentID></file></recordings>";
/// let mut limits = Limits::default();
/// limits.record_bytes = 36;
/// let options = |limits| Options::builder().limits(limits).build();
/// assert!(xml::Reader::with(input, options(limits), ()).read()?.is_some());
/// limits.record_bytes = 35;
/// let error = xml::Reader::with(input, options(limits), ()).read().unwrap_err();
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
    /// Reported deviations of one record. Further ones are repaired without a report, so a record full of
    /// them takes no memory.
    ///
    /// ```
    /// use vcc_format::{Deviation, Limits, Options, xml};
    ///
    /// let input = b"<recordings><file><agentID>a&b&c&d</agentID></file></recordings>";
    /// let mut limits = Limits::default();
    /// limits.deviations = 2;
    /// let mut seen: Vec<Deviation> = Vec::new();
    /// let options = Options::builder().limits(limits).build();
    /// assert!(xml::Reader::with(input, options, &mut seen).read()?.is_some());
    /// assert_eq!(seen.len(), 2);
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    pub deviations: usize,
}

impl Default for Limits {
    /// 512 KiB per record, 1,024 values, 256 extra ones, 64 open elements, and 1,048,576 deviations, more
    /// than a record of 512 KiB can have.
    fn default() -> Self {
        Self { record_bytes: 512 << 10, fields: 1024, extra: 256, depth: 64, deviations: 1 << 20 }
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
/// let mut limits = Limits::default();
/// limits.record_bytes = 64 << 10;
/// let options =
///     Options::builder().limits(limits).zone(|_| FixedOffset::west_opt(8 * 3600)).build();
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
    /// Names of columns that tell a header, in any spelling.
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
        Self::builder().mode(Mode::Strict).build()
    }

    /// Builds options, starting from the tolerant ones.
    pub fn builder() -> OptionsBuilder {
        OptionsBuilder::default()
    }
}

/// Builds [`Options`].
///
/// ```
/// use vcc_format::{Mode, Options, xml};
///
/// // A server was agreed with to send more than the fifteen fields, and nothing else beside the rules.
/// let options = Options::builder().mode(Mode::Strict).expect_extra(true).build();
/// let input = b"<recordings><file><site>1</site></file></recordings>";
/// let record = xml::Reader::with(input, options, ()).read()?.unwrap();
/// assert!(record.extra().eq([("site", "1")]));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct OptionsBuilder {
    options: Options,
}

impl OptionsBuilder {
    /// Sets the mode.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.options.mode = mode;
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets the zone for a `startDate` without an offset: a function from a local time to its offset, or
    /// `None` if that time has none. The value becomes the date with that offset (QUIRK-14).
    pub fn zone(
        mut self,
        offset_at: impl Fn(NaiveDateTime) -> Option<FixedOffset> + Send + Sync + 'static,
    ) -> Self {
        self.options.zone = Some(Arc::new(offset_at));
        self
    }

    /// Whether values beside the fifteen fields are expected. Then they are neither reported nor, in strict
    /// mode, refused. Default: no (QUIRK-6).
    pub fn expect_extra(mut self, expected: bool) -> Self {
        self.options.expect_extra = expected;
        self
    }

    /// Names further columns that a CSV document may have, in any spelling. A first row with one of them is
    /// a header, like one with the name of a field (QUIRK-15).
    ///
    /// ```
    /// use vcc_format::{Options, csv};
    ///
    /// let options = Options::builder().columns(["Call Start"]).build();
    /// let mut reader = csv::Reader::with(b"call_start,Who\r\nsoon,bill\r\n", options, ());
    /// let record = reader.read()?.unwrap();
    /// assert!(record.extra().eq([("call_start", "soon"), ("Who", "bill")]));
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    pub fn columns(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.options.columns = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
        self
    }

    /// The options.
    #[must_use]
    pub fn build(self) -> Options {
        self.options
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
