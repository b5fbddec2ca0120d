use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::error::CommandError;
use super::stop::stop;
use vcc_conformance_core::clock;
use vcc_conformance_core::mock::{Mock, Scenario, grade};
use vcc_conformance_core::run::{ProcessGroup, TICK};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Only these scenarios; without it every one
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Run this shell command for each scenario. It is to list every recording that VCC_URL has for
    /// VCC_TENANT and VCC_TOKEN, with the filters that VCC_FILTERS names, a line each
    #[arg(long, value_name = "CMD")]
    client_cmd: Option<String>,
    /// Where to listen; any free port by default
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Seconds that a client has for a scenario
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    seconds: u64,
    /// List the scenarios
    #[arg(long)]
    list: bool,
}

impl Args {
    /// When the time of a client that begins now is over.
    fn until(&self) -> Instant {
        clock::after(Instant::now(), Duration::from_secs(self.seconds))
    }
}

/// Plays scenarios to a client and grades what it sent.
pub(super) fn mock(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    if args.list {
        for (name, scenario) in Scenario::ALL {
            writeln!(
                out,
                "{name:<12} {}",
                vcc_conformance_core::words::counted(scenario.records(), "record")
            )?;
        }
        return Ok(0);
    }
    let named = |name: &str| Scenario::ALL.into_iter().find(|(other, _)| *other == name);
    if let Some(name) = args.scenario.iter().find(|name| named(name).is_none()) {
        return Err(CommandError::usage(format!(
            "--scenario {name}: no such scenario; see mock --list"
        )));
    }
    let stop = stop();
    let mut wrong = 0;
    for (name, scenario) in Scenario::ALL {
        if !args.scenario.is_empty() && !args.scenario.iter().any(|other| other == name) {
            continue;
        }
        let mock = Mock::start(scenario, args.port)?;
        let mut problem = None;
        let filters: Vec<_> =
            scenario.filters().iter().map(|(name, value)| format!("{name}={value}")).collect();
        match &args.client_cmd {
            Some(line) => {
                let environment = [("VCC_SCENARIO", name), ("VCC_FILTERS", &filters.join("\n"))];
                problem = client(args, line, environment, scenario, &mock, &stop)?;
            }
            None => {
                writeln!(
                    out,
                    "{name}: {} for {} s, as {}:{}",
                    mock.url(),
                    args.seconds,
                    Mock::TENANT,
                    Mock::TOKEN
                )?;
                for filter in &filters {
                    writeln!(out, "  ask with {filter}")?;
                }
                out.flush()?;
                let until = args.until();
                while Instant::now() < until && !stop.load(Ordering::Relaxed) {
                    thread::sleep(TICK);
                }
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(CommandError { code: 130, message: "stopped".into() });
        }
        let received = mock.received();
        let grades = grade(scenario, &received);
        let bad = grades.iter().filter(|grade| grade.problem.is_some()).count()
            + usize::from(problem.is_some());
        wrong += bad;
        let word = if bad == 0 { "pass" } else { "fail" };
        writeln!(
            out,
            "{word} {name}: {}",
            vcc_conformance_core::words::counted(received.len(), "request")
        )?;
        if let Some(problem) = problem {
            writeln!(out, "  {problem}")?;
        }
        for grade in grades {
            if let Some(problem) = grade.problem {
                writeln!(out, "  {} {}: {problem}", grade.clause, grade.rule)?;
            }
        }
    }
    Ok(u8::from(wrong > 0))
}

/// Runs the client; says why it failed, where its exit status or the time tells.
fn client(
    args: &Args,
    line: &str,
    environment: [(&str, &str); 2],
    scenario: Scenario,
    mock: &Mock,
    stop: &AtomicBool,
) -> Result<Option<String>, CommandError> {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(line)
        .env("VCC_URL", mock.url())
        .env("VCC_TENANT", Mock::TENANT)
        .env("VCC_TOKEN", Mock::TOKEN)
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    // What the client leaves running would ask in the next scenario.
    let mut group = ProcessGroup::spawn(&mut command)?;
    let until = args.until();
    loop {
        if let Some(status) = group.ended()? {
            // A client that is refused, or sent away, may say so.
            let may_fail = matches!(scenario, Scenario::Forbidden | Scenario::Elsewhere);
            let failed = !status.success() && !may_fail;
            return Ok(failed.then(|| format!("the client ended with {status}")));
        }
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if Instant::now() >= until {
            return Ok(Some(format!("the client was not done after {} s", args.seconds)));
        }
        thread::sleep(TICK);
    }
}
