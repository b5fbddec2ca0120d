use super::exchange::{Exchange, Key, Transport};
use super::plan::Variant;
use crate::PAGE;
use crate::dataset::select;
use crate::fixture::Case;
use crate::judge::list;
use crate::setup::Setup;

/// Sends the requests of one variant of a case.
///
/// # Errors
///
/// A request that cannot be made.
pub fn play(
    case: &Case,
    variant: &Variant,
    setup: &Setup,
    transport: &mut dyn Transport,
) -> Result<Vec<Exchange>, String> {
    let key = |index| Key { case: &case.id, variant: &variant.name, index };
    if !case.walk {
        let steps: Vec<_> = variant.steps.iter().enumerate().collect();
        let together = steps.chunk_by(|_, (_, next)| next.pipelined);
        return Ok(together
            .flat_map(|steps| match steps {
                [(index, step)] => vec![transport.exchange(key(*index), step)],
                steps => {
                    let requests = steps.iter().map(|(index, step)| (key(*index), *step));
                    transport.exchange_all(&requests.collect::<Vec<_>>())
                }
            })
            .collect());
    }
    let [step] = &variant.steps[..] else { return Err("walk: expected one request".into()) };
    let selectors = case.expect.as_ref().and_then(|expect| expect.records.as_deref());
    let expected = match selectors {
        Some(selectors) => select(&setup.tenants[step.tenant].tenant, selectors)
            .map_err(|problem| format!("expect: {problem}"))?
            .len(),
        None => setup.tenants[step.tenant].tenant.records.len(),
    };
    // A target that never gives an empty page is left after twice the number of pages that it
    // should have.
    let most = expected.div_ceil(PAGE) * 2 + 2;
    let mut exchanges = Vec::new();
    for index in 0..most {
        let exchange = transport.exchange(key(index), &step.page(index * PAGE + 1, setup)?);
        let more = match &exchange.answer {
            Ok(response) if response.status == 200 => {
                list::read(step.format, response).is_ok_and(|list| !list.records.is_empty())
            }
            _ => false,
        };
        exchanges.push(exchange);
        if !more {
            break;
        }
    }
    Ok(exchanges)
}
