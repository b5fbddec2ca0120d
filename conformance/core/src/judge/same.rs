//! What an answer has in common with those of earlier steps.

use std::collections::BTreeSet;

use vcc_types::Field;

use super::finding::Finding;
use super::list::{self, Format};
use super::message::excerpt;
use super::view::View;
use crate::fixture::Expect;
use crate::http::Response;

pub(super) fn same_as(
    expect: &Expect,
    view: &View<'_>,
    response: &Response,
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let step = |number: usize| {
        let found = number.checked_sub(1).and_then(|at| view.earlier.get(at));
        found.ok_or_else(|| format!("expect: {number} is not an earlier step"))
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
                "{name}: {with} answer has it and {without} does not; compared with step {}",
                same.step
            )));
        }
        // A value that differs in every answer, such as a request number, proves nothing; neither
        // does the time of day.
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
fn canonical(record: &list::Record) -> Vec<String> {
    Field::ALL.into_iter().map(|field| record.text(field).to_owned()).collect()
}
