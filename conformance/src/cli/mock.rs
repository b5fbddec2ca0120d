use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;
use crate::mock::{Mock, Scenario, grade};

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

/// Plays scenarios to a client and grades what it sent.
pub(super) fn mock(args: &Args, out: &mut dyn Write) -> Result<u8, Failure> {
    if args.list {
        for (name, scenario) in Scenario::ALL {
            writeln!(out, "{name:<12} {} records", scenario.records())?;
        }
        return Ok(0);
    }
    let named = |name: &str| Scenario::ALL.into_iter().find(|(other, _)| *other == name);
    if let Some(name) = args.scenario.iter().find(|name| named(name).is_none()) {
        return Err(Failure::usage(format!(
            "--scenario {name}: no such scenario; see mock --list"
        )));
    }
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
            Some(line) => problem = client(args, line, name, scenario, &mock, &filters.join("\n"))?,
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
                thread::sleep(Duration::from_secs(args.seconds));
            }
        }
        let received = mock.received();
        let grades = grade(scenario, &received);
        let bad = grades.iter().filter(|grade| grade.problem.is_some()).count()
            + usize::from(problem.is_some());
        wrong += bad;
        let word = if bad == 0 { "pass" } else { "fail" };
        writeln!(out, "{word} {name}: {} requests", received.len())?;
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

/// Runs the client; why it did not do well, where its end says so.
fn client(
    args: &Args,
    line: &str,
    name: &str,
    scenario: Scenario,
    mock: &Mock,
    filters: &str,
) -> Result<Option<String>, Failure> {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(line)
        .env("VCC_URL", mock.url())
        .env("VCC_TENANT", Mock::TENANT)
        .env("VCC_TOKEN", Mock::TOKEN)
        .env("VCC_SCENARIO", name)
        .env("VCC_FILTERS", filters)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let until = Instant::now() + Duration::from_secs(args.seconds);
    loop {
        if let Some(status) = child.try_wait()? {
            // A client that is refused, or sent away, may say so.
            let may_fail = matches!(scenario, Scenario::Forbidden | Scenario::Elsewhere);
            let failed = !status.success() && !may_fail;
            return Ok(failed.then(|| format!("the client ended with {status}")));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(Some(format!("the client was not done after {} s", args.seconds)));
        }
        thread::sleep(Duration::from_millis(20));
    }
}
