use axum::http::HeaderValue;
use axum::http::header::WWW_AUTHENTICATE;

use crate::selftest::defect::Hook::{Answer, Ask, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::outgoing::Outgoing;
use crate::selftest::site::Site;

/// Lets a request in as the first tenant that `fits` finds: by the name and token that were sent,
/// and the name and token of the tenant.
fn let_in(incoming: &mut Incoming, site: &Site, fits: impl Fn(&str, &str, &str, &str) -> bool) {
    let Some((name, token)) = incoming.credentials() else { return };
    let known = site.residents.iter().find(|one| fits(&name, &token, &one.name, &one.token));
    if let Some(known) = known {
        incoming.sign(&known.name, &known.token);
    }
}

fn known(site: &Site, incoming: &Incoming) -> bool {
    incoming
        .credentials()
        .is_some_and(|(name, _)| site.residents.iter().any(|resident| resident.name == name))
}

fn is_forbidden(outgoing: &Outgoing) -> bool {
    matches!(outgoing.status, 401 | 403)
}

pub(super) const AUTH: Family = Family {
    name: "credentials",
    defects: &[
        defect(
            "any-token",
            &["AUTH-3a"],
            "that takes any token",
            Ask(|incoming, site| let_in(incoming, site, |name, _, known, _| name == known)),
        ),
        defect(
            "any-tenant",
            &["AUTH-3a"],
            "that takes any tenant with a token that exists",
            Ask(|incoming, site| let_in(incoming, site, |_, token, _, right| token == right)),
        ),
        defect(
            "any-credentials",
            &["AUTH-3a", "AUTH-3c"],
            "that takes any credentials",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, _, known, _| name == known || known == "acme")
            }),
        ),
        defect(
            "tokens-of-all",
            &["AUTH-3a"],
            "that takes the token of any tenant",
            Ask(|incoming, site| {
                let exists = incoming.credentials().is_some_and(|(_, token)| {
                    site.residents.iter().any(|resident| resident.token == token)
                });
                let_in(incoming, site, |name, _, known, _| exists && name == known);
            }),
        ),
        defect(
            "empty-token",
            &["AUTH-3a"],
            "that takes an empty token",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, _| name == known && token.is_empty())
            }),
        ),
        defect(
            "token-prefix",
            &["AUTH-3a"],
            "that compares the beginning of tokens",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, right| {
                    name == known
                        && !token.is_empty()
                        && (right.starts_with(token) || token.starts_with(right))
                });
            }),
        ),
        defect(
            "token-case-ignored",
            &["AUTH-3a"],
            "that compares tokens in any case",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, right| {
                    name == known && token.eq_ignore_ascii_case(right)
                });
            }),
        ),
        defect(
            "token-trimmed",
            &["AUTH-3a"],
            "that trims tokens",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, right| {
                    name == known && token.trim() == right
                });
            }),
        ),
        defect(
            "tenant-case-ignored",
            &["AUTH-3a"],
            "that compares the names of tenants in any case",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, right| {
                    token == right && name.eq_ignore_ascii_case(known)
                });
            }),
        ),
        defect(
            "tenant-trimmed",
            &["AUTH-3a"],
            "that trims the names of tenants",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, right| {
                    token == right && name.trim() == known
                });
            }),
        ),
        defect(
            "name-and-token-swapped",
            &["AUTH-3a", "AUTH-1"],
            "that takes name and token the other way round",
            Ask(|incoming, site| {
                let_in(incoming, site, |name, token, known, right| name == right && token == known)
            }),
        ),
        defect(
            "last-colon-ends-the-name",
            &["AUTH-5b"],
            "in whose credentials the last : ends the name",
            Refuse(403, "The tenant name or the token is wrong.", |_, incoming, _| {
                incoming.credentials().is_some_and(|(_, token)| token.contains(':'))
            }),
        ),
        defect(
            "nobody-sees-all",
            &["AUTH-2a"],
            "that answers without credentials",
            Ask(|incoming, site| {
                if incoming.authorization().is_none() {
                    incoming.sign(&site.residents[0].name, &site.residents[0].token);
                }
            }),
        ),
        defect(
            "nobody-sees-nothing",
            &["AUTH-2a"],
            "that answers a request without credentials with an empty list",
            Answer(|outgoing, incoming, _| {
                if incoming.authorization().is_none() {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "nobody-400",
            &["AUTH-2a"],
            "that answers 400 without credentials",
            Refuse(400, "no credentials", |_, incoming, _| incoming.authorization().is_none()),
        ),
        defect(
            "nobody-404",
            &["AUTH-2a"],
            "that answers 404 without credentials",
            Refuse(404, "not found", |_, incoming, _| incoming.authorization().is_none()),
        ),
        defect(
            "nobody-redirected",
            &["AUTH-2a"],
            "that redirects to a page where one logs in",
            Answer(|outgoing, incoming, _| {
                if incoming.authorization().is_none() {
                    outgoing.refuse(302, "");
                    outgoing.header("location", "/login");
                }
            }),
        ),
        defect(
            "no-challenge",
            &["AUTH-2b"],
            "whose 401 has no challenge",
            Answer(|outgoing, _, _| {
                outgoing.headers.remove(WWW_AUTHENTICATE);
            }),
        ),
        defect(
            "another-challenge",
            &["AUTH-2b"],
            "whose challenge is Bearer",
            Answer(|outgoing, _, _| {
                if outgoing.headers.contains_key(WWW_AUTHENTICATE) {
                    outgoing.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                }
            }),
        ),
        defect(
            "wrong-tokens-400",
            &["AUTH-3a"],
            "that answers 400 to a wrong token",
            Refuse(400, "wrong token", |outgoing, incoming, _| {
                is_forbidden(outgoing) && incoming.credentials().is_some()
            }),
        ),
        defect(
            "wrong-tokens-404",
            &["AUTH-3a", "AUTH-3b"],
            "that answers 404 to a tenant that it does not know",
            Refuse(404, "no such tenant", |outgoing, incoming, site| {
                is_forbidden(outgoing) && incoming.credentials().is_some() && !known(site, incoming)
            }),
        ),
        defect(
            "wrong-tokens-empty",
            &["AUTH-3a"],
            "that answers a wrong token with an empty list",
            Answer(|outgoing, incoming, _| {
                if is_forbidden(outgoing) && incoming.credentials().is_some() {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "wrong-tokens-500",
            &["AUTH-3a", "STATUS-1a"],
            "that answers 500 to a tenant that it does not know",
            Refuse(500, "internal error", |outgoing, incoming, site| {
                is_forbidden(outgoing) && incoming.credentials().is_some() && !known(site, incoming)
            }),
        ),
        defect(
            "tenants-told-by-body",
            &["AUTH-3b"],
            "whose body tells an unknown tenant from a wrong token",
            Answer(|outgoing, incoming, site| {
                if is_forbidden(outgoing) && incoming.credentials().is_some() {
                    let text: &[u8] =
                        if known(site, incoming) { b"wrong token" } else { b"unknown tenant" };
                    outgoing.body = text.to_vec();
                }
            }),
        ),
        defect(
            "tenants-told-by-challenge",
            &["AUTH-3b"],
            "whose challenge tells an unknown tenant from a wrong token",
            Answer(|outgoing, incoming, site| {
                if is_forbidden(outgoing)
                    && incoming.credentials().is_some()
                    && known(site, incoming)
                {
                    outgoing.header("www-authenticate", "Basic realm=\"this tenant\"");
                }
            }),
        ),
        defect(
            "tenants-told-by-status",
            &["AUTH-3b", "AUTH-3a"],
            "whose status tells an unknown tenant from a wrong token",
            Answer(|outgoing, incoming, site| {
                if is_forbidden(outgoing) && incoming.credentials().is_some() {
                    let status = if known(site, incoming) { 403 } else { 401 };
                    outgoing.refuse(status, "wrong credentials");
                }
            }),
        ),
    ],
};
