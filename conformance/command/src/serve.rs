use std::io::Write;
use std::sync::atomic::Ordering;
use std::thread;

use super::error::CommandError;
use super::stop::stop;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::embedded;
use vcc_conformance_core::fixture::Request;
use vcc_conformance_core::run::TICK;
use vcc_conformance_core::words::counted;
use vcc_conformance_reference::Reference;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to listen on 127.0.0.1; any free port by default
    #[arg(long, default_value_t = 0)]
    port: u16,
}

/// Serves the dataset by the reference until it is stopped: for trying a client, or the suite.
pub(super) fn serve(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let stop = stop();
    let tenants = embedded(clock::now())?;
    let reference = Reference::start_on(args.port, &tenants).map_err(|problem| CommandError {
        code: 3,
        message: format!("--port {}: {problem}", args.port),
    })?;
    let url = reference.url();
    writeln!(out, "the reference server with the dataset, until Ctrl-C")?;
    writeln!(out, "url {url}")?;
    for tenant in &tenants {
        let (name, token, tz) = (&tenant.name, &tenant.token, &tenant.tz);
        let records = counted(tenant.records.len(), "record");
        writeln!(out, "tenant {name:<10} token {token}  zone {tz:<22} {records}")?;
    }
    if let Some(tenant) = tenants.iter().find(|tenant| tenant.name == Request::TENANT) {
        let (name, token, path) = (&tenant.name, &tenant.token, Request::PATH);
        writeln!(out, "try curl -u {name}:{token} '{url}{path}?d=2007-08-05'")?;
        writeln!(out, "try vcc-conformance --url {url}")?;
    }
    out.flush()?;
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(TICK);
    }
    drop(reference);
    Ok(0)
}
