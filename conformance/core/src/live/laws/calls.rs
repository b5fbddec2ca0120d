use vcc_types::{CallType, Field, RecordingName};

use super::utc;
use crate::escapes::encode;
use crate::judge::Finding;
use crate::live::lab::{Lab, ListedRecording};

pub(super) fn kinds(lab: &mut Lab<'_>) {
    let outbound = (CallType::OUTBOUND_CHANNEL, CallType::OUTBOUND_QUEUE);
    kind(lab, "call-outbound", "CALL-1", outbound);
    let direct = (CallType::DIRECT_AGENT_ACCESS_CHANNEL, CallType::DIRECT_AGENT_ACCESS_QUEUE);
    kind(lab, "call-direct", "CALL-2", direct);
}

fn kind(lab: &mut Lab<'_>, id: &str, clause: &str, (channel, queue): (&str, &str)) {
    let mut law = lab.law(id, clause, &format!("Calls of channel {channel} are of queue {queue}"));
    let calls: Vec<&ListedRecording> =
        lab.records.iter().filter(|rec| rec.text(Field::Channel) == channel).collect();
    law.tried += calls.len();
    law.evidence += calls.len();
    let other = calls
        .iter()
        .find(|rec| rec.text(Field::QueueId) != queue || rec.text(Field::QueueName) != queue);
    let text = other.map(|rec| {
        format!(
            "transactionID {:?} is of queue {:?}",
            rec.text(Field::TransactionId),
            rec.text(Field::QueueId)
        )
    });
    if let Some(text) = text {
        let exchange = lab.send("", Some(&format!("channel={}", encode(channel))));
        law.problem(lab.spec, Finding::new(text), exchange);
    }
    lab.end(law);
}

pub(super) fn names(lab: &mut Lab<'_>) {
    let mut law = lab.law(
        "file-names",
        "CALL-4",
        "A file name of the documented form carries the start in UTC",
    );
    let mut other = None;
    for rec in &lab.records {
        let Some(name) = RecordingName::parse(rec.text(Field::Filename)) else { continue };
        law.tried += 1;
        if name.start().timestamp() == rec.start.as_second() {
            law.evidence += 1;
        } else {
            other.get_or_insert_with(|| {
                format!("{} starts {}", rec.text(Field::Filename), utc(rec.start))
            });
        }
    }
    if let Some(text) = other {
        let wrong = law.tried - law.evidence;
        let exchange = lab.send("", Some("n=1"));
        law.problem(
            lab.spec,
            Finding::new(format!("{wrong} of {} do not, such as {text}", law.tried)),
            exchange,
        );
    }
    lab.end(law);
}
