//! Judges one answer against one expectation.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex_lite::Regex;
use vcc_types::Field;

use super::compare::{Difference, compare, start};
use super::finding::Finding;
use super::list::{self, Format, List};
use crate::fixture::{
    BodyExpect, Expect, Fields, HeaderExpect, OrderOf, StartForm, Status, StatusKind, select, unhex,
};
use crate::http::Response;
use crate::world::World;

/// The records of a response where there are more (PAGE-1).
const PAGE: usize = 50;

/// What an expectation is judged on.
pub struct View<'a> {
    /// The tenants.
    pub world: &'a World,
    /// The tenant asked for.
    pub tenant: usize,
    /// The form asked for.
    pub format: Format,
    /// The zone of the query's `tz`, where it has one.
    pub tz: Option<TimeZone>,
    /// Whether the answer has no body, because it answers a HEAD.
    pub head: bool,
    /// The answer; several where a list was walked.
    pub pages: &'a [&'a Response],
    /// The answers of the earlier steps.
    pub earlier: &'a [(Format, Option<Response>)],
}

/// Everything about the answer that is not as expected; an error is one of the expectation itself.
pub fn judge(expect: &Expect, view: &View<'_>) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    let mut lists = Vec::new();
    for page in view.pages {
        if let Some(text) = status(expect, page) {
            // PAGE-3a: a walk is past the end once a page was not full.
            let short = lists.last().is_some_and(|list: &List| list.records.len() < PAGE);
            return Ok(vec![if short { Finding::of("PAGE-3a", text) } else { Finding::new(text) }]);
        }
        if page.surplus > 0 {
            let clause = if view.format == Format::Xml { "OUT-2" } else { "OUT-4a" };
            let text = format!("{} bytes more than Content-Length says", page.surplus);
            findings.push(Finding::of(clause, text));
        }
        let success = (200..300).contains(&page.status);
        if expect.no_records || !success {
            let count = list::any_records(page);
            if count > 0 {
                findings.push(Finding::new(format!(
                    "{count} records in an answer that must hold none"
                )));
            }
        } else if expect.speaks_of_records() && !view.head {
            match list::read(view.format, page) {
                Ok(list) => {
                    if list.records.len() > PAGE {
                        let text = format!("{} records in one response", list.records.len());
                        findings.push(Finding::of("PAGE-1", text));
                    }
                    seen.extend(list.records.iter().cloned());
                    lists.push(list);
                }
                Err(list::Unreadable { clause, problem }) => {
                    findings.push(Finding::of(clause, problem));
                    return Ok(findings);
                }
            }
        }
        for (name, wanted) in &expect.headers {
            findings.extend(header(name, wanted, page)?.map(Finding::new));
        }
        if let Some(wanted) = &expect.body {
            findings.extend(body(wanted, page)?.map(Finding::new));
        }
    }
    findings.extend(short_page(&lists));
    records(expect, view, &seen, &mut findings)?;
    for (list, page) in lists.iter().zip(view.pages) {
        forms(expect, view, list, page, &mut findings)?;
    }
    if let Some(last) = view.pages.last() {
        same_as(expect, view, last, &mut findings)?;
    }
    Ok(findings)
}

/// PAGE-1: of the pages of a walk all hold 50 records but the last that holds any. What lies between
/// a page that is too short and the next one is missing from the walk, so this is said first.
fn short_page(lists: &[List]) -> Option<Finding> {
    let counts: Vec<usize> = lists.iter().map(|list| list.records.len()).collect();
    let last = counts.iter().rposition(|count| *count > 0)?;
    let at = counts[..last].iter().position(|count| *count < PAGE)?;
    let text = format!("page {} holds {}, and more follow", at + 1, counted(counts[at]));
    Some(Finding::of("PAGE-1", text))
}

fn status(expect: &Expect, response: &Response) -> Option<String> {
    let found = response.status;
    let (fits, wanted) = match &expect.status {
        None => (found == 200, "200".to_owned()),
        Some(Status::One(status)) => (found == *status, status.to_string()),
        Some(Status::Several(statuses)) => {
            let words: Vec<_> = statuses.iter().map(u16::to_string).collect();
            (statuses.contains(&found), words.join(" or "))
        }
        Some(Status::Kind(StatusKind::ClientError)) => {
            ((400..500).contains(&found), "4xx".to_owned())
        }
        Some(Status::Kind(StatusKind::Any)) => (true, String::new()),
    };
    (!fits).then(|| {
        let body = excerpt(&response.body, 120);
        let body = if body.is_empty() { body } else { format!(": {body}") };
        format!("status: expected {wanted}, found {found}{body}")
    })
}

/// The beginning of a body in one line.
pub(crate) fn excerpt(body: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(limit * 4)]);
    let text: Vec<_> = text.split_whitespace().collect();
    let text = text.join(" ");
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn records(
    expect: &Expect,
    view: &View<'_>,
    seen: &[list::Seen],
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let tenant = &view.world.tenants[view.tenant].tenant;
    let selected = |selectors: &[String]| {
        select(tenant, selectors).map_err(|problem| format!("expect: {problem}"))
    };
    if let Some(selectors) = &expect.records {
        let expected = selected(selectors)?;
        let difference = compare(view.world, view.tenant, &expected, expect.ordered, seen);
        let what = format!("expected {}, found {}", counted(expected.len()), counted(seen.len()));
        findings.extend(differing(difference, &what, view.format));
    }
    if let Some(selectors) = &expect.among {
        let mut difference = compare(view.world, view.tenant, &selected(selectors)?, false, seen);
        difference.missing.clear();
        findings.extend(differing(difference, "expected records of a given set only", view.format));
    }
    if let Some(selectors) = &expect.includes {
        let mut difference = compare(view.world, view.tenant, &selected(selectors)?, false, seen);
        difference.unexpected.clear();
        findings.extend(differing(
            difference,
            "expected certain records among others",
            view.format,
        ));
    }
    if let Some(selectors) = &expect.excludes {
        let excluded = selected(selectors)?;
        let absent = compare(view.world, view.tenant, &excluded, false, seen).missing;
        for index in excluded.into_iter().filter(|index| !absent.contains(index)) {
            let key = &tenant.records[index].key;
            findings.push(Finding::new(format!("{key} is there, and must not be")));
        }
    }
    if let Some(count) = expect.count
        && seen.len() != count
    {
        findings.push(Finding::new(format!(
            "expected {}, found {}",
            counted(count),
            counted(seen.len())
        )));
    }
    if let Some(most) = expect.at_most
        && let Some(page) = view
            .pages
            .iter()
            .filter_map(|page| list::read(view.format, page).ok())
            .find(|list| list.records.len() > most)
    {
        let text = format!("expected at most {}, found {}", counted(most), page.records.len());
        findings.push(Finding::new(text));
    }
    for (key, fields) in &expect.values {
        let index =
            tenant.find(key).ok_or_else(|| format!("expect.values: {key:?}: no such record"))?;
        let transaction = tenant.records[index].text(Field::TransactionId);
        let Some(record) = seen.iter().find(|seen| seen.text(Field::TransactionId) == transaction)
        else {
            findings.push(Finding::new(format!("{key} is not there")));
            continue;
        };
        for (name, wanted) in fields {
            let field = Field::from_wire_name(name)
                .ok_or_else(|| format!("expect.values.{key}: {name:?} is no field"))?;
            let wanted = view
                .world
                .template(view.tenant)
                .fill(wanted)
                .map_err(|problem| problem.to_string())?;
            let wanted = String::from_utf8_lossy(&wanted);
            let found = record.text(field);
            if found != wanted {
                findings.push(Finding::new(format!(
                    "{key}: {name}: expected {wanted:?}, found {found:?}"
                )));
            }
        }
    }
    if let Some(order) = expect.order {
        let starts: Vec<Timestamp> = seen
            .iter()
            .filter_map(|seen| start(seen.text(Field::StartDate)).map(|start| start.instant))
            .collect();
        let sorted = match order {
            OrderOf::StartAscending => starts.is_sorted(),
            OrderOf::StartDescending => starts.is_sorted_by(|a, b| a >= b),
        };
        if !sorted {
            let word = if order == OrderOf::StartAscending { "ascending" } else { "descending" };
            findings.push(Finding::new(format!("the starts are not {word}")));
        }
    }
    starts(expect, view, seen, findings)
}

/// "1 record", "5 records".
pub(crate) fn counted(count: usize) -> String {
    if count == 1 { "1 record".into() } else { format!("{count} records") }
}

fn differing(difference: Difference, what: &str, format: Format) -> Option<Finding> {
    if difference.is_empty() {
        return None;
    }
    let mut words = Vec::new();
    for (count, word) in [
        (difference.missing.len(), "missing"),
        (difference.unexpected.len(), "unexpected"),
        (difference.twice.len(), "there twice"),
    ] {
        if count > 0 {
            words.push(format!("{count} {word}"));
        }
    }
    let mut altered: Vec<_> = difference.altered.iter().map(|altered| altered.record).collect();
    altered.dedup();
    if !altered.is_empty() {
        words.push(format!("{} altered", altered.len()));
    }
    if difference.order.is_some() {
        words.push("out of order".into());
    }
    let foreign = difference.unexpected.iter().any(|unexpected| unexpected.foreign);
    // The right records with other values: what the response says of them is wrong, not the
    // selection. Another tenant's records: that is worse than any selection.
    let clause = foreign.then_some("AUTH-4").or_else(|| {
        difference.only_values().then(|| {
            // One that is not there at all is no start in another form.
            let starts = difference
                .altered
                .iter()
                .all(|altered| altered.field == Field::StartDate && !altered.actual.is_empty());
            let spaces = difference.altered.iter().all(|altered| {
                let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                altered.expected.contains(['\r', '\n', '\t'])
                    && spaced(&altered.expected) == spaced(&altered.actual)
            });
            match format {
                _ if starts => "OUT-3a",
                _ if spaces => "OUT-6a",
                Format::Xml => "OUT-1a",
                Format::Csv => "OUT-4a",
            }
        })
    });
    let text = format!("{what}: {}", words.join(", "));
    Some(Finding { clause, text, difference: Some(difference) })
}

fn starts(
    expect: &Expect,
    view: &View<'_>,
    seen: &[list::Seen],
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    if expect.start_form.is_none() && expect.zone.is_none() {
        return Ok(());
    }
    let mut read = Vec::new();
    for record in seen {
        let text = record.text(Field::StartDate);
        match start(text) {
            Some(start) => read.push((text, start)),
            None => {
                let text =
                    format!("startDate: {text:?} is not of the form 2008-02-14T10:12:13-08:00");
                findings.push(Finding::of("OUT-3a", text));
                return Ok(());
            }
        }
    }
    if read.is_empty() {
        findings.push(Finding::new("no record to read a startDate from"));
    }
    if let Some(form) = expect.start_form {
        let wrong = read.iter().find(|(_, start)| match form {
            StartForm::Offset => false,
            StartForm::Numeric => start.z,
            StartForm::Z => !start.z,
        });
        if let Some((text, _)) = wrong {
            let wanted = if form == StartForm::Z { "Z" } else { "a numeric offset" };
            findings.push(Finding::new(format!("startDate: expected {wanted}, found {text:?}")));
        }
    }
    if let Some(names) = &expect.zone {
        let mut holds = false;
        for name in names.as_slice() {
            let own = &view.world.tenants[view.tenant].tenant.zone;
            let zone = match name.as_str() {
                "tenant" => own.clone(),
                "query" => view.tz.clone().unwrap_or_else(|| own.clone()),
                "utc" => TimeZone::UTC,
                name => crate::zone::named(name)
                    .map_err(|_| format!("expect.zone: {name:?} is no zone"))?,
            };
            holds |= read.iter().all(|(_, start)| {
                let offset = zone.to_offset(start.instant).seconds();
                start.offset == offset || start.offset == offset.div_euclid(60) * 60
            });
        }
        if !holds {
            let shown: Vec<_> = read.iter().take(3).map(|(text, _)| *text).collect();
            let text = format!(
                "startDate: expected the offsets of {}, found {}",
                names.as_slice().join(" or "),
                shown.join(", ")
            );
            findings.push(Finding::new(text));
        }
    }
    Ok(())
}

fn header(
    name: &str,
    wanted: &HeaderExpect,
    response: &Response,
) -> Result<Option<String>, String> {
    // A field that is there twice is a list in two lines (RFC 9110, 5.3): any of them will do.
    let values: Vec<&str> = response
        .headers
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    let shown = || format!("{:?}", values.join(", "));
    if wanted.present == Some(false) {
        let none = values.is_empty();
        return Ok((!none).then(|| format!("{name}: expected no such header, found {}", shown())));
    }
    if values.is_empty() {
        return Ok(Some(format!("{name}: expected the header, found none")));
    }
    if let Some(is) = &wanted.is
        && !values.contains(&is.as_str())
    {
        return Ok(Some(format!("{name}: expected {is:?}, found {}", shown())));
    }
    if let Some(part) = &wanted.contains
        && !values.iter().any(|value| value.contains(part.as_str()))
    {
        return Ok(Some(format!("{name}: expected {part:?} in {}", shown())));
    }
    if let Some(pattern) = &wanted.matches {
        let regex = regex(pattern)?;
        if !values.iter().any(|value| regex.is_match(value)) {
            return Ok(Some(format!("{name}: {} does not match {pattern}", shown())));
        }
    }
    Ok(None)
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|problem| format!("{pattern:?}: {problem}"))
}

fn body(wanted: &BodyExpect, response: &Response) -> Result<Option<String>, String> {
    let bytes = &response.body;
    let text = String::from_utf8_lossy(bytes);
    if let Some(empty) = wanted.empty
        && empty != bytes.is_empty()
    {
        let wanted = if empty { "no body" } else { "a body" };
        return Ok(Some(format!("expected {wanted}, found {} bytes", bytes.len())));
    }
    if let Some(part) = wanted.contains.iter().find(|part| !text.contains(part.as_str())) {
        return Ok(Some(format!("the body lacks {part:?}: {}", excerpt(bytes, 120))));
    }
    if let Some(part) = wanted.lacks.iter().find(|part| text.contains(part.as_str())) {
        return Ok(Some(format!("the body holds {part:?}: {}", excerpt(bytes, 120))));
    }
    for pattern in &wanted.matches {
        if !regex(pattern)?.is_match(&text) {
            return Ok(Some(format!("the body does not match {pattern}: {}", excerpt(bytes, 120))));
        }
    }
    if let Some(start) = &wanted.starts
        && !text.starts_with(start.as_str())
    {
        return Ok(Some(format!(
            "expected a body that begins {start:?}, found {}",
            excerpt(bytes, 60)
        )));
    }
    if let Some(most) = wanted.max
        && bytes.len() > most
    {
        return Ok(Some(format!("expected at most {most} bytes, found {}", bytes.len())));
    }
    if let Some(digits) = &wanted.hex {
        let part = unhex(digits).filter(|part| !part.is_empty());
        let part = part.ok_or_else(|| format!("expect.body.hex: {digits:?} is no hex"))?;
        if !bytes.windows(part.len()).any(|window| window == part) {
            return Ok(Some(format!("the body lacks the bytes {digits}")));
        }
    }
    Ok(None)
}

fn forms(
    expect: &Expect,
    view: &View<'_>,
    list: &List,
    response: &Response,
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let documented: Vec<&str> = Field::ALL.iter().map(|field| field.wire_name()).collect();
    if let Some(fields) = expect.fields {
        for record in &list.records {
            let names: Vec<&str> = record
                .names
                .iter()
                .map(String::as_str)
                .filter(|name| documented.contains(name))
                .collect();
            if let Some(field) = documented.iter().find(|field| !names.contains(field)) {
                let transaction = record.text(Field::TransactionId);
                findings.push(Finding::new(format!("record {transaction:?} has no {field}")));
                break;
            }
            if fields == Fields::Ordered && names != documented {
                findings.push(Finding::new(format!("the fields come as {}", names.join(", "))));
                break;
            }
        }
    }
    if let Some(xml) = expect.xml
        && xml.declaration
        && view.format == Format::Xml
        && !list.declared
    {
        findings.push(Finding::new("expected a declaration of XML 1.0, found none"));
    }
    let Some(csv) = expect.csv.filter(|_| view.format == Format::Csv) else { return Ok(()) };
    if csv.header && list.header.as_ref().is_none_or(|header| *header != documented) {
        let found = list.header.as_ref().map_or("none".to_owned(), |header| header.join(","));
        findings.push(Finding::new(format!(
            "expected a header row of the documented names, found {found}"
        )));
    }
    if let Some(rows) = csv.rows
        && list.rows != rows
    {
        findings.push(Finding::new(format!(
            "expected {rows} rows below the header, found {}",
            list.rows
        )));
    }
    if csv.crlf
        && let Some(problem) = row_ends(&response.body)
    {
        findings.push(Finding::new(problem));
    }
    if csv.quotes.is_some()
        && let Some(problem) = quotes(&String::from_utf8_lossy(&response.body))
    {
        findings.push(Finding::new(problem));
    }
    Ok(())
}

/// Why the rows do not all end in CRLF, or why one of them is none. The last one may end with the
/// body (RFC 4180, 2.2).
fn row_ends(body: &[u8]) -> Option<String> {
    let mut quoted = false;
    let (mut before, mut row) = (0, 0);
    for (at, byte) in body.iter().enumerate() {
        match byte {
            b'\n' if !quoted && body[row..at].trim_ascii().is_empty() => {
                return Some(format!("the row that ends at byte {at} is empty"));
            }
            b'"' => quoted = !quoted,
            b'\n' if !quoted && before != b'\r' => {
                return Some(format!(
                    "the row that ends at byte {at} ends in LF alone, expected CRLF"
                ));
            }
            b'\n' if !quoted => row = at + 1,
            byte if before == b'\r' && !quoted && *byte != b'\n' => {
                let end = at - 1;
                return Some(format!("the row that ends at byte {end} ends in CR alone"));
            }
            _ => {}
        }
        before = *byte;
    }
    None
}

/// Why the quotes are not those of RFC 4180, where only values that need them have them.
fn quotes(text: &str) -> Option<String> {
    let mut rest = text;
    while !rest.is_empty() {
        let value;
        if let Some(after) = rest.strip_prefix('"') {
            let mut end = 0;
            loop {
                end += after[end..].find('"').map_or(after.len() - end, |at| at);
                if end >= after.len() {
                    return Some("a quote is not closed".into());
                }
                if after[end + 1..].starts_with('"') {
                    end += 2;
                } else {
                    break;
                }
            }
            value = &after[..end];
            rest = &after[end + 1..];
            if !rest.is_empty() && !rest.starts_with([',', '\r', '\n']) {
                return Some(format!(
                    "a quote in the middle of a value, near {:?}",
                    excerpt(rest.as_bytes(), 20)
                ));
            }
            if !value.contains([',', '"', '\r', '\n']) {
                return Some(format!("{value:?} is quoted without need"));
            }
        } else {
            let end = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
            value = &rest[..end];
            rest = &rest[end..];
            if value.contains('"') {
                return Some(format!("{value:?} holds a quote and is not quoted"));
            }
        }
        rest = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix([',', '\n', '\r']))
            .unwrap_or(rest);
    }
    None
}

fn same_as(
    expect: &Expect,
    view: &View<'_>,
    response: &Response,
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let step = |number: usize| {
        let found = number.checked_sub(1).and_then(|at| view.earlier.get(at));
        found.ok_or_else(|| format!("expect: {number} is no earlier step"))
    };
    let values = |format: Format, response: &Response| {
        list::read(format, response)
            .map(|list| list.records.iter().map(canonical).collect::<Vec<_>>())
    };
    if let Some(from) = expect.goes_on_from
        && let (format, Some(other)) = step(from.step)?
        && let (Ok(before), Ok(here)) = (values(*format, other), values(view.format, response))
    {
        let wanted = before.get(from.skip..).unwrap_or_default();
        if here.len() < wanted.len().min(1) || here.iter().zip(wanted).any(|(a, b)| a != b) {
            let text =
                format!("does not go on with record {} of step {}", from.skip + 1, from.step);
            findings.push(Finding::new(text));
        }
    }
    if let Some(number) = expect.same_records_as {
        let (format, other) = step(number)?;
        if let Some(other) = other
            && values(*format, other) != values(view.format, response)
        {
            findings.push(Finding::new(format!("the records differ from those of step {number}")));
        }
    }
    if let Some(number) = expect.same_body_as
        && let (_, Some(other)) = step(number)?
        && (other.status != response.status || other.body != response.body)
    {
        let (a, b) = (excerpt(&other.body, 60), excerpt(&response.body, 60));
        let text = format!(
            "the answer differs from that of step {number}: {} {a:?}, {} {b:?}",
            other.status, response.status
        );
        findings.push(Finding::new(text));
    }
    if let Some(same) = &expect.same_headers_as
        && let (_, Some(other)) = step(same.step)?
    {
        let all = |response: &Response| -> BTreeSet<String> {
            let per_message = ["date", "connection", "keep-alive"];
            let names = response.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
            names.filter(|name| !per_message.contains(&name.as_str())).collect()
        };
        let (here, there) = (all(response), all(other));
        if same.set
            && let Some(name) = here.symmetric_difference(&there).next()
        {
            let (with, without) =
                if here.contains(name) { ("this", "that") } else { ("that", "this") };
            findings.push(Finding::new(format!(
                "{name}: {with} answer has it and {without} has not; that is step {}",
                same.step
            )));
        }
        // What is another in every answer, such as the number of a request, tells nothing; nor does
        // the time of day.
        let steady = |name: &&String| {
            let before: Option<BTreeSet<_>> = view
                .earlier
                .iter()
                .map(|(_, answer)| answer.as_ref().map(|answer| answer.header(name)))
                .collect();
            view.earlier.len() > 1
                && before.is_some_and(|values| values.len() == 1)
                && other.header(name).is_some_and(|value| !value.ends_with(" GMT"))
        };
        if same.set
            && let Some(name) =
                there.iter().filter(steady).find(|name| other.header(name) != response.header(name))
        {
            let (a, b) = (other.header(name), response.header(name).unwrap_or("none"));
            let text = format!("{name}: {b:?}, but {:?} in the steps before", a.unwrap_or("none"));
            findings.push(Finding::new(text));
        }
        let names: Vec<String> = if same.names.is_empty() {
            here.union(&there).cloned().collect()
        } else {
            same.names.clone()
        };
        // RFC 9110, section 9.3.2: the answer to a HEAD may leave its length out.
        let optional = |name: &str| {
            name.eq_ignore_ascii_case("content-length")
                && (other.header(name).is_none() || response.header(name).is_none())
        };
        let differs =
            |name: &&String| other.header(name) != response.header(name) && !optional(name);
        if let Some(name) = names.iter().find(differs) {
            let (a, b) =
                (other.header(name).unwrap_or("none"), response.header(name).unwrap_or("none"));
            findings.push(Finding::new(format!("{name}: {b:?}, but {a:?} in step {}", same.step)));
        }
    }
    Ok(())
}

/// The values of a record in a form that does not depend on the format: absent as empty.
fn canonical(record: &list::Seen) -> Vec<String> {
    Field::ALL.into_iter().map(|field| record.text(field).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_rfc_4180() {
        for (text, problem) in [
            ("a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"a\r\nb\",\r\n", None),
            ("a,\"b\"\r\n", Some("\"b\" is quoted without need")),
            ("a,b\"c\r\n", Some("\"b\\\"c\" holds a quote and is not quoted")),
            ("\"a,b\r\n", Some("a quote is not closed")),
            ("\"a,\"b\r\n", Some("a quote in the middle of a value, near \"b\"")),
        ] {
            assert_eq!(quotes(text).as_deref(), problem, "{text}");
        }
    }

    #[test]
    fn rows_end_in_crlf() {
        assert_eq!(row_ends(b"a\r\n\"b\nc\"\r\n"), None);
        assert!(row_ends(b"a\nb\r\n").unwrap().starts_with("the row that ends at byte 1"));
        assert_eq!(row_ends(b"a\r\nb"), None);
        assert_eq!(row_ends(b""), None);
        assert_eq!(row_ends(b"a\rb\r").unwrap(), "the row that ends at byte 1 ends in CR alone");
        assert_eq!(row_ends(b"a\r\n\"\r\n\r\n\"\r\n"), None);
        assert_eq!(row_ends(b"a\r\n\r\n").unwrap(), "the row that ends at byte 4 is empty");
    }

    #[test]
    fn pages_of_a_walk_are_full() {
        let lists = |counts: &[usize]| -> Vec<List> {
            let list =
                |count| List { records: vec![list::Seen::default(); count], ..List::default() };
            counts.iter().copied().map(list).collect()
        };
        for full in [&[][..], &[0], &[50, 0], &[50, 50, 1, 0], &[49, 0], &[50, 49]] {
            assert_eq!(short_page(&lists(full)), None, "{full:?}");
        }
        let finding = short_page(&lists(&[50, 49, 2, 0])).unwrap();
        assert_eq!(finding.clause, Some("PAGE-1"));
        assert_eq!(finding.text, "page 2 holds 49 records, and more follow");
    }
}
