use vcc_query::{Filter, Selection, Wanted};
use vcc_store::StoredRecord;
use vcc_types::{Field, Row as _};

use crate::selftest::defect::Hook::{Again, Compare, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::in_time;

pub(super) fn without(selection: &mut Selection, field: Field) {
    selection.filters.retain(|filter| filter.field != field);
}

/// A record is found if it matches any of the filters.
fn any(selection: &Selection, row: &StoredRecord) -> bool {
    selection.filters.is_empty() || selection.filters.iter().any(|filter| filter.matches(row))
}

pub(super) const FIELDS: Family = Family {
    name: "fields",
    defects: &[
        defect(
            "fields-ignored",
            &["FIELD-1a", "PAGE-1"],
            "that ignores fields",
            Select(|s, _, _| s.filters.clear()),
        ),
        defect(
            "or-in-place-of-and",
            &["FIELD-1a", "NEAR-5a"],
            "that finds what fits any of the fields",
            List(|s, incoming, site| site.page(s, incoming, |row| in_time(s, row) && any(s, row))),
        ),
        defect(
            "or-with-dates",
            &["NEAR-5a", "FIELD-1a"],
            "that finds what fits the dates or the fields",
            List(|s, incoming, site| {
                let dated = s.window.is_some() || s.near.is_some();
                site.page(s, incoming, |row| {
                    let fields = s.filters.iter().all(|filter| filter.matches(row));
                    if dated && !s.filters.is_empty() {
                        in_time(s, row) || fields
                    } else {
                        s.matches(row)
                    }
                })
            }),
        ),
        defect(
            "first-field-only",
            &["FIELD-1a", "NEAR-5a"],
            "that uses one field and ignores the others",
            Select(|s, _, _| s.filters.truncate(1)),
        ),
        defect(
            "last-field-only",
            &["FIELD-1a", "NEAR-5a"],
            "that uses the last field and ignores the others",
            Select(|s, _, _| {
                let keep = s.filters.len().saturating_sub(1);
                s.filters.drain(..keep);
            }),
        ),
    ],
};

/// Fields that are taken for something else.
pub(super) const MISREAD: Family = Family {
    name: "fields",
    defects: &[
        defect(
            "start-date-as-a-field",
            &["FIELD-2"],
            "that reads startDate as start-date",
            Again(|_, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                query.contains("startDate=").then(|| Incoming {
                    query: Some(query.replace("startDate=", "start-date=")),
                    ..incoming.clone()
                })
            }),
        ),
        defect(
            "finish-date-as-a-field",
            &["REQ-7", "FIELD-2", "FIELD-1a", "NEAR-2"],
            "that reads finishDate as finish-date",
            Again(|_, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                query.contains("finishDate=").then(|| Incoming {
                    query: Some(query.replace("finishDate=", "finish-date=")),
                    ..incoming.clone()
                })
            }),
        ),
        defect(
            "start-date-as-text",
            &["FIELD-2"],
            "that compares startDate as text",
            Again(|_, incoming, site| {
                let wanted = incoming.get("startDate")?;
                let at = site.instant(&wanted, site.resident(incoming).zone)?;
                let mut incoming = incoming.without(&["startDate"]);
                let until = crate::selftest::site::utc(at + chrono::TimeDelta::microseconds(1));
                incoming.add("d", &format!("{},{until}", crate::selftest::site::utc(at)));
                Some(incoming)
            }),
        ),
        defect(
            "words-for-nothing",
            &["FIELD-1a"],
            "that takes null, None and nan for an empty value",
            Compare(|_, have, want| {
                let none = ["null", "NULL", "None", "nil", "undefined", "nan", "NaN"];
                have == want && !none.contains(&want) || none.contains(&want) && have.is_empty()
            }),
        ),
        defect(
            "truth-values",
            &["FIELD-1a"],
            "that takes true for 1 and false for 0",
            Compare(|_, have, want| match want {
                "true" => have == "1",
                "false" => have == "0",
                _ => have == want,
            }),
        ),
        defect(
            "absent-is-zero",
            &["FIELD-1a", "FIELD-7", "FIELD-4"],
            "that takes an absent value for 0",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    in_time(s, row)
                        && s.filters.iter().all(|filter| {
                            let absent = row.text(filter.field).is_empty();
                            let zero = *filter == Filter::text(filter.field, "0")
                                || filter.wanted == Wanted::Seconds(0);
                            filter.matches(row) || absent && zero
                        })
                })
            }),
        ),
        defect(
            "encoded-slashes-refused",
            &["FIELD-5", "FIELD-1a", "REQ-5"],
            "that refuses an encoded slash",
            Refuse(400, "encoded slash", |_, incoming, _| {
                incoming.query.as_deref().unwrap_or_default().to_lowercase().contains("%2f")
            }),
        ),
        defect(
            "slashes-cut",
            &["FIELD-1a", "FIELD-5", "REQ-5"],
            "that compares a file name without its folder",
            Compare(|field, have, want| {
                let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
                if field == Field::Filename { last(have) == last(want) } else { have == want }
            }),
        ),
    ],
};

macro_rules! ignored {
    ($($name:literal $says:literal $field:ident,)*) => {
        &[$(defect(
            $name,
            &["FIELD-1a", "FIELD-4", "FIELD-5", "NEAR-5a", "CALL-1", "CALL-2", "CALL-3"],
            $says,
            Select(|s, _, _| without(s, Field::$field)),
        ),)*]
    };
}

pub(super) const IGNORED: Family = Family {
    name: "single fields",
    defects: ignored! {
        "ignores-agentID" "that ignores agentID" AgentId,
        "ignores-phoneNumber" "that ignores phoneNumber" PhoneNumber,
        "ignores-channel" "that ignores channel" Channel,
        "ignores-caseID" "that ignores caseID" CaseId,
        "ignores-duration" "that ignores duration" Duration,
        "ignores-filename" "that ignores filename" Filename,
        "ignores-queueID" "that ignores queueID" QueueId,
        "ignores-queueName" "that ignores queueName" QueueName,
        "ignores-accountNumber" "that ignores accountNumber" AccountNumber,
        "ignores-transactionID" "that ignores transactionID" TransactionId,
        "ignores-extVar1" "that ignores extVar1" ExtVar1,
        "ignores-extVar2" "that ignores extVar2" ExtVar2,
        "ignores-outDialCode" "that ignores outDialCode" OutDialCode,
        "ignores-wrapUpCode" "that ignores wrapUpCode" WrapUpCode,
    },
};
