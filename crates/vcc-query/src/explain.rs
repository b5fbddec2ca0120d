use core::fmt;

use chrono::{DateTime, Utc};

use crate::selection::{Edge, Note, Selection, Wanted};

impl Selection {
    /// Says in words and absolute times what the selection matches: a line a condition.
    #[must_use]
    pub fn explain(&self) -> impl fmt::Display + '_ {
        Explanation(self)
    }
}

struct Explanation<'a>(&'a Selection);

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let selection = self.0;
        if selection.window.is_none() && selection.near.is_none() && selection.filters.is_empty() {
            writeln!(f, "every recording")?;
        } else {
            writeln!(f, "recordings")?;
        }
        if let Some(window) = &selection.window {
            if window.is_empty() {
                writeln!(f, "- that started in an empty window at {}: none", instant(window.from))?;
            } else {
                let (from, until) = (instant(window.from), instant(window.until));
                writeln!(f, "- that started at or after {from} and before {until}")?;
            }
        }
        if let Some(near) = &selection.near {
            let verb = match near.edge {
                Edge::Start => "started",
                Edge::Finish => "finished (start + duration)",
            };
            writeln!(
                f,
                "- that {verb} from {} to {}, both included: {} ± {} s",
                instant(near.from),
                instant(near.until),
                instant(near.at),
                near.tolerance
            )?;
        }
        for filter in &selection.filters {
            let field = filter.field;
            match &filter.wanted {
                Wanted::Text(text) if text.is_empty() => {
                    writeln!(f, "- whose {field} is empty or absent")?;
                }
                Wanted::Text(text) => writeln!(f, "- whose {field} is {:?}", text.as_str())?,
                Wanted::Seconds(seconds) => writeln!(f, "- whose {field} is {seconds} s")?,
                Wanted::Never => writeln!(f, "- whose {field} is longer than any: none")?,
            }
        }
        let last = selection.first.saturating_add(u64::from(selection.page_size.max(1)) - 1);
        writeln!(
            f,
            "records {} to {} of the list, by {}; startDate is written in {}",
            selection.first,
            last,
            match selection.order {
                vcc_types::Order::StartAscending => "start, the earliest first",
                vcc_types::Order::StartDescending => "start, the latest first",
            },
            selection.response_zone
        )?;
        for note in &selection.notes {
            match note {
                Note::PlusAsSpace(field) => {
                    writeln!(f, "note: + in {field} was read as a space; a + is written %2B")?;
                }
                Note::FinishIgnored => {
                    writeln!(f, "note: finish-date is not used, since start-date is given")?;
                }
                Note::EmptyIgnored(field) => writeln!(f, "note: the empty {field} is not used")?,
                Note::RulesExtrapolated => writeln!(
                    f,
                    "note: from 2100 on, the zone's rules of today are assumed to stay"
                )?,
            }
        }
        Ok(())
    }
}

/// An instant as ISO 8601 in UTC, with no more digits than it needs.
pub(crate) fn instant(instant: DateTime<Utc>) -> impl fmt::Display {
    instant.format("%Y-%m-%dT%H:%M:%S%.fZ")
}
