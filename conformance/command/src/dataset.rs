use std::io::Write;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::error::CommandError;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::{ExportFormat, embedded, export};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the tenants with their zone, token and number of records
    List,
    /// Writes TENANT.csv for each tenant and tenants.json, stamped with today
    Export {
        /// The folder; it is made if it does not exist
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// A further form beside the CSV
        #[arg(long, value_enum, default_value = "csv")]
        format: Form,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Csv,
    Xml,
    Jsonl,
    Sql,
}

pub(super) fn dataset(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let tenants = embedded(clock::now())?;
    match &args.command {
        Command::List => {
            for tenant in &tenants {
                let relative = tenant.records.iter().filter(|record| record.written.is_relative());
                writeln!(
                    out,
                    "{:<10} {:<22} {:<26} {}, {} of them relative to today",
                    tenant.name,
                    tenant.tz,
                    tenant.token,
                    vcc_conformance_core::words::counted(tenant.records.len(), "record"),
                    relative.count()
                )?;
            }
        }
        Command::Export { dir, format } => {
            let format = match format {
                Form::Csv => ExportFormat::Csv,
                Form::Xml => ExportFormat::Xml,
                Form::Jsonl => ExportFormat::Jsonl,
                Form::Sql => ExportFormat::Sql,
            };
            export(&tenants, format, dir)
                .map_err(|problem| CommandError::usage(format!("{}: {problem}", dir.display())))?;
            let records: usize = tenants.iter().map(|tenant| tenant.records.len()).sum();
            writeln!(
                out,
                "{}: {}, {}",
                dir.display(),
                vcc_conformance_core::words::counted(tenants.len(), "tenant"),
                vcc_conformance_core::words::counted(records, "record")
            )?;
        }
    }
    Ok(0)
}
