//! Names other than those of the fifteen fields. They are checked before anything is stored, so that nothing
//! is dropped silently.

use vcc_types::Field;

use crate::commands::failure::Failure;
use crate::commands::words::{shell_word, shorten};

/// What to do about them.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// `--map`: the field that a name stands for.
    pub(super) map: Vec<(Field, String)>,
    /// `--ignore-column`.
    pub(super) ignore: Vec<String>,
    /// `--ignore-unknown`.
    pub(super) ignore_unknown: bool,
}

/// The names that a file of rejects has beside the fields.
pub(super) const REJECTED: [&str; 4] = ["rejectedRecord", "rejectedBecause", LINE, ROW];

/// The key of a line that is not a record.
pub(super) const LINE: &str = "rejectedLine";

/// The key that holds the cells of a row that cannot be told apart. Such a record is left out again until
/// the key is removed.
pub(super) const ROW: &str = "rejectedRow";

/// Whether a record is a reject: it has a number, in digits, and a reason. A file with only one of the two
/// names is an ordinary file, in which these names mean nothing special. `None` is a value that is not known
/// yet.
pub(super) fn are_of_rejects<'a>(
    beside: impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone,
) -> bool {
    let is = |wanted: &str, is_one: fn(&str) -> bool| {
        beside.clone().any(|(name, value)| name == wanted && value.is_none_or(is_one))
    };
    is(REJECTED[0], |number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        && is(REJECTED[1], |reason| !reason.is_empty())
}

/// What to do about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Field(Field),
    Ignored,
    Unknown,
}

impl Names {
    pub(super) fn meaning(&self, name: &str) -> Meaning {
        if let Some((field, _)) = self.map.iter().find(|(_, mapped)| is_same(mapped, name)) {
            return Meaning::Field(*field);
        }
        if self.ignore_unknown || self.ignore.iter().any(|ignored| is_same(ignored, name)) {
            return Meaning::Ignored;
        }
        Meaning::Unknown
    }

    /// Whether it is a name of `--map` or `--ignore-column`.
    pub(super) fn lists(&self, name: &str) -> bool {
        let mapped = self.map.iter().map(|(_, mapped)| mapped);
        mapped.chain(&self.ignore).any(|listed| is_same(listed, name))
    }

    /// The options that did nothing, as they were given, by the names that were met.
    pub(super) fn idle(&self, met: &[String]) -> Vec<String> {
        let is_idle = |name: &String| !met.iter().any(|met| is_same(met, name));
        let map = self.map.iter().filter(|(_, name)| is_idle(name));
        let map = map.map(|(field, name)| format!("--map {field}={}", shell_word(name)));
        let ignore = self.ignore.iter().filter(|name| is_idle(name));
        map.chain(ignore.map(|name| format!("--ignore-column {}", shell_word(name)))).collect()
    }

    /// Whether a field has a name by `--map` among these.
    pub(super) fn maps(&self, field: Field, names: &[String]) -> bool {
        let is = |name: &String| self.meaning(name) == Meaning::Field(field);
        names.iter().any(is)
    }
}

/// Names are compared without regard to case, spaces, `_` and `-`.
fn is_same(one: &str, other: &str) -> bool {
    one == other || (!key(one).is_empty() && key(one) == key(other))
}

pub(super) fn key(name: &str) -> String {
    let letters =
        name.chars().filter(|letter| !letter.is_whitespace() && !"_-\u{FEFF}".contains(*letter));
    letters.flat_map(char::to_lowercase).collect()
}

/// Reads `--map`: `startDate='Call Start'`.
pub(super) fn mapping(text: &str) -> Result<(Field, String), String> {
    let fields = || Field::ALL.map(Field::wire_name).join(", ");
    let Some((field, name)) = text.split_once('=').filter(|(_, name)| !name.is_empty()) else {
        return Err("expected FIELD=NAME, such as startDate='Call Start'".to_owned());
    };
    match Field::ALL.into_iter().find(|known| key(known.wire_name()) == key(field)) {
        Some(known) => Ok((known, name.to_owned())),
        None => Err(format!("{field} is not a field: expected one of {}", fields())),
    }
}

/// How many names are shown, and how many are kept: each record may have another one.
const SHOWN: usize = 20;
pub(super) const MOST: usize = 1_000;

/// Says which names are unknown, and what to do about them. `late` is what is said of the records before
/// them, if there are any.
pub(super) fn unknown(
    place: &str,
    what: &str,
    names: &[String],
    late: Option<&'static str>,
) -> Failure {
    let mut listed: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| match (Field::from_wire_name(name), nearest(name)) {
            (Some(field), _) => format!("{field} a second time"),
            (None, Some(field)) => format!("{} (nearest: {field})", shorten(name)),
            (None, None) => shorten(name),
        })
        .collect();
    match names.len() {
        0..=SHOWN => {}
        MOST.. => listed.push("and more".to_owned()),
        all => listed.push(format!("and {} more", all - SHOWN)),
    }
    let s = if names.len() == 1 { "" } else { "s" };
    let message = format!(
        "{place}: {what}{s} that {} not among the fifteen fields, and would be dropped: {}",
        if names.len() == 1 { "is" } else { "are" },
        listed.join(", ")
    );
    // It needs no quotes on a command line.
    let is_usual = |name: &&String| name.len() <= 64 && !name.contains(char::is_control);
    let mut usual = names.iter().filter(is_usual);
    let first = usual.clone().find(|name| Field::from_wire_name(name).is_none());
    let first = first.or_else(|| usual.next());
    let example = first.map_or("NAME", String::as_str);
    let field = nearest(example).map_or("FIELD", Field::wire_name);
    Failure::new(message).hint(format!(
        "--map {field}={name} reads one as a field; --ignore-column {name}, for each, or \
         --ignore-unknown goes on without them{late}",
        name = shell_word(example),
        late = late.map(|late| format!("; {late}")).unwrap_or_default()
    ))
}

/// What other systems call the fields.
const WORDS: [(&str, Field); 26] = [
    ("start", Field::StartDate),
    ("date", Field::StartDate),
    ("begin", Field::StartDate),
    ("agent", Field::AgentId),
    ("user", Field::AgentId),
    ("caller", Field::PhoneNumber),
    ("phone", Field::PhoneNumber),
    ("ani", Field::PhoneNumber),
    ("dnis", Field::Channel),
    ("case", Field::CaseId),
    ("ticket", Field::CaseId),
    ("length", Field::Duration),
    ("seconds", Field::Duration),
    ("talk", Field::Duration),
    ("file", Field::Filename),
    ("wav", Field::Filename),
    ("audio", Field::Filename),
    ("queuename", Field::QueueName),
    ("queue", Field::QueueId),
    ("account", Field::AccountNumber),
    ("customer", Field::AccountNumber),
    ("transaction", Field::TransactionId),
    ("wrap", Field::WrapUpCode),
    ("disposition", Field::WrapUpCode),
    ("dial", Field::OutDialCode),
    ("time", Field::StartDate),
];

/// The documented name that is nearest to a name.
pub(super) fn nearest(name: &str) -> Option<Field> {
    let name = key(name);
    // No documented name is longer.
    let begin: String = name.chars().take(64).collect();
    let distance = |field: &Field| strsim::levenshtein(&begin, &key(field.wire_name()));
    let field = Field::ALL.into_iter().min_by_key(distance)?;
    // Up to a third of the letters may differ.
    if distance(&field) * 3 <= field.wire_name().len() {
        return Some(field);
    }
    WORDS.iter().find(|(word, _)| name.contains(word)).map(|(_, field)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        for (name, field) in [
            ("agentId", Some(Field::AgentId)),
            ("Call Start", Some(Field::StartDate)),
            ("start_dat", Some(Field::StartDate)),
            ("Length (s)", Some(Field::Duration)),
            ("QueueNames", Some(Field::QueueName)),
            ("ext var 3", Some(Field::ExtVar1)),
            ("caller", Some(Field::PhoneNumber)),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(name), field, "{name:?}");
        }
    }

    #[test]
    fn a_mapping_is_read() {
        assert_eq!(mapping("startDate=Call Start"), Ok((Field::StartDate, "Call Start".into())));
        assert_eq!(mapping("startdate=a=b"), Ok((Field::StartDate, "a=b".into())));
        let expected = "expected FIELD=NAME, such as startDate='Call Start'";
        assert_eq!(mapping("startDate="), Err(expected.into()));
        assert!(
            mapping("start=x")
                .unwrap_err()
                .starts_with("start is not a field: expected one of startDate, ")
        );
    }
}
