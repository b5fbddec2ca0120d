//! The few loops over bytes that everything waits for.

use wide::u8x16;

use crate::steps;

const LANES: usize = 16;

#[inline(always)]
fn load(bytes: &[u8], at: usize) -> Option<u8x16> {
    let block: &[u8; LANES] = bytes.get(at..)?.first_chunk()?;
    Some(u8x16::new(*block))
}

/// Where `needle` first stands at or after `from`; the length of `bytes` where it does not.
/// Made for short distances.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], from: usize, needle: u8) -> usize {
    let wanted = u8x16::splat(needle);
    let mut at = from;
    for _ in 0..2 {
        let Some(block) = load(bytes, at) else { break };
        let mask = block.simd_eq(wanted).to_bitmask();
        if mask != 0 {
            let found = at + mask.trailing_zeros() as usize;
            steps::count(1 + found - from);
            return found;
        }
        at += LANES;
    }
    let found = match bytes.get(at..).and_then(|rest| memchr::memchr(needle, rest)) {
        Some(distance) => at + distance,
        None => bytes.len(),
    };
    steps::count(1 + found.saturating_sub(from));
    found
}

/// Where one of four bytes first stands at or after `from`; the length of `bytes` where none does.
#[inline(always)]
pub(crate) fn find_any(bytes: &[u8], from: usize, needles: [u8; 4]) -> usize {
    let wanted = needles.map(u8x16::splat);
    let mut at = from;
    while let Some(block) = load(bytes, at) {
        let is = |index: usize| block.simd_eq(wanted[index]);
        let mask = (is(0) | is(1) | is(2) | is(3)).to_bitmask();
        if mask != 0 {
            let found = at + mask.trailing_zeros() as usize;
            steps::count(1 + found - from);
            return found;
        }
        at += LANES;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let found = match rest.iter().position(|byte| needles.contains(byte)) {
        Some(distance) => at + distance,
        None => bytes.len(),
    };
    steps::count(1 + found.saturating_sub(from));
    found
}

/// Where a few bytes first stand. Most are near.
pub(crate) fn find_bytes(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    const NEAR: usize = 24;
    let near = &bytes[..bytes.len().min(NEAR)];
    if let Some(place) = near.windows(wanted.len()).position(|there| there == wanted) {
        return Some(place);
    }
    // What begins near may end beyond.
    let from = (near.len() + 1).saturating_sub(wanted.len());
    memchr::memmem::find(&bytes[from..], wanted).map(|distance| from + distance)
}

/// Whether any byte asks for a closer look at XML text: `&`, `]`, CR, another control character,
/// or the first byte of U+F000–U+FFFF, among which are the two that XML excludes.
#[inline]
pub(crate) fn is_special_in_xml(bytes: &[u8]) -> bool {
    any(bytes, special_in_xml)
}

#[inline(always)]
fn special_in_xml(block: u8x16) -> u8x16 {
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
    (control & !(is(b'\n') | is(b'\t'))) | is(b'&') | is(b']') | is(0xEF)
}

/// Whether any byte begins a character that XML cannot carry, or may begin one: a control
/// character but tab, LF and CR, or the first byte of U+F000–U+FFFF.
#[inline]
pub(crate) fn may_be_forbidden(bytes: &[u8]) -> bool {
    any(bytes, forbidden)
}

#[inline(always)]
fn forbidden(block: u8x16) -> u8x16 {
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
    (control & !(is(b'\n') | is(b'\t') | is(b'\r'))) | is(0xEF)
}

/// Whether any byte of a value needs to be written otherwise in XML, or may not be written.
#[inline]
pub(crate) fn needs_escape_in_xml(bytes: &[u8]) -> bool {
    any(bytes, escaped_in_xml)
}

#[inline(always)]
fn escaped_in_xml(block: u8x16) -> u8x16 {
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
    control | is(b'&') | is(b'<') | is(b'>') | is(0xEF)
}

/// Whether any byte of a value needs quotes around it in CSV, or may not be written.
#[inline]
pub(crate) fn needs_quotes(bytes: &[u8]) -> bool {
    any(bytes, quoted)
}

#[inline(always)]
fn quoted(block: u8x16) -> u8x16 {
    unusual(block) | block.simd_eq(u8x16::splat(b','))
}

/// Whether a row of CSV has just so many commas, and nothing that would need quotes or may not be
/// written.
#[inline]
pub(crate) fn is_plain_row(bytes: &[u8], commas: usize) -> bool {
    let (mut counted, mut others) = (0, u8x16::splat(0));
    // As many bytes as a lane can count.
    for part in bytes.chunks(255 * LANES) {
        let mut in_lanes = u8x16::splat(0);
        let (blocks, rest) = part.as_chunks();
        for block in blocks {
            let lanes = u8x16::new(*block);
            in_lanes -= lanes.simd_eq(u8x16::splat(b','));
            others |= unusual(lanes);
        }
        counted += in_lanes.to_array().into_iter().map(usize::from).sum::<usize>();
        if !rest.is_empty() {
            // Some of a whole last block has been looked at.
            let (last, seen) = match part.last_chunk() {
                Some(last) => (*last, LANES - rest.len()),
                None => (padded(rest), 0),
            };
            let lanes = u8x16::new(last);
            let commas = lanes.simd_eq(u8x16::splat(b',')).to_bitmask() >> seen;
            counted += commas.count_ones() as usize;
            others |= unusual(lanes);
        }
    }
    counted == commas && others.to_bitmask() == 0
}

/// Quotes, control characters, and the first byte of U+F000–U+FFFF.
#[inline(always)]
fn unusual(lanes: u8x16) -> u8x16 {
    // With this bit turned, a quote is 0x20 and a space is not.
    let turned = lanes ^ u8x16::splat(0x02);
    turned.min(u8x16::splat(0x20)).simd_eq(turned) | lanes.simd_eq(u8x16::splat(0xEF))
}

/// A block with letters behind the end.
#[inline(always)]
fn padded<const SIZE: usize>(rest: &[u8]) -> [u8; SIZE] {
    let mut block = [b'x'; SIZE];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// Where commas and what would need quotes stand in a row of CSV.
pub(crate) fn csv_marks(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len()).step_by(64).flat_map(|at| {
        let block = csv_block(bytes, at, b',');
        let mut left = block.commas | block.others;
        std::iter::from_fn(move || {
            let place = (left != 0).then(|| at + left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            place
        })
    })
}

/// What stands in 64 bytes of CSV that may be in quotes, the first one lowest.
pub(crate) struct CsvQuoting {
    pub(crate) quotes: u64,
    /// CR and LF.
    pub(crate) line_ends: u64,
    /// Control characters but tab, CR, LF and the delimiter.
    pub(crate) controls: u64,
    /// The first byte of U+F000–U+FFFF.
    pub(crate) high: u64,
}

/// Looks at the 64 bytes from `at` on. What is behind the end counts as a letter.
#[inline(always)]
pub(crate) fn csv_quoting(bytes: &[u8], at: usize, delimiter: u8) -> CsvQuoting {
    let padding;
    let block = match bytes.get(at..).and_then(|rest| rest.first_chunk::<64>()) {
        Some(block) => block,
        None => {
            padding = padded(bytes.get(at..).unwrap_or_default());
            &padding
        }
    };
    let mut found = CsvQuoting { quotes: 0, line_ends: 0, controls: 0, high: 0 };
    for part in 0..4 {
        let Some(lanes) = load(block, part * LANES) else { break };
        let is = |byte| lanes.simd_eq(u8x16::splat(byte));
        let mask = |found: u8x16| u64::from(found.to_bitmask()) << (part * LANES);
        let control = lanes.min(u8x16::splat(0x1F)).simd_eq(lanes);
        let line_end = is(b'\r') | is(b'\n');
        found.quotes |= mask(is(b'"'));
        found.line_ends |= mask(line_end);
        found.controls |= mask(control & !(line_end | is(b'\t') | is(delimiter)));
        found.high |= mask(is(0xEF));
    }
    found
}

/// The places in a row of CSV at which something may end or begin. Found 64 bytes at a time, since
/// a row may be full of them.
pub(crate) struct Marks {
    delimiter: u8,
    /// Where the present 64 bytes begin, and what stands in them, the first one lowest.
    base: usize,
    quotes: u64,
    line_feeds: u64,
    delimiters: u64,
    carriage_returns: u64,
}

impl Marks {
    #[inline(always)]
    pub(crate) fn new(bytes: &[u8], from: usize, delimiter: u8) -> Marks {
        let mut marks = Marks {
            delimiter,
            base: from,
            quotes: 0,
            line_feeds: 0,
            delimiters: 0,
            carriage_returns: 0,
        };
        marks.load(bytes, from);
        marks
    }

    /// The first quote at or after `from`; the length of `bytes` where there is none.
    #[inline(always)]
    pub(crate) fn quote(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, _| marks.quotes)
    }

    /// The first quote, delimiter, CR or LF.
    #[inline(always)]
    pub(crate) fn any(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, _| {
            marks.quotes | marks.line_feeds | marks.delimiters | marks.carriage_returns
        })
    }

    /// The first delimiter, CR or LF.
    #[inline(always)]
    pub(crate) fn end(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, _| {
            marks.line_feeds | marks.delimiters | marks.carriage_returns
        })
    }

    /// The first delimiter, LF, or CR that may belong to a line end.
    #[inline(always)]
    pub(crate) fn end_of_cell(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, left| {
            marks.line_feeds | marks.delimiters | marks.ending(left)
        })
    }

    /// The first quote that is not one of two; the length of `bytes` where there is none. `from` is
    /// not between the two.
    #[inline(always)]
    pub(crate) fn single_quote(&mut self, bytes: &[u8], from: usize) -> usize {
        self.single_quote_before(bytes, from, |_, _| u64::MAX, |_| 0)
    }

    /// The first quote that is not one of two, or the first LF; the length of `bytes` where there is
    /// neither.
    #[inline(always)]
    pub(crate) fn single_quote_or_line_feed(&mut self, bytes: &[u8], from: usize) -> usize {
        self.single_quote_before(bytes, from, |_, _| u64::MAX, |marks| marks.line_feeds)
    }

    /// The first quote that is not one of two and may end a cell, or the first LF; the length of
    /// `bytes` where there is neither.
    #[inline(always)]
    pub(crate) fn closing_quote_or_line_feed(&mut self, bytes: &[u8], from: usize) -> usize {
        let ends = |marks: &Marks, left: usize| {
            let end = if left < 64 { 1 << left } else { 0 };
            marks.line_feeds | marks.delimiters | marks.ending(left) | end
        };
        self.single_quote_before(bytes, from, ends, |marks| marks.line_feeds)
    }

    /// The CRs that may belong to a line end: before LF, before CR LF, and where what follows is not
    /// known. `left`: how much there is from the block on.
    #[inline(always)]
    fn ending(&self, left: usize) -> u64 {
        let line_end = self.line_feeds >> 1 | (self.carriage_returns >> 1 & self.line_feeds >> 2);
        let unknown = u64::MAX << left.saturating_sub(2).min(62);
        self.carriage_returns & (line_end | unknown)
    }

    #[inline(always)]
    fn next(&mut self, bytes: &[u8], from: usize, of: impl Fn(&Marks, usize) -> u64) -> usize {
        self.reach(bytes, from);
        let mut left = of(self, bytes.len() - self.base) & (u64::MAX << (from - self.base));
        while left == 0 {
            let next = self.base + 64;
            if next >= bytes.len() {
                steps::count(1 + bytes.len().saturating_sub(from));
                return bytes.len();
            }
            self.load(bytes, next);
            left = of(self, bytes.len() - next);
        }
        let found = self.base + left.trailing_zeros() as usize;
        steps::count(1 + found - from);
        found
    }

    /// The first single quote before one of `before`, where the end of `bytes` counts as a place, or
    /// the first of `others`.
    #[inline(always)]
    fn single_quote_before(
        &mut self,
        bytes: &[u8],
        from: usize,
        before: impl Fn(&Marks, usize) -> u64,
        others: impl Fn(&Marks) -> u64,
    ) -> usize {
        self.reach(bytes, from);
        let mut open = u64::MAX << (from - self.base);
        let mut odd = false;
        loop {
            let behind = behind_odd_runs(self.quotes & open, &mut odd);
            let single = behind & before(self, bytes.len() - self.base);
            let found = single | (others(self) & open);
            if found != 0 {
                let place = found.trailing_zeros();
                let found = self.base + place as usize - (single >> place & 1) as usize;
                steps::count(1 + found - from);
                return found;
            }
            let next = self.base + 64;
            if next > bytes.len() {
                steps::count(1 + bytes.len().saturating_sub(from));
                return bytes.len();
            }
            self.load(bytes, next);
            open = u64::MAX;
        }
    }

    /// Makes the block that of a place.
    #[inline(always)]
    fn reach(&mut self, bytes: &[u8], place: usize) {
        if place < self.base || place - self.base >= 64 {
            self.load(bytes, place);
        }
    }

    #[inline(always)]
    fn load(&mut self, bytes: &[u8], at: usize) {
        (self.base, self.quotes, self.line_feeds) = (at, 0, 0);
        (self.delimiters, self.carriage_returns) = (0, 0);
        match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(block) => self.look(block),
            None => self.look(&padded(bytes.get(at..).unwrap_or_default())),
        }
    }

    #[inline(always)]
    fn look(&mut self, block: &[u8; 64]) {
        for part in 0..4 {
            let Some(lanes) = load(block, part * LANES) else { break };
            let is = |byte| lanes.simd_eq(u8x16::splat(byte));
            let mask = |found: u8x16| u64::from(found.to_bitmask()) << (part * LANES);
            self.quotes |= mask(is(b'"'));
            self.line_feeds |= mask(is(b'\n'));
            self.delimiters |= mask(is(self.delimiter));
            self.carriage_returns |= mask(is(b'\r'));
        }
    }
}

/// The even places of a block.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// The places behind runs of an odd number of bits, the first of which may have begun in the block
/// before: `odd` says whether an odd number of its bits stand at the end of that one.
#[inline(always)]
fn behind_odd_runs(bits: u64, odd: &mut bool) -> u64 {
    let carried = u64::from(*odd);
    let starts = bits & !(bits << 1);
    // A run that goes on begins at an even place where an even number of bits was before.
    let even = EVEN ^ carried;
    // To add its first bit to a run leaves a bit behind it.
    let behind_even = bits.wrapping_add(starts & even) & !bits;
    let (sum, goes_on) = bits.overflowing_add(starts & !even);
    *odd = goes_on;
    let behind_odd = (sum | carried) & !bits;
    (behind_even & !EVEN) | (behind_odd & EVEN)
}

/// A cell with one of each two quotes; one on its own is text. Made for cells that are full of them.
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

/// Of each run of bits the second, the fourth and so on. The first run may go on from the block
/// before: `odd` is 1 where an odd number of its bits stands at the end of that one.
#[inline(always)]
fn second_of_two(bits: u64, odd: u64) -> u64 {
    // To add the first bit of a run to it takes its bits away.
    let starts = bits & !(bits << 1);
    let begun_even = bits & !bits.wrapping_add(starts & (EVEN ^ odd));
    (begun_even & !EVEN) | (bits & !begun_even & EVEN)
}

/// Appends a text in which every quote is one of two, without the second of them.
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

/// What stands in 64 bytes of CSV, the first one lowest.
pub(crate) struct CsvBlock {
    pub(crate) commas: u64,
    /// Quotes, control characters, and the first byte of U+F000–U+FFFF.
    pub(crate) others: u64,
}

/// Looks at the 64 bytes from `at` on. What is behind the end counts as a letter.
#[inline(always)]
pub(crate) fn csv_block(bytes: &[u8], at: usize, delimiter: u8) -> CsvBlock {
    steps::count(LANES);
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(block) => csv_masks(block, delimiter),
        None => csv_masks(&padded(bytes.get(at..).unwrap_or_default()), delimiter),
    }
}

#[inline(always)]
fn csv_masks(block: &[u8; 64], delimiter: u8) -> CsvBlock {
    let (mut commas, mut others) = (0, 0);
    for part in 0..4 {
        let Some(lanes) = load(block, part * LANES) else { break };
        let comma = lanes.simd_eq(u8x16::splat(delimiter));
        commas |= u64::from(comma.to_bitmask()) << (part * LANES);
        others |= u64::from(unusual(lanes).to_bitmask()) << (part * LANES);
    }
    CsvBlock { commas, others }
}

/// Writes a value so that every XML parser reads it back as it is: `>` for the sake of `]]>`, line
/// ends and tabs as references because XML or a formatter would change them (OUT-2, OUT-6).
pub(crate) fn escape_in_xml(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let reference: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'\t' => b"&#9;",
            b'\n' => b"&#10;",
            b'\r' => b"&#13;",
            _ => continue,
        };
        out.extend_from_slice(&bytes[plain..at]);
        out.extend_from_slice(reference);
        plain = at + 1;
    }
    out.extend_from_slice(&bytes[plain..]);
}

/// Whether `test` finds anything in any block of the text.
#[inline(always)]
fn any(bytes: &[u8], test: impl Fn(u8x16) -> u8x16) -> bool {
    steps::count(1 + bytes.len());
    if bytes.len() < LANES {
        return test(u8x16::new(short(bytes))).to_bitmask() != 0;
    }
    let mut found = u8x16::splat(0);
    let mut blocks = bytes.chunks_exact(LANES);
    for block in &mut blocks {
        // A chunk of LANES bytes always loads.
        found |= load(block, 0).map_or(found, &test);
    }
    if !blocks.remainder().is_empty() {
        found |= load(bytes, bytes.len() - LANES).map_or(found, &test);
    }
    found.to_bitmask() != 0
}

/// The bytes of a text shorter than a block, some of them more than once, and letters.
#[inline(always)]
fn short(bytes: &[u8]) -> [u8; LANES] {
    let mut block = [b'x'; LANES];
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        block[..8].copy_from_slice(first);
        block[8..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        block[..4].copy_from_slice(first);
        block[4..8].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
        (block[0], block[1], block[2]) = (*first, bytes[bytes.len() / 2], *last);
    }
    block
}

/// The first 16 bytes from `at` on, the first one lowest.
#[inline(always)]
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u128> {
    Some(u128::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Whether each of the 16 bytes from `at` on is between the two at its place, inclusive.
#[inline(always)]
pub(crate) fn is_between(bytes: &[u8], at: usize, least: &[u8; LANES], most: &[u8; LANES]) -> bool {
    let (least, most) = (u8x16::new(*least), u8x16::new(*most));
    load(bytes, at).is_some_and(|lanes| {
        let distance = lanes - least;
        distance.min(most - least).simd_eq(distance).to_bitmask() == 0xFFFF
    })
}

/// Where the first character stands that XML 1.0 cannot carry, and which it is (OUT-6).
pub(crate) fn forbidden_character(text: &str) -> Option<(usize, char)> {
    if !may_be_forbidden(text.as_bytes()) {
        return None;
    }
    text.char_indices().find(|(_, character)| !is_xml_char(*character))
}

/// `Char` of XML 1.0 for what a Rust `char` can be.
pub(crate) const fn is_xml_char(character: char) -> bool {
    !matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_at_every_distance() {
        for length in 0..70 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b'<';
                for from in 0..=length {
                    let expected = if from <= at { at } else { length };
                    assert_eq!(find(&bytes, from, b'<'), expected, "{length} {at} {from}");
                }
            }
        }
    }

    #[test]
    fn marks_at_every_distance() {
        for length in 0..200 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                for (index, byte) in b"\"\n\r;".iter().enumerate() {
                    bytes[at] = *byte;
                    for from in [0, at / 2, at, at + 1] {
                        let mut marks = Marks::new(&bytes, 0, b';');
                        let any = if from <= at { at } else { length };
                        let line_feed = if index < 2 { any } else { length };
                        let quote = if index < 1 { any } else { length };
                        assert_eq!(marks.any(&bytes, from), any, "{length} {at} {from}");
                        assert_eq!(marks.single_quote_or_line_feed(&bytes, from), line_feed);
                        assert_eq!(marks.quote(&bytes, from), quote);
                        let end = if index > 0 { any } else { length };
                        assert_eq!(marks.end(&bytes, from), end);
                        // Also where the last look went on to the end.
                        assert_eq!(marks.any(&bytes, from), any, "{length} {at} {from}");
                    }
                }
            }
        }
    }

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

    /// As they are found one by one.
    #[test]
    fn single_quotes_and_line_ends() {
        // The same numbers each time.
        let mut state = 7_u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % n
        };
        for length in (0..300).chain([64; 200]).chain([128; 200]) {
            let kinds = 1 + below(6);
            let bytes: Vec<u8> =
                (0..length).map(|_| b"\"\"x\r;\n"[below(kinds) as usize]).collect();
            let text = String::from_utf8_lossy(&bytes);
            let (mut from, mut marks) = (0, Marks::new(&bytes, 0, b';'));
            while from < length {
                let run = |at: usize| bytes[at..].iter().take_while(|b| **b == b'"').count();
                let ends = |at: usize| match bytes[at..] {
                    [b';' | b'\n', ..] | [b'\r', b'\n', ..] | [b'\r', b'\r', b'\n', ..] => true,
                    [] | [b'\r'] | [b'\r', b'\r'] => true,
                    _ => false,
                };
                let (mut at, mut single, mut closing) = (from, length, length);
                while at < length && single.max(closing) == length {
                    let quotes = run(at);
                    if quotes % 2 == 1 {
                        single = single.min(at + quotes - 1);
                        if ends(at + quotes) {
                            closing = closing.min(at + quotes - 1);
                        }
                    } else if bytes[at] == b'\n' {
                        closing = closing.min(at);
                    }
                    at += quotes.max(1);
                }
                assert_eq!(marks.single_quote(&bytes, from), single, "{text:?} {from}");
                // Where a block ends, a CR is taken for one that may end a line.
                let mut found = marks.closing_quote_or_line_feed(&bytes, from);
                while found < closing && bytes[found] == b'"' && bytes[found + 1] == b'\r' {
                    found = marks.closing_quote_or_line_feed(&bytes, found + 1);
                }
                assert_eq!(found, closing, "{text:?} {from}");
                let end = (from..length).find(|at| !b"\"x".contains(&bytes[*at]) && ends(*at));
                let mut found = marks.end_of_cell(&bytes, from);
                while found < end.unwrap_or(length) && bytes[found] == b'\r' {
                    found = marks.end_of_cell(&bytes, found + 1);
                }
                assert_eq!(found, end.unwrap_or(length), "{text:?} {from}");
                // Not between two quotes.
                from += if run(from) > 1 { run(from) } else { 1 + below(3) as usize };
                while 0 < from && from < length && bytes[from - 1] == b'"' {
                    from += 1;
                }
            }
        }
    }

    #[test]
    fn finding_one_of_four_at_every_distance() {
        for length in 0..70 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b"abcd"[at % 4];
                for from in 0..=length {
                    let expected = if from <= at { at } else { length };
                    assert_eq!(find_any(&bytes, from, *b"abcd"), expected, "{length} {at} {from}");
                }
            }
        }
    }

    #[test]
    fn finding_a_few_bytes_at_every_distance() {
        for at in 0..60 {
            let bytes = format!("{}-->{}", "-".repeat(at), "->".repeat(at));
            assert_eq!(find_bytes(bytes.as_bytes(), b"-->"), Some(at));
            assert_eq!(find_bytes(&bytes.as_bytes()[..at + 2], b"-->"), None);
            assert_eq!(find_bytes(bytes.as_bytes(), b"?"), None);
        }
    }

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=255_u8 {
            for length in (1..18).chain([31, 33]) {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let special = matches!(byte, b'&' | b']' | 0xEF | 0..=8 | 11..=31);
                    assert_eq!(is_special_in_xml(&bytes), special, "{byte} {length} {at}");
                    let forbidden = matches!(byte, 0xEF | 0..=8 | 11 | 12 | 14..=31);
                    assert_eq!(may_be_forbidden(&bytes), forbidden, "{byte} {length} {at}");
                }
            }
        }
    }

    #[test]
    fn rows_of_csv_of_every_length() {
        for length in 0..200 {
            let plain = vec![b'x'; length];
            assert!(is_plain_row(&plain, 0), "{length}");
            for at in 0..length {
                for (byte, commas) in [(b',', 1), (b'"', 0), (b'\n', 0), (0xEF, 0)] {
                    let mut row = plain.clone();
                    row[at] = byte;
                    assert!(csv_marks(&row).eq([at]), "{byte} {length} {at}");
                    assert!(!is_plain_row(&row, 1 - commas), "{byte} {length} {at}");
                    assert_eq!(is_plain_row(&row, commas), byte == b',', "{byte} {length} {at}");
                }
            }
        }
    }

    #[test]
    fn characters_that_xml_cannot_carry() {
        assert_eq!(forbidden_character("a\t\n\r\u{7f}\u{85}\u{ff5e}😀"), None);
        assert_eq!(forbidden_character("ab\u{1}"), Some((2, '\u{1}')));
        assert_eq!(forbidden_character("é\u{ffff}"), Some((2, '\u{ffff}')));
        assert_eq!(forbidden_character("\u{fffe}"), Some((0, '\u{fffe}')));
    }
}
