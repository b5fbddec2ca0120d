use core::fmt;
use core::ops::Deref;

/// The longest text that is held without an allocation.
const INLINE: usize = 22;

/// A value that a field is compared with: immutable text. Up to 22 bytes are held in place, so that
/// the values people look for (names, numbers, codes) cost no allocation.
///
/// It derefs to `str`.
///
/// ```
/// use vcc_query::Text;
///
/// let text = Text::from("bill");
/// assert_eq!(text, "bill");
/// assert!(text.starts_with('b') && text.as_bytes().len() == 4);
/// ```
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Inline(Inline),
    Heap(Box<str>),
}

/// A text of at most [`INLINE`] bytes, with its length in the last byte. It is written and copied in
/// whole words, since a processor stalls when it reads more bytes at once than were just written.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Inline([u8; 24]);

impl Inline {
    #[inline(always)]
    fn new(text: &[u8]) -> Option<Inline> {
        if text.len() > INLINE {
            return None;
        }
        let part = |from: usize| text.get(from..).map_or(0, word);
        let words = [part(0), part(8), part(16) | (text.len() as u64) << 56];
        let mut bytes = [0; 24];
        for (place, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        Some(Inline(bytes))
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        let [bytes @ .., length] = &self.0;
        &bytes[..usize::from(*length)]
    }
}

/// The first eight bytes of a text, fewer if it is shorter.
#[inline]
pub(crate) fn word(text: &[u8]) -> u64 {
    let length = text.len();
    if let Some(eight) = text.first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    // The two halves may overlap; they agree where they do.
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        return first | last << (8 * (length - 4));
    }
    match text {
        [] => 0,
        [first, ..] => {
            let byte = |at: usize| u64::from(text[at]) << (8 * at);
            u64::from(*first) | byte(length / 2) | byte(length - 1)
        }
    }
}

impl Text {
    /// The text as bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(text) => text.as_bytes(),
            Repr::Heap(text) => text.as_bytes(),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // The bytes came from a `str`, so they are one.
            Repr::Inline(text) => core::str::from_utf8(text.as_bytes()).unwrap_or_default(),
            Repr::Heap(text) => text,
        }
    }
}

impl Text {
    /// A text that is known to be ASCII and is short.
    #[inline]
    pub(crate) fn short_ascii(text: &[u8]) -> Option<Text> {
        Inline::new(text).map(|text| Text(Repr::Inline(text)))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        match Inline::new(text.as_bytes()) {
            Some(text) => Text(Repr::Inline(text)),
            None => Text(Repr::Heap(text.into())),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        if text.len() > INLINE { Text(Repr::Heap(text.into())) } else { text.as_str().into() }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Text {
    #[inline]
    fn eq(&self, other: &Text) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl core::hash::Hash for Text {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long() {
        for text in ["", "bill", "0123456789012345678901", "01234567890123456789012", "Büro 🙂"]
        {
            for made in [Text::from(text), Text::from(text.to_owned())] {
                assert_eq!(made.as_str(), text);
                assert_eq!(made, *text);
                assert_eq!(made, Text::from(text));
                assert_eq!(made.to_string(), text);
            }
        }
        assert_ne!(Text::from("a"), Text::from("b"));
        assert_eq!(size_of::<Text>(), 32);
    }

    #[test]
    fn every_length() {
        let text = "abcdefghijklmnopqrstuvwxyz";
        for length in 0..text.len() {
            let text = &text[..length];
            assert_eq!(Text::from(text).as_str(), text);
            let short = Text::short_ascii(text.as_bytes());
            assert_eq!(short.is_some(), length <= INLINE);
            assert!(short.is_none_or(|short| short == *text));
        }
    }
}
