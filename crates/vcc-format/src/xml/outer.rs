//! The elements around records: the root, and unknown ones inside it.

/// The names of the elements that are open, the outermost first, one behind the other: to open and
/// to close one allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Outer {
    names: String,
    /// Where each name ends.
    ends: Vec<usize>,
}

impl Outer {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn push(&mut self, name: &str) {
        self.names.push_str(name);
        self.ends.push(self.names.len());
    }

    fn name(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.names[start..self.ends[index]]
    }

    /// The names, the outermost first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.ends.len()).map(|index| self.name(index))
    }

    /// The place of the innermost element of this name.
    pub(super) fn place(&self, name: &[u8]) -> Option<usize> {
        (0..self.ends.len()).rfind(|index| self.name(*index).as_bytes() == name)
    }

    /// Closes the element at a place and what is open in it.
    pub(super) fn close(&mut self, place: usize) {
        self.ends.truncate(place);
        self.names.truncate(self.ends.last().copied().unwrap_or(0));
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
            outer.push(name);
        }
        assert_eq!(outer.iter().rev().collect::<Vec<_>>(), ["bc", "a", "é", "a"]);
        assert_eq!((outer.place(b"a"), outer.place("é".as_bytes())), (Some(2), Some(1)));
        assert_eq!((outer.place(b"b"), outer.len()), (None, 4));
        outer.close(2);
        assert_eq!(outer.iter().collect::<Vec<_>>(), ["a", "é"]);
        outer.push("d");
        outer.close(0);
        assert!(outer.is_empty() && outer.place(b"a").is_none());
    }
}
