//! Tokens, and what a request is checked against.

use super::samples::{NOW, acme, everything, record};
use crate::{Credentials, Store, StoreErrorKind, Token, TokenHash};

/// The number of the token of `acme` that this is.
async fn opens(store: &dyn Store, token: &TokenHash) -> Option<i64> {
    let known = store.credentials("acme", token).await.unwrap().unwrap().token;
    token.find_among(known.as_slice())
}

pub(super) async fn tokens_are_many_and_go_one_by_one(store: &dyn Store) {
    let acme = acme(store).await;
    let tokens = [Token::generate().unwrap(), Token::generate().unwrap()];
    for (token, label) in tokens.iter().zip(["first", "second"]) {
        store.add_token(acme.id, token.hash(), label, NOW).await.unwrap();
    }
    let listed = store.tokens(acme.id).await.unwrap();
    assert_eq!(listed[0].label, "first");
    // The number that a token is listed by is the one that a request by it is known by.
    for (token, listed) in tokens.iter().zip(&listed) {
        assert_eq!(opens(store, &token.hash()).await, Some(listed.id));
    }
    store.revoke_token(acme.id, listed[0].id).await.unwrap();
    assert_eq!(opens(store, &tokens[0].hash()).await, None);
    assert_eq!(opens(store, &tokens[1].hash()).await, Some(listed[1].id));
    let again = store.revoke_token(acme.id, listed[0].id).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::NotFound);

    // A number is never given twice.
    store.revoke_token(acme.id, listed[1].id).await.unwrap();
    let third = store.add_token(acme.id, TokenHash::of(b"x"), "third", NOW).await.unwrap();
    assert_eq!(third.id, 3);
}

/// AUTH-3, AUTH-5: a token opens its own tenant, whatever others there are.
pub(super) async fn a_token_opens_its_tenant_alone(store: &dyn Store) {
    let acme = acme(store).await;
    let globex = store.add_tenant("globex", "UTC".parse().unwrap(), NOW).await.unwrap();
    for number in 1..=300 {
        let hash = TokenHash::of(format!("token {number}").as_bytes());
        let made = store.add_token(acme.id, hash, "", NOW).await.unwrap();
        assert_eq!(made.id, number);
    }
    let theirs = TokenHash::of(b"theirs");
    store.add_token(globex.id, theirs, "", NOW).await.unwrap();
    for number in [1, 150, 300] {
        let hash = TokenHash::of(format!("token {number}").as_bytes());
        assert_eq!(opens(store, &hash).await, Some(number));
        let other = store.credentials("globex", &hash).await.unwrap().unwrap();
        assert!(other.tenant.name == "globex" && other.token.is_none());
        // The tenant that was added first is looked at for a name that nobody has.
        assert!(store.credentials("nobody", &hash).await.unwrap().is_none());
    }
    assert_eq!(opens(store, &theirs).await, None);
    // One that was taken twice goes by the number of the first, as long as that is valid.
    let twice = TokenHash::of(b"token 7");
    let again = store.add_token(acme.id, twice, "", NOW).await.unwrap();
    assert_eq!(opens(store, &twice).await, Some(7));
    store.revoke_token(acme.id, 7).await.unwrap();
    assert_eq!(opens(store, &twice).await, Some(again.id));
    store.revoke_token(acme.id, again.id).await.unwrap();
    assert_eq!(opens(store, &twice).await, None);
}

pub(super) async fn a_label_is_one_line(store: &dyn Store) {
    let acme = acme(store).await;
    let hash = TokenHash::of(b"x");
    for label in ["a\nb", "a\0", "\u{202e}", &"x".repeat(101)] {
        let error = store.add_token(acme.id, hash, label, NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{label:?}");
    }
    let longest = "é".repeat(100);
    assert_eq!(store.add_token(acme.id, hash, &longest, NOW).await.unwrap().id, 1);
    assert_eq!(store.tokens(acme.id).await.unwrap()[0].label, longest);
}

pub(super) async fn a_request_is_decided_upon_once(store: &dyn Store) {
    let acme = acme(store).await;
    store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap();
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    for (name, selects, records) in
        [("acme", true, Some(1)), ("acme", false, None), ("globex", true, None)]
    {
        let mut asked = Vec::new();
        let mut decide = |credentials: Option<Credentials>| {
            asked.push(credentials.map(|Credentials { tenant, token }| {
                (tenant.id, TokenHash::of(b"x").find_among(token.as_slice()))
            }));
            selects.then(everything)
        };
        let page = store.answer(name, &TokenHash::of(b"x"), &mut decide).await.unwrap();
        assert_eq!(page.map(|page| page.records.len()), records, "{name} {selects}");
        let known = (name == "acme").then_some((acme.id, Some(1)));
        assert_eq!(asked, [known], "{name} {selects}");
    }
}
