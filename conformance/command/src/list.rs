use std::io::Write;

use super::error::CommandError;
use super::suite::Suite;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Only cases whose id, clause, chapter or level fits: `dates/*`, `DATE-2a`, `dates`, `should`
    #[arg(long, value_name = "PATTERN")]
    filter: Vec<String>,
}

pub(super) fn list(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let cases = super::choice::filtered(&suite, &args.filter)?;
    for case in &cases {
        let level = suite.spec.level(&case.clauses[0]);
        writeln!(
            out,
            "{:<44} {:<12} {:<24} {}",
            case.id,
            level,
            case.clauses.join(" "),
            case.title
        )?;
    }
    Ok(0)
}
