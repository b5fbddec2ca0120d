//! The road that well-formed records take: `<name>text</name>` in the documented order, and
//! nothing else. Whatever it does not know it leaves to the tokenizer, which reads the same.

use vcc_types::Field;

use super::draft::Draft;
use super::name::is_space;
use crate::scan::{find, word};

/// Up to 16 bytes to compare in one go.
#[derive(Clone, Copy)]
struct Pattern {
    bytes: u128,
    mask: u128,
    length: usize,
}

impl Pattern {
    /// `before`, the name of the field, `after`: no more than 16 bytes, or the build fails.
    const fn new(before: &[u8], name: &[u8], after: &[u8]) -> Pattern {
        let parts = [before, name, after];
        let (mut bytes, mut mask, mut length, mut part) = (0, 0, 0, 0);
        while part < parts.len() {
            let mut at = 0;
            while at < parts[part].len() {
                bytes |= (parts[part][at] as u128) << (8 * length);
                mask |= 0xFF << (8 * length);
                length += 1;
                at += 1;
            }
            part += 1;
        }
        Pattern { bytes, mask, length }
    }

    #[inline(always)]
    fn is_in(&self, word: u128) -> bool {
        (word ^ self.bytes) & self.mask == 0
    }
}

const fn patterns(before: &[u8], after: &[u8]) -> [Pattern; Field::COUNT] {
    let mut patterns = [Pattern { bytes: 0, mask: 0, length: 0 }; Field::COUNT];
    let mut index = 0;
    while index < Field::COUNT {
        let name = Field::ALL[index].wire_name().as_bytes();
        patterns[index] = Pattern::new(before, name, after);
        index += 1;
    }
    patterns
}

const OPEN: [Pattern; Field::COUNT] = patterns(b"<", b"");
const CLOSE: [Pattern; Field::COUNT] = patterns(b"</", b">");

/// Reads fields from `pos` on for as long as they are in the documented order and without
/// anything to decide; gives where it stopped, which is before a tag or white space.
#[inline]
pub(super) fn fields(view: &[u8], pos: usize, item: usize, draft: &mut Draft) -> usize {
    // What is found is added at once: to do so field by field makes each wait for the one before.
    let mut found = 0;
    let end = read(view, pos, item, draft, &mut found);
    draft.add(found);
    end
}

#[inline(always)]
fn read(view: &[u8], mut pos: usize, item: usize, draft: &mut Draft, found: &mut u16) -> usize {
    for index in 0..Field::COUNT {
        while view.get(pos).is_some_and(|byte| is_space(*byte)) {
            pos += 1;
        }
        let Some(open) = word(view, pos) else { return pos };
        if !OPEN[index].is_in(open) || draft.has(index) {
            continue;
        }
        let start = pos + OPEN[index].length + 1;
        let end = match view.get(start - 1) {
            Some(b'>') => {
                let end = find(view, start, b'<');
                let Some(close) = word(view, end) else { return pos };
                if !CLOSE[index].is_in(close) {
                    return pos;
                }
                pos = end + CLOSE[index].length;
                end
            }
            // QUIRK-3: `<outDialCode />` is well-formed.
            Some(b' ') if view.get(start..start + 2) == Some(b"/>") => {
                pos = start + 2;
                start
            }
            Some(b'/') if view.get(start) == Some(&b'>') => {
                pos = start + 1;
                start
            }
            _ => return pos,
        };
        draft.put(index, ((start - item) as u32, (end - item) as u32));
        *found |= 1 << index;
    }
    pos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_fits_into_a_word() {
        for field in Field::ALL {
            assert_eq!(CLOSE[field.index()].length, field.wire_name().len() + 3);
            let tag = format!("</{field}>{}", "x".repeat(16));
            assert!(CLOSE[field.index()].is_in(word(tag.as_bytes(), 0).unwrap()));
            let tag = format!("<{field}{}", "x".repeat(16));
            assert!(OPEN[field.index()].is_in(word(tag.as_bytes(), 0).unwrap()));
        }
    }
}
