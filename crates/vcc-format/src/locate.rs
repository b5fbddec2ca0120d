use memchr::{memchr_iter, memrchr};

/// A place in the input, as a byte offset, a line and a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// A place that moves forward over a buffer of UTF-8.
///
/// A UTF-16 document goes through the buffer as UTF-8, but offsets count bytes of UTF-16. Each character
/// tells how many bytes it had there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// The offset among all bytes that have gone through the buffer.
    pub(crate) at: u64,
    pub(crate) place: Place,
    /// Whether the input is UTF-16, and how many bytes of it there are.
    utf_16: Option<u64>,
}

impl Mark {
    pub(crate) const START: Mark =
        Mark { at: 0, place: Place { offset: 0, line: 1, column: 1 }, utf_16: None };

    /// The place after the byte order mark of a UTF-16 document. The mark is a character of the first line,
    /// and is not in the buffer.
    pub(crate) const UTF_16: Mark =
        Mark { at: 0, place: Place { offset: 2, line: 1, column: 2 }, utf_16: Some(u64::MAX) };

    /// Sets the length of the input. If a UTF-16 document is cut, its last character may have fewer bytes
    /// than usual.
    pub(crate) fn ends(&mut self, length: u64) {
        self.utf_16 = self.utf_16.map(|_| length);
    }

    /// Moves over `bytes`, which stand at this place.
    fn advance(&mut self, bytes: &[u8]) {
        self.at += bytes.len() as u64;
        let characters = |bytes: &[u8]| {
            // A character is a byte that does not continue one.
            bytes.iter().filter(|byte| (**byte).cast_signed() >= -0x40).count() as u64
        };
        self.place.offset = match self.utf_16 {
            None => self.place.offset + bytes.len() as u64,
            Some(length) => {
                let pairs = bytes.iter().filter(|byte| **byte >= 0xF0).count() as u64;
                (self.place.offset + 2 * (characters(bytes) + pairs)).min(length)
            }
        };
        let mut tail = bytes;
        if let Some(last) = memrchr(b'\n', bytes) {
            self.place.line += memchr_iter(b'\n', &bytes[..=last]).count() as u64;
            self.place.column = 1;
            tail = &bytes[last + 1..];
        }
        self.place.column += characters(tail);
    }

    /// The mark at an offset at or after this one; `buf` begins at offset `base`.
    pub(crate) fn to(mut self, buf: &[u8], base: u64, offset: u64) -> Mark {
        let from = usize::try_from(self.at - base).unwrap_or(buf.len());
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
            let place = Mark::START.to(input, 0, offset).place;
            assert_eq!(place.offset, offset);
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
    fn offsets_of_utf_16_are_those_of_the_bytes_as_they_came() {
        let input = "cä€😀x\ny".as_bytes();
        let at = |offset| {
            let place = Mark::UTF_16.to(input, 0, offset).place;
            (place.offset, place.line, place.column)
        };
        assert_eq!(at(0), (2, 1, 2));
        assert_eq!(at(1), (4, 1, 3));
        assert_eq!(at(3), (6, 1, 4));
        assert_eq!(at(6), (8, 1, 5));
        assert_eq!(at(10), (12, 1, 6));
        assert_eq!(at(12), (16, 2, 1));
        let mut cut = Mark::UTF_16;
        cut.ends(15);
        assert_eq!(cut.to(input, 0, 12).place.offset, 15);
    }

    #[test]
    fn stopping_on_the_way_changes_nothing() {
        let input = "a\nbä\u{301}c\n\n<d>é\n".as_bytes();
        for cut in 0..=input.len() {
            let mut mark = Mark::START;
            mark.advance(&input[..cut]);
            mark.advance(&input[cut..]);
            assert_eq!(mark.place, Mark::START.to(input, 0, input.len() as u64).place, "{cut}");
        }
    }
}
