//! The forms of a report: for a terminal, for people, for programs.

mod arithmetic;
mod badge;
mod baseline;
mod blocks;
pub mod curl;
mod difference;
mod escape;
mod fingerprint;
mod html;
mod json;
mod junit;
mod markdown;
mod redact;
mod terminal;
mod timeline;

pub use badge::badge;
pub use baseline::{Baseline, Changes};
pub use blocks::{Block, Folded, blocks, folded, ids};
pub use difference::lines as difference_lines;
pub use escape::escape;
pub use fingerprint::{Fingerprint, Point};
pub use html::{STYLE, html};
pub use json::{JSON_VERSION, json};
pub use junit::junit;
pub use markdown::markdown;
pub use redact::exchange_lines;
pub use terminal::{Detail, terminal, terminal_with};
