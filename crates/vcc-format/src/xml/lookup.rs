//! The tag at a `<`, also where the buffer ends inside it.

use super::glance::{Glance, glance};
use super::scanner::Scanner;
use super::tag::{Scan, Tag};

/// What is known about the tag at the position of a reader, so that no byte of it is looked at again
/// when more comes.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// A tag that is not whole, and where it begins.
    scanning: Option<(usize, Scanner)>,
    /// A tag that is whole, while what is behind it is waited for.
    held: Option<Tag>,
}

impl Lookup {
    /// Looks at the tag at `at`, whose `<` is `lead` bytes long.
    #[inline]
    pub(super) fn tag(&mut self, view: &[u8], at: usize, lead: usize) -> Scan {
        if let Some(tag) = self.held.take().filter(|tag| tag.start == at) {
            return Scan::Tag(tag);
        }
        let mut scanner = match self.scanning.take() {
            Some((begun, scanner)) if begun == at => scanner,
            _ if lead > 1 => Scanner::new(lead),
            _ => match glance(&view[at..]) {
                Glance::Tag(tag) => return Scan::Tag(tag.at(at)),
                Glance::Text => return Scan::None,
                Glance::Unsure => Scanner::new(lead),
            },
        };
        let found = scanner.scan(&view[at..], at);
        if found == Scan::More {
            self.scanning = Some((at, scanner));
        }
        found
    }

    /// Keeps a tag until what it is asked for again.
    pub(super) fn hold(&mut self, tag: Tag) {
        self.held = Some(tag);
    }

    /// The position moves on to something else.
    #[inline(always)]
    pub(super) fn forget(&mut self) {
        (self.scanning, self.held) = (None, None);
    }

    /// The buffer lost its first bytes. What is looked at is behind them.
    pub(super) fn discarded(&mut self, bytes: usize) {
        if let Some((at, _)) = &mut self.scanning {
            *at = at.saturating_sub(bytes);
        }
        if let Some(tag) = &mut self.held {
            tag.discarded(bytes);
        }
    }
}
