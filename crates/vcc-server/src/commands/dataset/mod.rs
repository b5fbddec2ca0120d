//! `import --dataset`: tenants with their zones, tokens and recordings, as the conformance suite has them.

mod exported;
mod start;
mod written;

use std::collections::HashMap;
use std::path::Path;

use vcc_query::Zone;
use vcc_server::Clock;
use vcc_store::{Batch, OnConflict, Store, StoredRecord, Tenant, Token};

use super::failure::Failure;
use super::note;
use super::store::StoreArgs;
use super::words::counted;

/// A tenant of a dataset.
struct Wanted {
    name: String,
    token: String,
    zone: Zone,
    records: Vec<StoredRecord>,
}

/// The limits of a dataset, in bytes and in recordings: all of it is held in memory.
const MOST_BYTES: u64 = 64 << 20;
const MOST_RECORDS: usize = 1_000_000;

/// Loads what is missing. If a tenant of the same name does not belong to the dataset, nothing is
/// loaded.
pub(super) async fn load(folder: &Path, args: &StoreArgs) -> Result<(), Failure> {
    let wanted = read(folder, args)?;
    let store = args.create().await?;
    let mut missing = Vec::with_capacity(wanted.len());
    for tenant in &wanted {
        missing.push(lacks(&*store, tenant).await?);
    }
    for (tenant, missing) in wanted.iter().zip(missing) {
        fill(&*store, tenant, missing).await?;
    }
    note(
        "the tokens are those of the dataset: anybody who has it can read these tenants, so keep a \
         store with them to yourself",
    );
    Ok(())
}

/// A dataset as `vcc-conformance dataset export` writes it, or as the suite itself has it.
fn read(folder: &Path, args: &StoreArgs) -> Result<Vec<Wanted>, Failure> {
    let zone = |name: &str| args.zone(name);
    let inner = folder.join("dataset");
    let wanted = if folder.join(exported::TENANTS).is_file() {
        exported::read(folder, &zone)?
    } else {
        // `vcc-conformance copy` puts it beside the cases.
        let of = if inner.is_dir() { &inner } else { folder };
        written::read(of, &zone, Clock::system().now())?
    };
    if wanted.is_empty() {
        let name = folder.display();
        return Err(Failure::usage(format!("{name} holds no dataset")).hint(
            "expected tenants.json with a CSV for each tenant, as `vcc-conformance dataset export --dir \
             DIR` writes them, or a file TENANT.toml for each",
        ));
    }
    for (index, tenant) in wanted.iter().enumerate() {
        if wanted[..index].iter().any(|other| other.name == tenant.name) {
            let name = &tenant.name;
            return Err(Failure::usage(format!("the dataset has two tenants {name:?}")));
        }
        if tenant.token.is_empty() {
            let name = &tenant.name;
            return Err(Failure::usage(format!("the token of the tenant {name:?} is empty")));
        }
    }
    let records = wanted.iter().map(|tenant| tenant.records.len()).sum::<usize>();
    if records > MOST_RECORDS {
        return Err(too_much(&format!(
            "it has more than {}",
            counted(MOST_RECORDS as u64, "recording")
        )));
    }
    Ok(wanted)
}

/// The text of a file. `bytes` counts the bytes of all files so far, which are bounded.
fn text(path: &Path, bytes: &mut u64) -> Result<String, Failure> {
    let failed = |error| super::failure::cannot("read", path, &error);
    *bytes += path.metadata().map_err(failed)?.len();
    if *bytes > MOST_BYTES {
        return Err(too_much("its files have more than 64 MiB"));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn too_much(why: &str) -> Failure {
    Failure::new(format!("the dataset is too large to be loaded at once: {why}")).hint(
        "`vcc-server tenant add`, `token new --stdin` and `import --tenant NAME FILE` load any",
    )
}

/// What a store lacks of a tenant's recordings.
async fn lacks(store: &dyn Store, wanted: &Wanted) -> Result<Vec<StoredRecord>, Failure> {
    let Some(there) = store.tenant(&wanted.name).await? else { return Ok(wanted.records.clone()) };
    let name = &wanted.name;
    let refused = |why: String| {
        Failure::new(format!("the tenant {name:?} is there, and not as the dataset has it: {why}"))
            .hint(format!(
                "nothing was loaded; load into another store, or `vcc-server tenant remove {}` first",
                super::words::shell_word(name)
            ))
    };
    if there.zone.name() != wanted.zone.name() {
        return Err(refused(format!("its zone is {}, and not {}", there.zone, wanted.zone)));
    }
    let count = store.count(there.id).await?;
    // An empty tenant without tokens may be left by an interrupted load.
    if !opens(store, wanted).await? && (count > 0 || !store.tokens(there.id).await?.is_empty()) {
        return Err(refused("the token of the dataset does not open it".to_owned()));
    }
    let others = |number: u64| {
        refused(format!(
            "it holds {} that the dataset has not; those that are relative to today are of the day on \
             which they were loaded",
            counted(number, "recording")
        ))
    };
    let most = wanted.records.len() as u64;
    if count > most {
        return Err(others(count - most));
    }
    let mut held = held(store, &there).await?;
    let mut missing = Vec::new();
    for record in &wanted.records {
        match held.get_mut(&key(record)).filter(|number| **number > 0) {
            Some(number) => *number -= 1,
            None => missing.push(record.clone()),
        }
    }
    match held.values().sum() {
        0 => Ok(missing),
        number => Err(others(number)),
    }
}

/// Whether the token of a dataset opens its tenant.
async fn opens(store: &dyn Store, wanted: &Wanted) -> Result<bool, Failure> {
    let hash = Token::from_secret(&wanted.token).hash();
    let credentials = store.credentials(&wanted.name, &hash).await?;
    Ok(credentials.is_some_and(|found| hash.find_among(found.token.as_slice()).is_some()))
}

/// How often a tenant has each record.
async fn held(store: &dyn Store, tenant: &Tenant) -> Result<HashMap<Key, u64>, Failure> {
    let mut export = store.export(tenant.id, &super::export::everything(tenant.zone)).await?;
    let mut held = HashMap::new();
    while let Some(piece) = export.next().await? {
        for record in &piece {
            *held.entry(key(record)).or_default() += 1;
        }
    }
    Ok(held)
}

type Key = (i64, Vec<String>);

fn key(record: &StoredRecord) -> Key {
    (record.start_micros(), record.texts().map(str::to_owned).into())
}

/// Adds what a store lacks of a tenant.
async fn fill(
    store: &dyn Store,
    wanted: &Wanted,
    missing: Vec<StoredRecord>,
) -> Result<(), Failure> {
    let Wanted { name, zone, token, .. } = wanted;
    let now = Clock::system().now();
    let (tenant, is_new) = match store.tenant(name).await? {
        Some(tenant) => (tenant, false),
        None => (store.add_tenant(name, *zone, now).await?, true),
    };
    if !opens(store, wanted).await? {
        store.add_token(tenant.id, Token::from_secret(token).hash(), "dataset", now).await?;
    }
    let (all, records) = (wanted.records.len() as u64, missing.len() as u64);
    let batch = Batch { records: missing, on_conflict: OnConflict::Undo, checkpoint: None };
    let imported = store.import(tenant.id, batch).await?;
    let same = imported.conflicts.len() as u64 + imported.unchanged;
    if same > 0 {
        return Err(Failure::in_part(format!(
            "{name}: {} of the dataset had to be left out: the transactionID and the filename together \
             are those of another",
            counted(same, "recording")
        )));
    }
    note(match records {
        0 if !is_new => format!("{name} ({zone}) is there with its {}", counted(all, "recording")),
        _ if records < all => {
            format!(
                "{name} ({zone}) lacked {} of {all}, and has them",
                counted(records, "recording")
            )
        }
        _ => format!("loaded {name} ({zone}) with {}", counted(all, "recording")),
    });
    Ok(())
}
