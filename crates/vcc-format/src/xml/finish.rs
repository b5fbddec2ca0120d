//! From the spans of a record to its values.

use super::draft::Extra;
use super::machine::Machine;
use crate::encoding::Encoding;
use crate::parts::{Parts, Piece, Span, slice};
use crate::record::ALL;
use crate::scan::{is_special_in_xml, special_in_xml_at};
use crate::{Record, check};
use vcc_types::Field;

/// In how many places there is something to decode in most records.
const PLACES: usize = 16;

impl Machine {
    /// Whether the values stand as they are meant, and nothing is to be said about them.
    #[inline(always)]
    pub(super) fn finds_nothing(&self, raw: &[u8], text: &str) -> bool {
        const START: usize = Field::StartDate.index();
        const DURATION: usize = Field::Duration.index();
        let (values, present) = (self.draft.values(), self.draft.present());
        (self.encoding == Encoding::Utf8 || text.is_ascii())
            && !is_special_in_xml(raw)
            && (present & (1 << START) == 0
                || check::start(slice(text, values[START]), &self.options).is_none())
            && (present & (1 << DURATION) == 0
                || check::duration(slice(text, values[DURATION])).is_none())
    }

    /// Makes a record of what was read: `raw` is the item, and `valid` the same if it is UTF-8.
    pub(super) fn finish<'b>(&mut self, raw: &'b [u8], valid: Option<&'b str>) -> Record<'b> {
        let text = valid.filter(|text| self.encoding == Encoding::Utf8 || text.is_ascii());
        let mut record =
            Parts::new(text.unwrap_or_default(), *self.draft.values(), self.draft.present());
        let mut places = [0; PLACES];
        let special = special_in_xml_at(raw, &mut places);
        if text.is_none() || special != Some(&[]) || !self.draft.is_plain() {
            self.decode(raw, text.is_some(), special, &mut record);
        }
        for field in [Field::StartDate, Field::Duration] {
            let text = record.get(field).unwrap_or_default();
            // QUIRK-14
            if let Some(finding) = check::value(field, text, &self.options) {
                let read_as = check::read_as(&finding, text);
                let span = self.draft.values()[field.index()];
                self.notes.add(finding.kind, span, Some(field), read_as);
                if let Some(text) = finding.replacement {
                    record.replace(field, &text);
                }
            }
        }
        record.into_record()
    }

    /// `valid`: the text is that of the values. `special`: where there is something to decode; where
    /// that is too much, each value is looked at.
    fn decode(&mut self, raw: &[u8], valid: bool, special: Option<&[u32]>, record: &mut Parts<'_>) {
        let part = |span: Span| &raw[span.0 as usize..span.1 as usize];
        let around = |places: &[u32]| {
            places.iter().fold(0, |found, place| found | self.draft.around(*place))
        };
        let marked = if valid { self.draft.marked() } else { ALL };
        let mut left = record.present & (marked | special.map_or(ALL, around));
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            left &= left - 1;
            let (field, span) = (Field::ALL[index], self.draft.values()[index]);
            if marked >> index & 1 != 0 || special.is_some() || is_special_in_xml(part(span)) {
                let text = self.text(part(span), valid, span, Some(field), &mut record.scratch);
                record.spans[index] = text;
                record.decoded |= 1 << index;
            }
        }
        for index in 0..self.draft.extra().len() {
            let Extra { name, value, marked } = self.draft.extra()[index];
            let mut piece = |span: Span, needed: bool| {
                if !needed && valid {
                    return Piece { span, decoded: false };
                }
                let span = self.text(part(span), valid, span, None, &mut record.scratch);
                Piece { span, decoded: true }
            };
            let needed = marked || is_special_in_xml(part(value));
            let pieces = (piece(name, false), piece(value, needed));
            record.extra.push(pieces);
        }
    }

    /// Decodes one value at the end of `scratch`. `valid`: it is as the document says.
    fn text(
        &mut self,
        raw: &[u8],
        valid: bool,
        span: Span,
        field: Option<Field>,
        scratch: &mut String,
    ) -> Span {
        let start = scratch.len();
        let (encoding, invalid) =
            if valid { (self.encoding, false) } else { self.encoding.of_value(raw) };
        let silent = self.notes.is_silent();
        let notes = &mut self.notes;
        let text = self.room.decode(raw, encoding, silent, |kind, part, read_as| {
            let part = (span.0 + part.start as u32, span.0 + part.end as u32);
            notes.add(kind, part, field, read_as);
        });
        scratch.push_str(&text);
        if invalid && !silent {
            // QUIRK-8: the whole value, since no part of it can be trusted to be UTF-8.
            let read_as = scratch[start..].to_owned();
            let kind = crate::DeviationKind::InvalidEncoding;
            self.notes.add(kind, span, field, read_as);
        }
        (start as u32, scratch.len() as u32)
    }
}
