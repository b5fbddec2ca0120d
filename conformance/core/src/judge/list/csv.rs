use vcc_types::Field;

use super::{List, Record};

pub(super) fn read(text: &str) -> Result<List, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut list = List::default();
    let documented =
        || Field::ALL.iter().map(|field| field.wire_name().to_owned()).collect::<Vec<_>>();
    let mut names = documented();
    for (number, row) in reader.records().enumerate() {
        let row = row.map_err(|problem| problem.to_string())?;
        if number == 0 && row.iter().any(|name| Field::from_wire_name(name).is_some()) {
            names = row.iter().map(str::to_owned).collect();
            list.header = Some(names.clone());
            continue;
        }
        list.rows += 1;
        if row.len() != names.len() {
            return Err(format!(
                "row {} has {} values, expected {}",
                number + 1,
                row.len(),
                names.len()
            ));
        }
        let mut record = Record { names: names.clone(), ..Record::default() };
        for (name, value) in names.iter().zip(row.iter()) {
            if let Some(field) = Field::from_wire_name(name) {
                record.values[field.index()] = Some(value.to_owned());
            }
        }
        list.records.push(record);
    }
    Ok(list)
}
