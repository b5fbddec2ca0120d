//! The elements around records: the root, and unknown ones inside it.

use std::borrow::Cow;

use super::nested::{WHOLE, key};

/// The names of the elements that are open, the outermost first: to open and to close one allocates
/// nothing.
#[derive(Debug, Default)]
pub(super) struct Outer {
    /// The key of each name, and where long names end once it is open.
    open: Vec<(u64, usize)>,
    /// Those that are no keys, one behind the other.
    long: Vec<u8>,
}

impl Outer {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Opens an element inside the others. The name is UTF-8.
    #[inline(always)]
    pub(super) fn push(&mut self, name: &[u8]) {
        self.push_key(key(name), name);
    }

    /// The same of a name whose key is known.
    #[inline(always)]
    pub(super) fn push_key(&mut self, key: u64, name: &[u8]) {
        if name.len() > WHOLE {
            self.long.extend_from_slice(name);
        }
        self.open.push((key, self.long.len()));
    }

    fn long_name(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.open[before].1);
        &self.long[start..self.open[index].1]
    }

    fn name(&self, index: usize) -> Cow<'_, str> {
        let word = self.open[index].0.to_le_bytes();
        match word.iter().position(|byte| *byte == 0) {
            Some(0) => String::from_utf8_lossy(self.long_name(index)),
            end => {
                let name = &word[..end.unwrap_or(WHOLE)];
                String::from_utf8_lossy(name).into_owned().into()
            }
        }
    }

    /// The names, the outermost first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        (0..self.open.len()).map(|index| self.name(index))
    }

    /// The end tags of the elements from a place on, the innermost first.
    pub(super) fn end_tags(&self, place: usize) -> String {
        let open = self.iter().rev().take(self.len() - place);
        open.map(|open| format!("</{open}>")).collect()
    }

    /// The place of the innermost element of this name.
    #[inline(always)]
    pub(super) fn place(&self, name: &[u8]) -> Option<usize> {
        self.place_of_key(key(name), name)
    }

    /// The same of a name whose key is known.
    #[inline(always)]
    pub(super) fn place_of_key(&self, wanted: u64, name: &[u8]) -> Option<usize> {
        self.open.iter().enumerate().rev().find_map(|(index, (key, _))| {
            let found = *key == wanted && (name.len() <= WHOLE || self.long_name(index) == name);
            found.then_some(index)
        })
    }

    /// Closes the element at a place and what is open in it.
    #[inline(always)]
    pub(super) fn close(&mut self, place: usize) {
        self.open.truncate(place);
        if !self.long.is_empty() {
            self.long.truncate(self.open.last().map_or(0, |(_, end)| *end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_one_behind_the_other() {
        let mut outer = Outer::default();
        assert_eq!((outer.place(b"a"), outer.is_empty()), (None, true));
        for name in ["a", "é", "a", "bc", "12345678", "paragraphs", "paragraph", "d"] {
            outer.push(name.as_bytes());
        }
        let names = ["d", "paragraph", "paragraphs", "12345678", "bc", "a", "é", "a"];
        assert_eq!(outer.iter().rev().collect::<Vec<_>>(), names);
        assert_eq!((outer.place(b"paragraphs"), outer.place(b"paragrap")), (Some(5), None));
        assert_eq!((outer.place(b"paragraph"), outer.place(b"12345678")), (Some(6), Some(4)));
        outer.close(6);
        assert_eq!(outer.place(b"paragraphs"), Some(5));
        outer.close(4);
        assert_eq!((outer.place(b"a"), outer.place("é".as_bytes())), (Some(2), Some(1)));
        assert_eq!((outer.place(b"b"), outer.len()), (None, 4));
        outer.close(2);
        assert_eq!(outer.iter().collect::<Vec<_>>(), ["a", "é"]);
        outer.push(b"d");
        outer.close(0);
        assert!(outer.is_empty() && outer.place(b"a").is_none());
    }
}
