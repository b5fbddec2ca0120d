//! One drawing in SVG. Places are percentages of its width, everything else is pixels: so letters
//! are as large on a phone as elsewhere.

use std::fmt::{self, Write};

use jiff::{SignedDuration, Timestamp};

use super::labels::{Label, SINGLE, place};
use super::{Arithmetic, Asked, Kind, Mark, clock};
use crate::report::escape::escape;

/// The height of a row of labels.
const ROW: usize = 18;
/// The height of the band around the line.
const BAND: usize = 26;
/// The least share of the width, in percent, that can be seen as a stretch on a phone.
const SEEN: f64 = 3.0;
/// The distance, in percent of the width, within which a mark hides another.
const HIDES: f64 = 0.8;

/// The stretch of time that is drawn.
pub(super) struct View {
    first: Timestamp,
    last: Timestamp,
    margin: f64,
}

impl View {
    /// From `first` to `last`, with so many seconds around them.
    pub(super) fn new(first: Timestamp, last: Timestamp, margin: f64) -> Self {
        Self { first, last, margin }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.last.duration_since(self.first).as_secs_f64() + 2.0 * self.margin
    }

    /// Where an instant lies, in percent of the width; 4 at the beginning and 96 at the end, so that
    /// there is room for a mark.
    fn x(&self, at: Timestamp) -> f64 {
        let seconds = at.duration_since(self.first).as_secs_f64() + self.margin;
        4.0 + seconds / self.seconds() * 92.0
    }

    fn shows(&self, at: Timestamp) -> bool {
        (4.0..=96.0).contains(&self.x(at))
    }

    fn within(&self, at: Timestamp) -> f64 {
        self.x(at).clamp(0.0, 100.0)
    }

    /// The first and the last instant that are drawn.
    fn ends(&self) -> (Timestamp, Timestamp) {
        let margin = SignedDuration::try_from_secs_f64(self.margin).unwrap_or_default();
        let first = self.first.checked_sub(margin).unwrap_or(self.first);
        (first, self.last.checked_add(margin).unwrap_or(self.last))
    }
}

pub(super) fn draw(
    out: &mut String,
    arithmetic: &Arithmetic,
    asked: &Asked,
    view: &View,
    marks: &[Mark],
) -> fmt::Result {
    let zone = &arithmetic.zone;
    let (first, last) = view.ends();
    // Where the drawing goes far beyond the window, the changes in the window are what matters.
    let mut changes = clock::changes(zone, first, last);
    if changes.is_empty() {
        changes = clock::changes(zone, asked.from, asked.until);
    }
    changes.retain(|change| {
        let (from, until) = change.stretch();
        view.x(until) >= 4.0 && view.x(from) <= 96.0
    });
    let edges: Vec<(Timestamp, &str)> =
        [(Some(asked.from), "from"), (asked.middle, "asked"), (Some(asked.until), "until")]
            .into_iter()
            .filter_map(|(at, word)| Some((at?, word)))
            .filter(|(at, _)| view.shows(*at))
            .collect();
    let shown: Vec<&Mark> = marks.iter().filter(|mark| view.shows(mark.at)).collect();

    let local = |(at, word): &(Timestamp, &str)| {
        (view.x(*at), "edge", format!("{word} {}", clock::local(zone, *at)))
    };
    let mut above: Vec<_> = edges.iter().map(local).collect();
    above.extend(changes.iter().map(|change| {
        let (from, until) = change.stretch();
        let middle = (view.within(from) + view.within(until)) / 2.0;
        (middle, "change", change.words())
    }));
    let below = edges.iter().map(|(at, _)| (view.x(*at), "edge", clock::utc(*at))).collect();
    let (above, above_rows) = place(above);
    let (records, record_rows) = place(named(&shown, view));
    let (below, below_rows) = place(below);

    // From top to bottom: labels of edges, labels of records, the band, UTC.
    let records_top = above_rows * ROW;
    let band_top = records_top + record_rows * ROW + 6;
    let (line, band_end) = (band_top + BAND / 2, band_top + BAND);
    let height = band_end + 6 + below_rows * ROW;
    write!(
        out,
        "<svg width=\"100%\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
        escape(&summary(&shown, &edges, &changes, zone))
    )?;
    let (from, until) = (view.within(asked.from), view.within(asked.until));
    write!(
        out,
        "<rect class=\"window\" x=\"{from:.2}%\" y=\"{band_top}\" width=\"{:.2}%\" height=\"{BAND}\"/>",
        (until - from).max(0.3)
    )?;
    for change in &changes {
        let (from, until) = change.stretch();
        let (from, until) = (view.within(from), view.within(until));
        let width = until - from;
        // Higher than the band, so that marks in it do not hide it.
        let (top, high) = (band_top - 5, BAND + 10);
        // A gap has no length at all, and a fold may be too short to see: both get a few pixels.
        if width < SEEN {
            write!(
                out,
                "<svg x=\"{from:.2}%\" y=\"{top}\" overflow=\"visible\"><rect class=\"change\" x=\"-5\" width=\"10\" height=\"{high}\"/></svg>"
            )?;
        } else {
            write!(
                out,
                "<rect class=\"change\" x=\"{from:.2}%\" y=\"{top}\" width=\"{width:.2}%\" height=\"{high}\"/>"
            )?;
        }
    }
    write!(out, "<line class=\"axis\" x1=\"0\" y1=\"{line}\" x2=\"100%\" y2=\"{line}\"/>")?;
    for (labels, top) in [(&above, 0), (&records, records_top), (&below, band_end + 6)] {
        for Label { x, row, class, .. } in labels {
            let y = top + row * ROW + ROW;
            let (y1, y2) = if top > band_end { (band_top, y - 4) } else { (y - 4, line) };
            write!(
                out,
                "<line class=\"pole {class}\" x1=\"{x:.2}%\" y1=\"{y1}\" x2=\"{x:.2}%\" y2=\"{y2}\"/>"
            )?;
        }
    }
    // What is wrong lies on top of what is right. Of marks that would hide one another, one is drawn.
    let mut order = shown.clone();
    order.sort_by_key(|mark| (std::cmp::Reverse(mark.kind), mark.at));
    order.dedup_by_key(|mark| (mark.kind, (view.x(mark.at) / HIDES) as u32));
    for mark in order {
        let x = view.x(mark.at);
        let word = mark.kind.word();
        let title = format!("{}, {}: {word}", mark.key, clock::local(zone, mark.at));
        let title = escape(&title);
        match mark.kind {
            Kind::Unexpected => write!(
                out,
                "<svg x=\"{x:.2}%\" y=\"{line}\" overflow=\"visible\"><path class=\"unexpected\" d=\"M-7 0 0-7 7 0 0 7z\"><title>{title}</title></path></svg>"
            )?,
            kind => {
                let radius = if kind == Kind::Missing { 6 } else { 4 };
                write!(
                    out,
                    "<circle class=\"{word}\" cx=\"{x:.2}%\" cy=\"{line}\" r=\"{radius}\"><title>{title}</title></circle>"
                )?;
            }
        }
    }
    for (labels, top) in [(&above, 0), (&records, records_top), (&below, band_end + 6)] {
        for Label { x, dx, row, class, text } in labels {
            let y = top + row * ROW + ROW - 5;
            write!(
                out,
                "<text class=\"{class}\" x=\"{x:.2}%\" y=\"{y}\" dx=\"{dx:.1}\">{}</text>",
                escape(text)
            )?;
        }
    }
    out.push_str("</svg>");
    Ok(())
}

/// The labels of the wrong records. Where there are many, those that lie close together share one.
fn named(marks: &[&Mark], view: &View) -> Vec<(f64, &'static str, String)> {
    let mut labels = Vec::new();
    for kind in [Kind::Missing, Kind::Unexpected] {
        let mut wrong: Vec<&&Mark> = marks.iter().filter(|mark| mark.kind == kind).collect();
        wrong.sort_by_key(|mark| mark.at);
        let groups: Vec<Vec<&&Mark>> = if wrong.len() <= SINGLE {
            wrong.into_iter().map(|mark| vec![mark]).collect()
        } else {
            let part = |mark: &Mark| (view.x(mark.at) / 100.0 * SINGLE as f64) as usize;
            wrong.chunk_by(|one, other| part(one) == part(other)).map(<[_]>::to_vec).collect()
        };
        for group in groups {
            let (first, word) = (group[0], kind.word());
            let text = match group.len() {
                1 => format!("{} {word}", short(&first.key)),
                count => format!("{count} {word}: {} …", short(&first.key)),
            };
            labels.push((view.x(first.at), word, text));
        }
    }
    // The first one on top: it goes on to the right of its pole, over the poles of those after it.
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    labels
}

/// A name, cut so that there is room for the words about it.
fn short(key: &str) -> String {
    match key.char_indices().nth(20) {
        None => key.to_owned(),
        Some(_) => key.chars().take(19).collect::<String>() + "…",
    }
}

/// The drawing in words.
fn summary(
    marks: &[&Mark],
    edges: &[(Timestamp, &str)],
    changes: &[clock::Change],
    zone: &jiff::tz::TimeZone,
) -> String {
    let edges = edges.iter().map(|(at, word)| format!("{word} {}", clock::local(zone, *at)));
    let changes = changes.iter().map(clock::Change::words);
    let wrong = [Kind::Missing, Kind::Unexpected].into_iter().filter_map(|kind| {
        let keys: Vec<_> =
            marks.iter().filter(|mark| mark.kind == kind).map(|mark| mark.key.as_str()).collect();
        let more = keys.len().saturating_sub(SINGLE);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = keys[..keys.len() - more].join(", ");
        (!keys.is_empty()).then(|| format!("{}: {names}{rest}", kind.word()))
    });
    let parts: Vec<_> = edges.chain(changes).chain(wrong).collect();
    format!("Time line. {}", parts.join("; "))
}
