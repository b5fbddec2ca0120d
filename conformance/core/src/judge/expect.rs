//! Judges one answer against one expectation.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vcc_types::Field;

use super::compare::{Difference, compare, start};
use super::finding::Finding;
use super::form::forms;
use super::list::{self, Format, List};
use super::message::{body, header, status};
use super::same::same_as;
use super::view::View;
use crate::PAGE;
use crate::dataset::select;
use crate::fixture::{Expect, OrderOf, StartForm};
use crate::words::counted;

/// Everything about the answer that is not as expected. An error is a fault of the expectation
/// itself.
pub fn judge(expect: &Expect, view: &View<'_>) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    let mut lists = Vec::new();
    for page in view.pages {
        if let Some(text) = status(expect, page) {
            // PAGE-3a: a walk is past the end after the first page that is not full.
            let short = lists.last().is_some_and(|list: &List| list.records.len() < PAGE);
            let finding = if short { Finding::of("PAGE-3a", text) } else { Finding::new(text) };
            return Ok(vec![Finding { status: Some(page.status), ..finding }]);
        }
        if page.surplus > 0 {
            let clause = if view.format == Format::Xml { "OUT-2" } else { "OUT-4a" };
            let text = format!("{} more than Content-Length says", counted(page.surplus, "byte"));
            findings.push(Finding::of(clause, text));
        }
        let success = (200..300).contains(&page.status);
        if expect.no_records || !success {
            let count = list::any_records(page);
            if count > 0 {
                findings.push(Finding::new(format!(
                    "{} in an answer that must hold none",
                    counted(count, "record")
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

/// PAGE-1: every page of a walk holds 50 records, apart from the last one that holds any. The
/// records between a short page and the next are missing from the walk, so this is reported first.
fn short_page(lists: &[List]) -> Option<Finding> {
    let counts: Vec<usize> = lists.iter().map(|list| list.records.len()).collect();
    let last = counts.iter().rposition(|count| *count > 0)?;
    let at = counts[..last].iter().position(|count| *count < PAGE)?;
    let text = format!("page {} holds {}, and more follow", at + 1, counted(counts[at], "record"));
    Some(Finding::of("PAGE-1", text))
}

fn records(
    expect: &Expect,
    view: &View<'_>,
    seen: &[list::Record],
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let tenant = &view.setup.tenants[view.tenant].tenant;
    let selected = |selectors: &[String]| {
        select(tenant, selectors).map_err(|problem| format!("expect: {problem}"))
    };
    if let Some(selectors) = &expect.records {
        let expected = selected(selectors)?;
        let difference = compare(view.setup, view.tenant, &expected, expect.ordered, seen);
        let what = format!(
            "expected {}, found {}",
            counted(expected.len(), "record"),
            counted(seen.len(), "record")
        );
        findings.extend(differing(difference, &what, view.format));
    }
    if let Some(selectors) = &expect.among {
        let mut difference = compare(view.setup, view.tenant, &selected(selectors)?, false, seen);
        difference.missing.clear();
        findings.extend(differing(difference, "expected records of a given set only", view.format));
    }
    if let Some(selectors) = &expect.includes {
        let mut difference = compare(view.setup, view.tenant, &selected(selectors)?, false, seen);
        difference.unexpected.clear();
        findings.extend(differing(
            difference,
            "expected certain records among others",
            view.format,
        ));
    }
    if let Some(selectors) = &expect.excludes {
        let excluded = selected(selectors)?;
        let absent = compare(view.setup, view.tenant, &excluded, false, seen).missing;
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
            counted(count, "record"),
            counted(seen.len(), "record")
        )));
    }
    if let Some(most) = expect.at_most
        && let Some(page) = view
            .pages
            .iter()
            .filter_map(|page| list::read(view.format, page).ok())
            .find(|list| list.records.len() > most)
    {
        let text =
            format!("expected at most {}, found {}", counted(most, "record"), page.records.len());
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
                .ok_or_else(|| format!("expect.values.{key}: {name:?} is not a field"))?;
            let wanted = view
                .setup
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
    // The right records with other values: the text of the response is wrong, not the selection.
    // Another tenant's records are worse than any wrong selection.
    let clause = foreign.then_some("AUTH-4").or_else(|| {
        difference.only_values().then(|| {
            // A missing start is not a start in another form.
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
    Some(Finding { clause, text, difference: Some(difference), status: None })
}

fn starts(
    expect: &Expect,
    view: &View<'_>,
    seen: &[list::Record],
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
            let own = &view.setup.tenants[view.tenant].tenant.zone;
            let zone = match name.as_str() {
                "tenant" => own.clone(),
                "query" => view.tz.clone().unwrap_or_else(|| own.clone()),
                "utc" => TimeZone::UTC,
                name => crate::zone::named(name)
                    .map_err(|_| format!("expect.zone: {name:?} is not a zone"))?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_walk_are_full() {
        let lists = |counts: &[usize]| -> Vec<List> {
            let list =
                |count| List { records: vec![list::Record::default(); count], ..List::default() };
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
