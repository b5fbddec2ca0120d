//! Before any case: does the target hold the dataset?

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_encode_byte;

use super::exchange::{Exchange, Key, Transport};
use super::plan::{Planned, build};
use crate::PAGE;
use crate::fixture::Request;
use crate::http::Trouble;
use crate::judge::compare::{known, start};
use crate::judge::list::{self, Format, Record};
use crate::setup::Setup;
use crate::words::counted;
use vcc_types::Field;

/// What the target holds of the dataset.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    /// One a tenant.
    pub tenants: Vec<Holding>,
    /// Why the cases cannot be judged on this target.
    pub precondition: Option<String>,
    /// What can be done about that.
    pub ways_out: Vec<String>,
    /// Whether it could not be reached at all.
    pub unreachable: bool,
    /// Days between the day that the dataset was stamped with and today.
    pub stale: i64,
}

/// What the target holds of one tenant.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    /// The tenant.
    pub tenant: String,
    /// The number of records that the dataset has.
    pub expected: usize,
    /// Keys of records that were not found.
    pub missing: Vec<String>,
    /// `transactionID` and `startDate` of records that the dataset does not have.
    pub unexpected: Vec<(String, String)>,
    /// Keys of records with other values.
    pub altered: Vec<String>,
    /// Why the list could not be read to its end.
    pub trouble: Option<String>,
}

impl Holding {
    /// One line for a report; `None` where all is as it should be.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let mut words = Vec::new();
        let some = |keys: &[String]| {
            let more = if keys.len() > 3 { ", …" } else { "" };
            format!("{}{more}", keys[..keys.len().min(3)].join(", "))
        };
        if !self.missing.is_empty() {
            words.push(format!(
                "{} of {} missing ({})",
                self.missing.len(),
                self.expected,
                some(&self.missing)
            ));
        }
        if !self.unexpected.is_empty() {
            let keys: Vec<_> =
                self.unexpected.iter().map(|(id, start)| format!("{id:?} of {start}")).collect();
            words.push(format!("{} unexpected ({})", keys.len(), some(&keys)));
        }
        if !self.altered.is_empty() {
            words.push(format!("{} altered ({})", self.altered.len(), some(&self.altered)));
        }
        if let Some(trouble) = &self.trouble {
            words.push(trouble.clone());
        }
        (!words.is_empty()).then(|| format!("{}: {}", self.tenant, words.join(", ")))
    }
}

/// The message for an answer whose status promises a list and whose body is not one.
const UNREADABLE: &str = "unreadable";

/// The message for a target that refuses credentials that it should accept.
const LOCKED: &str = "the credentials are refused";

/// The advice if the target does not know the credentials.
const LET_IN: [&str; 2] = [
    "the target knows the tenant by another name or token: --tenant NAME, with its token in VCC_TOKEN",
    "the target has this tenant only: --live checks its data, with GET only",
];

/// The advice if the target holds other data.
const HOLD: [&str; 4] = [
    "load the dataset: vcc-conformance dataset export --dir DIR, or --seed-cmd CMD does it before the run",
    "let the suite start the server with it: --server-cmd CMD in place of --url",
    "check the data that is there: --live",
    "see a server that holds it: vcc-conformance serve",
];

/// Why nothing more is asked.
enum Halt {
    /// Nobody answers.
    Unreachable(String),
    /// The run is over: nothing is known about what was not asked.
    Over,
}

/// Pages through everything that every tenant can see. Where the target was loaded on an earlier
/// day, `setup` is stamped with that day. Where the run is over before that, it says nothing of the
/// target.
pub fn handshake(setup: &mut Setup, transport: &mut dyn Transport) -> Handshake {
    let mut result = Handshake::default();
    let mut lists = Vec::new();
    for tenant in 0..setup.tenants.len() {
        match everything(setup, tenant, transport) {
            Ok(list) => lists.push(list),
            Err(Halt::Unreachable(trouble)) => {
                result.unreachable = true;
                result.precondition = Some(trouble);
                return result;
            }
            Err(Halt::Over) => return result,
        }
    }
    if let Some(stamped) = stamped_earlier(setup, &lists) {
        result.stale = (setup.now.as_second() - stamped.as_second()) / 86_400;
        setup.now = stamped;
        for access in &mut setup.tenants {
            access.tenant.stamp(stamped);
        }
    }
    let (mut expected, mut missing, mut unknown, mut total, mut locked) = (0, 0, 0, 0, 0);
    for (tenant, (seen, trouble)) in lists.into_iter().enumerate() {
        let mut holding = holding(setup, tenant, &seen);
        holding.trouble = trouble;
        if holding.trouble.as_deref().is_some_and(|trouble| trouble.ends_with(LOCKED)) {
            // Nothing is known of what it holds.
            locked += holding.missing.len();
            holding.missing.clear();
        }
        // A target that lists badly may still hold the records: a few are asked for one by one.
        if holding.trouble.as_deref().is_some_and(|trouble| trouble.contains(UNREADABLE)) {
            // What cannot be read may well be there.
            holding.missing.clear();
        }
        if holding.missing.len() * 5 > holding.expected
            && found_singly(setup, tenant, &mut holding, transport).is_err()
        {
            return result;
        }
        expected += holding.expected;
        missing += holding.missing.len();
        unknown += holding.unexpected.len();
        total += seen.len();
        result.tenants.push(holding);
    }
    if expected > 0 && locked * 5 > expected {
        let lines: Vec<_> = result.tenants.iter().filter_map(Holding::line).collect();
        result.precondition = Some(format!("the target refuses the tenants: {}", lines.join("; ")));
        result.ways_out = LET_IN.map(str::to_owned).to_vec();
    } else if expected > 0 && (missing + locked) * 5 > expected
        || unknown > 5 && unknown * 5 > total
    {
        let lines: Vec<_> = result.tenants.iter().filter_map(Holding::line).collect();
        result.precondition =
            Some(format!("the target does not hold the dataset: {}", lines.join("; ")));
        result.ways_out = HOLD.map(str::to_owned).to_vec();
    }
    result
}

fn request(
    setup: &Setup,
    tenant: usize,
    path: Option<String>,
    query: Option<String>,
) -> Option<Planned> {
    let tenant = Some(setup.tenants[tenant].tenant.name.clone());
    build(&Request { tenant, path, query, ..Request::default() }, setup).ok()
}

/// What could be listed, and why that is not all.
type Listed = (Vec<Record>, Option<String>);

/// Everything that a tenant can see.
fn everything(setup: &Setup, tenant: usize, transport: &mut dyn Transport) -> Result<Listed, Halt> {
    let name = &setup.tenants[tenant].tenant.name;
    let most = setup.tenants[tenant].tenant.records.len().div_ceil(PAGE) * 2 + 4;
    let mut seen: Vec<Record> = Vec::new();
    let mut ids = BTreeSet::new();
    for index in 0..most {
        let mut page = Err(String::new());
        let mut silent = 0;
        for (format, suffix) in [(Format::Xml, ""), (Format::Csv, ".csv")] {
            let path = Some(format!("{}{suffix}", Request::PATH));
            let query = Some(format!("n={}", index * PAGE + 1));
            let Some(planned) = request(setup, tenant, path, query) else { break };
            let variant = format!("{name}{suffix}");
            let key = Key { case: "handshake", variant: &variant, index };
            let exchange = transport.exchange(key, &planned);
            if exchange.cut().is_some() {
                return Err(Halt::Over);
            }
            match &exchange.answer {
                Err(
                    trouble @ (Trouble::Refused(_) | Trouble::Connect(_) | Trouble::NotSaved(_)),
                ) => {
                    return Err(Halt::Unreachable(trouble.to_string()));
                }
                answer => {
                    silent += usize::from(answer.is_err());
                    page = read(format, &exchange);
                }
            }
            if page.is_ok() {
                break;
            }
        }
        // A target that does not answer at all is not asked a hundred times.
        if silent == 2 {
            let trouble = page.err().unwrap_or_default();
            let trouble = format!("no answer to n={}: {trouble}", index * PAGE + 1);
            return Err(Halt::Unreachable(trouble));
        }
        let records = match page {
            Ok(records) => records,
            Err(problem) => {
                return Ok((seen, Some(format!("n={}: {problem}", index * PAGE + 1))));
            }
        };
        let before = ids.len();
        for record in records {
            // One that comes twice counts once: the cases say what is wrong with that.
            if ids.insert(record.values.clone()) {
                seen.push(record);
            }
        }
        if ids.len() == before {
            break;
        }
    }
    Ok((seen, None))
}

fn read(format: Format, exchange: &Exchange) -> Result<Vec<Record>, String> {
    let response = exchange.answer.as_ref().map_err(ToString::to_string)?;
    match response.status {
        200 => {}
        status @ (401 | 403) => return Err(format!("status {status}: {LOCKED}")),
        status => return Err(format!("status {status}")),
    }
    let records =
        list::read(format, response).map_err(|problem| format!("{UNREADABLE}: {problem}"))?.records;
    let named = |record: &Record| !record.text(Field::TransactionId).is_empty();
    if !records.is_empty() && !records.iter().any(named) {
        let count = counted(records.len(), "record");
        return Err(format!("{UNREADABLE}: {count} without a transactionID"));
    }
    Ok(records)
}

fn holding(setup: &Setup, tenant: usize, seen: &[Record]) -> Holding {
    let data = &setup.tenants[tenant].tenant;
    let mut holding =
        Holding { tenant: data.name.clone(), expected: data.records.len(), ..Holding::default() };
    let mut found = BTreeSet::new();
    for record in seen {
        let place = known(setup, tenant, record).or_else(|| {
            // A record with white space around its values is there, although altered.
            let mut bare = record.clone();
            for value in bare.values.iter_mut().flatten() {
                *value = value.trim().to_owned();
            }
            known(setup, tenant, &bare)
        });
        match place {
            Some((at, index)) if at == tenant => {
                let same = crate::judge::compare::compare(
                    setup,
                    tenant,
                    &[index],
                    false,
                    std::slice::from_ref(record),
                );
                if !same.altered.is_empty() {
                    holding.altered.push(data.records[index].key.clone());
                }
                found.insert(index);
            }
            // Another tenant's record breaks AUTH-4, which has its own cases.
            Some(_) => {}
            None => holding.unexpected.push((
                record.text(Field::TransactionId).to_owned(),
                record.text(Field::StartDate).to_owned(),
            )),
        }
    }
    let absent = (0..data.records.len()).filter(|index| !found.contains(index));
    holding.missing = absent.map(|index| data.records[index].key.clone()).collect();
    holding
}

/// Asks for a dozen of the missing records one by one, in XML and in CSV; where most are there, all
/// count as there.
fn found_singly(
    setup: &Setup,
    tenant: usize,
    holding: &mut Holding,
    transport: &mut dyn Transport,
) -> Result<(), Halt> {
    let data = &setup.tenants[tenant].tenant;
    let step = holding.missing.len().div_ceil(12).max(1);
    let sample: Vec<_> = holding.missing.iter().step_by(step).cloned().collect();
    let mut there = 0;
    for (index, key) in sample.iter().enumerate() {
        let Some(record) = data.find(key).map(|at| &data.records[at]) else { continue };
        let id = record.text(Field::TransactionId);
        let encoded: String = id.bytes().map(percent_encode_byte).collect();
        let query = Some(format!("transactionID={encoded}"));
        let Some(planned) = request(setup, tenant, None, query) else { continue };
        let variant = format!("{} singly", data.name);
        let exchange =
            transport.exchange(Key { case: "handshake", variant: &variant, index }, &planned);
        if exchange.cut().is_some() {
            return Err(Halt::Over);
        }
        let records = read(Format::Xml, &exchange).unwrap_or_default();
        there += usize::from(records.iter().any(|seen| seen.text(Field::TransactionId) == id));
    }
    if there * 2 > sample.len() {
        let missing = std::mem::take(&mut holding.missing).len();
        holding.trouble = Some(format!(
            "the list lacks {}, which are there when asked for by transactionID",
            counted(missing, "record")
        ));
    }
    Ok(())
}

/// The time that the target's relative records were stamped at, where that is another day.
fn stamped_earlier(setup: &Setup, lists: &[Listed]) -> Option<Timestamp> {
    for (access, (seen, _)) in setup.tenants.iter().zip(lists) {
        let zone = &access.tenant.zone;
        for record in access.tenant.records.iter().filter(|record| record.written.is_relative()) {
            let transaction = record.text(Field::TransactionId);
            let found = seen.iter().find(|seen| seen.text(Field::TransactionId) == transaction);
            let Some(found) = found.and_then(|seen| start(seen.text(Field::StartDate))) else {
                continue;
            };
            let day = |at: Timestamp| zone.to_datetime(at);
            let (theirs, ours) = (day(found.instant), day(record.start));
            // Another time of day is another defect.
            if theirs.time() != ours.time() || theirs.date() >= ours.date() {
                return None;
            }
            let days = ours.date().since(theirs.date()).ok()?.get_days();
            return setup.now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok();
        }
    }
    None
}
