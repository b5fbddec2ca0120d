//! An engine outside of this crate can keep the laws, and the laws find an engine that breaks them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone};
use vcc_store::laws::{self, expected};
use vcc_store::{
    Batch, Credentials, Deletion, Imported, KnownToken, NameProblem, OnConflict, Page, Store,
    StoreError, StoreErrorKind, StoredRecord, Tenant, TenantId, TokenHash, TokenInfo,
};
use vcc_types::{Field, Order, Row as _};

/// What an engine does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It does everything right.
    None,
    /// It forgets to ask for the tenant.
    MixesTenants,
    /// Records that start at once come in the order of their arrival.
    BreaksTiesByArrival,
    /// A descending list is an ascending one.
    IgnoresOrder,
    /// A list is one record further on.
    SkipsOne,
    /// There is always another page.
    AlwaysMore,
    /// Texts compare without case.
    FoldsCase,
    /// A record with known keys comes in again.
    KnowsNothing,
    /// A conflict replaces what was there.
    AlwaysUpdates,
    /// A conflict undoes nothing.
    UndoesNothing,
    /// A checkpoint is stored whatever was there before.
    ForgetsCheckpoints,
    /// A deletion takes what starts at the instant itself.
    DeletesTheEdge,
    /// It says that nothing was deleted.
    CountsNoDeletion,
    /// A revoked token opens the tenant.
    KeepsTokens,
    /// The number of a token is given again.
    ReusesNumbers,
    /// A token of one tenant opens another.
    OpensAll,
    /// Any name is accepted.
    TakesAnyName,
    /// Any label is accepted.
    TakesAnyLabel,
    /// A removed tenant keeps its records, and the next one has its number.
    LeavesRecords,
    /// The zone of a tenant cannot be changed.
    KeepsZones,
    /// It does no work for an unknown tenant.
    AsksForKnownTenantsOnly,
}

/// Which law each of them breaks, at least.
const BROKEN: [(Fault, &str); 20] = [
    (Fault::MixesTenants, "no_tenant_sees_the_records_of_another"),
    (Fault::BreaksTiesByArrival, "many_records_of_one_moment_are_pages_too"),
    (Fault::IgnoresOrder, "pages_are_what_matching_in_memory_gives"),
    (Fault::SkipsOne, "pages_are_what_matching_in_memory_gives"),
    (Fault::AlwaysMore, "a_number_that_no_list_reaches_finds_nothing"),
    (Fault::FoldsCase, "pages_are_what_matching_in_memory_gives"),
    (Fault::KnowsNothing, "an_import_knows_what_is_there"),
    (Fault::AlwaysUpdates, "a_batch_knows_its_own"),
    (Fault::UndoesNothing, "a_batch_with_conflicts_can_be_undone"),
    (Fault::ForgetsCheckpoints, "of_two_imports_of_a_source_one_goes_on"),
    (Fault::DeletesTheEdge, "deletions_take_what_they_say"),
    (Fault::CountsNoDeletion, "deletions_take_what_they_say"),
    (Fault::KeepsTokens, "tokens_are_many_and_go_one_by_one"),
    (Fault::ReusesNumbers, "tokens_are_many_and_go_one_by_one"),
    (Fault::OpensAll, "a_token_opens_its_tenant_alone"),
    (Fault::TakesAnyName, "names_are_plain_and_look_like_no_other"),
    (Fault::TakesAnyLabel, "a_label_is_one_line"),
    (Fault::LeavesRecords, "tenants_come_and_go"),
    (Fault::KeepsZones, "the_zone_of_a_tenant_can_be_set"),
    (Fault::AsksForKnownTenantsOnly, "a_request_is_decided_upon_once"),
];

/// An engine of vectors.
struct Vectors {
    fault: Fault,
    tables: Mutex<Tables>,
}

#[derive(Clone, Default)]
struct Tables {
    tenants: Vec<Tenant>,
    /// How many tenants and tokens were ever made.
    tenant_numbers: i64,
    token_numbers: Vec<(TenantId, i64)>,
    tokens: Vec<(TenantId, TokenInfo, TokenHash)>,
    /// In the order of their arrival.
    records: Vec<(TenantId, StoredRecord)>,
    checkpoints: Vec<(TenantId, String, u64)>,
}

impl Vectors {
    fn new(fault: Fault) -> Self {
        Self { fault, tables: Mutex::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

impl Tables {
    fn tenant(&mut self, id: TenantId) -> Result<&mut Tenant, StoreError> {
        let none = || StoreError::new(StoreErrorKind::NotFound, "no such tenant");
        self.tenants.iter_mut().find(|tenant| tenant.id == id).ok_or_else(none)
    }
}

fn key(record: &StoredRecord) -> Option<[String; 2]> {
    let texts = [Field::TransactionId, Field::Filename].map(|field| record.text(field).to_owned());
    (texts != ["", ""]).then_some(texts)
}

fn refused(message: impl std::fmt::Display) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, message.to_string())
}

#[async_trait]
impl Store for Vectors {
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        let mut selection = selection.clone();
        if self.is(Fault::IgnoresOrder) {
            selection.order = Order::StartAscending;
        }
        if self.is(Fault::SkipsOne) && selection.first == 51 {
            selection.first += 1;
        }
        let mut records: Vec<_> = self
            .tables()
            .records
            .iter()
            .filter(|(of, _)| *of == tenant || self.is(Fault::MixesTenants))
            .map(|(_, record)| record.clone())
            .collect();
        if self.is(Fault::BreaksTiesByArrival) {
            let is_descending = selection.order == Order::StartDescending;
            records.sort_by_key(StoredRecord::start_micros);
            if is_descending {
                records.reverse();
            }
            let matching: Vec<_> =
                records.into_iter().filter(|record| selection.matches(record)).collect();
            let first = usize::try_from(selection.first - 1).unwrap_or(usize::MAX);
            let size = selection.page_size as usize;
            let more = matching.len() > first.saturating_add(size);
            let records = matching.into_iter().skip(first).take(size).collect();
            return Ok(Page { records, more, rest: None });
        }
        if self.is(Fault::FoldsCase) {
            let folds = |record: &StoredRecord| {
                selection.filters.iter().any(|filter| {
                    let wanted = match &filter.wanted {
                        vcc_query::Wanted::Text(text) => text.to_string(),
                        _ => return false,
                    };
                    record.text(filter.field).to_lowercase() == wanted.to_lowercase()
                })
            };
            let others = Selection { filters: Vec::new(), ..selection.clone() };
            if selection.filters.len() == 1 {
                records.retain(folds);
                selection = others;
            }
        }
        let (records, more) = expected(&records, &selection);
        Ok(Page { records, more: more || self.is(Fault::AlwaysMore), rest: None })
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        let tables = self.tables();
        let Some(tenant) = tables.tenants.iter().find(|known| known.name == tenant) else {
            return Ok(None);
        };
        let known = tables.tokens.iter().find(|(of, _, hash)| {
            (*of == tenant.id || self.is(Fault::OpensAll)) && hash.as_bytes() == token.as_bytes()
        });
        let token = known.map(|(_, info, hash)| KnownToken { id: info.id, hash: *hash });
        Ok(Some(Credentials { tenant: tenant.clone(), token }))
    }

    async fn answer(
        &self,
        tenant: &str,
        token: &TokenHash,
        decide: &mut vcc_store::Decide<'_>,
    ) -> Result<Option<Page>, StoreError> {
        let credentials = self.credentials(tenant, token).await?;
        let id = credentials.as_ref().map(|credentials| credentials.tenant.id);
        if id.is_none() && self.is(Fault::AsksForKnownTenantsOnly) {
            return Ok(None);
        }
        let (Some(selection), Some(id)) = (decide(credentials), id) else { return Ok(None) };
        self.page(id, &selection).await.map(Some)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        let mut tables = self.tables();
        let before = tables.clone();
        tables.tenant(tenant)?;
        if let Some(step) = &batch.checkpoint {
            let there = tables
                .checkpoints
                .iter()
                .find(|(of, source, _)| (*of, source) == (tenant, &step.source))
                .map_or(0, |(_, _, records)| *records);
            if there != step.after && !self.is(Fault::ForgetsCheckpoints) {
                return Err(refused("it is not there"));
            }
            tables.checkpoints.retain(|(of, source, _)| (*of, source) != (tenant, &step.source));
            if step.records > 0 {
                tables.checkpoints.push((tenant, step.source.clone(), step.records));
            }
        }
        let records = &mut tables.records;
        let mut known: HashMap<_, _> = records
            .iter()
            .enumerate()
            .filter(|(_, (of, _))| *of == tenant && !self.is(Fault::KnowsNothing))
            .filter_map(|(at, (_, record))| Some((key(record)?, at)))
            .collect();
        let updates = batch.on_conflict == OnConflict::Update || self.is(Fault::AlwaysUpdates);
        let mut imported = Imported::default();
        for (position, record) in batch.records.iter().enumerate() {
            let key = key(record).filter(|_| !self.is(Fault::KnowsNothing));
            match key.clone().and_then(|key| known.get(&key)) {
                None => {
                    known.extend(key.map(|key| (key, records.len())));
                    records.push((tenant, record.clone()));
                    imported.added += 1;
                }
                Some(at) if records[*at].1 == *record => imported.unchanged += 1,
                Some(at) if updates => {
                    records[*at].1 = record.clone();
                    imported.updated += 1;
                }
                Some(_) => imported.conflicts.push(position),
            }
        }
        let undoes = batch.on_conflict == OnConflict::Undo && !self.is(Fault::UndoesNothing);
        if undoes && !imported.conflicts.is_empty() {
            *tables = before;
            return Ok(Imported { conflicts: imported.conflicts, ..Imported::default() });
        }
        Ok(imported)
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        let tables = self.tables();
        let mut checkpoints = tables.checkpoints.iter();
        let known = checkpoints.find(|(of, known, _)| (*of, known.as_str()) == (tenant, source));
        Ok(known.map_or(0, |(_, _, records)| *records))
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        Ok(self.tables().records.iter().filter(|(of, _)| *of == tenant).count() as u64)
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let before = tables.records.len();
        tables.records.retain(|(of, record)| {
            let start = record.start().unwrap();
            let goes = match deletion {
                Deletion::Before(instant) if self.is(Fault::DeletesTheEdge) => start <= *instant,
                Deletion::Before(instant) => start < *instant,
                Deletion::All => true,
                Deletion::Field(Field::StartDate, _) => false,
                Deletion::Field(field, text) => record.text(*field) == text,
                _ => false,
            };
            *of != tenant || !goes
        });
        let deleted = (before - tables.records.len()) as u64;
        Ok(if self.is(Fault::CountsNoDeletion) { 0 } else { deleted })
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        _: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        let mut tables = self.tables();
        if tables.tenants.iter().any(|tenant| tenant.name == name) {
            return Err(StoreError::new(StoreErrorKind::Exists, "it is there"));
        }
        let others = tables.tenants.iter().map(|tenant| tenant.name.as_str());
        if let Some(problem) = NameProblem::of(name, others)
            && !self.is(Fault::TakesAnyName)
        {
            return Err(refused(problem));
        }
        tables.tenant_numbers += 1;
        let number = match self.fault {
            Fault::LeavesRecords => 1 + tables.tenants.len() as i64,
            _ => tables.tenant_numbers,
        };
        let tenant = Tenant { id: TenantId(number), name: name.to_owned(), zone };
        tables.tenants.push(tenant.clone());
        Ok(tenant)
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        let mut tables = self.tables();
        let none = || StoreError::new(StoreErrorKind::NotFound, "no such tenant");
        let known = tables.tenants.iter_mut().find(|known| known.name == tenant);
        let known = known.ok_or_else(none)?;
        if !self.is(Fault::KeepsZones) {
            known.zone = zone;
        }
        Ok(Tenant { zone, ..known.clone() })
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let mut tenants = self.tables().tenants.clone();
        tenants.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(tenants)
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.tables().tenant(tenant)?;
        let records = match self.fault {
            Fault::LeavesRecords => self.count(tenant).await?,
            _ => self.delete(tenant, &Deletion::All).await?,
        };
        let mut tables = self.tables();
        tables.tenants.retain(|known| known.id != tenant);
        tables.tokens.retain(|(of, _, _)| *of != tenant);
        tables.checkpoints.retain(|(of, _, _)| *of != tenant);
        Ok(records)
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        created: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        if !self.is(Fault::TakesAnyLabel) {
            TokenInfo::check_label(label)?;
        }
        let mut tables = self.tables();
        tables.tenant(tenant)?;
        let number = match self.fault {
            Fault::ReusesNumbers => {
                tables.tokens.iter().filter(|(of, _, _)| *of == tenant).count() as i64 + 1
            }
            _ => match tables.token_numbers.iter_mut().find(|(of, _)| *of == tenant) {
                Some((_, number)) => {
                    *number += 1;
                    *number
                }
                None => {
                    tables.token_numbers.push((tenant, 1));
                    1
                }
            },
        };
        let info = TokenInfo { id: number, label: label.to_owned(), created };
        tables.tokens.push((tenant, info.clone(), hash));
        Ok(info)
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        let tables = self.tables();
        let own = tables.tokens.iter().filter(|(of, _, _)| *of == tenant);
        Ok(own.map(|(_, info, _)| info.clone()).collect())
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let before = tables.tokens.len();
        if self.is(Fault::KeepsTokens) {
            return Ok(());
        }
        tables.tokens.retain(|(of, info, _)| (*of, info.id) != (tenant, token));
        match tables.tokens.len() == before {
            true => Err(StoreError::new(StoreErrorKind::NotFound, "no such token")),
            false => Ok(()),
        }
    }
}

async fn vectors() -> Option<Vectors> {
    Some(Vectors::new(Fault::None))
}

laws::tests!(vectors);

#[tokio::test]
async fn a_broken_law_is_found() {
    let mut kept = Vec::new();
    for (fault, law) in BROKEN {
        let law = *laws::ALL.iter().find(|known| known.name() == law).unwrap();
        let checked = tokio::spawn(async move { law.check(&Vectors::new(fault)).await });
        if checked.await.is_ok() {
            kept.push((fault, law.name()));
        }
    }
    assert!(kept.is_empty(), "{kept:?}");
}

/// The laws also work for a boxed store, as a program with several engines has it.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_law_is_told_and_checked() {
    let law = laws::ALL.iter().find(|law| law.name() == "a_label_is_one_line").unwrap();
    assert_eq!(
        law.to_string(),
        "a_label_is_one_line: a label is one line of at most 100 characters"
    );
    assert_eq!(format!("{law:?}"), "Law { name: \"a_label_is_one_line\", .. }");
    let store: Box<dyn Store> = Box::new(vcc_store::Sqlite::in_memory().unwrap());
    law.check(&*store).await;
}
