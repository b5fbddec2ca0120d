//! What both engines say when they refuse, in the same words.

use chrono::DateTime;
use vcc_query::{BuiltIn, ZoneData as _};
use vcc_store::{Batch, Checkpoint, Store, StoredRecord, TokenHash, laws};
use vcc_types::{Field, Recording};

use super::everything;

pub(crate) async fn are_said(store: &dyn Store) {
    let (zone, now) = ("UTC".parse().unwrap(), DateTime::UNIX_EPOCH);
    let acme = store.add_tenant("acme", zone, now).await.unwrap().id;
    let said = store.add_tenant("acme", zone, now).await.unwrap_err().to_string();
    assert_eq!(said, "there is a tenant \"acme\" already");
    for (name, wrong) in [
        (" globex", "begins or ends with white space, U+0020"),
        ("globex\u{2003}", "begins or ends with white space, U+2003"),
        ("glo\u{202e}bex", "has the format character U+202E"),
        ("glo\u{7}bex", "has the control character U+0007"),
        ("globe\u{301}x", "is not in Unicode's normal form NFC: expected \"\\u{67}"),
        ("ACME", "looks like that of the tenant \"acme\""),
        ("\u{ff41}cme", "looks like that of the tenant \"acme\""),
        ("acme\u{fe0f}", "looks like that of the tenant \"acme\""),
    ] {
        let said = store.add_tenant(name, zone, now).await.unwrap_err().to_string();
        assert!(said.starts_with(&format!("the tenant name {name:?} {wrong}")), "{said}");
        assert!(said.contains("expected"), "{said}");
    }
    let said = store.set_zone("globex", zone).await.unwrap_err().to_string();
    assert_eq!(said, "there is no such tenant");
    let said = store.revoke_token(acme, 1).await.unwrap_err().to_string();
    assert_eq!(said, "the tenant has no token 1");
    let said =
        store.add_token(acme, TokenHash::of(b"x"), "a\nb", now).await.unwrap_err().to_string();
    assert!(said.starts_with("the label \"a\\nb\" holds U+000A: expected one line"), "{said}");

    let step = |after, records| {
        let checkpoint = Some(Checkpoint { source: "file".into(), after, records });
        store.import(acme, Batch { checkpoint, ..Batch::default() })
    };
    step(0, 1).await.unwrap();
    let said = step(0, 1).await.unwrap_err().to_string();
    assert_eq!(said, "another import of the same source has gone on or ended meanwhile");

    for field in [Field::StartDate, Field::AgentId, Field::PhoneNumber, Field::TransactionId] {
        let said = store.set_index(field, true).await.unwrap_err().to_string();
        let all = "channel, caseID, duration, filename, queueID, queueName, accountNumber, extVar1, \
                   extVar2, outDialCode, wrapUpCode";
        assert_eq!(said, format!("{field} has an index in every store: expected one of {all}"));
    }

    let long = Recording::new().with(Field::ExtVar1, &"x".repeat(200_000));
    let long = StoredRecord::with_start(&long, now).unwrap();
    store.import(acme, vec![long; 5].into()).await.unwrap();
    let rest = store.begin(acme, &everything()).await.unwrap().rest.unwrap();
    store.remove_tenant(acme).await.unwrap();
    let said = store.rest(acme, &everything(), rest).await.unwrap_err().to_string();
    let changed =
        "records of the page were deleted or changed while it was read in pieces: ask for it again";
    assert_eq!(said, changed);
}

/// Of two stores on one database that has a tenant `acme`: the one has the zones of a company, and the other
/// has not.
pub(crate) async fn an_unknown_zone_is_said(with: &dyn Store, without: &dyn Store) {
    let zone = laws::company_zones().zone("Company/Office").unwrap();
    with.set_zone("acme", zone).await.unwrap();
    let said = without.tenant("acme").await.unwrap_err().to_string();
    let data = BuiltIn.version().unwrap();
    assert_eq!(
        said,
        format!(
            "the tenant \"acme\" has the zone \"Company/Office\", which the zone data {data} does not have"
        )
    );
}
