use std::fmt;

/// What an upgrade has done to a store of an earlier schema version.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # {
/// use vcc_store::{Sqlite, Store as _};
///
/// // A store that was made by this version has not been upgraded.
/// assert_eq!(Sqlite::in_memory()?.upgraded(), None);
/// # }
/// # Ok::<(), vcc_store::StoreError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upgrade {
    /// The version of the schema that was there.
    pub from: u32,
    /// The version that is there now.
    pub to: u32,
    /// How many recordings have a duration beyond 2^63−1 seconds (FIELD-4). They are kept and
    /// listed unchanged, but no number finds them.
    pub durations: u64,
    /// How many recordings start outside [`StartDate::RANGE`](vcc_types::StartDate::RANGE) (OUT-3).
    /// They are kept and listed.
    pub starts: u64,
}

impl fmt::Display for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upgraded the store from schema version {} to {}", self.from, self.to)?;
        let recordings = |count| if count == 1 { "recording" } else { "recordings" };
        if self.durations > 0 {
            write!(
                f,
                "; {} {} with a duration beyond {} seconds: kept and listed, but no number finds \
                 such a duration any more",
                self.durations,
                recordings(self.durations),
                i64::MAX
            )?;
        }
        if self.starts > 0 {
            write!(
                f,
                "; {} {} starting before 0001-01-02 or from 9999-12-31 on (UTC): kept and listed, \
                 in UTC where the year would not have four digits",
                self.starts,
                recordings(self.starts)
            )?;
        }
        if self.durations == 0 && self.starts == 0 {
            f.write_str("; all recordings are as they were")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_says_what_it_did() {
        let upgrade = |durations, starts| Upgrade { from: 1, to: 2, durations, starts }.to_string();
        assert_eq!(
            upgrade(0, 0),
            "upgraded the store from schema version 1 to 2; all recordings are as they were"
        );
        assert_eq!(
            upgrade(1, 2),
            "upgraded the store from schema version 1 to 2; 1 recording with a duration beyond \
             9223372036854775807 seconds: kept and listed, but no number finds such a duration any \
             more; 2 recordings starting before 0001-01-02 or from 9999-12-31 on (UTC): kept and \
             listed, in UTC where the year would not have four digits"
        );
    }
}
