use std::io::Write;

use super::choice::{ChoiceArgs, filtered};
use super::error::CommandError;
use super::suite::Suite;
use super::target::TargetArgs;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::{embedded, select};
use vcc_conformance_core::report::curl;
use vcc_conformance_core::run::plan as plan_case;
use vcc_conformance_core::setup::Setup;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
}

/// Prints the requests of a run, their number and their cost, and sends nothing.
pub(super) fn plan(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let cases = filtered(&suite, &args.choice.filter)?;
    let now = clock::now();
    let mut setup = Setup::new(embedded(now)?, now);
    let url = args.target.url.clone().unwrap_or_else(|| "http://127.0.0.1".into());
    args.target.connect(&url, &mut setup, args.target.until()?)?;
    let (mut requests, mut bytes) = (0, 0);
    // The handshake reads every page of every tenant, and one more.
    let handshake: usize =
        setup.tenants.iter().map(|access| access.tenant.records.len().div_ceil(50) + 1).sum();
    writeln!(
        out,
        "# handshake: {}, every page of every tenant",
        vcc_conformance_core::words::counted(handshake, "request")
    )?;
    for case in &cases {
        writeln!(out, "# {}: {}", case.id, case.title)?;
        for variant in plan_case(case, &setup, true).map_err(CommandError::usage)? {
            for step in &variant.steps {
                let records = case.expect.as_ref().and_then(|expect| expect.records.as_ref());
                let pages = match records {
                    Some(records) if case.walk => {
                        let tenant = &setup.tenants[step.tenant].tenant;
                        select(tenant, records).map_err(CommandError::usage)?.len().div_ceil(50) + 1
                    }
                    _ => 1,
                };
                for page in 0..pages {
                    let step = if case.walk {
                        step.page(page * 50 + 1, &setup).map_err(CommandError::usage)?
                    } else {
                        step.clone()
                    };
                    writeln!(out, "{}", curl::line(&step, &setup))?;
                    requests += 1;
                    bytes += step.bytes.len();
                }
            }
        }
    }
    writeln!(
        out,
        "# {}, {} with the handshake, {} kB to send; GET but for the cases of REQ-1",
        vcc_conformance_core::words::counted(cases.len(), "case"),
        vcc_conformance_core::words::counted(requests + handshake, "request"),
        bytes / 1000
    )?;
    if let Some(rate) = args.target.rate() {
        let seconds = (requests + handshake) as f64 / rate;
        writeln!(
            out,
            "# at {} a second: {seconds:.0} s",
            vcc_conformance_core::words::counted(rate, "request")
        )?;
    }
    Ok(0)
}
