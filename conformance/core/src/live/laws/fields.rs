use std::collections::BTreeMap;

use vcc_types::Field;

use super::samples;
use crate::PAGE;
use crate::escapes::encode;
use crate::live::lab::{Lab, Law, ListedRecording};

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
    // Prefer a value that is found in a few pages.
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
fn has(rec: &ListedRecording, field: Field, value: &str) -> bool {
    let text = rec.text(field);
    if field == Field::Duration {
        !text.is_empty() && number(text) == number(value)
    } else {
        text == value
    }
}

pub(super) fn fields(lab: &mut Lab<'_>, field: Field) {
    let chosen = values(lab, field);
    filter(lab, field, &chosen);
    if field == Field::Duration {
        return duration_is_a_number(lab, &chosen);
    }
    let Some(value) = chosen.iter().max_by_key(|value| value.len()) else { return };
    whole(lab, field, value);
    exact(lab, field, value);
    if matches!(field, Field::AgentId | Field::Channel | Field::CaseId) {
        text(lab, field, value);
    }
}

/// The name of a law of a field.
fn id(law: &str, field: Field) -> String {
    format!("{law}-{}", field.wire_name().to_ascii_lowercase())
}

/// Asks for a value of a field.
fn ask(lab: &mut Lab<'_>, law: &mut Law, field: Field, value: &str) {
    let query = format!("{field}={}", encode(value));
    lab.finds(law, &query, &|rec| Some(has(rec, field, value)));
}

fn filter(lab: &mut Lab<'_>, field: Field, values: &[String]) {
    let title = format!("{field}=value finds exactly the records with that value");
    let mut law = lab.law(&id("filter", field), "FIELD-1a", &title);
    for value in values {
        ask(lab, &mut law, field, value);
    }
    lab.end(law);
}

fn duration_is_a_number(lab: &mut Lab<'_>, values: &[String]) {
    let mut law = lab.law("duration-number", "FIELD-4", "duration compares as a number");
    for value in values.iter().take(2) {
        lab.finds(&mut law, &format!("duration=00{}", encode(value)), &|rec| {
            Some(has(rec, Field::Duration, value))
        });
    }
    lab.end(law);
}

/// A part of a value is another value, and so is a longer one.
fn whole(lab: &mut Lab<'_>, field: Field, value: &str) {
    let title = format!("{field} compares the whole value");
    let mut law = lab.law(&id("whole", field), "FIELD-1a", &title);
    let characters: Vec<char> = value.chars().collect();
    let mut others = Vec::new();
    if characters.len() > 2 {
        others.push(characters[..characters.len() - 1].iter().collect::<String>());
        others.push(characters[1..].iter().collect());
    }
    others.push(format!("{value}x"));
    for other in others {
        ask(lab, &mut law, field, &other);
        law.evidence += 1;
    }
    lab.end(law);
}

fn exact(lab: &mut Lab<'_>, field: Field, value: &str) {
    let title = format!("{field} compares case and spaces");
    let mut law = lab.law(&id("exact", field), "FIELD-1b", &title);
    let swap = |c: char| {
        if c.is_lowercase() {
            c.to_uppercase().next().unwrap_or(c)
        } else {
            c.to_lowercase().next().unwrap_or(c)
        }
    };
    let swapped: String = value.chars().map(swap).collect();
    for other in [swapped, format!("{value} "), format!(" {value}")] {
        if other != value {
            ask(lab, &mut law, field, &other);
            law.evidence += 1;
        }
    }
    lab.end(law);
}

fn text(lab: &mut Lab<'_>, field: Field, value: &str) {
    let title = format!("{field} compares as text");
    let mut law = lab.law(&id("text", field), "FIELD-4", &title);
    ask(lab, &mut law, field, &format!("0{value}"));
    law.evidence += 1;
    lab.end(law);
}

pub(super) fn together(lab: &mut Lab<'_>) {
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
            // Each of the pair alone finds more.
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

pub(super) fn patterns(lab: &mut Lab<'_>) {
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
            ask(lab, &mut law, field, &pattern);
            law.evidence += 1;
        }
    }
    lab.end(law);
}
