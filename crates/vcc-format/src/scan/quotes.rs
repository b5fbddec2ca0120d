//! Undoubles quotes.

use wide::u8x16;

use super::marks::Marks;
use super::runs::second_of_two;
use super::{LANES, load};
use crate::steps;

/// A cell with each doubled quote as one; a single one is text. Fast for cells full of quotes.
pub(crate) fn undoubled(bytes: &[u8]) -> Vec<u8> {
    steps::count(bytes.len());
    let mut kept = vec![0; bytes.len() + LANES];
    let (mut length, mut odd, mut base) = (0, 0, 0);
    let quote = u8x16::splat(b'"');
    // Whole blocks, with as much behind each as may be copied with its last byte.
    while let Some(block) = bytes.get(base..base + 64 + LANES) {
        let mut quotes = 0;
        for part in 0..4 {
            let Some(lanes) = load(block, part * LANES) else { break };
            quotes |= u64::from(lanes.simd_eq(quote).to_bitmask()) << (part * LANES);
        }
        let mut seconds = second_of_two(quotes, odd);
        odd = (quotes & !seconds) >> 63;
        let mut from = 0;
        loop {
            let end = seconds.trailing_zeros() as usize;
            // Most parts are shorter than what is copied.
            let mut at = from;
            while at < end {
                let place = length + at - from;
                kept[place..place + LANES].copy_from_slice(&block[at..at + LANES]);
                at += LANES;
            }
            length += end - from;
            if end == 64 {
                break;
            }
            (from, seconds) = (end + 1, seconds & (seconds - 1));
        }
        base += 64;
    }
    let mut first = odd != 0;
    for byte in &bytes[base..] {
        kept[length] = *byte;
        let quote = *byte == b'"';
        length += usize::from(!(quote & first));
        first = quote & !first;
    }
    kept.truncate(length);
    kept
}

/// Appends a text in which every quote is doubled, undoubled.
pub(crate) fn unquote(text: &str, out: &mut String) {
    let mut marks = Marks::new(text.as_bytes(), 0, b'"');
    let mut plain = 0;
    loop {
        let quote = marks.quote(text.as_bytes(), plain);
        out.push_str(text.get(plain..text.len().min(quote + 1)).unwrap_or_default());
        if quote >= text.len() {
            break;
        }
        plain = quote + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_two_quotes() {
        for text in
            ["", "\"", "a\"\"", "\"\"", "\"\"\"a", "x\"\"\"\"y\"", "aaaaaaaaaaaaaaaaaaaaaa\"\""]
        {
            for (length, before) in
                (0..200).flat_map(|length| [(length, ""), (length, "\""), (length, "x")])
            {
                let text: String =
                    before.chars().chain(text.chars().cycle().take(length)).collect();
                let text = if text.len() < length { "a".repeat(length) } else { text };
                let expected = text.replace("\"\"", "\"");
                assert_eq!(String::from_utf8(undoubled(text.as_bytes())), Ok(expected), "{text:?}");
            }
        }
    }
}
