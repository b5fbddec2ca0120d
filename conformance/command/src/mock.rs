use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::error::CommandError;
use super::stop::stop;
use vcc_conformance_core::clock;
use vcc_conformance_core::mock::{Expected, Mock, Scenario, grade, ids, result};
use vcc_conformance_core::run::{ProcessGroup, TICK};
use vcc_conformance_core::words::counted;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Only these scenarios; without it every one
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Run this shell command for each scenario. It is to print the transactionID of every recording that
    /// VCC_URL has for VCC_TENANT and VCC_TOKEN, a line each, on stdout or into the file that VCC_RESULT
    /// names, with the filters that VCC_FILTERS holds (a line each), and to fail where it cannot
    #[arg(long, value_name = "CMD")]
    client_cmd: Option<String>,
    /// Where to listen; any free port by default
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Seconds that a client has for a scenario
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    seconds: u64,
    /// List the scenarios: what is served, and what a client is to make of it
    #[arg(long)]
    list: bool,
}

impl Args {
    /// When the time of a client that starts now is over.
    fn until(&self) -> Instant {
        clock::after(Instant::now(), Duration::from_secs(self.seconds))
    }
}

/// Plays scenarios to a client, grades what it sent, and judges what it received.
pub(super) fn mock(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    if args.list {
        for (name, scenario) in Scenario::ALL {
            let (served, _) = scenario.words();
            writeln!(out, "{name:<20} {served}")?;
            writeln!(out, "{:<20} expected: {}", "", expected(scenario))?;
        }
        return Ok(0);
    }
    if let Some(name) = args.scenario.iter().find(|name| Scenario::named(name).is_none()) {
        return Err(CommandError::usage(format!(
            "--scenario {name}: no such scenario; see mock --list"
        )));
    }
    let stop = stop();
    let (mut passed, mut failed) = (0, 0);
    for (name, scenario) in Scenario::ALL {
        if !args.scenario.is_empty() && !args.scenario.iter().any(|other| other == name) {
            continue;
        }
        let mock = Mock::start(scenario, args.port)?;
        let mut ran = Ran::default();
        let filters: Vec<_> =
            scenario.filters().iter().map(|(name, value)| format!("{name}={value}")).collect();
        match &args.client_cmd {
            Some(line) => {
                let environment = [("VCC_SCENARIO", name), ("VCC_FILTERS", &filters.join("\n"))];
                ran = client(args, line, environment, &mock, &stop)?;
                if ran.problem.is_none() {
                    ran.problem = result(scenario, &ran.ids, ran.succeeded);
                }
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
        let is_bad = ran.problem.is_some() || grades.iter().any(|grade| grade.problem.is_some());
        let word = if is_bad { "fail" } else { "pass" };
        *(if is_bad { &mut failed } else { &mut passed }) += 1;
        writeln!(out, "{word} {name}: {}", counted(received.len(), "request"))?;
        if !is_bad {
            continue;
        }
        if let Some(problem) = &ran.problem {
            writeln!(out, "  {problem}")?;
        }
        for grade in grades {
            if let Some(problem) = grade.problem {
                writeln!(out, "  {} {}: {problem}", grade.clause, grade.rule)?;
            }
        }
        let (served, why) = scenario.words();
        writeln!(out, "  served: {served}")?;
        writeln!(out, "  expected: {}; {why}", expected(scenario))?;
        for line in ran.said.lines().rev().take(SAID).collect::<Vec<_>>().into_iter().rev() {
            writeln!(out, "  the client said: {line}")?;
        }
    }
    writeln!(out, "{}: {passed} pass, {failed} fail", counted(passed + failed, "scenario"))?;
    Ok(u8::from(failed > 0))
}

/// How many of a client's last lines on stderr are shown.
const SAID: usize = 8;

/// How much of a client's output is read.
const LONGEST: u64 = 16 << 20;

/// What a client should make of a scenario, in words.
pub(super) fn expected(scenario: Scenario) -> String {
    match scenario.expected() {
        Expected::Failure => "the client fails".to_owned(),
        Expected::Recordings { must, may } => {
            let once = if must.is_empty() { "" } else { ", each once" };
            let may = if may.is_empty() {
                String::new()
            } else {
                format!(", with or without {}", counted(may.len(), "other"))
            };
            format!("{}{once}{may}", counted(must.len(), "recording"))
        }
    }
}

/// What became of a client.
#[derive(Default)]
struct Ran {
    /// Why nothing can be said about its result.
    problem: Option<String>,
    succeeded: bool,
    ids: Vec<String>,
    /// What it wrote to stderr.
    said: String,
}

/// Runs the client. What it prints goes to files, so that it never waits for a reader.
fn client(
    args: &Args,
    line: &str,
    environment: [(&str, &str); 2],
    mock: &Mock,
    stop: &AtomicBool,
) -> Result<Ran, CommandError> {
    let folder = Folder::new()?;
    let [stdout, stderr, result] = ["stdout", "stderr", "result"].map(|name| folder.0.join(name));
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(line)
        .env("VCC_URL", mock.url())
        .env("VCC_TENANT", Mock::TENANT)
        .env("VCC_TOKEN", Mock::TOKEN)
        .env("VCC_RESULT", &result)
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(File::create(&stdout)?)
        .stderr(File::create(&stderr)?);
    // What the client leaves running would send requests in the next scenario.
    let mut group = ProcessGroup::spawn(&mut command)?;
    let until = args.until();
    let mut ran = Ran::default();
    loop {
        if let Some(status) = group.ended()? {
            ran.succeeded = status.success();
            break;
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if Instant::now() >= until {
            ran.problem = Some(format!("the client was not finished after {} s", args.seconds));
            break;
        }
        thread::sleep(TICK);
    }
    drop(group);
    let text = |file: &Path| -> std::io::Result<String> {
        let mut bytes = Vec::new();
        File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let answer = if result.exists() { text(&result)? } else { text(&stdout)? };
    ran.ids = ids(&answer);
    ran.said = text(&stderr)?;
    Ok(ran)
}

/// A folder that is removed with the scenario.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("vcc-conformance-mock-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left for the system to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
