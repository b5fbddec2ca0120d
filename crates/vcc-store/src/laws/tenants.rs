//! Tenants: their names, their zones and what they have.

use std::sync::Arc;

use vcc_query::{BuiltIn, Stretch, Zone, ZoneData, ZoneRules};
use vcc_types::Field;

use super::samples::{NOW, acme, everything, record};
use crate::{Credentials, Deletion, Store, StoreErrorKind, TokenHash};

pub(super) async fn tenants_come_and_go(store: &dyn Store) {
    let acme = acme(store).await;
    store.add_tenant("Globex", "UTC".parse().unwrap(), NOW).await.unwrap();
    let again = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::Exists);
    for name in ["", "a:b", "a\nb", &"a".repeat(256)] {
        let error = store.add_tenant(name, "UTC".parse().unwrap(), NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{name:?}");
    }
    let listed = store.tenants().await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|tenant| (tenant.name.as_str(), tenant.zone.name())).collect();
    assert_eq!(listed, [("Globex", "UTC"), ("acme", "America/Denver")]);

    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap();
    assert_eq!(store.remove_tenant(acme.id).await.unwrap(), 1);
    assert!(store.credentials("acme", &TokenHash::of(b"x")).await.unwrap().is_none());
    let gone = [
        store.remove_tenant(acme.id).await.unwrap_err(),
        store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap_err(),
        store.import(acme.id, vec![].into()).await.unwrap_err(),
    ];
    assert!(gone.iter().all(|error| error.kind() == StoreErrorKind::NotFound), "{gone:?}");
    assert_eq!(store.tenants().await.unwrap().len(), 1);
    assert_eq!(store.count(acme.id).await.unwrap(), 0);
    assert_eq!(store.page(acme.id, &everything()).await.unwrap().records, []);

    // Another tenant of that name has nothing of the one before.
    let again = super::samples::acme(store).await;
    assert_eq!(store.count(again.id).await.unwrap(), 0);
    assert_eq!(store.tokens(again.id).await.unwrap(), []);
}

/// AUTH-7: what a new tenant is not called.
pub(super) async fn names_are_plain_and_look_like_no_other(store: &dyn Store) {
    acme(store).await;
    let zone = "UTC".parse().unwrap();
    for name in [
        " globex",
        "globex\u{2003}",
        "glo\u{202e}bex",
        "glo\u{7}bex",
        "globe\u{301}x",
        "ACME",
        "\u{ff41}cme",
        "acme\u{fe0f}",
    ] {
        let error = store.add_tenant(name, zone, NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{name:?}");
    }
    // Sign-in compares bytes.
    store.add_tenant("café", zone, NOW).await.unwrap();
    for name in ["cafe\u{301}", "Café", "ACME", "acme "] {
        assert!(store.credentials(name, &TokenHash::of(b"x")).await.unwrap().is_none(), "{name:?}");
    }
    // A name that is free again is free for what looks like it, too.
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    store.remove_tenant(acme).await.unwrap();
    store.add_tenant("ACME", zone, NOW).await.unwrap();
}

/// AUTH-7: of names that look alike, added at once, one is taken.
pub(super) async fn of_two_names_that_look_alike_one_is_taken(store: &dyn Store) {
    let zone = "UTC".parse().unwrap();
    for round in 0..8 {
        let add = |name: String| async move { store.add_tenant(&name, zone, NOW).await };
        let name = |first: &str| format!("{first}cme {round}");
        let added =
            tokio::join!(add(name("a")), add(name("A")), add(name("\u{ff21}")), add(name("a")));
        let added = [added.0, added.1, added.2, added.3];
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1, "{added:?}");
    }
    assert_eq!(store.tenants().await.unwrap().len(), 8);
}

pub(super) async fn an_overview_counts_what_tenants_have(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("Other", "UTC".parse().unwrap(), NOW).await.unwrap();
    let many: Vec<_> = (0..300).map(|n| record(&n.to_string(), "f", "bill")).collect();
    store.import(acme.id, many[..7].to_vec().into()).await.unwrap();
    store.import(other.id, many.into()).await.unwrap();
    let bill = Deletion::Field(Field::TransactionId, "7".into());
    store.delete(other.id, &bill).await.unwrap();
    for label in ["first", "second"] {
        store.add_token(acme.id, TokenHash::of(label.as_bytes()), label, NOW).await.unwrap();
    }
    store.revoke_token(acme.id, 1).await.unwrap();
    store.add_tenant("empty", "UTC".parse().unwrap(), NOW).await.unwrap();
    let overview = store.overview().await.unwrap();
    let found: Vec<_> = overview
        .iter()
        .map(|of| (of.tenant.name.as_str(), of.recordings, of.tokens, &of.problem))
        .collect();
    assert_eq!(found, [("Other", 299, 0, &None), ("acme", 7, 1, &None), ("empty", 0, 0, &None)]);
}

/// DATE-3: the zone of a tenant is another from the next request on. Nothing else of it changes, and
/// nothing of others.
pub(super) async fn the_zone_of_a_tenant_can_be_set(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("Globex", "UTC".parse().unwrap(), NOW).await.unwrap();
    store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap();
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    let before = store.page(acme.id, &everything()).await.unwrap().records;

    // The same zone too is no failure.
    for zone in ["Asia/Tokyo", "Asia/Tokyo", "US/Pacific"] {
        let set = store.set_zone("acme", zone.parse().unwrap()).await.unwrap();
        assert_eq!((set.id, set.name.as_str(), set.zone.name()), (acme.id, "acme", zone));
        let mut asked = None;
        let mut decide = |credentials: Option<Credentials>| {
            asked = credentials;
            None
        };
        store.answer("acme", &TokenHash::of(b"x"), &mut decide).await.unwrap();
        let asked = asked.unwrap();
        assert_eq!((asked.tenant.zone.name(), asked.token.is_some()), (zone, true));
        let credentials = store.credentials("acme", &TokenHash::of(b"x")).await.unwrap().unwrap();
        assert_eq!(credentials.tenant.zone.name(), zone);
        assert_eq!(store.tenant("acme").await.unwrap().unwrap().zone.name(), zone);
    }
    // Instants are kept as instants.
    assert_eq!(store.page(acme.id, &everything()).await.unwrap().records, before);
    assert_eq!(store.tenant("Globex").await.unwrap().unwrap().zone, other.zone);
    for nobody in ["ACME", "", "ac\0me"] {
        let error = store.set_zone(nobody, other.zone).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotFound, "{nobody:?}");
    }
    assert_eq!(store.tenants().await.unwrap().len(), 2);
}

/// A zone that nobody else has, beside the built-in ones.
#[derive(Debug)]
struct Company;

impl ZoneRules for Company {
    fn name(&self) -> &str {
        "Company/Office"
    }

    fn stretch(&self, at: i64) -> Stretch {
        Stretch { offset: 1_234, until: at + 86_400 }
    }
}

impl ZoneData for Company {
    fn version(&self) -> Option<&str> {
        None
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        match name {
            "Company/Office" => Some(Zone::from_rules(&Company)),
            _ => BuiltIn.zone(name),
        }
    }
}

/// Zone data that has the zone `Company/Office` beside the built-in ones, for
/// [`zones_are_read_in_the_data_that_is_given`].
#[must_use]
pub fn company_zones() -> Arc<dyn ZoneData + Send + Sync> {
    Arc::new(Company)
}

/// DATE-13: a store reads the zones of tenants in the data that it was given. `with` reads them in the
/// data of [`company_zones`], and `without`, on the same empty database, in the built-in data.
///
/// An engine that takes no zone data need not keep this law, so it is not in [`ALL`](super::ALL).
///
/// # Panics
///
/// The stores break it.
pub async fn zones_are_read_in_the_data_that_is_given(with: &dyn Store, without: &dyn Store) {
    with.add_tenant("acme", Zone::from_rules(&Company), NOW).await.unwrap();
    let zones = [
        with.tenant("acme").await.unwrap().unwrap().zone,
        with.credentials("acme", &TokenHash::of(b"x")).await.unwrap().unwrap().tenant.zone,
        with.tenants().await.unwrap()[0].zone,
    ];
    for zone in zones {
        assert_eq!(zone.offset_at(NOW).local_minus_utc(), 1_234);
    }
    let mut seen = None;
    let mut decide = |credentials: Option<Credentials>| {
        seen = credentials;
        None
    };
    with.answer("acme", &TokenHash::of(b"x"), &mut decide).await.unwrap();
    assert_eq!(seen.unwrap().tenant.zone.offset_at(NOW).local_minus_utc(), 1_234);

    let error = without.tenant("acme").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::UnknownZone);
    without.ready().await.unwrap();
    // AUTH-3: no other name is affected, whatever is read for an unknown one.
    assert!(without.credentials("nobody", &TokenHash::of(b"x")).await.unwrap().is_none());
    // The way out of it.
    without.set_zone("acme", Zone::UTC).await.unwrap();
    assert_eq!(without.tenant("acme").await.unwrap().unwrap().zone, Zone::UTC);
}
