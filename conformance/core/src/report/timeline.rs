//! A failure drawn: the window that was asked for, and the records around it.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::arithmetic::Arithmetic;
use super::escape::escape;
use crate::judge::compare::Difference;
use crate::run::Planned;
use crate::setup::Setup;

/// Width of a drawing in its own units.
const WIDTH: f64 = 720.0;
/// Records drawn at most.
const MOST: usize = 60;

/// One record on the line.
struct Mark {
    at: Timestamp,
    key: String,
    class: &'static str,
}

/// Drawings of a difference in SVG: the whole window, and its edge where a record lies close to it.
/// Nothing where no time was asked for.
pub(super) fn timelines(difference: &Difference, planned: &Planned, setup: &Setup) -> String {
    let arithmetic = Arithmetic::of(planned, setup);
    let times = &arithmetic.times;
    let five = SignedDuration::from_secs(5);
    let around = |at: Timestamp| Some((at.checked_sub(five).ok()?, at.checked_add(five).ok()?));
    let finish = times.start.is_none() && times.finish.is_some();
    let window = times.window.or_else(|| times.start.or(times.finish).and_then(around));
    let Some((from, until)) = window else { return String::new() };
    let records = &setup.tenants[planned.tenant].tenant.records;
    let place = |index: usize| {
        if finish { records[index].finish() } else { Some(records[index].start) }
    };
    let mut marks: Vec<Mark> = Vec::new();
    let mut push = |index: usize, class| {
        if let Some(at) = place(index) {
            marks.push(Mark { at, key: records[index].key.clone(), class });
        }
    };
    difference.missing.iter().take(MOST).for_each(|index| push(*index, "missing"));
    for unexpected in difference.unexpected.iter().take(MOST) {
        if let Some((tenant, index)) = unexpected.known
            && tenant == planned.tenant
        {
            push(index, "unexpected");
        }
    }
    if marks.is_empty() {
        return String::new();
    }
    let wrong: Vec<Timestamp> = marks.iter().map(|mark| mark.at).collect();
    // The neighbours that were asked for and came, or were not asked for and did not.
    let fits = |index: usize| {
        times.fields.iter().all(|(field, value)| records[index].text(*field) == value)
    };
    for index in (0..records.len()).filter(|index| fits(*index)) {
        let Some(at) = place(index) else { continue };
        if marks.len() >= MOST || marks.iter().any(|mark| mark.key == records[index].key) {
            continue;
        }
        let class = if at >= from && at < until || times.window.is_none() && at == until {
            "right"
        } else {
            "other"
        };
        marks.push(Mark { at, key: records[index].key.clone(), class });
    }
    let length = until.duration_since(from).as_secs_f64().max(1.0);
    let first = wrong.iter().min().copied().unwrap_or(from).min(from);
    let last = wrong.iter().max().copied().unwrap_or(until).max(until);
    let margin = (last.duration_since(first).as_secs_f64() * 0.08).max(2.0);
    let mut text = String::new();
    draw(&mut text, &arithmetic, (from, until), (first, last, margin), &marks);
    // Where everything lies within a hair's breadth of an edge, that edge is drawn larger.
    for edge in [from, until].into_iter().filter(|_| length > 60.0) {
        let close = |at: &&Timestamp| at.duration_since(edge).as_secs_f64().abs() * 40.0 < length;
        let close: Vec<&Timestamp> = wrong.iter().filter(close).collect();
        if let (Some(low), Some(high)) = (close.iter().min(), close.iter().max()) {
            let span = high
                .duration_since(edge)
                .as_secs_f64()
                .abs()
                .max(low.duration_since(edge).as_secs_f64().abs());
            draw(
                &mut text,
                &arithmetic,
                (from, until),
                (edge, edge, (span * 1.6).max(4.0)),
                &marks,
            );
        }
    }
    text
}

fn draw(
    out: &mut String,
    arithmetic: &Arithmetic,
    (from, until): (Timestamp, Timestamp),
    (first, last, margin): (Timestamp, Timestamp, f64),
    marks: &[Mark],
) {
    let seconds = |at: Timestamp| at.duration_since(first).as_secs_f64() + margin;
    let whole = last.duration_since(first).as_secs_f64() + 2.0 * margin;
    let x = |at: Timestamp| (seconds(at) / whole * WIDTH).clamp(-10.0, WIDTH + 10.0);
    let label = |at: Timestamp| {
        let offset = arithmetic.zone.to_offset(at);
        offset.to_datetime(at).to_string().replace('T', " ")
    };
    let inside: Vec<&Mark> =
        marks.iter().filter(|mark| (0.0..=WIDTH).contains(&x(mark.at))).collect();
    let _ = write!(
        out,
        "<svg class=\"timeline\" viewBox=\"-4 0 {} 96\" role=\"img\" aria-label=\"window and records\">\
         <rect class=\"window\" x=\"{:.1}\" y=\"24\" width=\"{:.1}\" height=\"36\"/>\
         <line class=\"axis\" x1=\"0\" y1=\"42\" x2=\"{WIDTH}\" y2=\"42\"/>",
        WIDTH + 8.0,
        x(from).max(0.0),
        (x(until).min(WIDTH) - x(from).max(0.0)).max(1.0),
    );
    for (at, word, anchor) in [(from, "from", "start"), (until, "until", "end")] {
        if (0.0..=WIDTH).contains(&x(at)) {
            let place = x(at);
            let anchor = if place < 120.0 {
                "start"
            } else if place > WIDTH - 120.0 {
                "end"
            } else {
                anchor
            };
            let y = if word == "from" { 74 } else { 90 };
            let _ = write!(
                out,
                "<line class=\"edge\" x1=\"{place:.1}\" y1=\"20\" x2=\"{place:.1}\" y2=\"64\"/>\
                 <text x=\"{place:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{word} {}</text>",
                label(at)
            );
        }
    }
    let mut labels = 0;
    for mark in inside.iter().rev() {
        let place = x(mark.at);
        let _ = write!(
            out,
            "<circle class=\"{}\" cx=\"{place:.1}\" cy=\"42\" r=\"6\"><title>{} {}: {}</title></circle>",
            mark.class,
            escape(&mark.key),
            label(mark.at),
            mark.class
        );
        if matches!(mark.class, "missing" | "unexpected") && labels < 4 {
            let anchor = if place < 100.0 {
                "start"
            } else if place > WIDTH - 100.0 {
                "end"
            } else {
                "middle"
            };
            let y = 8 + labels % 2 * 10;
            let _ = write!(
                out,
                "<text class=\"{}\" x=\"{place:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{} {}</text>",
                mark.class,
                escape(&mark.key),
                mark.class
            );
            labels += 1;
        }
    }
    out.push_str("</svg>");
}
