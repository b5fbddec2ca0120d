//! How far an export has come: a line at a terminal, JSON lines for programs, or nothing.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::text::{counted, grouped};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// A line at a terminal, nothing elsewhere
    Auto,
    /// A JSON object a second on stderr
    Json,
    /// Nothing
    None,
}

/// How often programs are told.
const EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    bar: ProgressBar,
    json: bool,
    begun: Instant,
    said: Option<Instant>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(crate) struct State {
    pub(crate) windows: u64,
    pub(crate) records: u64,
    /// Thousandths of the range.
    pub(crate) permille: u64,
}

impl Progress {
    pub(crate) fn new(mode: Mode) -> Self {
        let shown = mode == Mode::Auto && io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new(1000) } else { ProgressBar::hidden() };
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar, json: mode == Mode::Json, begun: Instant::now(), said: None }
    }

    pub(crate) fn at(&mut self, state: State) {
        let took = self.begun.elapsed();
        let rate = (state.records as f64 / took.as_secs_f64().max(1e-3)) as u64;
        if self.json && self.said.is_none_or(|said| said.elapsed() >= EVERY) {
            self.said = Some(Instant::now());
            let line = serde_json::json!({
                "windows": state.windows, "records": state.records, "permille": state.permille,
                "rate": rate, "seconds": took.as_secs_f64(),
            });
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "{line}");
        }
        if !self.bar.is_hidden() {
            self.bar.set_position(state.permille);
            self.bar.set_message(format!(
                "{}, {}, {}/s",
                counted(state.windows, "window"),
                counted(state.records, "record"),
                grouped(rate)
            ));
        }
    }

    /// Writes above the line.
    pub(crate) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
