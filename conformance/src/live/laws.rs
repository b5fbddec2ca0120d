use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use vcc_types::{CallType, Field, RecordingName};

use super::lab::{Lab, PAGE, Rec, encode, gone};
use crate::dataset::first_instant;
use crate::judge::Finding;
use crate::judge::list::{self, Format, Seen};
use crate::run::{Outcome, Verdict};

/// Records that the laws of dates are tried on.
const SAMPLES: usize = 6;

/// Tries every law.
pub(super) fn all(lab: &mut Lab<'_>) -> Vec<Outcome> {
    let Some(pages) = scan(lab) else { return std::mem::take(&mut lab.outcomes) };
    paging(lab, &pages);
    formats(lab, &pages);
    forms(lab, &pages);
    drop(pages);
    for field in Field::ALL.into_iter().skip(1) {
        fields(lab, field);
    }
    together(lab);
    patterns(lab);
    ranges(lab);
    days(lab);
    constants(lab);
    near(lab, false);
    near(lab, true);
    both(lab);
    kinds(lab);
    names(lab);
    still(lab);
    std::mem::take(&mut lab.outcomes)
}

/// Reads the whole list, page by page, and keeps three pages as they came.
fn scan(lab: &mut Lab<'_>) -> Option<BTreeMap<usize, Vec<Seen>>> {
    let mut law =
        lab.law("scan", "PAGE-5a", "Walking n = 1, 51, 101 … yields every record exactly once");
    let mut kept: BTreeMap<usize, Vec<Seen>> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for index in 0..lab.options.pages {
        if lab.over().is_some() {
            break;
        }
        let n = index * PAGE + 1;
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        if index == 0
            && let Some(trouble) = gone(&exchange)
        {
            lab.unreachable = Some(trouble);
            return None;
        }
        law.tried += 1;
        let page = match page {
            Ok(page) => page,
            Err(finding) => {
                law.problem(lab.spec, finding, exchange);
                break;
            }
        };
        if page.is_empty() {
            break;
        }
        let mut twice = 0;
        for seen in &page {
            let Some(rec) = Rec::of(seen) else {
                let text = format!("startDate: {:?}", seen.text(Field::StartDate));
                law.problem(lab.spec, Finding::of("OUT-3a", text), exchange.clone());
                continue;
            };
            // Some stores hold a record twice; a whole page of old acquaintances is no such store.
            twice += usize::from(!keys.insert(rec.key));
            lab.records.push(rec);
        }
        if twice * 2 > page.len() || twice > 0 && page.len() < 3 && index > 0 {
            let text = format!("n={n}: {twice} of {} records came before", page.len());
            law.problem(lab.spec, Finding::new(text), exchange);
            break;
        }
        if index < 2 {
            kept.insert(n, page);
        } else {
            kept.retain(|at, _| *at < 2 * PAGE + 1);
            kept.insert(n, page);
        }
    }
    law.evidence = lab.records.len();
    lab.end(law);
    Some(kept)
}

fn keys(page: &[Seen]) -> Vec<Option<u64>> {
    page.iter().map(|seen| Rec::of(seen).map(|rec| rec.key)).collect()
}

fn paging(lab: &mut Lab<'_>, pages: &BTreeMap<usize, Vec<Seen>>) {
    let first = pages.get(&1).cloned().unwrap_or_default();
    let second = pages.get(&(PAGE + 1)).cloned().unwrap_or_default();
    let mut law = lab.law("first", "PAGE-2", "n=1 is the default");
    let (exchange, page) = lab.page("", None);
    law.tried += 1;
    match page {
        Ok(page) if keys(&page) != keys(&first) => {
            law.problem(
                lab.spec,
                Finding::new("the list without n is another than with n=1"),
                exchange,
            );
        }
        Ok(page) => law.evidence += page.len(),
        Err(finding) => law.problem(lab.spec, finding, exchange),
    }
    lab.end(law);

    let mut law = lab.law("overlap", "PAGE-2", "Overlapping pages agree");
    let both: Vec<_> = keys(&first).into_iter().chain(keys(&second)).collect();
    for n in [2, 26, 50] {
        if n > both.len() {
            continue;
        }
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        law.tried += 1;
        match page {
            Ok(page) => {
                let wanted: Vec<_> =
                    both.iter().skip(n - 1).take(page.len().min(PAGE)).copied().collect();
                let came: Vec<_> = keys(&page).into_iter().take(wanted.len()).collect();
                if came != wanted || page.is_empty() {
                    let text = format!("n={n} does not begin with record {n} of the list");
                    law.problem(lab.spec, Finding::new(text), exchange);
                } else {
                    law.evidence += wanted.len();
                }
            }
            Err(finding) => law.problem(lab.spec, finding, exchange),
        }
    }
    lab.end(law);

    let mut law = lab.law("full-pages", "PAGE-5a", "No record hides between two pages");
    if !second.is_empty() {
        law.tried += 1;
        law.evidence += first.len();
        if first.len() < PAGE {
            let (exchange, page) = lab.page("", Some(&format!("n={}", first.len() + 1)));
            if page.is_ok_and(|page| keys(&page).first() != keys(&second).first()) {
                let text =
                    format!("n=1 gives {} records, and n=51 goes on behind a gap", first.len());
                law.problem(lab.spec, Finding::new(text), exchange);
            }
        }
    }
    lab.end(law);

    let mut law = lab.law("end", "PAGE-3a", "Past the end there is an empty list");
    let count = lab.records.len();
    if pages.keys().last().is_some_and(|last| last + PAGE > count) {
        for n in [count + 1, count + 1000] {
            let (exchange, page) = lab.page("", Some(&format!("n={n}")));
            law.tried += 1;
            match page {
                Ok(page) if !page.is_empty() => {
                    let text =
                        format!("n={n} gives {} records, and the list has {count}", page.len());
                    law.problem(lab.spec, Finding::new(text), exchange);
                }
                Ok(_) => law.evidence += 1,
                Err(finding) => law.problem(lab.spec, finding, exchange),
            }
        }
        let (exchange, page) = lab.page("", Some(&format!("n={}", count.max(1))));
        if let Ok(page) = page
            && count > 0
            && page.len() != 1
        {
            let text = format!("n={count} gives {} records, expected the last one", page.len());
            law.problem(lab.spec, Finding::of("PAGE-2", text), exchange);
        }
    }
    lab.end(law);

    let mut law = lab.law("order", "PAGE-5a", "The order does not change between requests");
    for n in [1, PAGE + 1] {
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        law.tried += 1;
        if let Ok(page) = page {
            law.evidence += page.len();
            if pages.get(&n).is_some_and(|before| keys(before) != keys(&page)) {
                let text = format!("n={n} comes in another order than before");
                law.problem(lab.spec, Finding::new(text), exchange);
            }
        }
    }
    lab.end(law);
}

fn formats(lab: &mut Lab<'_>, pages: &BTreeMap<usize, Vec<Seen>>) {
    for (suffix, id, clause) in [
        (".csv", "csv", "OUT-4a"),
        (".xml", "xml", "REQ-2"),
        ("/", "slash", "REQ-2"),
        (".csv/", "csv-slash", "REQ-2"),
    ] {
        let mut law = lab.law(
            id,
            clause,
            &format!("files{suffix} lists what files lists, in the same order"),
        );
        for (n, wanted) in pages {
            let (exchange, page) = lab.page(suffix, Some(&format!("n={n}")));
            law.tried += 1;
            match page {
                Ok(page) if keys(&page) == keys(wanted) => law.evidence += page.len(),
                Ok(page) => {
                    let pairs = wanted.iter().zip(&page);
                    let other = pairs
                        .flat_map(|(a, b)| {
                            Field::ALL.map(|field| {
                                (field, a.text(field).to_owned(), b.text(field).to_owned())
                            })
                        })
                        .find(|(_, a, b)| a != b);
                    let text = match other {
                        Some((field, a, b)) if page.len() == wanted.len() => {
                            format!("n={n}: {field} is {b:?}, and {a:?} in XML")
                        }
                        _ => format!("n={n}: other records than in XML"),
                    };
                    law.problem(lab.spec, Finding::new(text), exchange);
                }
                Err(finding) => law.problem(lab.spec, finding, exchange),
            }
        }
        lab.end(law);
    }
}

fn forms(lab: &mut Lab<'_>, pages: &BTreeMap<usize, Vec<Seen>>) {
    let documented: Vec<_> = Field::ALL.iter().map(|field| field.wire_name()).collect();
    let mut all =
        lab.law("fields", "OUT-1a", "A record has the fifteen fields by their documented names");
    let mut order = lab.law("field-order", "OUT-1b", "The fields come in the documented order");
    let exchange = lab.send("", Some("n=1"));
    for seen in pages.values().flatten() {
        let names: Vec<&str> = seen
            .names
            .iter()
            .map(String::as_str)
            .filter(|name| documented.contains(name))
            .collect();
        all.tried += 1;
        order.tried += 1;
        if let Some(field) = documented.iter().find(|field| !names.contains(field)) {
            all.problem(
                lab.spec,
                Finding::new(format!("a record has no {field}")),
                exchange.clone(),
            );
            break;
        }
        if names != documented {
            let text = format!("the fields come as {}", names.join(", "));
            order.problem(lab.spec, Finding::new(text), exchange.clone());
            break;
        }
        all.evidence += 1;
        order.evidence += 1;
    }
    lab.end(all);
    lab.end(order);

    let mut media = lab.law("media-type", "OUT-5", "The media type says XML or CSV, in UTF-8");
    let mut declaration = lab.law("declaration", "OUT-2", "XML begins with a declaration");
    let mut header =
        lab.law("header-row", "OUT-4b", "CSV begins with a header row of the documented names");
    for suffix in ["", ".csv"] {
        let exchange = lab.send(suffix, Some("n=1"));
        let Ok(response) = &exchange.answer else { continue };
        let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let fits = if suffix.is_empty() {
            kind.starts_with("application/xml") || kind.starts_with("text/xml")
        } else {
            kind.starts_with("text/csv")
        };
        media.tried += 1;
        media.evidence += 1;
        if !fits || !kind.contains("utf-8") {
            media.problem(
                lab.spec,
                Finding::new(format!("files{suffix}: Content-Type: {kind:?}")),
                exchange.clone(),
            );
        }
        let Ok(list) = list::read(Format::of_path(suffix), response) else { continue };
        if suffix.is_empty() {
            declaration.tried += 1;
            declaration.evidence += 1;
            if !list.declared {
                declaration.problem(
                    lab.spec,
                    Finding::new("no declaration of XML 1.0"),
                    exchange.clone(),
                );
            }
        } else {
            header.tried += 1;
            header.evidence += 1;
            if list.header.as_ref().is_none_or(|names| *names != documented) {
                header.problem(
                    lab.spec,
                    Finding::new("no header row of the documented names"),
                    exchange.clone(),
                );
            }
            let lines = response.body.split(|byte| *byte == b'\n').count() - 1;
            let quoted = response.body.contains(&b'"');
            if !quoted
                && lines > 0
                && response.body.windows(2).filter(|pair| pair == b"\r\n").count() != lines
            {
                header.problem(
                    lab.spec,
                    Finding::new("rows end in LF alone, expected CRLF"),
                    exchange.clone(),
                );
            }
        }
    }
    lab.end(media);
    lab.end(declaration);
    lab.end(header);
}

/// Values of a field with the number of records that have them: the rarest ones, one in the middle,
/// and those with characters that need care.
fn values(lab: &Lab<'_>, field: Field) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rec in &lab.records {
        *counts.entry(rec.text(field)).or_default() += 1;
    }
    counts.remove("");
    let mut by_count: Vec<(usize, &str)> =
        counts.iter().map(|(value, count)| (*count, *value)).collect();
    by_count.sort_unstable();
    // What is found in a few pages, where there is such a value.
    let few = by_count.iter().filter(|(count, _)| *count <= PAGE * 10).count();
    by_count.truncate(few.max(1));
    let mut chosen: Vec<String> = Vec::new();
    let places = [0, by_count.len() / 2, by_count.len().saturating_sub(1)];
    chosen.extend(
        places.iter().filter_map(|at| by_count.get(*at)).map(|(_, value)| (*value).to_owned()),
    );
    let odd = |value: &str| value.chars().any(|c| !c.is_ascii_alphanumeric());
    let odd = by_count.iter().filter(|(_, value)| odd(value)).take(3);
    chosen.extend(odd.map(|(_, value)| (*value).to_owned()));
    chosen.sort();
    chosen.dedup();
    chosen
}

fn number(text: &str) -> &str {
    text.trim_start_matches('0')
}

/// Whether a record has this value in this field (FIELD-1, FIELD-4).
fn has(rec: &Rec, field: Field, value: &str) -> bool {
    let text = rec.text(field);
    if field == Field::Duration {
        !text.is_empty() && number(text) == number(value)
    } else {
        text == value
    }
}

fn fields(lab: &mut Lab<'_>, field: Field) {
    let chosen = values(lab, field);
    let mut law = lab.law(
        &format!("filter-{}", field.wire_name().to_ascii_lowercase()),
        "FIELD-1a",
        &format!("{field}=value finds exactly the records with that value"),
    );
    for value in &chosen {
        lab.finds(&mut law, &format!("{field}={}", encode(value)), &|rec| {
            Some(has(rec, field, value))
        });
    }
    lab.end(law);
    if matches!(field, Field::Duration) {
        let mut law = lab.law("duration-number", "FIELD-4", "duration compares as a number");
        for value in chosen.iter().take(2) {
            lab.finds(&mut law, &format!("duration=00{}", encode(value)), &|rec| {
                Some(has(rec, field, value))
            });
        }
        lab.end(law);
        return;
    }
    let Some(value) = chosen.iter().max_by_key(|value| value.len()).cloned() else { return };
    // A part of a value, and a value with something more, are other values.
    let mut law = lab.law(
        &format!("whole-{}", field.wire_name().to_ascii_lowercase()),
        "FIELD-1a",
        &format!("{field} compares the whole value"),
    );
    let characters: Vec<char> = value.chars().collect();
    let mut others = Vec::new();
    if characters.len() > 2 {
        others.push(characters[..characters.len() - 1].iter().collect::<String>());
        others.push(characters[1..].iter().collect());
    }
    others.push(format!("{value}x"));
    for other in others {
        lab.finds(&mut law, &format!("{field}={}", encode(&other)), &|rec| {
            Some(has(rec, field, &other))
        });
        law.evidence += 1;
    }
    lab.end(law);
    let mut law = lab.law(
        &format!("exact-{}", field.wire_name().to_ascii_lowercase()),
        "FIELD-1b",
        &format!("{field} compares case and spaces"),
    );
    let swapped: String = value
        .chars()
        .map(|c| {
            if c.is_lowercase() {
                c.to_uppercase().next().unwrap_or(c)
            } else {
                c.to_lowercase().next().unwrap_or(c)
            }
        })
        .collect();
    for other in [swapped, format!("{value} "), format!(" {value}")] {
        if other != value {
            lab.finds(&mut law, &format!("{field}={}", encode(&other)), &|rec| {
                Some(has(rec, field, &other))
            });
            law.evidence += 1;
        }
    }
    lab.end(law);
    if field != Field::AgentId && field != Field::Channel && field != Field::CaseId {
        return;
    }
    let zero = format!("0{value}");
    let mut law = lab.law(
        &format!("text-{}", field.wire_name().to_ascii_lowercase()),
        "FIELD-4",
        &format!("{field} compares as text"),
    );
    lab.finds(&mut law, &format!("{field}={}", encode(&zero)), &|rec| Some(has(rec, field, &zero)));
    law.evidence += 1;
    lab.end(law);
}

/// Some records, spread over the list.
fn samples(lab: &Lab<'_>, count: usize) -> Vec<usize> {
    let step = lab.records.len().div_ceil(count).max(1);
    (0..lab.records.len()).step_by(step).collect()
}

fn together(lab: &mut Lab<'_>) {
    let mut law = lab.law("and", "FIELD-1a", "Several fields are ANDed");
    let pairs = [
        (Field::AgentId, Field::Channel),
        (Field::Channel, Field::QueueId),
        (Field::AgentId, Field::Duration),
    ];
    for (a, b) in pairs {
        let values = |lab: &Lab<'_>, at: usize, field| lab.records[at].text(field).to_owned();
        for at in samples(lab, 3) {
            let (x, y) = (values(lab, at, a), values(lab, at, b));
            // A pair of which each alone finds more.
            let other = lab.records.iter().find(|rec| rec.text(a) != x && !rec.text(b).is_empty());
            let z = other.map(|rec| rec.text(b).to_owned());
            for y in [Some(y), z].into_iter().flatten() {
                if !x.is_empty() && !y.is_empty() {
                    let query = format!("{a}={}&{b}={}", encode(&x), encode(&y));
                    lab.finds(&mut law, &query, &|rec| Some(has(rec, a, &x) && has(rec, b, &y)));
                }
            }
        }
    }
    lab.end(law);
}

fn patterns(lab: &mut Lab<'_>) {
    let mut law = lab.law("patterns", "FIELD-6", "Nothing in a value is a wildcard or a pattern");
    for field in [Field::AgentId, Field::QueueName, Field::Channel] {
        let Some(value) = values(lab, field)
            .into_iter()
            .find(|value| value.chars().count() > 1 && value.is_ascii())
        else {
            continue;
        };
        let rest = &value[1..];
        for pattern in [
            format!("%{rest}"),
            format!("_{rest}"),
            format!("*{rest}"),
            format!(".{rest}"),
            format!("?{rest}"),
            "%".into(),
            "*".into(),
            ".*".into(),
        ] {
            lab.finds(&mut law, &format!("{field}={}", encode(&pattern)), &|rec| {
                Some(has(rec, field, &pattern))
            });
            law.evidence += 1;
        }
    }
    lab.end(law);
}

fn utc(at: Timestamp) -> String {
    jiff::tz::Offset::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn whole_second(at: Timestamp) -> bool {
    at.subsec_nanosecond() == 0
}

fn ranges(lab: &mut Lab<'_>) {
    let mut starts: Vec<Timestamp> =
        lab.records.iter().map(|rec| rec.start).filter(|at| whole_second(*at)).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut law = lab.law("range", "DATE-2a", "d=A,B finds A ≤ start < B");
    let mut spelled = lab.law("spellings", "DATE-5", "Spellings of one instant agree");
    let mut zoned = lab.law(
        "offsets",
        "DATE-4",
        "A time with Z or an offset means that instant, and tz does not move it",
    );
    let step = (starts.len() / (SAMPLES + 1)).max(1);
    for pair in starts.iter().step_by(step).collect::<Vec<_>>().windows(2).take(SAMPLES) {
        // About a page's worth from the earlier one on.
        let from = *pair[0];
        let at = starts.binary_search(&from).unwrap_or_default();
        let until = starts[(at + 40).min(starts.len() - 1)].min(*pair[1]);
        if until <= from {
            continue;
        }
        // Whether the one instant B belongs to it is left open (DATE-2c).
        let inside = move |rec: &Rec| {
            if rec.start == until { None } else { Some(rec.start >= from && rec.start < until) }
        };
        let (a, b) = (utc(from), utc(until));
        lab.finds(&mut law, &format!("d={a},{b}"), &inside);
        let basic = |text: &str| text.replace(['-', ':'], "");
        let spaced = |text: &str| text.replace('T', "%20");
        lab.finds(&mut spelled, &format!("d={},{}", basic(&a), basic(&b)), &inside);
        lab.finds(&mut spelled, &format!("d={},{}", spaced(&a), spaced(&b)), &inside);
        lab.finds(&mut spelled, &format!("d={a}%2C{b}"), &inside);
        let offset = |at: Timestamp, seconds: i32, sign: &str| {
            let offset = jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC);
            let minutes = seconds.unsigned_abs() / 60;
            let local = offset.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
            format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        };
        let (west, east) = (-8 * 3600, 5 * 3600 + 45 * 60);
        lab.finds(
            &mut zoned,
            &format!("d={},{}", offset(from, west, "-"), offset(until, west, "-")),
            &inside,
        );
        lab.finds(
            &mut zoned,
            &format!("d={},{}", offset(from, east, "%2B"), offset(until, east, "%2B")),
            &inside,
        );
        lab.finds(&mut zoned, &format!("d={a},{b}&tz=Asia/Tokyo"), &inside);
        // The beginning belongs to the range: one second later it does not.
        let later = from.checked_add(SignedDuration::from_secs(1)).unwrap_or(from);
        lab.finds(&mut law, &format!("d={},{b}", utc(later)), &move |rec| {
            if rec.start == until { None } else { Some(rec.start >= later && rec.start < until) }
        });
    }
    lab.end(law);
    lab.end(spelled);
    lab.end(zoned);
}

/// The instants of a local day.
fn day(date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let next = date.checked_add(Span::new().days(1)).ok()?;
    let at = |date: Date| first_instant(date.to_datetime(jiff::civil::Time::midnight()), zone).ok();
    Some((at(date)?, at(next)?))
}

fn days(lab: &mut Lab<'_>) {
    let mut zones: Vec<(Option<&str>, TimeZone)> = Vec::new();
    if let Some(zone) = &lab.zone {
        zones.push((None, zone.clone()));
    }
    for name in
        ["UTC", "America/New_York", "Asia/Kolkata", "Europe/London", "US/Pacific", "Etc/GMT+8"]
    {
        if let Ok(zone) = crate::zone::named(name) {
            zones.push((Some(name), zone));
        }
    }
    for (name, zone) in zones {
        let (id, clause, title) = match name {
            None => (
                "day-of-tenant".to_owned(),
                "DATE-1",
                "A day without tz is a day in the tenant's zone".to_owned(),
            ),
            Some(name) => {
                let id: String = name
                    .to_ascii_lowercase()
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                (
                    format!("day-{id}"),
                    "DATE-3a",
                    format!("A day is a day in the zone that tz names: {name}"),
                )
            }
        };
        let mut law = lab.law(&id, clause, &title);
        let mut until =
            lab.law(&format!("until-{id}"), "DATE-2a", "An untimed end of a range is its midnight");
        let tz = name.map(|name| format!("&tz={}", encode(name))).unwrap_or_default();
        // Days with many records near their ends, and the days on which clocks change.
        let mut dates: BTreeMap<Date, i64> = BTreeMap::new();
        for rec in &lab.records {
            let local = zone.to_datetime(rec.start);
            let (from, to) = match day(local.date(), &zone) {
                Some(ends) => ends,
                None => continue,
            };
            let seconds = to.duration_since(from).as_secs();
            let edge = rec
                .start
                .duration_since(from)
                .as_secs()
                .min(to.duration_since(rec.start).as_secs());
            let weight = i64::from(seconds != 86_400) * 20 + i64::from(edge < 2 * 3600) * 2 + 1;
            *dates.entry(local.date()).or_default() += weight;
        }
        let mut dates: Vec<(i64, Date)> =
            dates.into_iter().map(|(date, weight)| (weight, date)).collect();
        dates.sort_unstable_by(|a, b| b.cmp(a));
        for (_, date) in dates.iter().take(SAMPLES) {
            let Some((from, to)) = day(*date, &zone) else { continue };
            lab.finds(&mut law, &format!("d={date}{tz}"), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
            let basic = date.to_string().replace('-', "");
            lab.finds(&mut law, &format!("d={basic}{tz}"), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
            // Whether an untimed end stands for its whole day is left open (DATE-2b): a range that
            // ends on the day before an empty one says the same either way.
            let Ok(last) = date.checked_add(Span::new().days(1)) else { continue };
            let Some((_, after)) = day(last, &zone) else { continue };
            lab.finds(&mut until, &format!("d={date},{last}{tz}"), &|rec| {
                if rec.start >= to && rec.start <= after {
                    None
                } else {
                    Some(rec.start >= from && rec.start < to)
                }
            });
        }
        lab.end(law);
        lab.end(until);
    }
    periods(lab);
}

fn periods(lab: &mut Lab<'_>) {
    let utc_zone = TimeZone::UTC;
    let mut law = lab.law("periods", "DATE-7a", "A single d without a time names its whole period");
    for at in samples(lab, 2) {
        let date = utc_zone.to_datetime(lab.records[at].start).date();
        let month = (date.first_of_month(), date.last_of_month());
        let week = date.iso_week_date();
        let monday =
            date.checked_sub(Span::new().days(i64::from(week.weekday().to_monday_zero_offset())));
        let mut asked = vec![
            (format!("{:04}-{:02}", date.year(), date.month()), month.0, month.1),
            (format!("{:04}-{:03}", date.year(), date.day_of_year()), date, date),
            (
                format!(
                    "{:04}-W{:02}-{}",
                    week.year(),
                    week.week(),
                    week.weekday().to_monday_one_offset()
                ),
                date,
                date,
            ),
        ];
        if let Ok(monday) = monday
            && let Ok(sunday) = monday.checked_add(Span::new().days(6))
        {
            asked.push((format!("{:04}-W{:02}", week.year(), week.week()), monday, sunday));
        }
        for (text, first, last) in asked {
            let (Some((from, _)), Some((_, to))) = (day(first, &utc_zone), day(last, &utc_zone))
            else {
                continue;
            };
            lab.finds(&mut law, &format!("d={text}&tz=UTC"), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
        }
    }
    lab.end(law);
}

fn constants(lab: &mut Lab<'_>) {
    let mut law = lab.law("constants", "DATE-8a", "today-Nd is the midnight N days ago");
    let zone = crate::zone::named("America/Denver").unwrap_or(TimeZone::UTC);
    let now = crate::clock::now();
    let today = zone.to_datetime(now).date();
    let mut ages: Vec<i64> = lab
        .records
        .iter()
        .filter_map(|rec| today.since(zone.to_datetime(rec.start).date()).ok())
        .map(|span| i64::from(span.get_days()))
        .filter(|days| *days > 0)
        .collect();
    ages.sort_unstable();
    ages.dedup();
    ages.truncate(4);
    ages.extend([1, 7]);
    for age in ages {
        let Some((from, _)) =
            today.checked_sub(Span::new().days(age)).ok().and_then(|date| day(date, &zone))
        else {
            continue;
        };
        let Some((until, _)) =
            today.checked_sub(Span::new().days(age - 1)).ok().and_then(|date| day(date, &zone))
        else {
            continue;
        };
        let query = if age == 1 { "today".to_owned() } else { format!("today-{}d", age - 1) };
        // The day must not change while it is asked for.
        if zone.to_datetime(crate::clock::now()).date() != today {
            break;
        }
        lab.finds(&mut law, &format!("d=today-{age}d,{query}&tz=America/Denver"), &|rec| {
            if rec.start == until { None } else { Some(rec.start >= from && rec.start < until) }
        });
        lab.finds(&mut law, &format!("d=today-{age}d&tz=America/Denver"), &|rec| {
            Some(rec.start >= from && rec.start < until)
        });
    }
    lab.end(law);
}

/// Whether an instant lies within ±5 s of another.
fn close(at: Option<Timestamp>, asked: Timestamp) -> bool {
    at.is_some_and(|at| (at.as_nanosecond() - asked.as_nanosecond()).abs() <= 5_000_000_000)
}

fn near(lab: &mut Lab<'_>, finish: bool) {
    let (name, id, clause) = if finish {
        ("finish-date", "finish", "NEAR-2")
    } else {
        ("start-date", "start", "NEAR-1")
    };
    let mut law = lab.law(
        &format!("near-{id}"),
        clause,
        &format!("{name}=T finds what lies within five seconds of T"),
    );
    let mut spelled = lab.law(
        &format!("near-{id}-spellings"),
        "DATE-5",
        &format!("Spellings of T in {name} agree"),
    );
    let mut and = lab.law(
        &format!("near-{id}-and"),
        "NEAR-5a",
        &format!("{name} is ANDed with d and fields"),
    );
    let of = move |rec: &Rec| if finish { rec.finish() } else { Some(rec.start) };
    let mut midnight = lab.law(
        &format!("near-{id}-minute"),
        "NEAR-3",
        &format!("{name} without seconds is the start of its minute, without a time midnight"),
    );
    for at in samples(lab, SAMPLES) {
        let Some(edge) = of(&lab.records[at]).filter(|edge| whole_second(*edge)) else { continue };
        for seconds in [0, 5, -5, 6, -6] {
            let Ok(asked) = edge.checked_add(SignedDuration::from_secs(seconds)) else { continue };
            lab.finds(&mut law, &format!("{name}={}", utc(asked)), &|rec| {
                Some(close(of(rec), asked))
            });
            if seconds.abs() == 6 {
                law.evidence += 1;
            }
        }
        let basic = utc(edge).replace(['-', ':'], "");
        let spaced = utc(edge).replace('T', "%20");
        let kolkata = crate::zone::named("Asia/Kolkata").unwrap_or(TimeZone::UTC);
        let local = kolkata.to_datetime(edge).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        for text in [basic, spaced, format!("{local}%2B05:30"), format!("{local}&tz=Asia/Kolkata")]
        {
            lab.finds(&mut spelled, &format!("{name}={text}"), &|rec| Some(close(of(rec), edge)));
        }
        let agent = lab.records[at].text(Field::AgentId).to_owned();
        if !agent.is_empty() {
            let query = format!("{name}={}&agentID={}", utc(edge), encode(&agent));
            lab.finds(&mut and, &query, &|rec| {
                Some(close(of(rec), edge) && rec.text(Field::AgentId) == agent)
            });
            let query =
                format!("{name}={}&agentID={}", utc(edge), encode(&format!("{agent}-nobody")));
            lab.finds(&mut and, &query, &|_| Some(false));
        }
        let date = TimeZone::UTC.to_datetime(lab.records[at].start).date();
        if let Ok(other) = date.checked_add(Span::new().days(2)) {
            let query = format!("{name}={}&d={other}&tz=UTC", utc(edge));
            if let Some((from, to)) = day(other, &TimeZone::UTC) {
                lab.finds(&mut and, &query, &|rec| {
                    Some(close(of(rec), edge) && rec.start >= from && rec.start < to)
                });
            }
        }
        let minute = edge.as_second().div_euclid(60) * 60;
        if let Ok(minute) = Timestamp::from_second(minute) {
            let text =
                jiff::tz::Offset::UTC.to_datetime(minute).strftime("%Y-%m-%dT%H:%MZ").to_string();
            lab.finds(&mut midnight, &format!("{name}={text}"), &|rec| {
                Some(close(of(rec), minute))
            });
        }
        if let Some((from, _)) = day(TimeZone::UTC.to_datetime(edge).date(), &TimeZone::UTC) {
            let date = TimeZone::UTC.to_datetime(edge).date();
            lab.finds(&mut midnight, &format!("{name}={date}&tz=UTC"), &|rec| {
                Some(close(of(rec), from))
            });
        }
        midnight.evidence += 1;
    }
    lab.end(law);
    lab.end(spelled);
    lab.end(and);
    lab.end(midnight);
}

fn both(lab: &mut Lab<'_>) {
    let mut law =
        lab.law("both", "NEAR-4a", "With start-date and finish-date only start-date is used");
    let mut strangers = samples(lab, SAMPLES);
    strangers.reverse();
    for (at, other) in samples(lab, SAMPLES).into_iter().zip(strangers) {
        let start = lab.records[at].start;
        let Some(finish) = lab.records[other].finish().filter(|at| whole_second(*at)) else {
            continue;
        };
        if !whole_second(start) {
            continue;
        }
        for query in [
            format!("start-date={}&finish-date={}", utc(start), utc(finish)),
            format!("finish-date={}&start-date={}", utc(finish), utc(start)),
        ] {
            lab.finds(&mut law, &query, &|rec| Some(close(Some(rec.start), start)));
        }
    }
    lab.end(law);
}

fn kinds(lab: &mut Lab<'_>) {
    let kinds = [
        ("outbound", "CALL-1", CallType::OUTBOUND_CHANNEL, CallType::OUTBOUND_QUEUE),
        (
            "direct",
            "CALL-2",
            CallType::DIRECT_AGENT_ACCESS_CHANNEL,
            CallType::DIRECT_AGENT_ACCESS_QUEUE,
        ),
    ];
    for (id, clause, channel, queue) in kinds {
        let mut law = lab.law(
            &format!("call-{id}"),
            clause,
            &format!("Calls of channel {channel} are of queue {queue}"),
        );
        let calls: Vec<&Rec> =
            lab.records.iter().filter(|rec| rec.text(Field::Channel) == channel).collect();
        law.tried += calls.len();
        law.evidence += calls.len();
        let other = calls
            .iter()
            .find(|rec| rec.text(Field::QueueId) != queue || rec.text(Field::QueueName) != queue);
        let text = other.map(|rec| {
            format!(
                "transactionID {:?} is of queue {:?}",
                rec.text(Field::TransactionId),
                rec.text(Field::QueueId)
            )
        });
        if let Some(text) = text {
            let exchange = lab.send("", Some(&format!("channel={}", encode(channel))));
            law.problem(lab.spec, Finding::new(text), exchange);
        }
        lab.end(law);
    }
}

fn names(lab: &mut Lab<'_>) {
    let mut law = lab.law(
        "file-names",
        "CALL-4",
        "A file name of the documented form carries the start in UTC",
    );
    let mut other = None;
    for rec in &lab.records {
        let Some(name) = RecordingName::parse(rec.text(Field::Filename)) else { continue };
        law.tried += 1;
        if name.start().timestamp() == rec.start.as_second() {
            law.evidence += 1;
        } else {
            other.get_or_insert_with(|| {
                format!("{} starts {}", rec.text(Field::Filename), utc(rec.start))
            });
        }
    }
    if let Some(text) = other {
        let wrong = law.tried - law.evidence;
        let exchange = lab.send("", Some("n=1"));
        law.problem(
            lab.spec,
            Finding::new(format!("{wrong} of {} do not, such as {text}", law.tried)),
            exchange,
        );
    }
    lab.end(law);
}

/// The first page once more: where it is another than at the beginning, the data moved, and what
/// differs proves nothing.
fn still(lab: &mut Lab<'_>) {
    let (_, page) = lab.page("", Some("n=1"));
    let Ok(page) = page else { return };
    let before: BTreeSet<u64> = lab.records.iter().map(|rec| rec.key).collect();
    let strangers =
        page.iter().filter_map(Rec::of).filter(|rec| !before.contains(&rec.key)).count();
    if strangers == 0 {
        return;
    }
    for outcome in &mut lab.outcomes {
        if matches!(outcome.verdict, Verdict::Fail | Verdict::Warn) {
            outcome.verdict = Verdict::Inconclusive;
            outcome.reason =
                Some(format!("the data moved: {strangers} records are new on the first page"));
        }
    }
}
