//! The switches of the dialect, read from what the target lists and finds. Nothing is graded.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use vcc_types::Field;

use super::near::close;
use super::{day, samples, utc, whole_second};
use crate::PAGE;
use crate::escapes::encode;
use crate::judge::compare::start;
use crate::live::lab::{Interpretation, Lab, ListedRecording};

pub(super) fn probes(lab: &mut Lab<'_>) {
    order(lab);
    offsets(lab);
    lab.observe(
        ("zero_offset", "PAGE-4b"),
        "n=0",
        &[("first-page", Interpretation::First), ("rejected", Interpretation::Refused)],
    );
    lab.observe(
        ("unknown_variable", "REQ-9"),
        "colour=blue",
        &[("ignored", Interpretation::First), ("rejected", Interpretation::Refused)],
    );
    values(lab);
    let Some(at) = samples(lab, 3).into_iter().find(|at| whole_second(lab.records[*at].start))
    else {
        return;
    };
    let at = lab.records[at].start;
    instants(lab, at);
    range_end_instant(lab);
    days(lab, at);
}

/// A range that ends at the very start of a record, with others in it: an empty list would tell
/// nothing.
fn range_end_instant(lab: &mut Lab<'_>) {
    let mut starts: Vec<Timestamp> =
        lab.records.iter().map(|rec| rec.start).filter(|at| whole_second(*at)).collect();
    starts.sort_unstable();
    starts.dedup();
    let all: Vec<Timestamp> = lab.records.iter().map(|rec| rec.start).collect();
    let within =
        |from: Timestamp, to: Timestamp| all.iter().filter(|at| **at >= from && **at <= to).count();
    // More than a page would hide what comes at its end.
    let pair = starts.windows(2).take(100).find(|pair| within(pair[0], pair[1]) <= PAGE);
    let Some(&[from, at]) = pair else { return };
    lab.observe(
        ("range_end_instant", "DATE-2c"),
        &format!("d={},{}", utc(from), utc(at)),
        &[
            ("excluded", Interpretation::Finds(&|rec| rec.start >= from && rec.start < at)),
            ("included", Interpretation::Finds(&|rec| rec.start >= from && rec.start <= at)),
        ],
    );
}

/// Variables of fields: given twice, with a plus, empty.
fn values(lab: &mut Lab<'_>) {
    let agents = |rec: &ListedRecording| rec.text(Field::AgentId).to_owned();
    let x = lab.records.iter().map(agents).find(|agent| !agent.is_empty());
    let y =
        lab.records.iter().map(agents).find(|agent| !agent.is_empty() && Some(agent) != x.as_ref());
    if let (Some(x), Some(y)) = (x, y) {
        lab.observe(
            ("repeated_variable", "REQ-10"),
            &format!("agentID={}&agentID={}", encode(&x), encode(&y)),
            &[
                ("rejected", Interpretation::Refused),
                ("first", Interpretation::Finds(&|rec| rec.text(Field::AgentId) == x)),
                ("last", Interpretation::Finds(&|rec| rec.text(Field::AgentId) == y)),
            ],
        );
    }
    let spaced = Field::ALL.into_iter().skip(1).find_map(|field| {
        let mut texts = lab.records.iter().map(|rec| rec.text(field));
        texts.find(|text| text.contains(' ')).map(|text| (field, text.to_owned()))
    });
    if let Some((field, text)) = spaced {
        let plus = text.replace(' ', "+");
        lab.observe(
            ("plus", "REQ-6a"),
            &format!("{field}={}", encode(&text).replace("%20", "+")),
            &[
                ("space", Interpretation::Finds(&|rec| rec.text(field) == text)),
                ("literal", Interpretation::Finds(&|rec| rec.text(field) == plus)),
            ],
        );
    }
    let filled = |field: &Field| {
        let mut first = lab.records.iter().take(PAGE).map(|rec| rec.text(*field));
        first.any(|text| !text.is_empty())
            && lab.records.iter().any(|rec| rec.text(*field).is_empty())
    };
    if let Some(field) = Field::ALL.into_iter().skip(1).find(filled) {
        lab.observe(
            ("empty_value", "FIELD-3"),
            &format!("{field}="),
            &[
                ("ignored", Interpretation::First),
                ("matches-empty", Interpretation::Finds(&|rec| rec.text(field).is_empty())),
            ],
        );
    }
}

/// The switches that one start of a record can tell.
fn instants(lab: &mut Lab<'_>, at: Timestamp) {
    let near = |rec: &ListedRecording| close(Some(rec.start), at);
    let text = utc(at);
    lab.observe(
        ("trailing_quote", "REQ-11"),
        &format!("start-date={text}%22"),
        &[("dropped", Interpretation::Finds(&near)), ("rejected", Interpretation::Refused)],
    );
    lab.observe(
        ("ignored_finish", "NEAR-4b"),
        &format!("start-date={text}&finish-date=soon"),
        &[("checked", Interpretation::Refused), ("unchecked", Interpretation::Finds(&near))],
    );
    let second = SignedDuration::from_secs(1);
    let (Ok(next), Ok(before)) = (at.checked_add(second), at.checked_sub(second * 60)) else {
        return;
    };
    lab.observe(
        ("timed_single", "DATE-7b"),
        &format!("d={text}"),
        &[
            ("period", Interpretation::Finds(&|rec| rec.start >= at && rec.start < next)),
            ("rejected", Interpretation::Refused),
        ],
    );
    lab.observe(
        ("reversed_range", "DATE-10b"),
        &format!("d={text},{}", utc(before)),
        &[("rejected", Interpretation::Refused), ("empty", Interpretation::Nothing)],
    );
}

/// The switches that one UTC day with a record can tell.
fn days(lab: &mut Lab<'_>, at: Timestamp) {
    let date = TimeZone::UTC.to_datetime(at).date();
    let (Some((from, to)), Ok(yesterday)) =
        (day(date, &TimeZone::UTC), date.checked_sub(Span::new().days(1)))
    else {
        return;
    };
    let Some((before, _)) = day(yesterday, &TimeZone::UTC) else { return };
    lab.observe(
        ("equal_ends", "DATE-10a"),
        &format!("d={date},{date}&tz=UTC"),
        &[
            ("period", Interpretation::Finds(&|rec| rec.start >= from && rec.start < to)),
            ("empty", Interpretation::Nothing),
        ],
    );
    lab.observe(
        ("range_end", "DATE-2b"),
        &format!("d={yesterday},{date}&tz=UTC"),
        &[
            ("midnight", Interpretation::Finds(&|rec| rec.start >= before && rec.start < from)),
            ("whole-period", Interpretation::Finds(&|rec| rec.start >= before && rec.start < to)),
        ],
    );
    let today = TimeZone::UTC.to_datetime(lab.now()).date();
    let tomorrow = today.checked_add(Span::new().days(1)).ok();
    if let Some((from, to)) = tomorrow.and_then(|date| day(date, &TimeZone::UTC)) {
        lab.observe(
            ("future_constants", "DATE-8b"),
            "d=today%2B1d&tz=UTC",
            &[
                ("rejected", Interpretation::Refused),
                ("read", Interpretation::Finds(&|rec| rec.start >= from && rec.start < to)),
            ],
        );
    }
}

/// The order of the list as it was read.
fn order(lab: &mut Lab<'_>) {
    let ascending = lab.records.is_sorted_by_key(|rec| rec.start);
    let descending = lab.records.is_sorted_by(|a, b| a.start >= b.start);
    if !(ascending && descending) {
        let value = match (ascending, descending) {
            (true, _) => Some("start-ascending"),
            (_, true) => Some("start-descending"),
            _ => None,
        };
        lab.observed(("order", "PAGE-5b"), value, "the whole list");
    }
}

/// The offsets that starts are written with, without `tz` and with the zone of another continent.
fn offsets(lab: &mut Lab<'_>) {
    let offset = |text: &str| start(text).map(|start| (start.offset, start.z));
    let listed: Vec<_> = lab.records.iter().filter_map(|rec| offset(&rec.values[0])).collect();
    let zero: Vec<bool> = listed.iter().filter(|(at, _)| *at == 0).map(|(_, z)| *z).collect();
    if let Some(z) = zero.first() {
        let value = if *z { "Z" } else { "+00:00" };
        let always = zero.iter().all(|other| other == z);
        lab.observed(("utc_offset", "OUT-3c"), always.then_some(value), "the whole list");
    }
    let (_, page) = lab.page("", Some("tz=Asia/Kolkata"));
    let Ok(page) = page else { return };
    let asked: Vec<_> =
        page.iter().filter_map(|seen| offset(seen.text(Field::StartDate))).collect();
    // Two empty lists are alike in every zone.
    if asked.is_empty() {
        return;
    }
    let all = |offsets: &[(i32, bool)], wanted: i32| {
        !offsets.is_empty() && offsets.iter().all(|(at, _)| *at == wanted)
    };
    let kolkata = 5 * 3600 + 1800;
    // A tenant whose zone is UTC all year cannot tell the other two readings apart.
    let own = lab
        .zone
        .as_ref()
        .map(|zone| lab.records.iter().all(|rec| zone.to_offset(rec.start).seconds() == 0));
    let value = if all(&asked, kolkata) && !all(&listed, kolkata) {
        Some("query")
    } else if !all(&listed, 0) && asked == listed[..asked.len().min(listed.len())] {
        Some("tenant")
    } else if all(&listed, 0) && all(&asked, 0) && own == Some(false) {
        Some("utc")
    } else {
        return;
    };
    lab.observed(("response_zone", "OUT-3b"), value, "a page with tz=Asia/Kolkata");
}
