//! The road that usual rows take: fifteen cells, quoted or not, as RFC 4180 has them.

use vcc_types::Field;

use crate::record::Span;
use crate::scan::csv_block;

/// A usual row.
pub(super) struct Usual {
    pub(super) length: usize,
    /// Whether it ends in CR LF, not in LF alone.
    pub(super) crlf: bool,
    /// Whether it may hold U+FFFE or U+FFFF.
    pub(super) high: bool,
    /// Bit `i`: there are doubled quotes in cell `i`.
    pub(super) doubled: u16,
}

/// Reads a row of fifteen cells. `None` for anything unusual, which the row reader then reads.
#[inline]
pub(super) fn row(view: &[u8], delimiter: u8, spans: &mut [Span; Field::COUNT]) -> Option<Usual> {
    const LAST: usize = Field::COUNT - 1;
    // QUIRK-17: what is no record although it stands where one may, begins otherwise.
    let is_record = match view.first()? {
        b'"' => view.get(1)?.is_ascii_digit(),
        first => first.is_ascii_digit() || *first == delimiter,
    };
    if !is_record {
        return None;
    }
    // Where each cell ends; the next one begins a byte later.
    let mut ends = [0_u32; Field::COUNT];
    let (mut cell, mut high, mut with_quotes, mut doubled) = (0, false, 0_u16, 0);
    // In quotes; the second quote of two, which was looked at already.
    let (mut quoted, mut second) = (false, usize::MAX);
    for base in (0..view.len()).step_by(64) {
        let block = csv_block(view, base, delimiter);
        let (mut commas, mut others) = (block.commas, block.others);
        loop {
            // The commas up to the next quote or control character.
            let before = (others & others.wrapping_neg()).wrapping_sub(1);
            let mut cells = commas & before;
            commas &= !before;
            if !quoted {
                while cells != 0 {
                    *ends.get_mut(cell)? = base as u32 + cells.trailing_zeros();
                    cells &= cells - 1;
                    cell += 1;
                }
            }
            if others == 0 {
                break;
            }
            let at = base + others.trailing_zeros() as usize;
            others &= others - 1;
            let byte = view[at];
            // Comparisons, not a jump table: the commonest first, and easy to foresee.
            if byte == b'"' {
                if at == second {
                    continue;
                }
                if !quoted {
                    let start = cell.checked_sub(1).map_or(0, |cell| ends[cell] as usize + 1);
                    if at != start || cell > LAST {
                        return None;
                    }
                    (quoted, with_quotes) = (true, with_quotes | 1 << cell);
                    continue;
                }
                let next = *view.get(at + 1)?;
                if next == b'"' {
                    (doubled, second) = (doubled | 1 << cell, at + 1);
                } else if next == delimiter || next == b'\r' || next == b'\n' {
                    quoted = false;
                } else {
                    return None;
                }
            } else if byte == b'\r' || byte == b'\n' {
                if quoted {
                    continue;
                }
                let crlf = byte == b'\r';
                if cell != LAST || (crlf && view.get(at + 1) != Some(&b'\n')) {
                    return None;
                }
                ends[LAST] = at as u32;
                fill(spans, &ends, with_quotes);
                let length = at + 1 + usize::from(crlf);
                return Some(Usual { length, crlf, high, doubled });
            } else if byte == 0xEF {
                high = true;
            } else if byte != b'\t' && byte != delimiter {
                return None;
            }
        }
    }
    None
}

/// From where cells end to where their texts are, without the quotes around them.
#[inline(always)]
fn fill(spans: &mut [Span; Field::COUNT], ends: &[u32; Field::COUNT], mut with_quotes: u16) {
    spans[0] = (0, ends[0]);
    for cell in 1..Field::COUNT {
        spans[cell] = (ends[cell - 1] + 1, ends[cell]);
    }
    while with_quotes != 0 {
        let span = &mut spans[with_quotes.trailing_zeros() as usize];
        *span = (span.0 + 1, span.1 - 1);
        with_quotes &= with_quotes - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_length() {
        for length in 0..200 {
            let row = format!("{},é{}\r\nnext", "1".repeat(length), ",\t".repeat(13));
            let mut spans = [(0, 0); Field::COUNT];
            let usual = super::row(row.as_bytes(), b',', &mut spans).unwrap();
            assert_eq!(&row[usual.length..], "next");
            assert!(usual.crlf && !usual.high);
            assert_eq!(spans[0], (0, length as u32));
            assert_eq!(spans[14], (length as u32 + 28, length as u32 + 29));
        }
    }

    #[test]
    fn rows_with_quotes() {
        for length in 0..200 {
            let text = "1".repeat(length);
            let row = format!("\"0{text}\"\",\t\r\n\",\"{text}\",\"\"{}\n", ",".repeat(12));
            let mut spans = [(0, 0); Field::COUNT];
            let usual = super::row(row.as_bytes(), b',', &mut spans).unwrap();
            assert_eq!((usual.length, usual.doubled), (row.len(), 1), "{row:?}");
            assert!(!usual.crlf && !usual.high);
            let cell = |index: usize| &row[spans[index].0 as usize..spans[index].1 as usize];
            assert_eq!(cell(0), format!("0{text}\"\",\t\r\n"), "{row:?}");
            assert_eq!((cell(1), cell(2), cell(14)), (&*text, "", ""), "{row:?}");
        }
    }

    #[test]
    fn what_is_unusual() {
        let usual = format!("1{}\n", ",".repeat(14));
        let mut spans = [(0, 0); Field::COUNT];
        assert!(super::row(usual.as_bytes(), b',', &mut spans).is_some());
        for row in [
            usual[..usual.len() - 1].to_owned(),
            usual.replacen(',', "", 1),
            usual.replacen(',', ",,", 1),
            usual.replacen('1', "\"", 1),
            usual.replacen('1', "\"1\"b", 1),
            usual.replacen('1', "1\"\"", 1),
            usual.replacen('1', "\"1\" ", 1),
            usual.replacen('1', "\r", 1),
            usual.replacen('1', "\u{1}", 1),
            usual.replacen('1', "startDate", 1),
            usual.replacen('1', "\"startDate\"", 1),
            usual.replacen('1', "\u{FEFF}1", 1),
        ] {
            assert!(super::row(row.as_bytes(), b',', &mut spans).is_none(), "{row:?}");
        }
    }
}
