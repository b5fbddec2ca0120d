use vcc_types::Field;

use crate::selftest::defect::Hook::Answer;
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::decode;
use crate::selftest::outgoing::Outgoing;

const OTHERS: [&str; 5] = ["d", "tz", "start-date", "finish-date", "n"];

/// Adds a line to the text of a refusal of a query.
fn say(outgoing: &mut Outgoing, line: &str) {
    if outgoing.status == 400 {
        outgoing.body.extend_from_slice(line.as_bytes());
        outgoing.body.push(b'\n');
    }
}

pub(super) const ECHOES: Family = Family {
    name: "refusals that say too much",
    defects: &[
        defect(
            "query-echoed",
            &["STATUS-2"],
            "whose refusals repeat the whole query",
            Answer(|outgoing, incoming, _| {
                say(outgoing, incoming.query.as_deref().unwrap_or_default())
            }),
        ),
        defect(
            "values-echoed",
            &["STATUS-2"],
            "whose refusals list the values of fields",
            Answer(|outgoing, incoming, _| {
                let fields = Field::ALL.iter().filter_map(|field| incoming.get(field.wire_name()));
                say(outgoing, &fields.collect::<Vec<_>>().join(", "));
            }),
        ),
        defect(
            "unknown-values-echoed",
            &["STATUS-2"],
            "whose refusals show the values of variables that it does not know",
            Answer(|outgoing, incoming, _| {
                let query = incoming.query.clone().unwrap_or_default();
                let pairs = query.split('&').filter_map(|part| part.split_once('='));
                for (name, value) in pairs {
                    let name = decode(name);
                    if Field::from_filter_name(&name).is_none() && !OTHERS.contains(&&*name) {
                        say(outgoing, &format!("{name} = {:?} is not known", decode(value)));
                    }
                }
            }),
        ),
    ],
};
