//! A file that is replaced while it is read.

use vcc_store::{FollowedSqlite, Sqlite, Store as _, StoreErrorKind, StoredRecord};
use vcc_types::{Field, Recording};

use crate::{NOW, beside, common, fill};

/// The pieces of a page come from one file.
#[tokio::test]
async fn the_rest_of_a_page_is_not_read_in_another_file() {
    let at = tempfile::tempdir().unwrap();
    let (path, other) = (at.path().join("recordings.db"), at.path().join("other.db"));
    for path in [&path, &other] {
        let store = Sqlite::create(path).unwrap();
        let tenant = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap().id;
        let recording = Recording::new().with(Field::ExtVar1, &"x".repeat(100_000));
        let record = StoredRecord::with_start(&recording, NOW).unwrap();
        store.import(tenant, vec![record; 9].into()).await.unwrap();
    }
    let store = FollowedSqlite::open(&path, |path| Sqlite::open(path)).unwrap();
    let tenant = store.tenants().await.unwrap()[0].id;
    let everything = common::everything();
    let mut page = store.begin(tenant, &everything).await.unwrap();
    let rest = page.rest.take().unwrap();
    page = store.rest(tenant, &everything, rest).await.unwrap();
    let rest = page.rest.take().unwrap();
    std::fs::rename(&other, &path).unwrap();
    let error = store.rest(tenant, &everything, rest).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = "the store was replaced while the page was read in pieces: ask for it again";
    assert_eq!(error.to_string(), said);
    assert_eq!(store.page(tenant, &everything).await.unwrap().records.len(), 9);
}

/// If a link leads elsewhere now, the file that it led to keeps its log.
#[tokio::test]
async fn a_link_that_leads_elsewhere_leaves_the_log_of_its_file() {
    let at = tempfile::tempdir().unwrap();
    let (first, second, link) =
        (at.path().join("1.db"), at.path().join("2.db"), at.path().join("current.db"));
    for (path, tenant) in [(&first, "first"), (&second, "second")] {
        fill(&Sqlite::create(path).unwrap(), tenant, 10).await;
    }
    std::os::unix::fs::symlink(&first, &link).unwrap();
    let writer = Sqlite::open(&first).unwrap();
    let store = FollowedSqlite::open(&link, |path| Sqlite::open(path)).unwrap();
    writer.add_tenant("third", "UTC".parse().unwrap(), NOW).await.unwrap();
    let names = async || -> Vec<String> {
        store.tenants().await.unwrap().into_iter().map(|tenant| tenant.name).collect()
    };
    assert_eq!(names().await, ["first", "third"]);
    let log = std::fs::read(beside(&first, "-wal")).unwrap();
    let new = at.path().join("new");
    std::os::unix::fs::symlink(&second, &new).unwrap();
    std::fs::rename(&new, &link).unwrap();
    assert_eq!(names().await, ["second"]);
    assert!(!log.is_empty() && std::fs::read(beside(&first, "-wal")).unwrap() == log);
}
