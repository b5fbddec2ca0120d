/// What the server plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scenario {
    /// The documentation's sample response, to the byte: not well-formed.
    Sample,
    /// This many records, in pages of fifty.
    Pages(usize),
    /// The list in descending order of starts.
    Descending,
    /// 503 with `Retry-After: 1` to the first request, then a list.
    Busy,
    /// 429 with `Retry-After: 1` to the first request, then a list.
    TooMany,
    /// 503 with `Retry-After` as a date to the first request, then a list.
    RetryDate,
    /// 503 to every request.
    BusyForEver,
    /// 403 to everything.
    Forbidden,
    /// The connection ends in the middle of the first body, which has a length.
    Dropped,
    /// The first body has no length, and its connection ends inside a record.
    CutInRecord,
    /// The first body has no length, and its connection ends between two records.
    CutBetween,
    /// Every body is complete, but the document in it is cut off.
    Truncated,
    /// A body in pieces, a tenth of a second apart.
    Slow,
    /// Compressed, for clients that accept it.
    Gzip,
    /// `n` is ignored: every page is the first.
    Ignored,
    /// Each page begins five records before the one that was asked for.
    Overlapping,
    /// The list grows at its end while it is walked.
    Growing,
    /// A record is added at the front while the list is walked.
    Late,
    /// Starts with the offsets of a zone on both sides of its transitions.
    Offsets,
    /// The client should ask for values that need encoding.
    Reserved,
    /// A redirection to another origin.
    Elsewhere,
}

/// The right result of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The recordings with these `transactionID`s, each once and in any order; those of `may` are
    /// optional.
    Recordings {
        /// Those that have to be there.
        must: Vec<String>,
        /// Those that may be there.
        may: Vec<String>,
    },
    /// The client fails: it exits with another code than 0.
    Failure,
}

impl Scenario {
    /// All of them, by name.
    pub const ALL: [(&'static str, Scenario); 25] = [
        ("sample", Scenario::Sample),
        ("empty", Scenario::Pages(0)),
        ("pages-50", Scenario::Pages(50)),
        ("pages-51", Scenario::Pages(51)),
        ("pages-100", Scenario::Pages(100)),
        ("pages-101", Scenario::Pages(101)),
        ("descending", Scenario::Descending),
        ("busy", Scenario::Busy),
        ("too-many", Scenario::TooMany),
        ("retry-date", Scenario::RetryDate),
        ("busy-for-ever", Scenario::BusyForEver),
        ("forbidden", Scenario::Forbidden),
        ("dropped", Scenario::Dropped),
        ("cut-in-record", Scenario::CutInRecord),
        ("cut-between-records", Scenario::CutBetween),
        ("truncated", Scenario::Truncated),
        ("slow", Scenario::Slow),
        ("gzip", Scenario::Gzip),
        ("n-ignored", Scenario::Ignored),
        ("overlap", Scenario::Overlapping),
        ("growing", Scenario::Growing),
        ("late", Scenario::Late),
        ("offsets", Scenario::Offsets),
        ("reserved", Scenario::Reserved),
        ("elsewhere", Scenario::Elsewhere),
    ];

    /// The scenario with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Scenario> {
        Scenario::ALL.into_iter().find(|(other, _)| *other == name).map(|(_, scenario)| scenario)
    }

    /// What is served, and why a client is tried with it.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Scenario::Sample => (
                "the documentation's sample response, to the byte",
                "it is not well-formed, and a client that refuses it cannot read the service",
            ),
            Scenario::Pages(0) => ("an empty list", "nothing to show is no failure"),
            Scenario::Pages(_) => (
                "a list in pages of 50",
                "there is no total: the end is where a page is empty, or short (PAGE-3)",
            ),
            Scenario::Descending => {
                ("120 recordings, the latest first", "the order is left open (PAGE-5)")
            }
            Scenario::Busy => (
                "503 with Retry-After: 1, then 3 recordings",
                "a service under load asks to come again (STATUS-1)",
            ),
            Scenario::TooMany => (
                "429 with Retry-After: 1, then 3 recordings",
                "gateways in front of services limit rates like this",
            ),
            Scenario::RetryDate => (
                "503 with Retry-After as a date, a second after Date, then 3 recordings",
                "Retry-After has two forms (RFC 9110, 10.2.3)",
            ),
            Scenario::BusyForEver => (
                "503 with Retry-After: 1 to every request",
                "a client that waits forever hangs, and one that succeeds has lost the list",
            ),
            Scenario::Forbidden => ("403 to everything", "a wrong token stays wrong (AUTH-3)"),
            Scenario::Dropped => (
                "60 recordings; the first body is shorter than its Content-Length",
                "half a page is no page",
            ),
            Scenario::CutInRecord => (
                "60 recordings; the first body has no length and ends inside a record (in CSV it has one)",
                "nothing but the document's own end says whether it is whole",
            ),
            Scenario::CutBetween => (
                "60 recordings; the first body has no length and ends between two records (in CSV it has one)",
                "nothing but the document's own end says whether it is whole",
            ),
            Scenario::Truncated => (
                "whole bodies whose documents break off, always",
                "a list without its end must not pass for a list",
            ),
            Scenario::Slow => (
                "3 recordings, the body in ten pieces over a second",
                "an answer that comes slowly is an answer",
            ),
            Scenario::Gzip => (
                "101 recordings, compressed for clients that accept gzip",
                "a client that says that it accepts it has to unpack it",
            ),
            Scenario::Ignored => (
                "60 recordings; n is not looked at, so that every page is the first 50",
                "a client pages forever, repeats records, or succeeds without the rest",
            ),
            Scenario::Overlapping => (
                "101 recordings; each page begins five records before the one that was asked for",
                "a record that comes twice is one record",
            ),
            Scenario::Growing => (
                "101 recordings, and 3 more at the end once the first page was sent",
                "a list grows while it is read",
            ),
            Scenario::Late => (
                "101 recordings, and one more at the front once the first page was sent",
                "a record that comes in late moves all others, so that one comes twice",
            ),
            Scenario::Offsets => (
                "4 recordings on both sides of a zone's transitions",
                "the offset in a start counts, not the zone of the client (OUT-3)",
            ),
            Scenario::Reserved => (
                "3 recordings; the client is to ask with the filters in VCC_FILTERS",
                "values hold #, &, % and + (REQ-6, FIELD-5)",
            ),
            Scenario::Elsewhere => (
                "a redirection to another origin",
                "a client that follows it with credentials has given them away (AUTH-1)",
            ),
        }
    }

    /// The filters that a client should send, as names and values. `VCC_FILTERS` has them, one
    /// `name=value` per line, not encoded.
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
            Scenario::Busy
            | Scenario::TooMany
            | Scenario::RetryDate
            | Scenario::Slow
            | Scenario::Reserved => 3,
            Scenario::Dropped
            | Scenario::CutInRecord
            | Scenario::CutBetween
            | Scenario::Truncated
            | Scenario::Ignored => 60,
            Scenario::Descending => 120,
            Scenario::Gzip | Scenario::Overlapping | Scenario::Growing | Scenario::Late => 101,
            Scenario::Offsets => 4,
            Scenario::Forbidden | Scenario::Elsewhere | Scenario::BusyForEver => 0,
        }
    }

    /// The right result.
    #[must_use]
    pub fn expected(self) -> Expected {
        let ids = |numbers: std::ops::RangeInclusive<usize>| {
            numbers.map(|number| number.to_string()).collect::<Vec<_>>()
        };
        match self {
            Scenario::BusyForEver
            | Scenario::Forbidden
            | Scenario::Truncated
            | Scenario::Ignored
            | Scenario::Elsewhere => Expected::Failure,
            Scenario::Growing => Expected::Recordings { must: ids(1..=101), may: ids(102..=104) },
            Scenario::Late => Expected::Recordings { must: ids(1..=101), may: ids(0..=0) },
            _ => Expected::Recordings { must: ids(1..=self.records()), may: Vec::new() },
        }
    }

    /// The numbers of the records of a page from the n-th on. `before`: how many pages were sent.
    pub(super) fn page(self, n: usize, before: usize) -> Vec<usize> {
        let count = self.records();
        match self {
            Scenario::Ignored => (1..=count).take(50).collect(),
            Scenario::Overlapping if n > count => Vec::new(),
            Scenario::Overlapping => (n.saturating_sub(5).max(1)..=count).take(50).collect(),
            Scenario::Growing if before > 0 => (n..=count + 3).take(50).collect(),
            Scenario::Late if before > 0 => (n - 1..=count).take(50).collect(),
            Scenario::Descending => (1..=count).rev().skip(n - 1).take(50).collect(),
            _ => (n..=count).take(50).collect(),
        }
    }
}
