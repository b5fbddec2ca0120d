//! Asks before something is deleted. On a terminal it asks; a script has to give `--yes`.

use std::io::{BufRead, IsTerminal as _, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use vcc_query::Zone;
use vcc_store::{Reach, Tenant};

use super::failure::Failure;
use super::note;
use super::words::{counted, grouped};

#[derive(clap::Args)]
pub(super) struct AskArgs {
    /// Say what would be deleted, and delete nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What is to be deleted.
pub(super) struct Question<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) reach: Reach,
    pub(super) what: What<'a>,
    /// The consequences, in words.
    pub(super) then: Option<String>,
}

pub(super) enum What<'a> {
    /// Some recordings of the tenant.
    Recordings,
    /// Those that started before a date in the future, as it was written.
    BeforeFuture(&'a str),
    /// The tenant itself, with this many tokens.
    Tenant { tokens: u64 },
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Delete,
    /// Only say it: nothing is deleted.
    Leave,
}

impl AskArgs {
    /// Asks, if there is a terminal.
    pub(super) fn ask(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let stdin = std::io::stdin();
        let terminal = stdin.is_terminal();
        let mut stdin = stdin.lock();
        self.ask_of(question, terminal.then_some(&mut stdin), &mut anstream::stderr())
    }

    fn ask_of(
        &self,
        question: &Question<'_>,
        terminal: Option<&mut dyn BufRead>,
        stderr: &mut dyn Write,
    ) -> Result<Answer, Failure> {
        let future = question.future();
        let (verb, begin) = question.verbs();
        if self.dry_run {
            future.into_iter().for_each(note);
            note(format_args!("would {verb} {}", question.subject()));
            question.then.iter().for_each(note);
            return Ok(Answer::Leave);
        }
        // Nothing would be lost.
        if question.is_vain() {
            return Ok(Answer::Delete);
        }
        if self.yes {
            question.then.iter().for_each(note);
            return Ok(Answer::Delete);
        }
        if let Some(future) = future {
            return Err(Failure::usage(future).hint(format!("--yes {verb}s them all the same")));
        }
        let Some(terminal) = terminal else {
            return Err(Failure::usage(format!("this would {verb} {}", question.subject()))
                .hint(format!("--yes {verb}s without asking; --dry-run says what it would be")));
        };
        if let Some(then) = &question.then {
            let _ = writeln!(stderr, "{then}");
        }
        let _ = write!(stderr, "{begin} {}? [y/N] ", question.subject());
        let _ = stderr.flush();
        let mut typed = String::new();
        let said = terminal.read_line(&mut typed).map(|_| typed.trim().to_ascii_lowercase());
        match said.as_deref() {
            Ok("y" | "yes") => Ok(Answer::Delete),
            _ => Err(Failure::new(format!("nothing was {verb}d"))),
        }
    }
}

impl Question<'_> {
    /// The verb within a sentence, and at the beginning of one.
    fn verbs(&self) -> (&'static str, &'static str) {
        match self.what {
            What::Tenant { .. } => ("remove", "Remove"),
            What::Recordings | What::BeforeFuture(_) => ("delete", "Delete"),
        }
    }

    /// Whether there is nothing to be deleted.
    fn is_vain(&self) -> bool {
        self.reach.records == 0 && !matches!(self.what, What::Tenant { .. })
    }

    /// `12 of 5,000 recordings of acme, from 2007-… to 2008-…`
    fn subject(&self) -> String {
        let (name, zone) = (&self.tenant.name, self.tenant.zone);
        let Reach { records, of, starts, .. } = self.reach;
        let mut subject = match self.what {
            What::Tenant { tokens } => {
                let (tokens, records) = (counted(tokens, "token"), counted(records, "recording"));
                format!("{name} with {tokens} and {records}")
            }
            _ => format!("{} of {} of {name}", grouped(records), counted(of, "recording")),
        };
        if let Some((first, last)) = starts {
            let (first, last) = (shown(first, zone), shown(last, zone));
            subject += &match first == last {
                true => format!(", started {first}"),
                false => format!(", from {first} to {last}"),
            };
        }
        subject
    }

    /// A note if the date is in the future.
    fn future(&self) -> Option<String> {
        let What::BeforeFuture(date) = self.what else { return None };
        let Reach { records, of, .. } = self.reach;
        let recordings = match of {
            all if all == records && all > 1 => format!("all {}", counted(all, "recording")),
            all => format!("{} of {}", grouped(records), counted(all, "recording")),
        };
        let name = &self.tenant.name;
        Some(format!("{date} is in the future: {recordings} of {name} started before it"))
    }
}

/// An instant as in the tenant's answers.
fn shown(at: DateTime<Utc>, zone: Zone) -> String {
    zone.local(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use vcc_store::{Deletion, Sqlite, Store as _, StoredRecord};
    use vcc_types::Recording;

    use super::*;

    /// A tenant with recordings that start at these seconds, and what a deletion of those before some
    /// second reaches.
    async fn asked(starts: &[i64], before: i64) -> (Tenant, Reach) {
        let store = Sqlite::in_memory().unwrap();
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let zone = "America/Denver".parse().unwrap();
        let tenant = store.add_tenant("acme", zone, at(0)).await.unwrap();
        let record = |start: &i64| StoredRecord::with_start(&Recording::new(), at(*start)).unwrap();
        let records: Vec<_> = starts.iter().map(record).collect();
        store.import(tenant.id, records.into()).await.unwrap();
        let reach = store.reach(tenant.id, &Deletion::Before(at(before))).await.unwrap();
        (tenant, reach)
    }

    fn answer(
        flags: (bool, bool),
        question: &Question<'_>,
        typed: Option<&str>,
    ) -> (String, Result<Answer, String>) {
        let (dry_run, yes) = flags;
        let mut typed = typed.map(str::as_bytes);
        let terminal = typed.as_mut().map(|typed| typed as &mut dyn BufRead);
        let mut said = Vec::new();
        let answer = AskArgs { dry_run, yes }.ask_of(question, terminal, &mut said);
        (String::from_utf8(said).unwrap(), answer.map_err(|failure| failure.to_string()))
    }

    const NO_FLAG: (bool, bool) = (false, false);
    const YES: (bool, bool) = (false, true);

    #[tokio::test]
    async fn a_terminal_is_asked_and_a_script_has_to_say() {
        let (tenant, reach) = asked(&[0, 1_000_000_000, 2_000_000_000], 1_500_000_000).await;
        let question = Question { tenant: &tenant, reach, what: What::Recordings, then: None };
        let what = "2 of 3 recordings of acme, from 1969-12-31T17:00:00-07:00 to \
                    2001-09-08T19:46:40-06:00";
        let asks = format!("Delete {what}? [y/N] ");
        for (typed, expected) in [
            ("y\n", Ok(Answer::Delete)),
            (" YES \r\n", Ok(Answer::Delete)),
            ("\n", Err("nothing was deleted".to_owned())),
            ("n\n", Err("nothing was deleted".to_owned())),
            ("yea\n", Err("nothing was deleted".to_owned())),
            ("", Err("nothing was deleted".to_owned())),
        ] {
            let answered = answer(NO_FLAG, &question, Some(typed));
            assert_eq!(answered, (asks.clone(), expected), "{typed:?}");
        }
        let refused = Err(format!("this would delete {what}"));
        assert_eq!(answer(NO_FLAG, &question, None), (String::new(), refused));
        for typed in [None, Some("n\n")] {
            let answered = answer(YES, &question, typed);
            assert_eq!(answered, (String::new(), Ok(Answer::Delete)));
            let answered = answer((true, false), &question, typed);
            assert_eq!(answered, (String::new(), Ok(Answer::Leave)));
        }
    }

    #[tokio::test]
    async fn a_date_in_the_future_takes_more_than_a_y() {
        for (starts, said) in [
            (&[1, 2, 3][..], "all 3 recordings"),
            (&[1], "1 of 1 recording"),
            (&[1, 2, 9_000], "2 of 3 recordings"),
        ] {
            let (tenant, reach) = asked(starts, 5_000).await;
            let what = What::BeforeFuture("2027-01-01");
            let question = Question { tenant: &tenant, reach, what, then: None };
            let refused = format!("2027-01-01 is in the future: {said} of acme started before it");
            for typed in [None, Some("y\n")] {
                let answered = answer(NO_FLAG, &question, typed);
                assert_eq!(answered, (String::new(), Err(refused.clone())));
                let answered = answer(YES, &question, typed);
                assert_eq!(answered, (String::new(), Ok(Answer::Delete)));
            }
        }
    }

    #[tokio::test]
    async fn what_is_asked_is_a_sentence() {
        for (starts, before, delete, remove) in [
            (&[][..], 0, None, "acme with 1 token and 0 recordings"),
            (
                &[7],
                9,
                Some("1 of 1 recording of acme, started 1969-12-31T17:00:07-07:00"),
                "acme with 1 token and 1 recording, started 1969-12-31T17:00:07-07:00",
            ),
            (
                &[7, 8],
                8,
                Some("1 of 2 recordings of acme, started 1969-12-31T17:00:07-07:00"),
                "acme with 1 token and 1 recording, started 1969-12-31T17:00:07-07:00",
            ),
        ] {
            let (tenant, reach) = asked(starts, before).await;
            let question = |what| Question { tenant: &tenant, reach, what, then: None };
            let (said, answered) = answer(NO_FLAG, &question(What::Recordings), Some("y\n"));
            // Without anything to delete, nothing is asked.
            let asks = delete.map_or(String::new(), |what| format!("Delete {what}? [y/N] "));
            assert_eq!((said, answered), (asks, Ok(Answer::Delete)));
            let (said, answered) =
                answer(NO_FLAG, &question(What::Tenant { tokens: 1 }), Some("n\n"));
            assert_eq!(said, format!("Remove {remove}? [y/N] "));
            assert_eq!(answered, Err("nothing was removed".to_owned()));
        }
    }
}
