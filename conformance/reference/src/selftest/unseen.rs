//! Recordings that no case knows, like those of a server whose data nobody controls.

use jiff::{SignedDuration, Timestamp};

use vcc_conformance_core::dataset::{Tenant, read};
use vcc_conformance_core::fixture::FixtureError;

const COLUMNS: [&str; 14] = [
    "id",
    "start",
    "agentID",
    "phoneNumber",
    "channel",
    "caseID",
    "duration",
    "queueID",
    "queueName",
    "accountNumber",
    "extVar1",
    "extVar2",
    "outDialCode",
    "wrapUpCode",
];

const AGENTS: [&str; 12] = [
    "bill",
    "Bill",
    "anna.k",
    "a b",
    "100%",
    "q_1",
    "x&y",
    "<tag>",
    "müller",
    "agent7",
    "agent70",
    "o'neil, \"jr\"",
];

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// True once in this many times.
    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// The tenant `acme` in Berlin with this many recordings, the last of them in the hours before
/// `now`: often within seconds of each other, and, if there are more than some hundreds, across
/// changes of the clocks.
///
/// # Errors
///
/// `now` is too near the first year of the calendar for so many recordings.
pub fn unseen(count: u32, now: Timestamp) -> Result<Tenant, FixtureError> {
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut random = Random(42);
    let mut rows = Vec::new();
    let mut before = 0;
    for id in 0..count {
        before += if random.one_in(4) { random.below(8) } else { random.below(6_000) };
        let start = whole - SignedDuration::from_secs(before.cast_signed());
        let (channel, queue) = match random.below(4) {
            0 => ("#virtual_outbound#".to_owned(), "QUEUE_OUTBOUND".to_owned()),
            1 => ("#virtual_daa#".to_owned(), "QUEUE_DIRECT_AGENT_ACCESS".to_owned()),
            _ => (format!("80055512{:02}", random.below(20)), format!("q~~{}", random.below(30))),
        };
        let agent = AGENTS[random.below(AGENTS.len() as u64) as usize].replace('"', "\\\"");
        let mut some = |of: u64, text: &dyn Fn(u64) -> String| {
            let number = random.below(of);
            if number.is_multiple_of(3) { String::new() } else { text(number) }
        };
        let phone = some(90_000, &|number| format!("1650{number:07}"));
        let account = some(5_000, &|number| format!("acct-{number:05}"));
        let (one, two) = (some(9, &|number| format!("v{number}")), some(7, &|n| format!("0{n}")));
        let (dialled, wrapped) = (some(12, &|n| n.to_string()), some(40, &|n| n.to_string()));
        let duration = if random.one_in(50) { 0 } else { random.below(900) };
        let case = random.below(300);
        rows.push(format!(
            "[\"t{id}\", \"{start}\", \"{agent}\", \"{phone}\", \"{channel}\", \"{case}\", {duration}, \
             \"{queue}\", \"{queue}\", \"{account}\", \"{one}\", \"{two}\", \"{dialled}\", \"{wrapped}\"],\n"
        ));
    }
    rows.reverse();
    let columns = COLUMNS.map(|column| format!("\"{column}\"")).join(", ");
    let head = "tenant = \"acme\"\ntoken = \"ac12343934687a839cf\"\ntz = \"Europe/Berlin\"\n";
    let group = format!("[[group]]\nname = \"g\"\ncolumns = [{columns}]\nrows = [\n");
    read("unseen", &format!("{head}{group}{}]\n", rows.concat()), now)
}
