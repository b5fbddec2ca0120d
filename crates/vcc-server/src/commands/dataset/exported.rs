//! `tenants.json` and a CSV for each tenant.

use std::path::{Component, Path};

use serde::Deserialize;
use vcc_format::{Options, csv};
use vcc_query::Zone;
use vcc_store::StoredRecord;

use super::{Wanted, text};
use crate::commands::failure::Failure;

/// The file that names the tenants.
pub(super) const TENANTS: &str = "tenants.json";

#[derive(Deserialize)]
struct Entry {
    tenant: String,
    token: String,
    tz: String,
    csv: String,
}

pub(super) fn read(
    folder: &Path,
    zone: &dyn Fn(&str) -> Result<Zone, Failure>,
) -> Result<Vec<Wanted>, Failure> {
    let mut bytes = 0;
    let path = folder.join(TENANTS);
    let entries: Vec<Entry> = serde_json::from_str(&text(&path, &mut bytes)?)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let tenant = |Entry { tenant, token, tz, csv }: Entry| {
        let mut parts = Path::new(&csv).components();
        let (Some(Component::Normal(file)), None) = (parts.next(), parts.next()) else {
            return Err(Failure::new(format!(
                "{}: {csv:?}: expected the name of a file beside it",
                path.display()
            )));
        };
        let file = folder.join(file);
        let records = records(&file, &text(&file, &mut bytes)?)?;
        Ok(Wanted { name: tenant, token, zone: zone(&tz)?, records })
    };
    entries.into_iter().map(tenant).collect()
}

fn records(file: &Path, text: &str) -> Result<Vec<StoredRecord>, Failure> {
    let mut reader = csv::Reader::with(text.as_bytes(), Options::tolerant(), ());
    let mut records = Vec::new();
    let failed = |why: String| Failure::new(format!("{}: {why}", file.display()));
    while let Some(record) = reader.read().map_err(|error| failed(error.to_string()))? {
        let number = records.len() + 1;
        let stored = StoredRecord::new(&record)
            .map_err(|refusal| failed(format!("record {number}: {refusal}")))?;
        records.push(stored);
    }
    Ok(records)
}
