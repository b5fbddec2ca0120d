//! A record while it is read: its values, and the one that is open.

use vcc_types::Field;

use crate::parts::Span;

/// The values of a record. Spans count from the start of the item.
#[derive(Debug, Default)]
pub(super) struct Draft {
    values: [Span; Field::COUNT],
    /// Bit `i`: field `i` is present.
    present: u16,
    /// Bit `i`: there is markup in the value of field `i`.
    marked: u16,
    /// How many values there are.
    fields: usize,
    extra: Vec<Extra>,
    open: Option<Open>,
}

/// A value that is none of a field, or a second one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub(super) name: Span,
    pub(super) value: Span,
    pub(super) marked: bool,
}

/// A value whose end tag has not come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) name: Span,
    /// `None`: an element that is not documented.
    pub(super) field: Option<Field>,
    /// Where it begins.
    pub(super) start: u32,
    marked: bool,
}

impl Draft {
    /// Begins another record.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        (self.present, self.marked, self.fields, self.open) = (0, 0, 0, None);
        self.extra.clear();
    }

    /// Opens a value, which begins at `start`.
    pub(super) fn open(&mut self, name: Span, field: Option<Field>, start: u32) {
        self.open = Some(Open { name, field, start, marked: false });
    }

    /// The value that is open.
    #[inline(always)]
    pub(super) fn opened(&self) -> Option<Open> {
        self.open
    }

    /// The open value holds markup, which is no text.
    pub(super) fn mark(&mut self) {
        if let Some(open) = &mut self.open {
            open.marked = true;
        }
    }

    /// Closes the open value, which ends before `end`. An error names the one of more than `limit`
    /// extra values.
    pub(super) fn close(&mut self, end: u32, limit: usize) -> Result<(), Span> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let value = (open.start, end);
        match open.field {
            Some(field) if !self.has(field.index()) => {
                self.put(field.index(), value);
                self.add(1 << field.index());
                self.marked |= u16::from(open.marked) << field.index();
            }
            _ if self.extra.len() >= limit => return Err(open.name),
            _ => {
                self.fields += 1;
                self.extra.push(Extra { name: open.name, value, marked: open.marked });
            }
        }
        Ok(())
    }

    /// Puts the value of a field, by its index, in its place. It counts once it is added.
    #[inline(always)]
    pub(super) fn put(&mut self, index: usize, value: Span) {
        self.values[index] = value;
    }

    /// Adds fields whose values were put; bit `i` is field `i`, which was absent.
    #[inline(always)]
    pub(super) fn add(&mut self, fields: u16) {
        self.present |= fields;
        self.fields += fields.count_ones() as usize;
    }

    /// Whether a field has a value, by its index.
    #[inline(always)]
    pub(super) fn has(&self, index: usize) -> bool {
        self.present & (1 << index) != 0
    }

    /// How many values there are, extra ones included.
    pub(super) fn len(&self) -> usize {
        self.fields
    }

    /// The values of the fields, those of absent ones without a meaning.
    #[inline(always)]
    pub(super) fn values(&self) -> &[Span; Field::COUNT] {
        &self.values
    }

    /// Bit `i`: field `i` is present.
    #[inline(always)]
    pub(super) fn present(&self) -> u16 {
        self.present
    }

    pub(super) fn extra(&self) -> &[Extra] {
        &self.extra
    }

    /// Bit `i`: there is markup in the value of field `i`.
    pub(super) fn marked(&self) -> u16 {
        self.marked
    }

    /// Bit `i`: the value of field `i`, if it is present, stands around this place.
    #[inline]
    pub(super) fn around(&self, place: u32) -> u16 {
        let is = |(from, to): &Span| u16::from(*from <= place) & u16::from(place < *to);
        self.values.iter().enumerate().fold(0, |found, (index, span)| found | is(span) << index)
    }

    /// Whether there is nothing but the text of fields.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.marked == 0 && self.extra.is_empty()
    }
}
