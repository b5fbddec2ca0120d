//! `TENANT.toml`, as the suite's `FORMAT.md` describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use vcc_query::Zone;
use vcc_store::StoredRecord;
use vcc_types::{Field, Recording};

use super::start::instant;
use super::{MOST_RECORDS, Wanted, text};
use crate::commands::failure::{Failure, cannot};
use crate::commands::settings::place;

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

/// A value: a text, a number as its decimal text, or `false` for one that is absent.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, a number, or false for an absent value")]
enum Cell {
    Text(String),
    Number(i64),
    Absent(False),
}

#[derive(Deserialize)]
#[serde(try_from = "bool")]
struct False;

impl TryFrom<bool> for False {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Err("expected false") } else { Ok(Self) }
    }
}

/// The values of a row by their columns. To a store, absent is the same as empty. Only for the file name
/// it makes a difference: that is made up if it is absent.
type Row = BTreeMap<String, String>;

pub(super) fn read(
    folder: &Path,
    zone: &dyn Fn(&str) -> Result<Zone, Failure>,
    now: DateTime<Utc>,
) -> Result<Vec<Wanted>, Failure> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        paths.collect()
    };
    let mut paths = list().map_err(|error| cannot("read", folder, &error))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut bytes = 0;
    let read = |path: &PathBuf| {
        let failed = |why: String| Failure::new(format!("{}: {why}", path.display()));
        let text = text(path, &mut bytes)?;
        let file: File = toml::from_str(&text).map_err(|error| failed(place(&text, &error)))?;
        let tenant_zone = zone(&file.tz)?;
        let records = records(&file, tenant_zone, &|name| zone(name).ok(), now).map_err(failed)?;
        Ok(Wanted { name: file.tenant, token: file.token, zone: tenant_zone, records })
    };
    paths.iter().map(read).collect()
}

fn records(
    file: &File,
    tenant: Zone,
    zone: &dyn Fn(&str) -> Option<Zone>,
    now: DateTime<Utc>,
) -> Result<Vec<StoredRecord>, String> {
    let (mut records, mut keys) = (Vec::new(), BTreeSet::new());
    for group in &file.group {
        for (number, row) in rows(group)?.into_iter().enumerate() {
            let mut cells: Row = layer(&file.defaults);
            cells.extend(layer(&group.set));
            cells.extend(row);
            let made =
                record(cells, records.len() + 1, tenant, zone, now).and_then(|(key, record)| {
                    match keys.insert(key.clone()) {
                        true => Ok(record),
                        false => Err(format!("key {key:?} is there twice")),
                    }
                });
            let place = |why| format!("group {:?}, row {}: {why}", group.name, number + 1);
            records.push(made.map_err(place)?);
            if records.len() > MOST_RECORDS {
                return Err(format!("more than {MOST_RECORDS} recordings"));
            }
        }
    }
    Ok(records)
}

fn layer(cells: &BTreeMap<String, Cell>) -> Row {
    cells.iter().map(|(name, cell)| (name.clone(), cell.text())).collect()
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Absent(False) => String::new(),
        }
    }
}

/// The rows of a group: those that are written, then those of its series.
fn rows(group: &Group) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (number, cells) in group.rows.iter().enumerate() {
        if cells.len() != group.columns.len() {
            return Err(format!(
                "group {:?}, row {}: {} cells for {} columns",
                group.name,
                number + 1,
                cells.len(),
                group.columns.len()
            ));
        }
        rows.push(group.columns.iter().cloned().zip(cells.iter().map(Cell::text)).collect());
    }
    let Some(series) = &group.series else { return Ok(rows) };
    let bad = |why: &str| format!("group {:?}: series.{why}", group.name);
    if series.count as usize > MOST_RECORDS {
        return Err(bad(&format!("count: more than {MOST_RECORDS}")));
    }
    let letters = series.id.trim_end_matches(|c: char| c.is_ascii_digit());
    let width = series.id.len() - letters.len();
    let first: u64 =
        series.id[letters.len()..].parse().map_err(|_| bad("id: expected a number at its end"))?;
    for index in 0..series.count {
        let number = first.checked_add(index.into()).ok_or_else(|| bad("id: too large"))?;
        let add =
            i64::from(index).checked_mul(series.every).ok_or_else(|| bad("every: too large"))?;
        rows.push(Row::from([
            ("id".to_owned(), format!("{letters}{number:0width$}")),
            ("start".to_owned(), format!("{} {add:+}s", series.start)),
        ]));
    }
    Ok(rows)
}

/// A record, and its key in the dataset.
fn record(
    mut cells: Row,
    number: usize,
    tenant: Zone,
    zone: &dyn Fn(&str) -> Option<Zone>,
    now: DateTime<Utc>,
) -> Result<(String, StoredRecord), String> {
    let id = cells.remove("id");
    let start = cells.remove("start").ok_or("start: missing")?;
    let key = cells.remove("key").or_else(|| id.clone()).ok_or("id: missing")?;
    let start = instant(&start, tenant, zone, now).map_err(|why| format!("start: {why}"))?;
    let mut recording = Recording::new();
    recording.set(Field::TransactionId, &id.unwrap_or_default());
    if !cells.contains_key(Field::Filename.wire_name()) {
        // The documented form.
        let name = format!("S{}{number:05}.wav", start.format("%Y%m%d/R%Y%m%d%H%M%S"));
        recording.set(Field::Filename, &name);
    }
    for (name, value) in cells {
        let field =
            Field::from_filter_name(&name).ok_or_else(|| format!("{name}: no such column"))?;
        recording.set(field, &value);
    }
    let record =
        StoredRecord::with_start(&recording, start).map_err(|refusal| refusal.to_string())?;
    Ok((key, record))
}
