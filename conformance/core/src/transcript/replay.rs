use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use jiff::Timestamp;

use super::FirstLine;
use super::line::{FORMAT, Line};
use crate::http::Trouble;
use crate::report::curl::redacted;
use crate::run::{Exchange, Key, Planned, Target, Transport};
use crate::setup::Setup;

/// A saved run.
#[derive(Debug)]
pub struct Replay {
    /// Its settings.
    pub head: FirstLine,
    lines: BTreeMap<(String, String, usize), Line>,
    setup: Setup,
}

/// The file is not a saved run.
#[derive(Debug)]
pub struct TranscriptError {
    line: usize,
    message: String,
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for TranscriptError {}

impl Replay {
    /// Reads a saved run. `setup` gets the time and the tenants of that run, and no others. An incomplete last
    /// line is left out.
    ///
    /// # Errors
    ///
    /// The file is not a transcript, or one of another format.
    pub fn read(input: impl BufRead, setup: &mut Setup) -> Result<Self, TranscriptError> {
        let mut head = None;
        let mut lines = BTreeMap::new();
        let mut input = input.lines().enumerate().peekable();
        while let Some((number, text)) = input.next() {
            let error = |message: String| TranscriptError { line: number + 1, message };
            let text = text.map_err(|problem| error(problem.to_string()))?;
            if number == 0 {
                let read: FirstLine = serde_json::from_str(&text)
                    .map_err(|problem| error(format!("not a transcript: {problem}")))?;
                if read.transcript != FORMAT {
                    return Err(error(format!("format {}, expected {FORMAT}", read.transcript)));
                }
                setup.now = read.now.parse().map_err(|_| error(format!("now: {:?}", read.now)))?;
                head = Some(read);
                continue;
            }
            match serde_json::from_str::<Line>(&text) {
                Ok(line) => {
                    lines.insert((line.case.clone(), line.variant.clone(), line.index), line);
                }
                Err(_) if input.peek().is_none() => {}
                Err(problem) => return Err(error(problem.to_string())),
            }
        }
        let head = head
            .ok_or(TranscriptError { line: 1, message: "not a transcript: it is empty".into() })?;
        (setup.https, setup.authority, setup.prefix) =
            (head.https, head.authority.clone(), head.prefix.clone());
        // An earlier edition had fewer tenants.
        setup
            .tenants
            .retain(|access| head.tenants.iter().any(|saved| saved.name == access.tenant.name));
        for saved in &head.tenants {
            let Some(at) = setup.find(&saved.name) else { continue };
            let access = &mut setup.tenants[at];
            access.user.clone_from(&saved.user);
            if let Ok(zone) = crate::zone::named(&saved.tz) {
                (access.tenant.tz, access.tenant.zone) = (saved.tz.clone(), zone);
            }
        }
        let now = setup.now;
        for access in &mut setup.tenants {
            access.tenant.stamp(now);
        }
        Ok(Self { head, lines, setup: setup.clone() })
    }
}

impl Replay {
    /// Whether it is a live run: its requests come from what the target listed, not from cases.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.lines.keys().any(|(case, ..)| case == "live")
    }
}

impl Target for Replay {
    fn worker(&self) -> Box<dyn Transport + '_> {
        Box::new(Reader { replay: self })
    }

    fn base(&self) -> String {
        self.head.target.clone()
    }

    fn requests(&self) -> u64 {
        self.lines.len() as u64
    }

    fn ended(&self) -> Option<String> {
        None
    }
}

struct Reader<'a> {
    replay: &'a Replay,
}

impl Transport for Reader<'_> {
    fn exchange(&mut self, key: Key<'_>, planned: &Planned) -> Exchange {
        let missing = |what: &str| Exchange {
            planned: planned.clone(),
            answer: Err(Trouble::NotSaved(what.into())),
            started: self.replay.setup.now,
            micros: 0,
            retried: 0,
        };
        let place = (key.case.to_owned(), key.variant.to_owned(), key.index);
        let Some(line) = self.replay.lines.get(&place) else {
            return missing("the request was not sent");
        };
        // The headers differ by credentials, which the transcript does not have.
        let sent = redacted(planned, &self.replay.setup);
        if line.request.lines().next() != sent.lines().next() {
            return missing("that edition of the suite sent another request");
        }
        let started: Timestamp = line.started.parse().unwrap_or(self.replay.setup.now);
        Exchange {
            planned: planned.clone(),
            answer: line.answer.answer(),
            started,
            micros: line.micros,
            retried: line.retried,
        }
    }

    fn exchange_all(&mut self, requests: &[(Key<'_>, &Planned)]) -> Vec<Exchange> {
        requests.iter().map(|(key, planned)| self.exchange(*key, planned)).collect()
    }
}
