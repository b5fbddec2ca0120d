use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use vcc_types::Field;

use super::{Recording, Tenant, WrittenStart};
use crate::fixture::FixtureError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tenant: String,
    token: String,
    tz: String,
    #[serde(default)]
    defaults: BTreeMap<String, Cell>,
    #[serde(default)]
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    #[serde(default, rename = "note")]
    _note: String,
    #[serde(default)]
    set: BTreeMap<String, Cell>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    rows: Vec<Vec<Cell>>,
    series: Option<Series>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    id: String,
    count: u32,
    start: String,
    every: i64,
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected a text, a number, or false for an absent value")]
enum Cell {
    Text(String),
    Number(i64),
    Absent(#[expect(dead_code, reason = "false, the only value that there is")] bool),
}

impl Cell {
    fn text(&self) -> Option<String> {
        match self {
            Cell::Text(text) => Some(text.clone()),
            Cell::Number(number) => Some(number.to_string()),
            Cell::Absent(_) => None,
        }
    }
}

/// Reads the dataset of one tenant; relative records are stamped with the day of `now`.
///
/// # Errors
///
/// The text is not TOML or not a dataset; the error says where.
pub fn read(file: &str, text: &str, now: Timestamp) -> Result<Tenant, FixtureError> {
    let error = |message: String| FixtureError::new(file, None, message);
    let table: toml::Table =
        text.parse().map_err(|problem: toml::de::Error| error(problem.to_string()))?;
    let data: File = serde_path_to_error::deserialize(toml::Value::Table(table))
        .map_err(|problem| error(format!("{}: {}", problem.path(), problem.inner().message())))?;
    let zone = crate::zone::named(&data.tz)
        .map_err(|_| error(format!("tz: {:?} is not a zone", data.tz)))?;
    let mut tenant =
        Tenant { name: data.tenant, token: data.token, tz: data.tz, zone, records: Vec::new() };
    for group in &data.group {
        let place = |row: usize, message: String| {
            error(format!("group `{}`, row {}: {message}", group.name, row + 1))
        };
        for (number, row) in rows(group).into_iter().enumerate() {
            let row = row.map_err(|message| place(number, message))?;
            let record = record(&group.name, &data.defaults, &group.set, row, &tenant, now)
                .map_err(|message| place(number, message))?;
            tenant.records.push(record);
        }
    }
    let mut keys = BTreeSet::new();
    match tenant.records.iter().find(|record| !keys.insert(record.key.as_str())) {
        Some(record) => {
            Err(error(format!("group `{}`: key {:?} appears twice", record.group, record.key)))
        }
        None => Ok(tenant),
    }
}

/// Reads every dataset that is embedded in the binary.
///
/// # Errors
///
/// As [`read`].
pub fn embedded(now: Timestamp) -> Result<Vec<Tenant>, FixtureError> {
    crate::embedded::DATASET.iter().map(|(file, text)| read(file, text, now)).collect()
}

/// The cells of a row by their columns.
type Cells = BTreeMap<String, Option<String>>;

fn rows(group: &Group) -> Vec<Result<Cells, String>> {
    let written = group.rows.iter().map(|cells| {
        if cells.len() != group.columns.len() {
            return Err(format!("{} cells for {} columns", cells.len(), group.columns.len()));
        }
        Ok(group.columns.iter().cloned().zip(cells.iter().map(Cell::text)).collect())
    });
    let made = group.series.iter().flat_map(|series| {
        (0..series.count).map(move |index| {
            let letters = series.id.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = &series.id[letters.len()..];
            let first: u32 =
                digits.parse().map_err(|_| "series.id: expected a number at its end")?;
            let id = format!("{letters}{:0width$}", first + index, width = digits.len());
            let start = format!("{} {:+}s", series.start, i64::from(index) * series.every);
            Ok(BTreeMap::from([("id".to_owned(), Some(id)), ("start".to_owned(), Some(start))]))
        })
    });
    written.chain(made).collect()
}

fn record(
    group: &str,
    defaults: &BTreeMap<String, Cell>,
    set: &BTreeMap<String, Cell>,
    row: Cells,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Recording, String> {
    let mut cells: Cells = BTreeMap::new();
    for layer in [defaults, set] {
        cells.extend(layer.iter().map(|(name, cell)| (name.clone(), cell.text())));
    }
    cells.extend(row);
    let mut take = |name: &str| cells.remove(name).flatten();
    let id = take("id");
    let start = take("start").ok_or("start: missing")?;
    let key = take("key").or_else(|| id.clone()).ok_or("id: missing")?;
    let written = WrittenStart::parse(&start).map_err(|problem| format!("start: {problem}"))?;
    let instant =
        written.resolve(&tenant.zone, now).map_err(|problem| format!("start: {problem}"))?;
    let mut values: [Option<String>; Field::COUNT] = Default::default();
    values[Field::TransactionId.index()] = id;
    let mut named_by_start = true;
    for (name, value) in cells {
        let field =
            Field::from_filter_name(&name).ok_or_else(|| format!("{name}: no such column"))?;
        named_by_start &= field != Field::Filename;
        values[field.index()] = value;
    }
    let mut record =
        Recording { key, group: group.into(), start: instant, values, written, named_by_start };
    record.set_start(instant, &tenant.zone, tenant.records.len());
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
tenant = "acme"
token = "t0"
tz = "America/Los_Angeles"
[defaults]
channel = "8005551234"
[[group]]
name = "edges"
set = { agentID = "edge" }
columns = ["id", "start", "duration", "extVar1"]
rows = [
    ["first", "2007-08-05T00:00:00", "027", ""],
    ["late", "today 00:00:00", 27, false],
]
[[group]]
name = "pages"
set = { transactionID = "tie", filename = "x.wav" }
series = { id = "p09", count = 2, start = "2007-03-01T08:00:00Z", every = 60 }
"#;

    #[test]
    fn groups_rows_and_series() {
        let now: Timestamp = "2007-12-20T03:16:36Z".parse().unwrap();
        let mut tenant = read("dataset/acme.toml", FILE, now).unwrap();
        let text = |index: usize, field| tenant.records[index].values[Field::index(field)].clone();
        assert_eq!(text(0, Field::StartDate).unwrap(), "2007-08-05T00:00:00-07:00");
        assert_eq!(text(0, Field::Filename).unwrap(), "S20070805/R2007080507000000001.wav");
        assert_eq!((text(0, Field::ExtVar1), text(1, Field::ExtVar1)), (Some(String::new()), None));
        assert_eq!(tenant.records[0].duration(), Some(27));
        assert_eq!(text(1, Field::StartDate).unwrap(), "2007-12-19T00:00:00-08:00");
        assert_eq!(text(3, Field::StartDate).unwrap(), "2007-03-01T00:01:00-08:00");
        assert_eq!(text(3, Field::Filename).unwrap(), "x.wav");
        assert_eq!(
            (tenant.records[3].key.as_str(), text(3, Field::TransactionId).unwrap()),
            ("p10", "tie".into())
        );
        tenant.stamp("2007-12-21T03:16:36Z".parse().unwrap());
        assert_eq!(tenant.records[1].text(Field::StartDate), "2007-12-20T00:00:00-08:00");
        assert_eq!(tenant.records[1].text(Field::Filename), "S20071220/R2007122008000000002.wav");
    }

    #[test]
    fn errors_name_the_place() {
        for (from, to, message) in [
            ("extVar1\"]", "extVar9\"]", "group `edges`, row 1: extVar9: no such column"),
            ("\"027\", \"\"]", "\"027\"]", "group `edges`, row 1: 3 cells for 4 columns"),
            (
                "today 00",
                "tomorrow 00",
                "group `edges`, row 2: start: \"tomorrow 00:00:00\": expected",
            ),
            ("\"late\"", "\"first\"", "group `edges`: key \"first\" appears twice"),
            ("America/Los_Angeles", "Mars/Base", "tz: \"Mars/Base\" is not a zone"),
            ("count = 2", "count = \"2\"", "group[1].series.count: invalid type"),
        ] {
            let error = read("dataset/acme.toml", &FILE.replace(from, to), Timestamp::UNIX_EPOCH);
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with(&format!("dataset/acme.toml: {message}")), "{error}");
        }
    }
}
