//! Finds a byte in a short text. Names and values have about ten bytes; `memchr` would take longer to
//! start than to search them.

use crate::text::word;

/// The place of the first of these bytes. None of them may be zero.
#[inline(always)]
pub(crate) fn first_of<const N: usize>(bytes: [u8; N], text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while let Some((eight, after)) = rest.split_first_chunk() {
        if let Some(at) = first_in(bytes, u64::from_le_bytes(*eight)) {
            return Some(text.len() - rest.len() + at);
        }
        rest = after;
    }
    Some(text.len() - rest.len() + first_in(bytes, word(rest))?)
}

/// Like [`first_of`], in eight bytes at once.
#[inline(always)]
fn first_in<const N: usize>(bytes: [u8; N], word: u64) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let hits = bytes.iter().fold(0, |hits, byte| {
        let zero_here = word ^ (ONES * u64::from(*byte));
        // The high bit of each zero byte, and perhaps of some bytes after the first: only the first counts.
        hits | zero_here.wrapping_sub(ONES) & !zero_here & (ONES << 7)
    });
    (hits != 0).then(|| hits.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_first(text in proptest::collection::vec(prop_oneof![Just(b'&'), Just(b'='), Just(b'\''), Just(0xa6), Just(0), any::<u8>()], 0..40), skipped in 0..40_usize) {
            let text = text.get(skipped..).unwrap_or(&text);
            prop_assert_eq!(first_of([b'&'], text), text.iter().position(|byte| *byte == b'&'));
            let either = text.iter().position(|byte| matches!(byte, b'=' | b'&'));
            prop_assert_eq!(first_of([b'=', b'&'], text), either);
        }
    }
}
