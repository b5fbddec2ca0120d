//! The format of compiled zones, TZif, in its versions 1 to 4 (RFC 9636).

use super::posix::{self, in_day};
use super::tail::Tail;

/// A byte of a file at which something else was expected.
#[derive(Debug)]
pub(super) struct TzifError {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

/// What a file says about a zone's clocks.
pub(super) struct Contents {
    /// The offset before the first change.
    pub(super) first: i32,
    /// When the offset changes, ascending, and to what.
    pub(super) changes: Vec<(i64, i32)>,
    /// When `tail` begins to hold: at the last transition.
    pub(super) tail_from: i64,
    pub(super) tail: Tail,
}

const HEADER: usize = 44;

/// What a header says about the block after it: how many records of each kind there are.
struct Header {
    version: u8,
    ut_indicators: usize,
    standard_indicators: usize,
    leap_seconds: usize,
    transitions: usize,
    types: usize,
    characters: usize,
}

/// A place in the file.
struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
}

/// Reads a whole file.
pub(super) fn file(file: &[u8]) -> Result<Contents, TzifError> {
    let mut cursor = Cursor { file, at: 0 };
    let header = cursor.header()?;
    // The first block is for readers of version 1, and may be empty for others.
    if header.version == 0 {
        return cursor.block(&header, 4, |_| Ok(None));
    }
    cursor.take(header.length(4))?;
    let header = cursor.header()?;
    cursor.block(&header, 8, Cursor::footer)
}

impl Header {
    /// The bytes of the block, with times of this size.
    fn length(&self, time: usize) -> usize {
        // Each count is less than 2^32. In 64 bits the sum is exact; in 32 bits it saturates, and no
        // file is that long.
        [
            (self.transitions, time + 1),
            (self.types, 6),
            (self.characters, 1),
            (self.leap_seconds, time + 4),
            (self.standard_indicators, 1),
            (self.ut_indicators, 1),
        ]
        .into_iter()
        .fold(0, |sum, (count, size)| count.saturating_mul(size).saturating_add(sum))
    }
}

impl<'a> Cursor<'a> {
    fn fail<T>(&self, expected: &'static str) -> Result<T, TzifError> {
        Err(TzifError { at: self.at, expected })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], TzifError> {
        match self.file[self.at..].get(..length) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => {
                Err(TzifError { at: self.file.len(), expected: "more bytes, as the header says" })
            }
        }
    }

    fn header(&mut self) -> Result<Header, TzifError> {
        let header = match self.file[self.at..].first_chunk::<HEADER>() {
            Some(header) if header.starts_with(b"TZif") => header,
            _ => return self.fail("a header of 44 bytes that begins with TZif"),
        };
        let version = header[4];
        if !matches!(version, 0 | b'2'..=b'4') {
            return Err(TzifError { at: self.at + 4, expected: "a version from 1 to 4" });
        }
        let [ut_indicators, standard_indicators, leap_seconds, transitions, types, characters] =
            [20, 24, 28, 32, 36, 40].map(|at| {
                let count =
                    header[at..].first_chunk().map_or(0, |count| u32::from_be_bytes(*count));
                usize::try_from(count).unwrap_or(usize::MAX)
            });
        self.at += HEADER;
        Ok(Header {
            version,
            ut_indicators,
            standard_indicators,
            leap_seconds,
            transitions,
            types,
            characters,
        })
    }

    /// Reads a block with times of this size, and what follows it.
    fn block(
        &mut self,
        header: &Header,
        size: usize,
        footer: impl Fn(&mut Self) -> Result<Option<Tail>, TzifError>,
    ) -> Result<Contents, TzifError> {
        let header_at = self.at - HEADER;
        // The files of "right" count leap seconds; the times of a query do not.
        if header.leap_seconds > 0 {
            let expected = "no leap seconds, which the files of \"right\" count";
            return Err(TzifError { at: header_at + 28, expected });
        }
        let times_at = self.at;
        // From here on everything is known to be there, so no memory is reserved for missing data.
        let mut block = Cursor {
            file: &self.file[..self.at + self.take(header.length(size))?.len()],
            at: times_at,
        };
        let times = block.take(header.transitions.saturating_mul(size))?;
        let indices_at = block.at;
        let indices = block.take(header.transitions)?;
        let types_at = block.at;
        let types = block.take(header.types.saturating_mul(6))?;
        let mut offsets = Vec::with_capacity(header.types);
        for (i, record) in types.chunks_exact(6).enumerate() {
            match record.first_chunk().map(|offset| i32::from_be_bytes(*offset)) {
                Some(offset) if in_day(offset) => offsets.push(offset),
                _ => {
                    let expected = "an offset of less than a day";
                    return Err(TzifError { at: types_at + i * 6, expected });
                }
            }
        }
        let Some(&first) = offsets.first() else {
            return Err(TzifError {
                at: header_at + 36,
                expected: "one type of local time or more",
            });
        };

        let mut changes = Vec::with_capacity(header.transitions);
        let (mut offset, mut last) = (first, None);
        for (i, (time, index)) in times.chunks_exact(size).zip(indices).enumerate() {
            let time = match (time.first_chunk(), time.first_chunk()) {
                (Some(time), _) => i64::from_be_bytes(*time),
                (None, Some(time)) => i64::from(i32::from_be_bytes(*time)),
                (None, None) => i64::MIN,
            };
            if last.is_some_and(|last| time <= last) {
                let expected = "a time after the one before it";
                return Err(TzifError { at: times_at + i * size, expected });
            }
            let Some(&to) = offsets.get(usize::from(*index)) else {
                let expected = "the number of one of the types of local time";
                return Err(TzifError { at: indices_at + i, expected });
            };
            // Some transitions change only the name.
            if to != offset {
                changes.push((time, to));
            }
            (offset, last) = (to, Some(time));
        }
        let tail = footer(self)?;
        if self.at < self.file.len() {
            return self.fail("the end of the file");
        }
        Ok(Contents {
            first,
            changes,
            tail_from: last.unwrap_or(i64::MIN),
            tail: tail.unwrap_or(Tail::Fixed(offset)),
        })
    }

    /// The line after the block, which may be empty. Some writers leave it out.
    fn footer(&mut self) -> Result<Option<Tail>, TzifError> {
        if self.at == self.file.len() {
            return Ok(None);
        }
        if self.file[self.at] != b'\n' {
            return self.fail("a line end, and the rule of the zone");
        }
        let line = &self.file[self.at + 1..];
        let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
            return Err(TzifError { at: self.file.len(), expected: "a line end after the rule" });
        };
        let start = self.at + 1;
        self.at = start + end + 1;
        if end == 0 {
            return Ok(None);
        }
        posix::tz(&line[..end]).map(Some).map_err(|error| TzifError {
            at: start + end - error.rest.len(),
            expected: error.expected,
        })
    }
}
