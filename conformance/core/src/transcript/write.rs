use std::io::{self, Write};
use std::sync::Mutex;

use super::line::{Line, SavedAnswer};
use super::{FirstLine, SavedTenant};
use crate::report::curl::redacted;
use crate::run::{Exchange, Key};
use crate::setup::Setup;

/// Writes a run as it happens.
#[derive(Debug)]
pub struct Writer<W> {
    state: Mutex<State<W>>,
    setup: Setup,
}

#[derive(Debug)]
struct State<W> {
    out: W,
    problem: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    /// Writes the first line. The secrets of `setup` are left out of every other.
    ///
    /// # Errors
    ///
    /// `out` cannot be written.
    pub fn new(mut out: W, head: &FirstLine, setup: &Setup) -> io::Result<Self> {
        serde_json::to_writer(&mut out, head)?;
        out.write_all(b"\n")?;
        Ok(Self { state: Mutex::new(State { out, problem: None }), setup: setup.clone() })
    }

    /// Writes an exchange. [`Writer::finish`] reports failures.
    pub fn write(&self, key: Key<'_>, exchange: &Exchange) {
        let line = Line {
            case: key.case.into(),
            variant: key.variant.into(),
            index: key.index,
            request: redacted(&exchange.planned, &self.setup),
            started: exchange.started.to_string(),
            micros: exchange.micros,
            retried: exchange.retried,
            answer: SavedAnswer::of(&exchange.answer),
        };
        let Ok(mut bytes) = serde_json::to_vec(&line) else { return };
        bytes.push(b'\n');
        if let Ok(mut state) = self.state.lock()
            && state.problem.is_none()
        {
            state.problem = state.out.write_all(&bytes).err();
        }
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    ///
    /// The first failure to write `out` since the beginning.
    pub fn finish(&self) -> io::Result<()> {
        let Ok(mut state) = self.state.lock() else { return Ok(()) };
        match state.problem.take() {
            Some(problem) => Err(problem),
            None => state.out.flush(),
        }
    }
}

impl FirstLine {
    /// What a run against this setup is made with.
    #[must_use]
    pub fn new(
        setup: &Setup,
        target: &str,
        strict: bool,
        amplified: bool,
        cases: Vec<String>,
    ) -> Self {
        let tenants = setup.tenants.iter().map(|access| SavedTenant {
            name: access.tenant.name.clone(),
            user: access.user.clone(),
            tz: access.tenant.tz.clone(),
        });
        Self {
            transcript: super::line::FORMAT,
            edition: crate::edition::EDITION.into(),
            zone_data: crate::zone::RELEASE.into(),
            target: target.into(),
            https: setup.https,
            authority: setup.authority.clone(),
            prefix: setup.prefix.clone(),
            now: setup.now.to_string(),
            strict,
            amplified,
            tenants: tenants.collect(),
            cases,
        }
    }
}
