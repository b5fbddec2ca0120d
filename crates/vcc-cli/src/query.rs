//! From flags to a query.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, FromArgMatches};
use vcc_query::{Query, Written, Zone};
use vcc_types::{Dialect, Field};

use crate::failure::Failure;

/// A query: as it stands in an address, by flags, or both.
#[derive(clap::Args, Debug)]
pub(crate) struct QueryArgs {
    /// A query as in an address: 'd=today-1d,today&agentID=bill'. Flags add to it
    #[arg(value_name = "QUERY")]
    pub(crate) raw: Option<String>,
    /// The recordings of a day, or of a longer period: 2007-08-05, 2007-08, today, today-1d
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// From this date on
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<String>,
    /// Until before this date
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<String>,
    /// The zone of dates without an offset, such as America/Denver
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Started within 5 s of this date
    #[arg(long, value_name = "DATE")]
    start_date: Option<String>,
    /// Finished within 5 s of this date
    #[arg(long, value_name = "DATE")]
    finish_date: Option<String>,
    #[command(flatten)]
    pub(crate) fields: Fields,
    /// The number of the first recording, from 1
    #[arg(long, value_name = "NUMBER")]
    n: Option<u64>,
}

/// What fields must hold: a flag a field.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(Field, String)>);

/// The flag of a field: `agentID` is `--agent-id`.
fn flag(field: Field) -> String {
    let mut flag = String::new();
    let mut before = 'A';
    for c in field.wire_name().chars() {
        if c.is_ascii_uppercase() && !before.is_ascii_uppercase()
            || c.is_ascii_digit() && !before.is_ascii_digit()
        {
            flag.push('-');
        }
        flag.push(c.to_ascii_lowercase());
        before = c;
    }
    flag
}

/// The fields that are compared.
fn compared() -> impl Iterator<Item = Field> {
    Field::ALL.into_iter().filter(|field| *field != Field::StartDate)
}

impl clap::Args for Fields {
    fn augment_args(mut command: Command) -> Command {
        for field in compared() {
            let mut arg = Arg::new(field.wire_name())
                .long(flag(field))
                .value_name("VALUE")
                .help(format!("Only where {} is exactly this", field.wire_name()));
            if field == Field::AgentId {
                arg = arg.visible_alias("agent");
            }
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Fields {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |field: Field| {
            let value = matches.get_one::<String>(field.wire_name())?;
            Some((field, value.clone()))
        };
        Ok(Self(compared().filter_map(value).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Fields {
    /// The fields as a query.
    pub(crate) fn query(&self) -> Result<Query, Failure> {
        let mut query = Query::builder();
        for (field, value) in &self.0 {
            query = query.filter(*field, value);
        }
        query.build().map_err(|error| Failure::usage(error.to_string()))
    }
}

impl QueryArgs {
    /// Whether nothing says which recordings.
    pub(crate) fn is_empty(&self) -> bool {
        self.raw.is_none()
            && [&self.day, &self.from, &self.start_date, &self.finish_date]
                .iter()
                .all(|it| it.is_none())
    }

    /// The query of all of it, and the text that it was read from.
    pub(crate) fn read(&self, dialect: &Dialect) -> Result<(Query, String), Failure> {
        let raw = self.raw.as_deref();
        joined(raw, &self.flags()?, dialect).map_err(|failure| match raw {
            // As it is written first by everybody who has not read that it is a query.
            Some(date) if date.parse::<Written>().is_ok() => {
                failure.hint(format!("a date is given as --day {date}, or as d={date}"))
            }
            _ => failure,
        })
    }

    fn flags(&self) -> Result<Query, Failure> {
        let mut query = Query::builder();
        if let Some(day) = &self.day {
            query = query.d(date("--day", day)?);
        }
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            query = query.range(date("--from", from)?, date("--to", to)?);
        }
        if let Some(name) = &self.tz {
            query = query.tz(zone("--tz", name)?);
        }
        if let Some(start) = &self.start_date {
            query = query.start_date(date("--start-date", start)?);
        }
        if let Some(finish) = &self.finish_date {
            query = query.finish_date(date("--finish-date", finish)?);
        }
        for (field, value) in &self.fields.0 {
            query = query.filter(*field, value);
        }
        if let Some(n) = self.n {
            query = query.n(n);
        }
        query.build().map_err(|error| Failure::usage(error.to_string()))
    }
}

/// A query as it was written and flags, as one: the query, and the text that it was read from.
pub(crate) fn joined(
    raw: Option<&str>,
    flags: &Query,
    dialect: &Dialect,
) -> Result<(Query, String), Failure> {
    let (mut text, flags) = (raw.unwrap_or_default().to_owned(), flags.to_string());
    if !text.is_empty() && !flags.is_empty() {
        text.push('&');
    }
    text.push_str(&flags);
    let query = Query::parse_with(&text, dialect).map_err(|error| Failure::query(&error, &text))?;
    Ok((query, text))
}

/// A date of a flag.
pub(crate) fn date(flag: &str, text: &str) -> Result<Written, Failure> {
    text.parse().map_err(|error: vcc_query::QueryError| {
        Failure::usage(format!("{flag}: {}", error.render(text).to_string().trim_end()))
    })
}

/// A zone of a flag.
pub(crate) fn zone(flag: &str, name: &str) -> Result<Zone, Failure> {
    name.parse().map_err(|error| Failure::usage(format!("{flag} {name}: {error}")))
}

/// The dialect of a server, from a file.
#[derive(clap::Args, Debug)]
pub(crate) struct DialectArgs {
    /// The server's dialect: a fingerprint that vcc-conformance wrote
    #[arg(long, value_name = "FILE", env = "VCC_DIALECT", global = false)]
    dialect: Option<PathBuf>,
}

impl DialectArgs {
    pub(crate) fn read(&self) -> Result<Dialect, Failure> {
        let Some(file) = &self.dialect else { return Ok(Dialect::default()) };
        let failed = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("--dialect {}: {error}", file.display()))
        };
        let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
        text.parse().map_err(|error: vcc_types::DialectError| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_the_names_of_fields() {
        let flags: Vec<_> = compared().map(flag).collect();
        assert_eq!(
            flags,
            [
                "agent-id",
                "phone-number",
                "channel",
                "case-id",
                "duration",
                "filename",
                "queue-id",
                "queue-name",
                "account-number",
                "transaction-id",
                "ext-var-1",
                "ext-var-2",
                "out-dial-code",
                "wrap-up-code"
            ]
        );
    }
}
