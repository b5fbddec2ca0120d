use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

use vcc_types::Field;

/// One row per deviation: variant, name, clause, and what the reader did. The enum, its look-ups and the
/// tests over all rows come from here.
macro_rules! deviations {
    ($($(#[doc = $doc:literal])+ $Kind:ident $name:literal $clause:literal,)+) => {
        /// Something that a tolerant reader accepted although it should not have been sent, and
        /// that a strict reader refuses.
        ///
        /// QUIRK-3 and QUIRK-10 have no kind, because they are about well-formed documents. QUIRK-7, an
        /// input that is cut, is an [error](crate::ErrorKind::Truncated) in both modes.
        ///
        /// ```
        /// use vcc_format::DeviationKind;
        ///
        /// let kind = DeviationKind::RawLessThan;
        /// assert_eq!((kind.name(), kind.clause()), ("raw-less-than", "QUIRK-11"));
        /// assert_eq!(DeviationKind::from_name("raw-less-than"), Some(kind));
        /// // A clause may have several kinds, or none.
        /// let all = DeviationKind::ALL;
        /// let kinds = |clause| all.iter().filter(|kind| kind.clause() == clause).count();
        /// assert_eq!((kinds("QUIRK-14"), kinds("QUIRK-7")), (4, 0));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DeviationKind {
            $($(#[doc = $doc])+ $Kind,)+
        }

        impl DeviationKind {
            /// Every kind, in the order of the clauses.
            pub const ALL: &'static [DeviationKind] = &[$(DeviationKind::$Kind,)+];

            /// The name, in lower case with hyphens: `empty-end-tag`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(DeviationKind::$Kind => $name,)+ }
            }

            /// The kind with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<DeviationKind> {
                match name { $($name => Some(DeviationKind::$Kind),)+ _ => None }
            }

            /// The clause that asks a reader to accept it.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $(DeviationKind::$Kind => $clause,)+ }
            }

            /// What was sent and how it was read, in one sentence.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self { $(DeviationKind::$Kind => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

deviations! {
    /// An end tag without a name, `</>`, closed the innermost open element.
    EmptyEndTag "empty-end-tag" "QUIRK-1",
    /// `%lt;`, `%gt;` or `%amp;` was read as markup, where only a tag can stand.
    PercentReference "percent-reference" "QUIRK-2",
    /// An ampersand that begins no reference was kept as the text it is.
    BareAmpersand "bare-ampersand" "QUIRK-4",
    /// A reference to an entity or a character that XML does not have was kept as the text it is.
    UnknownReference "unknown-reference" "QUIRK-4",
    /// An end tag with another name closed the innermost open field.
    MismatchedEndTag "mismatched-end-tag" "QUIRK-5",
    /// An element without an end tag was closed by the tag that came next.
    UnclosedElement "unclosed-element" "QUIRK-5",
    /// An end tag with nothing to close was ignored.
    StrayEndTag "stray-end-tag" "QUIRK-5",
    /// Text between elements was ignored.
    StrayText "stray-text" "QUIRK-5",
    /// An element or a column that is none of the fifteen fields was kept as an extra value.
    UnknownField "unknown-field" "QUIRK-6",
    /// A field that the record has already was kept as an extra value; the first one counts.
    RepeatedField "repeated-field" "QUIRK-6",
    /// An element around or between records that is no record was looked through.
    UnknownElement "unknown-element" "QUIRK-6",
    /// The tags inside an unknown element were kept as the text of its value.
    NestedElement "nested-element" "QUIRK-6",
    /// White space before the XML declaration was ignored.
    SpaceBeforeDeclaration "space-before-declaration" "QUIRK-8",
    /// A value that is not valid in the encoding of the document was read whole as windows-1252, or
    /// as UTF-8 where the document claims US-ASCII.
    InvalidEncoding "invalid-encoding" "QUIRK-8",
    /// A byte order mark at the start of a CSV document was ignored.
    ByteOrderMark "byte-order-mark" "QUIRK-9",
    /// The first row is no header: the columns were taken to be the fifteen in documented order.
    NoHeader "no-header" "QUIRK-9",
    /// The columns stand in another order than the documented one; values go by column name.
    ReorderedColumns "reordered-columns" "QUIRK-9",
    /// A column is missing: its field is absent from every record.
    MissingColumn "missing-column" "QUIRK-9",
    /// Rows end in LF alone. Reported once a document, at the first such row.
    LineFeed "line-feed" "QUIRK-9",
    /// A row without anything in it, or with nothing but white space, was ignored.
    BlankRow "blank-row" "QUIRK-9",
    /// A quote where RFC 4180 has none was kept as text.
    BareQuote "bare-quote" "QUIRK-9",
    /// A CR that ends no row was kept as text.
    BareCarriageReturn "bare-carriage-return" "QUIRK-9",
    /// A row has too few values: the fields of the columns that are missing at its end are absent.
    ShortRow "short-row" "QUIRK-9",
    /// A row has too many values: the surplus was kept as extra values, `column16` and so on.
    LongRow "long-row" "QUIRK-9",
    /// The last row has too few values and no line end: it may be whole, or its last value cut.
    UnendedRow "unended-row" "QUIRK-9",
    /// NUL or 0x1A up to the end of a line of CSV, or behind the last row, was ignored.
    Padding "padding" "QUIRK-9",
    /// A `<` in a value that begins no tag that can stand there was kept as text.
    RawLessThan "raw-less-than" "QUIRK-11",
    /// `]]>` outside a CDATA section was kept as text.
    RawCdataEnd "raw-cdata-end" "QUIRK-11",
    /// A record without an end tag was closed by the next record or by the end of the list.
    MissingRecordEnd "missing-record-end" "QUIRK-12",
    /// A character that XML cannot carry was kept in a value.
    ControlCharacter "control-character" "QUIRK-13",
    /// A comment that XML does not allow, with `--` inside, was ignored like any other.
    CommentDashes "comment-dashes" "QUIRK-13",
    /// A `startDate` that is no date was kept as the text it is.
    UnreadableStart "unreadable-start" "QUIRK-14",
    /// A `startDate` without an offset was read in the zone that the caller gave, or, where there
    /// was none, kept as the text it is.
    LocalStart "local-start" "QUIRK-14",
    /// A `duration` that is no number of seconds was kept as the text it is.
    UnreadableDuration "unreadable-duration" "QUIRK-14",
    /// White space around a `startDate` or a `duration` was passed over.
    SpaceAroundValue "space-around-value" "QUIRK-14",
    /// The name of a column in another spelling was read as the documented one.
    HeaderSpelling "header-spelling" "QUIRK-15",
    /// Something else than a comma, or than in the page before, stands between the values of a CSV
    /// document.
    Delimiter "delimiter" "QUIRK-16",
    /// A line `sep=X` before the header of a CSV document was read as the name of its delimiter.
    SeparatorLine "separator-line" "QUIRK-16",
    /// The document is in UTF-16, by its byte order mark, and was decoded.
    Utf16 "utf-16" "QUIRK-16",
    /// The declaration names an encoding that the bytes are not in: they were read as what they are.
    EncodingLabel "encoding-label" "QUIRK-16",
    /// Another document begins where one ends: it was read on.
    JoinedDocument "joined-document" "QUIRK-17",
    /// A byte order mark that is not the first thing in the document was passed over.
    StrayByteOrderMark "stray-byte-order-mark" "QUIRK-17",
    /// A header row in the middle of a CSV document was ignored, or gave the values that follow other
    /// columns.
    RepeatedHeader "repeated-header" "QUIRK-17",
    /// A row of CSV without a line end was ended by the header of the next document.
    MissingLineEnd "missing-line-end" "QUIRK-17",
    /// References to the two halves of a surrogate pair were read as the one character.
    SurrogatePair "surrogate-pair" "QUIRK-18",
    /// Something in a tag that is no attribute, or one that the tag has already, was passed over.
    MalformedAttribute "malformed-attribute" "QUIRK-18",
    /// An end tag in a value that closes nothing that is open was kept as text.
    EndTagAsText "end-tag-as-text" "QUIRK-18",
    /// An array of records was read as its records.
    JsonArray "json-array" "QUIRK-19",
    /// A value that is no string was kept as the text it is.
    JsonLiteral "json-literal" "QUIRK-19",
    /// A record goes on over several lines.
    JsonLines "json-lines" "QUIRK-19",
    /// Lines end in CR LF. Reported once a document, at the first such line.
    JsonCrLf "json-crlf" "QUIRK-19",
    /// A line without anything in it was passed over.
    JsonBlankLine "json-blank-line" "QUIRK-19",
}

impl FromStr for DeviationKind {
    type Err = UnknownDeviation;

    /// Reads a name, as [`Display`](fmt::Display) writes it.
    fn from_str(name: &str) -> Result<Self, UnknownDeviation> {
        Self::from_name(name).ok_or_else(|| UnknownDeviation { name: name.into() })
    }
}

/// No kind of deviation has this name.
///
/// ```
/// use vcc_format::DeviationKind;
///
/// let error = "raw-greater-than".parse::<DeviationKind>().unwrap_err();
/// assert_eq!(error.name(), "raw-greater-than");
/// assert_eq!(
///     error.to_string(),
///     "expected the name of a deviation, such as raw-less-than, found \"raw-greater-than\""
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDeviation {
    name: Box<str>,
}

impl UnknownDeviation {
    /// The name that was looked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let example = DeviationKind::RawLessThan;
        write!(f, "expected the name of a deviation, such as {example}, found {:?}", self.name)
    }
}

impl core::error::Error for UnknownDeviation {}

impl fmt::Display for DeviationKind {
    /// Writes the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One repair: what it was, where, and what it was read as.
///
/// ```
/// use vcc_format::{Deviation, Options, xml};
/// use vcc_types::Field;
///
/// let input = "<recordings><file><agentID>é & è</agentID></file></recordings>".as_bytes();
/// let mut seen: Vec<Deviation> = Vec::new();
/// xml::Reader::with(input, Options::tolerant(), &mut seen).read()?;
/// // The span counts bytes from 0, the column characters from 1.
/// assert_eq!((seen[0].span.clone(), seen[0].column), (30..31, 30));
/// assert_eq!((seen[0].record, seen[0].field), (Some(1), Some(Field::AgentId)));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deviation {
    /// Which repair.
    pub kind: DeviationKind,
    /// The bytes of the input that it concerns, counted from 0. In a UTF-16 document these are the bytes
    /// of UTF-16.
    pub span: core::ops::Range<u64>,
    /// The line in which the span begins, from 1. A line ends with LF.
    pub line: u64,
    /// The character of that line at which the span begins, from 1.
    pub column: u64,
    /// The record that it belongs to, from 1; `None` between records.
    pub record: Option<u64>,
    /// The field that it belongs to, where it concerns the value of one of the fifteen.
    pub field: Option<Field>,
    /// What the span was read as: for text that was kept, that text; for a repaired tag, the tag
    /// as it should have been; empty where it was ignored.
    pub read_as: Cow<'static, str>,
    /// The text of the span as it was sent, so that nothing is dropped or changed without a trace. At most
    /// 256 bytes; a longer text is cut and ends in `…`.
    pub found: Cow<'static, str>,
}

impl fmt::Display for Deviation {
    /// One line: `line 11, column 19: empty-end-tag (QUIRK-1) read as "</queueName>"`, or what was
    /// ignored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, line, column, read_as, found, .. } = self;
        write!(f, "line {line}, column {column}: {kind} ({})", kind.clause())?;
        match &**read_as {
            "" if found.is_empty() => f.write_str(" ignored"),
            "" => write!(f, " ignored {found:?}"),
            text => write!(f, " read as {text:?}"),
        }
    }
}

/// Takes the deviations of a reader: `()` ignores them, a `Vec` collects them, a closure gets each.
///
/// ```
/// use vcc_format::{Deviation, Options, xml};
///
/// let input = b"<recordings><file><agentID>bill</></file></recordings>";
/// let mut seen = Vec::new();
/// let mut reader = xml::Reader::with(input, Options::tolerant(), |deviation: Deviation| {
///     seen.push(deviation.to_string());
/// });
/// while reader.read().unwrap().is_some() {}
/// drop(reader);
/// assert_eq!(seen, [r#"line 1, column 32: empty-end-tag (QUIRK-1) read as "</agentID>""#]);
/// ```
pub trait Sink {
    /// Takes a deviation. Those of a record come before the record, ordered by place.
    fn deviation(&mut self, deviation: Deviation);

    /// Whether the sink uses what it is given. `false` saves the reader the work of finding lines and
    /// columns.
    fn is_listening(&self) -> bool {
        true
    }
}

/// Ignores all deviations.
impl Sink for () {
    fn deviation(&mut self, _: Deviation) {}

    fn is_listening(&self) -> bool {
        false
    }
}

impl Sink for Vec<Deviation> {
    fn deviation(&mut self, deviation: Deviation) {
        self.push(deviation);
    }
}

impl Sink for &mut Vec<Deviation> {
    fn deviation(&mut self, deviation: Deviation) {
        self.push(deviation);
    }
}

impl<F: FnMut(Deviation)> Sink for F {
    fn deviation(&mut self, deviation: Deviation) {
        self(deviation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_and_cites_a_clause() {
        let mut clauses = Vec::new();
        for kind in DeviationKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
            assert!(kind.doc().ends_with('.'), "{kind}");
            let number: u32 = kind.clause().strip_prefix("QUIRK-").unwrap().parse().unwrap();
            clauses.push(number);
        }
        assert!(clauses.is_sorted(), "{clauses:?}");
        clauses.dedup();
        // QUIRK-3 and QUIRK-10 are no deviations, QUIRK-7 is an error.
        assert_eq!(clauses, [1, 2, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    }
}
