//! Unknown elements that nothing closes: they are to take no documented field with them.

/// How often a record is read again because nothing closed an unknown element.
const AGAIN: u32 = 3;

/// What is known about them in a record. Places count from its start.
#[derive(Debug, Default)]
pub(super) struct Unclosed {
    /// The first field that the open unknown element took with it, and how much was to be reported
    /// before.
    swallowed: Option<(usize, usize)>,
    /// One that nothing closes, by where its value begins and where it ends.
    known: Option<(usize, usize)>,
    /// How often the record was read again.
    again: u32,
}

impl Unclosed {
    /// Another value begins.
    pub(super) fn next_value(&mut self) {
        self.swallowed = None;
    }

    /// The tag of a field stands at `place` in an unknown element; so much was reported before.
    pub(super) fn swallow(&mut self, place: usize, reported: usize) {
        self.swallowed.get_or_insert((place, reported));
    }

    pub(super) fn has_swallowed(&self) -> bool {
        self.swallowed.is_some()
    }

    /// Whether the unknown element whose value begins at `start` ends before the tag of a field at
    /// `place`: nothing closes it, or too much was read again already.
    pub(super) fn ends(&self, start: usize, place: usize) -> bool {
        self.again >= AGAIN || self.known == Some((start, place))
    }

    /// The record ends while an unknown element is open, whose value begins at `start`: from where
    /// it is read again, and how much was reported before that. `None`: it is not.
    pub(super) fn read_again(&mut self, start: Option<u32>) -> Option<(usize, usize)> {
        let (place, reported) = self.swallowed.take()?;
        let start = start?;
        if self.again >= AGAIN {
            return None;
        }
        self.again += 1;
        self.known = Some((start as usize, place));
        Some((place, reported))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_again_from_the_first_field_but_not_for_ever() {
        let mut unclosed = Unclosed::default();
        assert_eq!(unclosed.read_again(Some(7)), None);
        for _ in 0..AGAIN {
            assert!(!unclosed.ends(7, 21));
            unclosed.swallow(20, 2);
            unclosed.swallow(30, 3);
            assert!(unclosed.has_swallowed());
            assert_eq!(unclosed.read_again(Some(7)), Some((20, 2)));
            assert!(unclosed.ends(7, 20) && !unclosed.has_swallowed());
        }
        unclosed.swallow(20, 2);
        assert_eq!(unclosed.read_again(Some(7)), None);
        assert!(unclosed.ends(1, 2));
        // In a field there is nothing to close.
        let mut unclosed = Unclosed::default();
        unclosed.swallow(20, 2);
        assert_eq!(unclosed.read_again(None), None);
    }
}
