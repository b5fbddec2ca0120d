//! Records as they are in practice, and what the peers' serde makes of them.

use serde::{Deserialize, Serialize};
use vcc_types::{Field, Recording};

/// The same numbers each time.
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Records as they are in practice: mostly plain text, some values to escape, some in other
/// scripts, some absent, some empty.
pub(crate) fn recording(lcg: &mut Lcg) -> Recording {
    const AGENTS: [&str; 8] =
        ["bill", "ann.smith", "j.o'neil", "müller", "agent-0042", "李雷", "maria", "T. & J."];
    const QUEUES: [&str; 6] =
        ["Sales", "Sales & Service", "phoneq1", "Überlauf", "support <tier 2>", "billing, US"];
    let (month, day, hour) = (1 + lcg.below(12), 1 + lcg.below(28), lcg.below(24));
    let (minute, second) = (lcg.below(60), lcg.below(60));
    let id = 1_000_000 + lcg.below(9_000_000);
    let mut r = Recording::new();
    let start = format!("2007-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}-08:00");
    r.set(Field::StartDate, &start);
    r.set(Field::AgentId, lcg.pick(&AGENTS));
    r.set(Field::PhoneNumber, &format!("415{:07}", lcg.below(10_000_000)));
    let channel = ["8005551234", "#virtual_outbound#", "#virtual_daa#", "8005557780"];
    r.set(Field::Channel, lcg.pick(&channel));
    r.set(Field::CaseId, &lcg.below(100_000).to_string());
    r.set(Field::Duration, &lcg.below(3600).to_string());
    let name = format!(
        "S2007{month:02}{day:02}/R2007{month:02}{day:02}{hour:02}{minute:02}{second:02}{id}.wav"
    );
    r.set(Field::Filename, &name);
    r.set(Field::QueueId, &format!("fernandez~~queue~~phone~~{}", lcg.below(300)));
    r.set(Field::QueueName, lcg.pick(&QUEUES));
    r.set(Field::AccountNumber, &lcg.below(1_000_000).to_string());
    r.set(Field::TransactionId, &id.to_string());
    r.set(Field::ExtVar1, lcg.pick(&["0", "", "campaign=spring", "see note \"7\""]));
    r.set(Field::ExtVar2, lcg.pick(&["0", "", "a=1&b=2"]));
    if lcg.below(4) > 0 {
        r.set(Field::OutDialCode, lcg.pick(&["", "", "9"]));
        r.set(Field::WrapUpCode, lcg.pick(&["", "sold", "call back"]));
    }
    r
}

/// A record for the peers' serde.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename = "file", default)]
#[allow(non_snake_case, reason = "the names of the fields")]
pub(crate) struct File {
    startDate: Option<String>,
    agentID: Option<String>,
    phoneNumber: Option<String>,
    channel: Option<String>,
    caseID: Option<String>,
    duration: Option<String>,
    filename: Option<String>,
    queueID: Option<String>,
    queueName: Option<String>,
    accountNumber: Option<String>,
    transactionID: Option<String>,
    extVar1: Option<String>,
    extVar2: Option<String>,
    outDialCode: Option<String>,
    wrapUpCode: Option<String>,
}

impl From<&Recording> for File {
    fn from(r: &Recording) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] =
            Field::ALL.map(|field| r.get(field).map(str::to_owned));
        File {
            startDate: a,
            agentID: b,
            phoneNumber: c,
            channel: d,
            caseID: e,
            duration: f,
            filename: g,
            queueID: h,
            queueName: i,
            accountNumber: j,
            transactionID: k,
            extVar1: l,
            extVar2: m,
            outDialCode: n,
            wrapUpCode: o,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Recordings {
    pub(crate) file: Vec<File>,
}
