//! From the cells of a row to the values of a record.

use core::ops::Range;

use vcc_types::Field;

use super::cell::Cell;
use super::fast::Cells;
use super::header::{Column, Header, surplus};
use super::report::Report;
use super::row::Row;
use crate::encoding::Encoding;
use crate::parts::{Parts, Piece, Span, slice};
use crate::record::ALL;
use crate::scan::{may_be_forbidden, undoubled};
use crate::xml::forbidden;
use crate::{DeviationKind, Options, Record, check};

/// Whether there is nothing to report about the values of a usual row. `high`: it may hold U+FFFE or
/// U+FFFF.
#[inline(always)]
pub(super) fn finds_nothing(
    cells: &Cells,
    high: bool,
    raw: &[u8],
    text: &str,
    options: &Options,
) -> bool {
    const START: usize = Field::StartDate.index();
    const DURATION: usize = Field::Duration.index();
    !(high && may_be_forbidden(raw))
        && cells.doubled & (1 << START | 1 << DURATION) == 0
        && check::start(slice(text, cells.span(START)), options).is_none()
        && check::duration(slice(text, cells.span(DURATION))).is_none()
}

/// Makes a record of a usual row. `raw` begins with the row, and `text` is the same if it is UTF-8.
pub(super) fn usual<'b>(
    cells: &Cells,
    high: bool,
    raw: &'b [u8],
    text: Option<&'b str>,
    options: &Options,
    report: &mut Report,
) -> Record<'b> {
    let mut record = Parts::new(text.unwrap_or_default(), cells.spans(), ALL);
    // It has no control characters.
    let special = text.is_none() || (high && may_be_forbidden(raw));
    let mut values = Values { raw, special, report, record: &mut record };
    // Most values need no decoding.
    let mut left = if special { values.record.present } else { cells.doubled };
    while left != 0 {
        let field = Field::ALL[left.trailing_zeros() as usize];
        left &= left - 1;
        let (start, end) = values.record.spans[field.index()];
        let doubled = cells.doubled & (1 << field.index()) != 0;
        values.add(Cell { start, end, doubled }, field);
    }
    values.check(options, |field| cells.span(field.index()));
    record.into_record()
}

/// Makes a record of any other row.
pub(super) fn row<'b>(
    row: &Row,
    header: &Header,
    raw: &'b [u8],
    text: Option<&'b str>,
    options: &Options,
    report: &mut Report,
) -> Record<'b> {
    let mut record = Parts::new(text.unwrap_or_default(), [(0, 0); Field::COUNT], 0);
    let special = text.is_none() || may_be_forbidden(raw);
    let mut values = Values { raw, special, report, record: &mut record };
    for (index, cell) in row.cells().iter().enumerate() {
        match header.columns().get(index) {
            Some(Column::Field(field)) => values.add(*cell, *field),
            Some(Column::Extra(name)) => values.add_extra(*cell, |out| out.push_str(name)),
            None => values.add_extra(*cell, |out| surplus(index, out)),
        }
    }
    values.check(options, |field| {
        let place = header.columns().iter().position(|column| *column == Column::Field(field));
        place.and_then(|place| row.cells().get(place)).map_or((0, 0), |cell| cell.span())
    });
    record.into_record()
}

/// The values of a record that is being made.
struct Values<'v, 'b> {
    raw: &'b [u8],
    /// Whether there is something to decode or to report beside doubled quotes.
    special: bool,
    report: &'v mut Report,
    record: &'v mut Parts<'b>,
}

impl Values<'_, '_> {
    fn add(&mut self, cell: Cell, field: Field) {
        let piece = self.piece(cell, Some(field));
        self.record.spans[field.index()] = piece.span;
        self.record.present |= 1 << field.index();
        self.record.decoded |= u16::from(piece.decoded) << field.index();
    }

    /// `name` appends the name of the column.
    fn add_extra(&mut self, cell: Cell, name: impl FnOnce(&mut String)) {
        let start = self.record.scratch.len() as u32;
        name(&mut self.record.scratch);
        let span = (start, self.record.scratch.len() as u32);
        let value = self.piece(cell, None);
        self.record.extra.push((Piece { span, decoded: true }, value));
    }

    /// QUIRK-14. `span_of`: where the value of a field stands in the row.
    fn check(&mut self, options: &Options, span_of: impl Fn(Field) -> Span) {
        for field in [Field::StartDate, Field::Duration] {
            let text = self.record.get(field).unwrap_or_default();
            if let Some(finding) = check::value(field, text, options) {
                let read_as = check::read_as(&finding, text);
                self.report.say_of(Some(field), finding.kind, span_of(field), read_as);
                if let Some(text) = finding.replacement {
                    self.record.replace(field, &text);
                }
            }
        }
    }

    /// The text of a cell: where it stands, or decoded at the end of the scratch buffer.
    fn piece(&mut self, cell: Cell, field: Option<Field>) -> Piece {
        let (span, bytes) = (cell.span(), cell.bytes(self.raw));
        let nowhere = self.record.text.is_empty();
        let (encoding, invalid) =
            if nowhere { Encoding::Utf8.of_value(bytes) } else { (Encoding::Utf8, false) };
        if self.special && !self.report.is_silent() && may_be_forbidden(bytes) {
            self.control_characters(bytes, span, encoding, field);
        }
        // Without valid UTF-8 there is no text to cut the value from.
        if !cell.doubled && !nowhere {
            return Piece { span, decoded: false };
        }
        let (text, scratch) = (self.record.text, &mut self.record.scratch);
        let start = scratch.len();
        scratch.reserve(bytes.len());
        let mut plain = 0;
        let add = |range: Range<usize>, out: &mut String| {
            let place = cell.start as usize + range.start..cell.start as usize + range.end;
            match text.get(place) {
                Some(text) => out.push_str(text),
                None => encoding.decode(&bytes[range], out),
            }
        };
        if cell.doubled && is_dense(bytes) {
            encoding.decode(&undoubled(bytes), scratch);
            plain = bytes.len();
        } else if cell.doubled {
            while let Some(distance) = memchr::memchr(b'"', &bytes[plain..]) {
                let quote = plain + distance;
                add(plain..quote + 1, scratch);
                // Of two quotes one is left; one on its own, in a cell that has others, is text.
                plain = quote + 1 + usize::from(bytes.get(quote + 1) == Some(&b'"'));
            }
        }
        add(plain..bytes.len(), scratch);
        if invalid {
            // QUIRK-8
            let read_as = scratch[start..].to_owned();
            self.report.say_of(field, DeviationKind::InvalidEncoding, span, read_as);
        }
        Piece { span: (start as u32, scratch.len() as u32), decoded: true }
    }

    /// QUIRK-13
    fn control_characters(
        &mut self,
        bytes: &[u8],
        span: Span,
        encoding: Encoding,
        field: Option<Field>,
    ) {
        for at in 0..bytes.len() {
            if let Some(character) = forbidden(&bytes[at..], encoding) {
                let start = span.0 + at as u32;
                let span = (start, start + character.len_utf8() as u32);
                let read_as = character.to_string();
                self.report.say_of(field, DeviationKind::ControlCharacter, span, read_as);
            }
        }
    }
}

/// Whether a cell has so many quotes that copying it in parts would be slow.
fn is_dense(bytes: &[u8]) -> bool {
    const LONG: usize = 256;
    bytes.len() > LONG && memchr::memchr_iter(b'"', bytes).count() > bytes.len() / 16
}
