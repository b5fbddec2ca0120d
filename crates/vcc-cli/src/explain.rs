//! `vcc explain`: offline, from the query alone.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};
use vcc_query::{BuiltIn, Context, Query, Selection, Window, Zone, ZoneData as _};
use vcc_types::Dialect;

use crate::connect::ConnectArgs;
use crate::failure::Failure;
use crate::query::QueryArgs;

const HEAD: Style = Style::new().bold();
const NOTE: Style = AnsiColor::Yellow.on_default();

/// How many changes of the clock are listed.
const CHANGES: usize = 6;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  vcc explain 'd=2007-11-04&tz=America/New_York'        a day of 25 hours
  vcc explain --day today-1d --tenant-tz Europe/Berlin
  vcc explain 'd=today' --now 2007-12-19T07:59:59Z")]
pub(crate) struct Args {
    #[command(flatten)]
    query: QueryArgs,
    /// The moment that constants count from, instead of now
    #[arg(long, value_name = "INSTANT")]
    now: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let dialect = args.connect.dialect.read()?;
    let (query, text) = args.query.read(&dialect)?;
    let now = match &args.now {
        Some(now) => now.parse::<DateTime<Utc>>().map_err(|_| {
            Failure::usage(format!(
                "--now {now}: expected an instant, such as 2007-12-19T07:59:59Z"
            ))
        })?,
        None => {
            #[allow(clippy::disallowed_methods, reason = "a command reads the clock, once")]
            let now = SystemTime::now();
            now.into()
        }
    };
    let known = args.connect.tenant_zone()?;
    let context = Context { now, tenant_tz: known.unwrap_or(Zone::UTC), dialect };
    let selection = query.resolve(&context).map_err(|error| Failure::query(&error, &text))?;
    let mut out = String::new();
    explain(&mut out, &query, &text, &selection, &context, known.is_none());
    anstream_all(&out)
}

/// Writes text with styles, which are left out where stdout is no terminal.
fn anstream_all(text: &str) -> Result<ExitCode, Failure> {
    use std::io::Write as _;
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn explain(
    out: &mut String,
    query: &Query,
    text: &str,
    selection: &Selection,
    context: &Context,
    zone_is_guessed: bool,
) {
    // Writing to a String does not fail.
    let _ = writeln!(out, "{HEAD}{query}{HEAD:#}");
    out.push_str(&selection.explain().to_string());
    let zone = query.tz().unwrap_or(context.tenant_tz);
    if let Some(window) = &selection.window {
        let _ = write!(out, "\n{HEAD}Window{HEAD:#}\n");
        window_lines(out, window, zone);
    }
    if let Some(near) = &selection.near {
        let _ = writeln!(
            out,
            "\n{HEAD}Look-up{HEAD:#}\n  from {}\n  to   {}, both included",
            both(near.from, zone),
            both(near.until, zone)
        );
    }
    let differences = differences(text, selection, context);
    if !differences.is_empty() {
        let _ = writeln!(out, "\n{HEAD}Other dialects{HEAD:#}");
        out.push_str(&differences);
    }
    if zone_is_guessed && query.tz().is_none() {
        let _ = writeln!(
            out,
            "\n{NOTE}note:{NOTE:#} the tenant's zone is not known and was taken to be UTC; --tenant-tz says it"
        );
    }
    let release = BuiltIn.version().unwrap_or("unknown");
    let _ = writeln!(
        out,
        "\nrules of zones: {release}; now: {}",
        context.now.format("%Y-%m-%dT%H:%M:%SZ")
    );
}

fn window_lines(out: &mut String, window: &Window, zone: Zone) {
    let _ = writeln!(out, "  from   {}", both(window.from, zone));
    let _ = writeln!(out, "  before {}", both(window.until, zone));
    let _ = writeln!(out, "  length {}", window.length());
    let mut changes = window.changes(zone);
    for change in changes.by_ref().take(CHANGES) {
        let _ = writeln!(out, "  {NOTE}note:{NOTE:#} {change}");
    }
    let more = changes.count();
    if more > 0 {
        let _ = writeln!(out, "  note: and {more} more changes of the clock");
    }
}

/// An instant in UTC and on the zone's clocks.
fn both(instant: DateTime<Utc>, zone: Zone) -> String {
    let local = zone.local(instant);
    format!(
        "{}   {} in {zone}",
        instant.format("%Y-%m-%dT%H:%M:%S%.fZ"),
        local.format("%a %Y-%m-%d %H:%M:%S%.f %:z")
    )
}

/// What the query would mean where a switch has another value.
fn differences(text: &str, ours: &Selection, context: &Context) -> String {
    let mut lines = String::new();
    let usual = ours.explain().to_string();
    for switch in Dialect::SWITCHES {
        for (value, doc) in switch.values {
            let mut dialect = context.dialect;
            if context.dialect.get(switch.name) == Some(value)
                || dialect.set(switch.name, value).is_err()
            {
                continue;
            }
            let read = Query::parse_with(text, &dialect)
                .and_then(|read| read.resolve(&Context { dialect, ..*context }));
            let what = match read {
                Ok(selection) if selection.explain().to_string() == usual => continue,
                Ok(selection) => changed(&usual, &selection.explain().to_string()),
                Err(error) => format!("refused: {error}"),
            };
            let _ = writeln!(
                lines,
                "  {} = {value} ({}): {what}\n      {doc}",
                switch.name, switch.clause
            );
        }
    }
    lines
}

/// The lines of an explanation that another one does not have.
fn changed(usual: &str, other: &str) -> String {
    let new: Vec<_> = other
        .lines()
        .filter(|line| !usual.lines().any(|usual| usual == *line))
        .map(|line| line.trim_start_matches("- "))
        .collect();
    if new.is_empty() { "something is not looked at".to_owned() } else { new.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(text: &str, zone: &str) -> String {
        let query = Query::parse(text).unwrap();
        let context = Context {
            now: "2007-12-19T07:59:59Z".parse().unwrap(),
            tenant_tz: zone.parse().unwrap(),
            dialect: Dialect::default(),
        };
        let selection = query.resolve(&context).unwrap();
        let mut out = String::new();
        explain(&mut out, &query, text, &selection, &context, false);
        anstream::adapter::strip_str(&out).to_string()
    }

    #[test]
    fn a_day_on_which_the_clock_goes_back() {
        insta::assert_snapshot!(explained("d=2007-11-04&tz=America/New_York", "UTC"));
    }

    #[test]
    fn a_range_whose_end_dialects_read_otherwise() {
        insta::assert_snapshot!(explained("d=today-1d,today&agentID=bill", "America/Los_Angeles"));
    }
}
