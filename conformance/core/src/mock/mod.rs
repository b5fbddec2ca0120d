//! A server for clients: it plays scenarios, and grades what a client sent.

mod grade;
mod server;

pub use grade::{Grade, grade};
pub use server::{Mock, Received};

/// What the server plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// The documentation's sample response, to the byte: not well-formed.
    Sample,
    /// So many records, in pages of fifty.
    Pages(usize),
    /// 503 with `Retry-After: 1` to the first request, then a list.
    Busy,
    /// 403 to everything.
    Forbidden,
    /// The connection ends in the middle of the first body.
    Dropped,
    /// Starts with the offsets of a zone on both sides of its transitions.
    Offsets,
    /// The client is asked to filter by values that need encoding.
    Reserved,
    /// A redirection to another origin.
    Elsewhere,
}

impl Scenario {
    /// All of them, by name.
    pub const ALL: [(&'static str, Scenario); 12] = [
        ("sample", Scenario::Sample),
        ("empty", Scenario::Pages(0)),
        ("pages-50", Scenario::Pages(50)),
        ("pages-51", Scenario::Pages(51)),
        ("pages-100", Scenario::Pages(100)),
        ("pages-101", Scenario::Pages(101)),
        ("busy", Scenario::Busy),
        ("forbidden", Scenario::Forbidden),
        ("dropped", Scenario::Dropped),
        ("offsets", Scenario::Offsets),
        ("reserved", Scenario::Reserved),
        ("elsewhere", Scenario::Elsewhere),
    ];

    /// The filters that a client is told to ask with, as names and values: `VCC_FILTERS` has them,
    /// a line each, `name=value` unencoded.
    #[must_use]
    pub fn filters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Scenario::Reserved => &[
                ("channel", "#virtual_outbound#"),
                ("agentID", "a b+c&d=e%41/ü"),
                ("queueID", "fernandez~~queue~~phone~~102"),
            ],
            _ => &[],
        }
    }

    /// The number of records that a client that walks to the end has seen.
    #[must_use]
    pub fn records(self) -> usize {
        match self {
            Scenario::Sample => 1,
            Scenario::Pages(count) => count,
            Scenario::Busy | Scenario::Reserved => 3,
            Scenario::Dropped => 60,
            Scenario::Offsets => 4,
            Scenario::Forbidden | Scenario::Elsewhere => 0,
        }
    }
}
