//! `vcc url`.

use std::process::ExitCode;

use vcc_client::Request;
use vcc_query::ResponseFormat;

use crate::connect::ConnectArgs;
use crate::failure::Failure;
use crate::output;
use crate::query::QueryArgs;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  vcc url --url na3 --day today --channel '#virtual_outbound#'
  curl --netrc \"$(vcc url 'd=today-1d,today&n=51')\"")]
pub(crate) struct Args {
    #[command(flatten)]
    query: QueryArgs,
    /// The address of the answer in CSV
    #[arg(long)]
    csv: bool,
    /// Print the query alone
    #[arg(long)]
    query_only: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (query, _) = args.query.read(&args.connect.dialect.read()?)?;
    if args.query_only {
        return output::all(format!("{query}\n").as_bytes());
    }
    let format = if args.csv { ResponseFormat::Csv } else { ResponseFormat::Xml };
    let request = Request::new(&query, format);
    let root = match args.connect.base()? {
        Some(base) => base.to_string().trim_end_matches('/').to_owned(),
        None => String::new(),
    };
    output::all(format!("{root}{request}\n").as_bytes())
}
