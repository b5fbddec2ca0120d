//! Runs cases against a target: which requests a case stands for, and what became of them.

mod amplify;
mod conclusion;
mod driver;
mod exchange;
mod handshake;
mod http_target;
mod known;
mod launch;
mod outcome;
mod plan;
mod play;
mod process_group;
mod rehearsal;
mod repeat;
mod report;
mod scope;
mod verdict;

pub use amplify::{Spelling, spellings};
pub use conclusion::{Conclusion, Tally, Tone};
pub use driver::{Options, rehearse, run};
pub use exchange::{Exchange, Key, Target, Transport};
pub use handshake::{Handshake, Holding, handshake};
pub use http_target::{HttpTarget, HttpTransport};
pub use known::{KnownFailure, adopted, apply, known_failures, wildcard};
pub use launch::{Exported, Launched, seed};
pub use outcome::{Observed, Outcome, Problem, depends_on_today, outcome};
pub(crate) use plan::expected;
pub use plan::{Planned, Variant, build, plan};
pub use play::play;
pub use process_group::{ProcessGroup, TICK};
pub use rehearsal::Rehearsal;
pub use repeat::merge;
pub use report::Report;
pub use scope::{Chapter, Scope};
pub use verdict::Verdict;
