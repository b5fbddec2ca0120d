//! The current edition of the suite, and the frozen ones.

mod lock;

pub use lock::{Contents, Next, next};

/// The edition of the suite: the year and a number. `--version`, every report and every transcript
/// name it, and `EDITIONS.md` begins with it.
pub const EDITION: &str = "2026.2";

/// The earlier editions, oldest first. Their cases never change.
pub const FROZEN: [&str; 1] = ["2026.1"];

/// A line of `ids.lock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked<'a> {
    /// The edition that the id came with.
    pub came: &'a str,
    /// The first edition without it.
    pub gone: Option<&'a str>,
    /// The id of a case, or `dataset/TENANT`.
    pub id: &'a str,
    /// The case's own clause; `-` for a dataset.
    pub clause: &'a str,
    /// A number that changes with the content.
    pub digest: &'a str,
}

impl Locked<'_> {
    /// Whether an edition has it; `true` for an edition that this binary does not know.
    #[must_use]
    pub fn is_in(&self, edition: &str) -> bool {
        let place = |name: &str| FROZEN.iter().chain([&EDITION]).position(|other| *other == name);
        let Some(edition) = place(edition) else { return true };
        place(self.came).is_some_and(|came| came <= edition)
            && self.gone.and_then(place).is_none_or(|gone| edition < gone)
    }
}

/// Reads the lines of a lock; `Err` is the first that cannot be read.
///
/// # Errors
///
/// A line without five words.
pub fn read(text: &str) -> Result<Vec<Locked<'_>>, &str> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [came, gone, id, clause, digest] => {
                Ok(Locked { came, gone: (gone != "-").then_some(gone), id, clause, digest })
            }
            _ => Err(line),
        })
        .collect()
}

/// Whether an edition has the case of this id. A case that is in no lock yet belongs to the current
/// edition alone.
#[must_use]
pub fn has(edition: &str, id: &str) -> bool {
    // A test reads the lock that is embedded here.
    let locked = read(crate::embedded::LOCK).unwrap_or_default();
    locked
        .iter()
        .find(|locked| locked.id == id)
        .map_or(edition == EDITION, |locked| locked.is_in(edition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_lock_is_read() {
        let locked = read(crate::embedded::LOCK).unwrap();
        assert!(locked.len() > 900, "{} ids", locked.len());
        assert!(has("2026.1", "near/start-minus-5") && has(EDITION, "near/start-minus-5"));
        assert!(has(EDITION, "near/new") && !has("2026.1", "near/new"));
        // This binary knows nothing about later editions.
        assert!(has("2031.1", "near/start-minus-5"));
        assert_eq!(read("2026.1 - a/b REQ-1\n"), Err("2026.1 - a/b REQ-1"));
    }

    #[test]
    fn an_id_is_in_the_editions_from_its_first_to_its_last() {
        let lock = "2026.1 - a/kept X 0\n2026.1 2026.2 a/gone X 0\n2026.2 - a/new X 0\n";
        let locked = read(lock).unwrap();
        let of = |edition: &str| -> Vec<&str> {
            locked.iter().filter(|line| line.is_in(edition)).map(|line| line.id).collect()
        };
        assert_eq!(of("2026.1"), ["a/kept", "a/gone"]);
        assert_eq!(of("2026.2"), ["a/kept", "a/new"]);
    }
}
