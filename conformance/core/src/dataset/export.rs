use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use serde::Serialize;
use vcc_types::Field;

use super::Tenant;

/// The forms in which a dataset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A header row, RFC 4180.
    Csv,
    /// As a response of the API.
    Xml,
    /// One JSON object a line.
    Jsonl,
    /// `CREATE TABLE` and `INSERT`, for any SQL database.
    Sql,
}

impl ExportFormat {
    /// The extension of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            ExportFormat::Csv => "csv",
            ExportFormat::Xml => "xml",
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Sql => "sql",
        }
    }
}

/// A row of `tenants.json`.
#[derive(Serialize)]
struct Entry<'a> {
    tenant: &'a str,
    token: &'a str,
    tz: &'a str,
    csv: String,
}

/// Writes `TENANT.csv` (or another form) for each tenant into a folder, and `tenants.json`. The CSV
/// is always there, since `tenants.json` names it.
///
/// # Errors
///
/// The folder cannot be written.
pub fn export(tenants: &[Tenant], format: ExportFormat, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut entries = Vec::new();
    for tenant in tenants {
        let csv = format!("{}.csv", tenant.name);
        fs::write(folder.join(&csv), text(tenant, ExportFormat::Csv)?)?;
        if format != ExportFormat::Csv {
            let file = format!("{}.{}", tenant.name, format.extension());
            fs::write(folder.join(file), text(tenant, format)?)?;
        }
        entries.push(Entry { tenant: &tenant.name, token: &tenant.token, tz: &tenant.tz, csv });
    }
    let json = serde_json::to_string_pretty(&entries)?;
    fs::write(folder.join("tenants.json"), json + "\n")
}

/// The recordings of a tenant in a form.
///
/// # Errors
///
/// Those of the formats' writers; writing to memory causes none.
pub fn text(tenant: &Tenant, format: ExportFormat) -> io::Result<String> {
    let mut text = String::new();
    match format {
        ExportFormat::Csv => return csv(tenant),
        ExportFormat::Xml => {
            text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings>\n");
            for record in &tenant.records {
                text.push_str("<file>\n");
                for field in Field::ALL {
                    let Some(value) = &record.values[field.index()] else { continue };
                    let _ = writeln!(text, "<{field}>{}</{field}>", escaped(value));
                }
                text.push_str("</file>\n");
            }
            text.push_str("</recordings>\n");
        }
        ExportFormat::Jsonl => {
            for record in &tenant.records {
                let mut members = Vec::new();
                for field in Field::ALL {
                    if let Some(value) = &record.values[field.index()] {
                        members.push(format!("\"{field}\":{}", serde_json::to_string(value)?));
                    }
                }
                let _ = write!(text, "{{{}}}", members.join(","));
                text.push('\n');
            }
        }
        ExportFormat::Sql => {
            let columns: Vec<_> = Field::ALL.iter().map(|field| format!("\"{field}\"")).collect();
            let columns = columns.join(", ");
            let typed = columns.replace(',', " TEXT,");
            let _ = writeln!(
                text,
                "CREATE TABLE IF NOT EXISTS recordings (tenant TEXT, {typed} TEXT);"
            );
            for record in &tenant.records {
                let values: Vec<_> = record
                    .values
                    .iter()
                    .map(|value| value.as_ref().map_or("NULL".into(), |value| literal(value)))
                    .collect();
                let _ = writeln!(
                    text,
                    "INSERT INTO recordings (tenant, {columns}) VALUES ({}, {});",
                    literal(&tenant.name),
                    values.join(", ")
                );
            }
        }
    }
    Ok(text)
}

fn csv(tenant: &Tenant) -> io::Result<String> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(Field::ALL.map(Field::wire_name))?;
    for record in &tenant.records {
        writer.write_record(Field::ALL.map(|field| record.text(field)))?;
    }
    let bytes = writer.into_inner().map_err(|problem| io::Error::other(problem.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}

/// A literal of standard SQL.
fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "tenant = \"acme\"\ntoken = \"t\"\ntz = \"UTC\"\n[[group]]\nname = \"g\"\n\
        columns = [\"id\", \"start\", \"agentID\", \"extVar1\"]\n\
        rows = [[\"1\", \"2007-08-05T00:00:00Z\", \"O'Neil, \\\"x\\\" & <y>\\r\", false]]\nset = { filename = \"f.wav\" }\n";

    #[test]
    fn forms_of_a_dataset() {
        let tenant = super::super::read("x", FILE, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let of = |format| text(&tenant, format).unwrap();
        assert_eq!(
            of(ExportFormat::Csv),
            "startDate,agentID,phoneNumber,channel,caseID,duration,filename,queueID,queueName,accountNumber,transactionID,extVar1,extVar2,outDialCode,wrapUpCode\r\n\
             2007-08-05T00:00:00+00:00,\"O'Neil, \"\"x\"\" & <y>\r\",,,,,f.wav,,,,1,,,,\r\n"
        );
        assert!(
            of(ExportFormat::Xml)
                .contains("<agentID>O'Neil, \"x\" &amp; &lt;y&gt;&#13;</agentID>\n<filename>")
        );
        assert_eq!(
            of(ExportFormat::Jsonl),
            "{\"startDate\":\"2007-08-05T00:00:00+00:00\",\"agentID\":\"O'Neil, \\\"x\\\" & <y>\\r\",\"filename\":\"f.wav\",\"transactionID\":\"1\"}\n"
        );
        let sql = of(ExportFormat::Sql);
        assert!(
            sql.contains(
                "VALUES ('acme', '2007-08-05T00:00:00+00:00', 'O''Neil, \"x\" & <y>\r', NULL,"
            ),
            "{sql}"
        );
        assert!(sql.starts_with(
            "CREATE TABLE IF NOT EXISTS recordings (tenant TEXT, \"startDate\" TEXT, "
        ));
    }
}
