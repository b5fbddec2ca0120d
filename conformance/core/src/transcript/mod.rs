//! A run as lines of JSON: every request without secrets, and every answer byte for byte. A saved run can be
//! judged again without the server.

mod line;
mod replay;
mod write;

pub use line::{FirstLine, SavedTenant};
pub use replay::{Replay, TranscriptError};
pub use write::Writer;
