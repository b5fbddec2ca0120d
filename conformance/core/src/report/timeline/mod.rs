//! A failure drawn: the window that was asked for, and the records around it.

mod clock;
mod draw;
mod labels;

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::arithmetic::Arithmetic;
use crate::judge::compare::Difference;
use crate::run::Planned;
use crate::setup::Setup;
use draw::{View, draw};

/// The most correct records that are drawn.
const MOST: usize = 60;

/// What a record is in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Missing,
    Unexpected,
    Right,
    Other,
}

impl Kind {
    /// Its class in the style, which is the word for it.
    fn word(self) -> &'static str {
        match self {
            Kind::Missing => "missing",
            Kind::Unexpected => "unexpected",
            Kind::Right => "right",
            Kind::Other => "other",
        }
    }

    fn is_wrong(self) -> bool {
        matches!(self, Kind::Missing | Kind::Unexpected)
    }
}

/// One record on the line.
struct Mark {
    at: Timestamp,
    key: String,
    kind: Kind,
}

/// What was asked for.
struct Asked {
    from: Timestamp,
    until: Timestamp,
    /// The instant in the middle, where the window is the seconds around one; both its ends belong
    /// to it.
    middle: Option<Timestamp>,
}

impl Asked {
    fn of(arithmetic: &Arithmetic) -> Option<Self> {
        let times = &arithmetic.times;
        if let Some((from, until)) = times.window {
            return Some(Self { from, until, middle: None });
        }
        let middle = times.start.or(times.finish)?;
        let five = SignedDuration::from_secs(5);
        let (from, until) = (middle.checked_sub(five).ok()?, middle.checked_add(five).ok()?);
        Some(Self { from, until, middle: Some(middle) })
    }

    fn holds(&self, at: Timestamp) -> bool {
        at >= self.from && (at < self.until || self.middle.is_some() && at == self.until)
    }
}

/// Drawings of a difference: the whole window, and its edge where a record lies close to it. Nothing
/// where no time was asked for.
pub(super) fn timelines(difference: &Difference, planned: &Planned, setup: &Setup) -> String {
    let arithmetic = Arithmetic::of(planned, setup);
    let Some(asked) = Asked::of(&arithmetic) else { return String::new() };
    let marks = marks(difference, planned, setup, &arithmetic, &asked);
    let wrong: Vec<Timestamp> =
        marks.iter().filter(|mark| mark.kind.is_wrong()).map(|mark| mark.at).collect();
    let (Some(first), Some(last)) = (wrong.iter().min(), wrong.iter().max()) else {
        return String::new();
    };
    let (first, last) = ((*first).min(asked.from), (*last).max(asked.until));
    let margin = (last.duration_since(first).as_secs_f64() * 0.04).max(1.0);
    let view = View::new(first, last, margin);
    let mut text = String::from("<figure class=\"timeline\">");
    // Writing to a String cannot fail.
    let _ = clock::caption(&mut text, &arithmetic, &asked, setup, planned.tenant);
    let _ = draw(&mut text, &arithmetic, &asked, &view, &marks);
    // If records lie very close to an edge, that edge is drawn enlarged.
    for (edge, word) in [(asked.from, "beginning"), (asked.until, "end")] {
        let away = |at: &Timestamp| at.duration_since(edge).as_secs_f64().abs();
        let close = |at: &&Timestamp| away(at) * 40.0 < view.seconds();
        let span = wrong.iter().filter(close).map(away).fold(0.0, f64::max);
        if view.seconds() > 60.0 && wrong.iter().any(|at| close(&at)) {
            let near = View::new(edge, edge, (span * 1.6).max(4.0));
            let seconds = near.seconds().round();
            let _ =
                write!(text, "<p class=\"view\">The {word} of the window, larger: {seconds} s</p>");
            let _ = draw(&mut text, &arithmetic, &asked, &near, &marks);
        }
    }
    text.push_str(
        "<p class=\"legend\"><span><i class=\"missing\"></i> missing</span> <span><i class=\"unexpected\"></i> unexpected</span> \
         <span><i class=\"right\"></i> in the window, and there</span> <span><i class=\"other\"></i> outside, and not there</span></p>",
    );
    text.push_str("</figure>");
    text
}

/// The wrong records, and what lies around them.
fn marks(
    difference: &Difference,
    planned: &Planned,
    setup: &Setup,
    arithmetic: &Arithmetic,
    asked: &Asked,
) -> Vec<Mark> {
    let times = &arithmetic.times;
    let finish = times.window.is_none() && times.start.is_none();
    let records = &setup.tenants[planned.tenant].tenant.records;
    let place = |index: usize| {
        if finish { records[index].finish() } else { Some(records[index].start) }
    };
    let mark = |index: usize, kind| {
        Some(Mark { at: place(index)?, key: records[index].key.clone(), kind })
    };
    let unexpected = difference.unexpected.iter().filter_map(|unexpected| unexpected.known);
    let unexpected =
        unexpected.filter(|(tenant, _)| *tenant == planned.tenant).map(|(_, index)| index);
    let wrong = difference.missing.iter().map(|index| (*index, Kind::Missing));
    let wrong: Vec<(usize, Kind)> =
        wrong.chain(unexpected.map(|index| (index, Kind::Unexpected))).collect();
    let mut marks: Vec<Mark> =
        wrong.iter().filter_map(|(index, kind)| mark(*index, *kind)).collect();
    // Correct neighbours: asked for and present, or neither.
    let fits = |index: &usize| {
        times.fields.iter().all(|(field, value)| records[*index].text(*field) == value)
            && wrong.iter().all(|(other, _)| other != index)
    };
    let kind = |at| if asked.holds(at) { Kind::Right } else { Kind::Other };
    let around =
        (0..records.len()).filter(fits).filter_map(|index| mark(index, kind(place(index)?)));
    marks.extend(around.take(MOST));
    marks
}
