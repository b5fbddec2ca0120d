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
    Inline { length: u8, bytes: [u8; INLINE] },
    Heap(Box<str>),
}

impl Text {
    /// The text as bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Repr::Heap(text) => text.as_bytes(),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // The bytes came from a `str`, so they are one.
            Repr::Inline { length, bytes } => {
                core::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default()
            }
            Repr::Heap(text) => text,
        }
    }
}

impl Text {
    /// A text that is known to be ASCII and is short.
    #[inline]
    pub(crate) fn short_ascii(text: &[u8]) -> Option<Text> {
        let mut bytes = [0; INLINE];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        // At most 22.
        Some(Text(Repr::Inline { length: text.len() as u8, bytes }))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                // At most 22.
                Text(Repr::Inline { length: text.len() as u8, bytes })
            }
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
        assert_eq!(size_of::<Text>(), 24);
    }
}
