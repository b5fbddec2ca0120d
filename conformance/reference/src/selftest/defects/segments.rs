use vcc_types::Field;

use super::encoding::raw;
use crate::selftest::defect::Hook::{Answer, Ask, Refuse};
use crate::selftest::defect::{Family, defect};

/// How a query is split into variables.
pub(super) const SEGMENTS: Family = Family {
    name: "encoding of requests",
    defects: &[
        defect(
            "empty-segments-refused",
            &["REQ-12"],
            "that refuses && and & at an end",
            Refuse(400, "a variable without a name", |outgoing, incoming, _| {
                let query = incoming.query.as_deref().filter(|query| !query.is_empty());
                query.is_some_and(|query| query.split('&').any(str::is_empty))
                    && outgoing.status == 200
            }),
        ),
        defect(
            "bare-question-mark-refused",
            &["REQ-12"],
            "that refuses a bare ?",
            Refuse(400, "an empty query", |_, incoming, _| incoming.query.as_deref() == Some("")),
        ),
        defect(
            "read-to-an-empty-segment",
            &["REQ-12"],
            "that reads a query up to an empty segment",
            Ask(|incoming, _| {
                if let Some((before, _)) = raw(incoming).split_once("&&") {
                    incoming.query = Some(before.to_owned());
                } else if raw(incoming).starts_with('&') {
                    incoming.query = None;
                }
            }),
        ),
        defect(
            "one-variable-only",
            &["FIELD-1a", "NEAR-5a", "DATE-3a", "PAGE-2", "REQ-12"],
            "that reads the first variable and no other",
            Ask(|incoming, _| {
                let first =
                    raw(incoming).split('&').find(|part| !part.is_empty()).map(str::to_owned);
                if first.is_some() {
                    incoming.query = first;
                }
            }),
        ),
        defect(
            "order-of-variables",
            &["REQ-12", "NEAR-4a", "DATE-3a", "FIELD-1a", "NEAR-5a"],
            "whose tz is for the dates behind it only",
            Ask(|incoming, _| {
                let query = raw(incoming);
                if let (Some(tz), Some(date)) =
                    (query.find("tz="), query.find("d=").or(query.find("date=")))
                    && tz > date
                    && incoming
                        .get("tz")
                        .is_some_and(|name| name.parse::<vcc_query::Zone>().is_ok())
                {
                    incoming.retain(|name, _| name != "tz");
                }
            }),
        ),
        defect(
            "names-in-any-case",
            &["REQ-7"],
            "that reads the names of variables in any case",
            Ask(|incoming, _| {
                let fields = Field::ALL.iter().filter(|field| **field != Field::StartDate);
                let names: Vec<&str> = fields.map(|field| field.wire_name()).collect();
                let known = ["d", "tz", "n", "start-date", "finish-date"];
                let query = raw(incoming).to_owned();
                let parts = query.split('&').map(|part| match part.split_once('=') {
                    Some((name, value)) => {
                        let all = names.iter().chain(&known);
                        let known = all.copied().find(|known| known.eq_ignore_ascii_case(name));
                        format!("{}={value}", known.unwrap_or(name))
                    }
                    None => part.to_owned(),
                });
                let query = parts.collect::<Vec<_>>().join("&");
                incoming.query = incoming.query.is_some().then_some(query);
            }),
        ),
        defect(
            "long-values-cut",
            &["REQ-13b", "FIELD-1a"],
            "that cuts queries at 2,048 bytes",
            Ask(|incoming, _| {
                if raw(incoming).len() > 2_048 {
                    incoming.query = raw(incoming).get(..2_048).map(str::to_owned);
                }
            }),
        ),
        defect(
            "long-queries-500",
            &["REQ-13b", "STATUS-1a"],
            "that answers 500 to a long query",
            Refuse(500, "internal error", |_, incoming, _| raw(incoming).len() > 4_000),
        ),
        defect(
            "long-queries-empty",
            &["REQ-13b"],
            "that finds nothing for a long query",
            Answer(|outgoing, incoming, _| {
                if raw(incoming).len() > 4_000 {
                    outgoing.nothing(incoming);
                }
            }),
        ),
    ],
};
