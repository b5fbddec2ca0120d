use memchr::{memchr_iter, memrchr};

/// A place in the input, as a byte offset, a line and a column, that moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    pub(crate) const START: Place = Place { offset: 0, line: 1, column: 1 };

    /// Moves over `bytes`, which stand at this place.
    pub(crate) fn advance(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        let mut tail = bytes;
        if let Some(last) = memrchr(b'\n', bytes) {
            self.line += memchr_iter(b'\n', &bytes[..=last]).count() as u64;
            self.column = 1;
            tail = &bytes[last + 1..];
        }
        // A character is a byte that does not continue one.
        self.column += tail.iter().filter(|byte| (**byte).cast_signed() >= -0x40).count() as u64;
    }

    /// The place of an offset at or after this one; `buf` begins at offset `base`.
    pub(crate) fn at(mut self, buf: &[u8], base: u64, offset: u64) -> Place {
        let from = usize::try_from(self.offset - base).unwrap_or(buf.len());
        let to = usize::try_from(offset - base).unwrap_or(buf.len()).min(buf.len());
        self.advance(&buf[from.min(to)..to]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_lf_and_columns_count_characters() {
        let input = "ab\r\ncä€😀x\n\ny".as_bytes();
        let at = |offset| {
            let place = Place::START.at(input, 0, offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(3), (1, 4));
        assert_eq!(at(4), (2, 1));
        assert_eq!(at(14), (2, 5));
        assert_eq!(at(16), (3, 1));
        assert_eq!(at(17), (4, 1));
        assert_eq!(at(18), (4, 2));
    }

    #[test]
    fn stopping_on_the_way_changes_nothing() {
        let input = "a\nbä\u{301}c\n\n<d>é\n".as_bytes();
        for cut in 0..=input.len() {
            let mut place = Place::START;
            place.advance(&input[..cut]);
            place.advance(&input[cut..]);
            assert_eq!(place, Place::START.at(input, 0, input.len() as u64), "{cut}");
        }
    }
}
