//! The elements around records: the root, and unknown ones inside it.

use std::borrow::Cow;

use super::nested::{WHOLE, key};

/// The names of the elements that are open, the outermost first, one behind the other: to open and
/// to close one allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Outer {
    names: Vec<u8>,
    /// Where each name ends, and its key.
    ends: Vec<(usize, u64)>,
}

impl Outer {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Opens an element inside the others. The name is UTF-8.
    #[inline(always)]
    pub(super) fn push(&mut self, name: &[u8]) {
        let (key, end) = (key(name), self.names.len() + name.len());
        if name.len() <= WHOLE {
            // A whole word is faster to copy than a part of it.
            self.names.extend_from_slice(&key.to_le_bytes());
            self.names.truncate(end);
        } else {
            self.names.extend_from_slice(name);
        }
        self.ends.push((end, key));
    }

    fn name(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.names[start..self.ends[index].0]
    }

    /// The names, the outermost first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        (0..self.ends.len()).map(|index| String::from_utf8_lossy(self.name(index)))
    }

    /// The end tags of the elements from a place on, the innermost first.
    pub(super) fn end_tags(&self, place: usize) -> String {
        let open = self.iter().rev().take(self.len() - place);
        open.map(|open| format!("</{open}>")).collect()
    }

    /// The place of the innermost element of this name.
    #[inline(always)]
    pub(super) fn place(&self, name: &[u8]) -> Option<usize> {
        let wanted = key(name);
        // Most end tags close the innermost.
        match self.ends.last() {
            Some((_, key)) if *key == wanted && name.len() <= WHOLE => Some(self.ends.len() - 1),
            _ => self.place_of(wanted, name),
        }
    }

    fn place_of(&self, wanted: u64, name: &[u8]) -> Option<usize> {
        let mut innermost = self.ends.iter().enumerate().rev();
        let is = |(index, (_, key)): &(usize, &(usize, u64))| {
            *key == wanted && (name.len() <= WHOLE || self.name(*index) == name)
        };
        innermost.find(is).map(|(index, _)| index)
    }

    /// Closes the element at a place and what is open in it.
    pub(super) fn close(&mut self, place: usize) {
        self.ends.truncate(place);
        self.names.truncate(self.ends.last().map_or(0, |(end, _)| *end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_one_behind_the_other() {
        let mut outer = Outer::default();
        assert_eq!((outer.place(b"a"), outer.is_empty()), (None, true));
        for name in ["a", "é", "a", "bc"] {
            outer.push(name.as_bytes());
        }
        assert_eq!(outer.iter().rev().collect::<Vec<_>>(), ["bc", "a", "é", "a"]);
        assert_eq!((outer.place(b"a"), outer.place("é".as_bytes())), (Some(2), Some(1)));
        assert_eq!((outer.place(b"b"), outer.len()), (None, 4));
        outer.close(2);
        assert_eq!(outer.iter().collect::<Vec<_>>(), ["a", "é"]);
        outer.push(b"d");
        outer.close(0);
        assert!(outer.is_empty() && outer.place(b"a").is_none());
    }
}
