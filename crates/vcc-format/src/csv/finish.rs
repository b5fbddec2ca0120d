//! From the cells of a row to the values of a record.

use vcc_types::Field;

use super::header::{Column, surplus};
use super::machine::Machine;
use super::row::Cell;
use crate::encoding::Encoding;
use crate::parts::{Parts, Piece, Span, slice};
use crate::scan::{may_be_forbidden, undoubled};
use crate::xml::forbidden;
use crate::{DeviationKind, Record, check};

/// Whether so much of a cell is quotes that to copy byte by byte is faster than to look for them.
fn is_dense(bytes: &[u8]) -> bool {
    const LONG: usize = 256;
    bytes.len() > LONG && memchr::memchr_iter(b'"', bytes).count() > bytes.len() / 16
}

impl Machine {
    /// Whether nothing is to be said about the values of a usual row.
    #[inline(always)]
    pub(super) fn finds_nothing(&self, raw: &[u8], text: &str) -> bool {
        const START: usize = Field::StartDate.index();
        const DURATION: usize = Field::Duration.index();
        !(self.high && may_be_forbidden(raw))
            && self.cells.doubled & (1 << START | 1 << DURATION) == 0
            && check::start(slice(text, self.cells.span(START)), &self.options).is_none()
            && check::duration(slice(text, self.cells.span(DURATION))).is_none()
    }

    /// Makes a record of a row: `raw` begins with it.
    pub(super) fn finish<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        let (spans, present) = match self.usual {
            true => (self.cells.spans(), (1 << Field::COUNT) - 1),
            false => ([(0, 0); Field::COUNT], 0),
        };
        let mut record = Parts::new(text.unwrap_or_default(), spans, present);
        // A usual row has no control characters.
        let special = text.is_none() || ((!self.usual || self.high) && may_be_forbidden(raw));
        if !self.usual {
            self.cells(raw, special, &mut record);
        } else {
            // Most values are where they stand.
            let mut left = if special { record.present } else { self.cells.doubled };
            while left != 0 {
                let field = Field::ALL[left.trailing_zeros() as usize];
                left &= left - 1;
                let (start, end) = record.spans[field.index()];
                let doubled = self.cells.doubled & (1 << field.index()) != 0;
                self.value(raw, Cell { start, end, doubled }, field, special, &mut record);
            }
        }
        for field in [Field::StartDate, Field::Duration] {
            // QUIRK-14
            let text = record.get(field).unwrap_or_default();
            if let Some(finding) = check::value(field, text, &self.options) {
                let read_as = check::read_as(&finding, text);
                self.report_value(finding.kind, self.span_of(field), Some(field), read_as);
                if let Some(text) = finding.replacement {
                    record.replace(field, &text);
                }
            }
        }
        record.into_record()
    }

    fn cells(&mut self, raw: &[u8], special: bool, record: &mut Parts<'_>) {
        for index in 0..self.row.cells.len() {
            let cell = self.row.cells[index];
            match self.header.columns.get(index) {
                Some(Column::Field(field)) => self.value(raw, cell, *field, special, record),
                column => {
                    let name = match column {
                        Some(Column::Extra(name)) => name.clone(),
                        _ => surplus(index),
                    };
                    let start = record.scratch.len() as u32;
                    record.scratch.push_str(&name);
                    let span = (start, record.scratch.len() as u32);
                    let value = self.piece(raw, cell, None, special, record);
                    record.extra.push((Piece { span, decoded: true }, value));
                }
            }
        }
    }

    fn value(
        &mut self,
        raw: &[u8],
        cell: Cell,
        field: Field,
        special: bool,
        record: &mut Parts<'_>,
    ) {
        let piece = self.piece(raw, cell, Some(field), special, record);
        record.spans[field.index()] = piece.span;
        record.present |= 1 << field.index();
        record.decoded |= u16::from(piece.decoded) << field.index();
    }

    /// The text of a cell: where it stands, or decoded at the end of the scratch buffer.
    fn piece(
        &mut self,
        raw: &[u8],
        cell: Cell,
        field: Option<Field>,
        special: bool,
        record: &mut Parts<'_>,
    ) -> Piece {
        let span = (cell.start, cell.end);
        let bytes = &raw[cell.start as usize..cell.end as usize];
        let nowhere = record.text.is_empty();
        let (encoding, invalid) =
            if nowhere { Encoding::Utf8.of_value(bytes) } else { (Encoding::Utf8, false) };
        if special && !self.silent && may_be_forbidden(bytes) {
            self.control_characters(bytes, span, encoding, field);
        }
        // Without valid UTF-8 there is no text to cut the value from.
        if !cell.doubled && !nowhere {
            return Piece { span, decoded: false };
        }
        let start = record.scratch.len();
        record.scratch.reserve(bytes.len());
        let text = record.text;
        let mut plain = 0;
        let add = |range: core::ops::Range<usize>, out: &mut String| {
            let place = cell.start as usize + range.start..cell.start as usize + range.end;
            match text.get(place) {
                Some(text) => out.push_str(text),
                None => encoding.decode(&bytes[range], out),
            }
        };
        if cell.doubled && is_dense(bytes) {
            encoding.decode(&undoubled(bytes), &mut record.scratch);
            plain = bytes.len();
        } else if cell.doubled {
            while let Some(distance) = memchr::memchr(b'"', &bytes[plain..]) {
                let quote = plain + distance;
                add(plain..quote + 1, &mut record.scratch);
                // Of two quotes one is left; one on its own, in a cell that has others, is text.
                plain = quote + 1 + usize::from(bytes.get(quote + 1) == Some(&b'"'));
            }
        }
        add(plain..bytes.len(), &mut record.scratch);
        if invalid {
            // QUIRK-8
            let read_as = record.scratch[start..].to_owned();
            self.report_value(DeviationKind::InvalidEncoding, span, field, read_as);
        }
        Piece { span: (start as u32, record.scratch.len() as u32), decoded: true }
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
                self.report_value(DeviationKind::ControlCharacter, span, field, read_as);
            }
        }
    }

    /// Where the value of a field stands in the row.
    fn span_of(&self, field: Field) -> Span {
        if self.usual {
            return self.cells.span(field.index());
        }
        let place = self.header.columns.iter().position(|c| *c == Column::Field(field));
        let cell = place.and_then(|place| self.row.cells.get(place));
        cell.map_or((0, 0), |cell| (cell.start, cell.end))
    }
}
