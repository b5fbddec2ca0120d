//! The texts of several records, kept together: one allocation for a page, and one check of UTF-8.

use std::ops::Range;

use vcc_types::Field;

/// How many fields are stored as text: all but the start.
pub(crate) const TEXTS: usize = Field::COUNT - 1;

/// The fields that are stored as text, in the order of the documentation.
pub(crate) fn text_fields() -> impl Iterator<Item = Field> {
    Field::ALL.into_iter().filter(|field| *field != Field::StartDate)
}

/// The starts and texts of several records.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The texts of each record with commas between them, as a row of CSV has them.
    pub(super) joined: Box<str>,
    pub(super) spans: Box<[Span]>,
}

/// The start of a record, and where its texts are among those of others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(super) start: i64,
    pub(super) from: u32,
    /// Where each text ends.
    pub(super) ends: [u32; TEXTS],
}

impl Span {
    /// Where all texts are.
    pub(super) fn all(&self) -> Range<usize> {
        self.from as usize..self.ends[TEXTS - 1] as usize
    }
}

/// Takes records one after another, as a store reads them.
#[derive(Debug, Default)]
pub(crate) struct TextsBuilder {
    texts: Vec<u8>,
    spans: Vec<Span>,
}

impl TextsBuilder {
    /// For one record of the usual length.
    pub(super) fn for_one() -> Self {
        Self { texts: Vec::with_capacity(256), ..Self::default() }
    }

    /// Adds a record of fourteen texts, each asked for by its position.
    #[inline]
    pub(crate) fn add<'a, E>(
        &mut self,
        start: i64,
        text: impl Fn(usize) -> Result<&'a [u8], E>,
    ) -> Result<(), E> {
        let (from, mut ends) = (position(self.texts.len()), [0; TEXTS]);
        for (index, end) in ends.iter_mut().enumerate() {
            if index > 0 {
                self.texts.push(b',');
            }
            self.texts.extend_from_slice(text(index)?);
            *end = position(self.texts.len());
        }
        self.spans.push(Span { start, from, ends });
        Ok(())
    }

    /// How many bytes the texts have, with the commas.
    pub(crate) fn size(&self) -> usize {
        self.texts.len()
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.spans.clear();
    }

    /// The texts; `None` if one is not UTF-8, or all of them together are longer than 4 GiB.
    pub(crate) fn build(&self) -> Option<Texts> {
        // Checked all at once: for short texts, a check costs more to begin than to do.
        let joined = str::from_utf8(&self.texts).ok()?;
        // The other texts are followed by a comma, so they end at the end of a character.
        let whole = |span: &Span| joined.is_char_boundary(span.all().end);
        if !self.spans.iter().all(whole) {
            return None;
        }
        Some(Texts { joined: joined.into(), spans: self.spans.as_slice().into() })
    }

    /// Some of the records, in another order. The others take no memory in it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn pick(&self, positions: &[usize]) -> Self {
        let mut picked = Self::default();
        for span in positions.iter().filter_map(|position| self.spans.get(*position)) {
            let from = position(picked.texts.len());
            picked.texts.extend_from_slice(&self.texts[span.all()]);
            let ends = span.ends.map(|end| end - span.from + from);
            picked.spans.push(Span { start: span.start, from, ends });
        }
        picked
    }
}

/// A length as a position. One that is too large to count is the end of no text.
fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
