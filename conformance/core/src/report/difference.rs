use vcc_types::Field;

use super::arithmetic::Arithmetic;
use crate::judge::compare::Difference;
use crate::run::Planned;
use crate::setup::Setup;

/// How many records of a kind are shown.
pub(super) const SHOWN: usize = 5;

/// A difference, record by record, with the arithmetic of the dates that were asked for.
#[must_use]
pub fn lines(difference: &Difference, planned: &Planned, setup: &Setup) -> Vec<String> {
    let tenant = planned.tenant;
    let arithmetic = Arithmetic::of(planned, setup);
    let data = &setup.tenants[tenant].tenant;
    let shown = |index: usize| {
        let record = &data.records[index];
        let why = arithmetic.line(record).map(|line| format!(": {line}")).unwrap_or_default();
        format!("{} ({}){why}", record.key, record.text(Field::StartDate))
    };
    let mut lines = Vec::new();
    for (word, records) in [("missing", &difference.missing), ("twice", &difference.twice)] {
        lines
            .extend(records.iter().take(SHOWN).map(|index| format!("{word:<11}{}", shown(*index))));
        lines.extend(more(records.len(), word));
    }
    for unexpected in difference.unexpected.iter().take(SHOWN) {
        lines.push(match unexpected.known {
            Some((at, index)) if at == tenant => format!("unexpected {}", shown(index)),
            Some((at, index)) => {
                let other = &setup.tenants[at].tenant;
                format!("unexpected {} of tenant {}", other.records[index].key, other.name)
            }
            None => {
                let (id, start) = &unexpected.shown;
                format!(
                    "unexpected transactionID {id:?} of {start}, which the dataset does not have"
                )
            }
        });
    }
    lines.extend(more(difference.unexpected.len(), "unexpected"));
    for altered in difference.altered.iter().take(SHOWN) {
        let (key, field) = (&data.records[altered.record].key, altered.field);
        lines.push(format!(
            "altered    {key}: {field}: expected {:?}, found {:?}",
            altered.expected, altered.actual
        ));
    }
    lines.extend(more(difference.altered.len(), "altered"));
    if let Some(order) = &difference.order {
        let keys: Vec<_> =
            order.iter().take(12).map(|index| data.records[*index].key.as_str()).collect();
        lines.push(format!("came as    {}", keys.join(" ")));
    }
    lines
}

fn more(count: usize, word: &str) -> Option<String> {
    (count > SHOWN).then(|| format!("{word:<11}and {} more", count - SHOWN))
}
