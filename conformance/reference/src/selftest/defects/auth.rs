use axum::http::HeaderValue;
use axum::http::header::WWW_AUTHENTICATE;
use vcc_store::StoredRecord;
use vcc_types::{Field, Row as _};

use crate::selftest::defect::Hook::{Answer, Ask, List, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::outgoing::Outgoing;
use crate::selftest::site::{Site, in_time, paged};
use vcc_conformance_core::fixture::unbase64;

/// Lets a request in whose credentials are as wrong as `fits` says: name, token, the right token.
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

/// All that is left out of a list belongs to somebody else.
fn everybody(site: &Site, wanted: impl Fn(&StoredRecord) -> bool) -> Vec<StoredRecord> {
    let all = site.residents.iter().flat_map(|resident| &resident.rows);
    let mut rows: Vec<_> = all.filter(|row| wanted(row)).cloned().collect();
    rows.sort_by_key(StoredRecord::start_micros);
    rows
}

/// Credentials in another form than that of the documentation.
fn in_form(incoming: &mut Incoming, read: impl Fn(&str) -> Option<(String, String)>) {
    if let Some((name, token)) = incoming.authorization().and_then(read) {
        incoming.sign(&name, &token);
    }
}

fn pair(coded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(unbase64(coded.trim())?).ok()?;
    let (name, token) = text.split_once(':')?;
    Some((name.into(), token.into()))
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
        defect(
            "broken-credentials-500",
            &["AUTH-3c", "STATUS-1a"],
            "that answers 500 to credentials that it cannot read",
            Refuse(500, "internal error", |outgoing, incoming, _| {
                outgoing.status != 200
                    && incoming.authorization().is_some()
                    && incoming.credentials().is_none()
            }),
        ),
        defect(
            "broken-credentials-empty",
            &["AUTH-3c"],
            "that answers credentials that it cannot read with an empty list",
            Answer(|outgoing, incoming, _| {
                if outgoing.status != 200
                    && incoming.authorization().is_some()
                    && incoming.credentials().is_none()
                {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "broken-credentials-404",
            &["AUTH-3c"],
            "that answers 404 to credentials that it cannot read",
            Refuse(404, "not found", |outgoing, incoming, _| {
                outgoing.status != 200
                    && incoming.authorization().is_some()
                    && incoming.credentials().is_none()
            }),
        ),
        defect(
            "credentials-mended",
            &["AUTH-3c"],
            "that reads credentials behind Basic : and without padding",
            Ask(|incoming, _| {
                in_form(incoming, |text| {
                    let coded = text.strip_prefix("Basic")?.trim_start_matches([' ', ':']);
                    let coded = coded.trim_end_matches('=').replace(['!', ' ', '\t'], "");
                    let padding = (4 - coded.len() % 4) % 4;
                    pair(&format!("{coded}{}", "=".repeat(padding)))
                });
            }),
        ),
        defect(
            "any-scheme",
            &["AUTH-3c"],
            "that reads Basic credentials under any scheme",
            Ask(|incoming, _| {
                in_form(incoming, |text| text.split_once(' ').and_then(|(_, coded)| pair(coded)));
            }),
        ),
        defect(
            "credentials-in-plain",
            &["AUTH-3c"],
            "that reads credentials that are not encoded",
            Ask(|incoming, _| {
                in_form(incoming, |text| {
                    let (name, token) = text.strip_prefix("Basic ")?.split_once(':')?;
                    Some((name.into(), token.into()))
                });
            }),
        ),
        defect(
            "bearer-tokens",
            &["AUTH-3c"],
            "that takes a token as Bearer",
            Ask(|incoming, site| {
                let token = incoming.authorization().and_then(|text| text.strip_prefix("Bearer "));
                let token = token.map(str::to_owned);
                let resident = site.residents.iter().find(|one| Some(&one.token) == token.as_ref());
                if let Some(resident) = resident {
                    incoming.sign(&resident.name, &resident.token);
                }
            }),
        ),
        defect(
            "token-alone",
            &["AUTH-3c", "AUTH-3a"],
            "that takes a token without a name",
            Ask(|incoming, site| {
                let text = incoming
                    .authorization()
                    .and_then(|text| text.split_once(' '))
                    .and_then(|(_, coded)| String::from_utf8(unbase64(coded.trim())?).ok());
                let text = text.map(|text| text.trim_start_matches(':').to_owned());
                let resident = site.residents.iter().find(|one| Some(&one.token) == text.as_ref());
                if let Some(resident) = resident {
                    incoming.sign(&resident.name, &resident.token);
                }
            }),
        ),
        defect(
            "credentials-in-the-query",
            &["AUTH-2a", "AUTH-3a"],
            "that takes the token from the query",
            Ask(|incoming, site| {
                let token = incoming.get("token").or_else(|| incoming.get("api_key"));
                if incoming.authorization().is_none() && token.is_some() {
                    incoming.sign(&site.residents[0].name, &site.residents[0].token);
                    incoming.query = None;
                }
            }),
        ),
        defect(
            "good-credentials-refused",
            &["AUTH-1"],
            "that refuses every second tenant",
            Refuse(403, "The tenant name or the token is wrong.", |_, incoming, site| {
                let (name, _) = incoming.credentials().unwrap_or_default();
                let at = site.residents.iter().position(|resident| resident.name == name);
                at.is_some_and(|at| at % 2 == 1)
            }),
        ),
    ],
};

/// Whether a request asks for something of a record.
fn has_filters(selection: &vcc_query::Selection) -> bool {
    !selection.filters.is_empty()
}

pub(super) const TENANTS: Family = Family {
    name: "other tenants' recordings",
    defects: &[
        defect(
            "all-see-all",
            &["AUTH-4"],
            "that lists the recordings of all tenants",
            List(|s, _, site| paged(everybody(site, |row| s.matches(row)), s)),
        ),
        defect(
            "the-others",
            &["AUTH-4"],
            "that adds the recordings of another tenant at the end",
            List(|s, incoming, site| {
                let mine = site.resident(incoming);
                let other = site.residents.iter().find(|resident| resident.name != mine.name);
                let rows = mine.rows.iter().chain(other.iter().flat_map(|other| &other.rows));
                paged(rows.filter(|row| s.matches(row)).cloned().collect(), s)
            }),
        ),
        defect(
            "leak-by-field",
            &["AUTH-4"],
            "that forgets the tenant where fields are given",
            List(|s, incoming, site| {
                if has_filters(s) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-transaction",
            &["AUTH-4"],
            "that forgets the tenant where a transactionID is given",
            List(|s, incoming, site| {
                if s.filters.iter().any(|filter| filter.field == Field::TransactionId) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-file-name",
            &["AUTH-4"],
            "that forgets the tenant where a file name is given",
            List(|s, incoming, site| {
                if s.filters.iter().any(|filter| filter.field == Field::Filename) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-date",
            &["AUTH-4"],
            "that forgets the tenant where d is given",
            List(|s, incoming, site| {
                if s.window.is_some() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-look-up",
            &["AUTH-4"],
            "that forgets the tenant in look-ups",
            List(|s, incoming, site| {
                if s.near.is_some() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-page",
            &["AUTH-4", "PAGE-3a", "PAGE-5a"],
            "that goes on with the recordings of others past the end",
            List(|s, incoming, site| {
                let mine = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                let mut rows: Vec<_> = mine.cloned().collect();
                if s.first > 1 {
                    rows.extend(everybody(site, |row| s.matches(row)));
                }
                paged(rows, s)
            }),
        ),
        defect(
            "leak-in-csv",
            &["AUTH-4", "OUT-4a"],
            "that forgets the tenant in CSV",
            List(|s, incoming, site| {
                if incoming.is_csv() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "fields-of-another",
            &["AUTH-4", "FIELD-1a"],
            "that looks at the first tenant for everybody",
            List(|s, _, site| {
                let rows = site.residents[0].rows.iter().filter(|row| s.matches(row));
                paged(rows.cloned().collect(), s)
            }),
        ),
        defect(
            "collisions-merged",
            &["AUTH-4", "FIELD-1a", "PAGE-5a"],
            "that hides a recording whose transactionID another tenant has too",
            List(|s, incoming, site| {
                let mine = site.resident(incoming);
                let others = site.residents.iter().filter(|resident| resident.name != mine.name);
                let taken: Vec<&str> = others
                    .flat_map(|resident| &resident.rows)
                    .map(|row| row.text(Field::TransactionId))
                    .collect();
                site.page(s, incoming, |row| {
                    in_time(s, row)
                        && s.matches(row)
                        && !taken.contains(&row.text(Field::TransactionId))
                })
            }),
        ),
    ],
};
