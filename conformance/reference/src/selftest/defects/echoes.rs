use vcc_types::Field;

use crate::selftest::answered::Answered;
use crate::selftest::asked::decode;
use crate::selftest::defect::Fault::Answer;
use crate::selftest::defect::{Family, defect};

const OTHERS: [&str; 5] = ["d", "tz", "start-date", "finish-date", "n"];

/// Adds a line to the text of a refusal of a query.
fn say(answered: &mut Answered, line: &str) {
    if answered.status == 400 {
        answered.body.extend_from_slice(line.as_bytes());
        answered.body.push(b'\n');
    }
}

pub(super) const ECHOES: Family = Family {
    name: "refusals that say too much",
    defects: &[
        defect(
            "query-echoed",
            &["STATUS-2"],
            "whose refusals repeat the whole query",
            Answer(|answered, asked, _| say(answered, asked.query.as_deref().unwrap_or_default())),
        ),
        defect(
            "values-echoed",
            &["STATUS-2"],
            "whose refusals list the values of fields",
            Answer(|answered, asked, _| {
                let fields = Field::ALL.iter().filter_map(|field| asked.get(field.wire_name()));
                say(answered, &fields.collect::<Vec<_>>().join(", "));
            }),
        ),
        defect(
            "unknown-values-echoed",
            &["STATUS-2"],
            "whose refusals show the values of variables that it does not know",
            Answer(|answered, asked, _| {
                let query = asked.query.clone().unwrap_or_default();
                let pairs = query.split('&').filter_map(|part| part.split_once('='));
                for (name, value) in pairs {
                    let name = decode(name);
                    if Field::from_filter_name(&name).is_none() && !OTHERS.contains(&&*name) {
                        say(answered, &format!("{name} = {:?} is not known", decode(value)));
                    }
                }
            }),
        ),
    ],
};
