//! Judges answers: a pure function of what was expected and what came, so that a saved run can be
//! judged again without the server.

pub mod compare;
mod expect;
mod finding;
mod form;
pub mod list;
mod message;
mod same;
mod view;

pub use expect::judge;
pub use finding::Finding;
pub(crate) use message::excerpt;
pub use view::View;
