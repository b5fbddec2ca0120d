use axum::http::HeaderValue;
use axum::http::header::WWW_AUTHENTICATE;
use vcc_store::StoredRecord;
use vcc_types::{Field, Row as _};

use crate::selftest::answered::Answered;
use crate::selftest::asked::Asked;
use crate::selftest::defect::Fault::{Answer, Ask, List};
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::{Site, in_time, paged};
use vcc_conformance_core::fixture::unbase64;

/// Lets a request in whose credentials are as wrong as `fits` says: name, token, the right token.
fn let_in(asked: &mut Asked, site: &Site, fits: impl Fn(&str, &str, &str, &str) -> bool) {
    let Some((name, token)) = asked.credentials() else { return };
    let known = site.residents.iter().find(|one| fits(&name, &token, &one.name, &one.token));
    if let Some(known) = known {
        asked.sign(&known.name, &known.token);
    }
}

fn known(site: &Site, asked: &Asked) -> bool {
    asked
        .credentials()
        .is_some_and(|(name, _)| site.residents.iter().any(|resident| resident.name == name))
}

fn is_forbidden(answered: &Answered) -> bool {
    matches!(answered.status, 401 | 403)
}

/// All that is left out of a list belongs to somebody else.
fn everybody(site: &Site, wanted: impl Fn(&StoredRecord) -> bool) -> Vec<StoredRecord> {
    let all = site.residents.iter().flat_map(|resident| &resident.rows);
    let mut rows: Vec<_> = all.filter(|row| wanted(row)).cloned().collect();
    rows.sort_by_key(StoredRecord::start_micros);
    rows
}

/// Credentials in another form than that of the documentation.
fn in_form(asked: &mut Asked, read: impl Fn(&str) -> Option<(String, String)>) {
    if let Some((name, token)) = asked.authorization().and_then(read) {
        asked.sign(&name, &token);
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
            Ask(|asked, site| let_in(asked, site, |name, _, known, _| name == known)),
        ),
        defect(
            "any-tenant",
            &["AUTH-3a"],
            "that takes any tenant with a token that exists",
            Ask(|asked, site| let_in(asked, site, |_, token, _, right| token == right)),
        ),
        defect(
            "any-credentials",
            &["AUTH-3a", "AUTH-3c"],
            "that takes any credentials",
            Ask(|asked, site| {
                let_in(asked, site, |name, _, known, _| name == known || known == "acme")
            }),
        ),
        defect(
            "tokens-of-all",
            &["AUTH-3a"],
            "that takes the token of any tenant",
            Ask(|asked, site| {
                let exists = asked.credentials().is_some_and(|(_, token)| {
                    site.residents.iter().any(|resident| resident.token == token)
                });
                let_in(asked, site, |name, _, known, _| exists && name == known);
            }),
        ),
        defect(
            "empty-token",
            &["AUTH-3a"],
            "that takes an empty token",
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, _| name == known && token.is_empty())
            }),
        ),
        defect(
            "token-prefix",
            &["AUTH-3a"],
            "that compares the beginning of tokens",
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, right| {
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
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, right| {
                    name == known && token.eq_ignore_ascii_case(right)
                });
            }),
        ),
        defect(
            "token-trimmed",
            &["AUTH-3a"],
            "that trims tokens",
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, right| {
                    name == known && token.trim() == right
                });
            }),
        ),
        defect(
            "tenant-case-ignored",
            &["AUTH-3a"],
            "that compares the names of tenants in any case",
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, right| {
                    token == right && name.eq_ignore_ascii_case(known)
                });
            }),
        ),
        defect(
            "tenant-trimmed",
            &["AUTH-3a"],
            "that trims the names of tenants",
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, right| {
                    token == right && name.trim() == known
                });
            }),
        ),
        defect(
            "name-and-token-swapped",
            &["AUTH-3a", "AUTH-1"],
            "that takes name and token the other way round",
            Ask(|asked, site| {
                let_in(asked, site, |name, token, known, right| name == right && token == known)
            }),
        ),
        defect(
            "last-colon-ends-the-name",
            &["AUTH-5b"],
            "in whose credentials the last : ends the name",
            Answer(|answered, asked, _| {
                if asked.credentials().is_some_and(|(_, token)| token.contains(':')) {
                    answered.refuse(403, "The tenant name or the token is wrong.");
                }
            }),
        ),
        defect(
            "nobody-sees-all",
            &["AUTH-2a"],
            "that answers without credentials",
            Ask(|asked, site| {
                if asked.authorization().is_none() {
                    asked.sign(&site.residents[0].name, &site.residents[0].token);
                }
            }),
        ),
        defect(
            "nobody-sees-nothing",
            &["AUTH-2a"],
            "that answers a request without credentials with an empty list",
            Answer(|answered, asked, _| {
                if asked.authorization().is_none() {
                    answered.nothing(asked);
                }
            }),
        ),
        defect(
            "nobody-400",
            &["AUTH-2a"],
            "that answers 400 without credentials",
            Answer(|answered, asked, _| {
                if asked.authorization().is_none() {
                    answered.refuse(400, "no credentials");
                }
            }),
        ),
        defect(
            "nobody-404",
            &["AUTH-2a"],
            "that answers 404 without credentials",
            Answer(|answered, asked, _| {
                if asked.authorization().is_none() {
                    answered.refuse(404, "not found");
                }
            }),
        ),
        defect(
            "nobody-redirected",
            &["AUTH-2a"],
            "that redirects to a page where one logs in",
            Answer(|answered, asked, _| {
                if asked.authorization().is_none() {
                    answered.refuse(302, "");
                    answered.header("location", "/login");
                }
            }),
        ),
        defect(
            "no-challenge",
            &["AUTH-2b"],
            "whose 401 has no challenge",
            Answer(|answered, _, _| {
                answered.headers.remove(WWW_AUTHENTICATE);
            }),
        ),
        defect(
            "another-challenge",
            &["AUTH-2b"],
            "whose challenge is Bearer",
            Answer(|answered, _, _| {
                if answered.headers.contains_key(WWW_AUTHENTICATE) {
                    answered.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                }
            }),
        ),
        defect(
            "wrong-tokens-400",
            &["AUTH-3a"],
            "that answers 400 to a wrong token",
            Answer(|answered, asked, _| {
                if is_forbidden(answered) && asked.credentials().is_some() {
                    answered.refuse(400, "wrong token");
                }
            }),
        ),
        defect(
            "wrong-tokens-404",
            &["AUTH-3a", "AUTH-3b"],
            "that answers 404 to a tenant that it does not know",
            Answer(|answered, asked, site| {
                if is_forbidden(answered) && asked.credentials().is_some() && !known(site, asked) {
                    answered.refuse(404, "no such tenant");
                }
            }),
        ),
        defect(
            "wrong-tokens-empty",
            &["AUTH-3a"],
            "that answers a wrong token with an empty list",
            Answer(|answered, asked, _| {
                if is_forbidden(answered) && asked.credentials().is_some() {
                    answered.nothing(asked);
                }
            }),
        ),
        defect(
            "wrong-tokens-500",
            &["AUTH-3a", "STATUS-1a"],
            "that answers 500 to a tenant that it does not know",
            Answer(|answered, asked, site| {
                if is_forbidden(answered) && asked.credentials().is_some() && !known(site, asked) {
                    answered.refuse(500, "internal error");
                }
            }),
        ),
        defect(
            "tenants-told-by-body",
            &["AUTH-3b"],
            "whose body tells an unknown tenant from a wrong token",
            Answer(|answered, asked, site| {
                if is_forbidden(answered) && asked.credentials().is_some() {
                    let text: &[u8] =
                        if known(site, asked) { b"wrong token" } else { b"unknown tenant" };
                    answered.body = text.to_vec();
                }
            }),
        ),
        defect(
            "tenants-told-by-challenge",
            &["AUTH-3b"],
            "whose challenge tells an unknown tenant from a wrong token",
            Answer(|answered, asked, site| {
                if is_forbidden(answered) && asked.credentials().is_some() && known(site, asked) {
                    answered.header("www-authenticate", "Basic realm=\"this tenant\"");
                }
            }),
        ),
        defect(
            "tenants-told-by-status",
            &["AUTH-3b", "AUTH-3a"],
            "whose status tells an unknown tenant from a wrong token",
            Answer(|answered, asked, site| {
                if is_forbidden(answered) && asked.credentials().is_some() {
                    let status = if known(site, asked) { 403 } else { 401 };
                    answered.refuse(status, "wrong credentials");
                }
            }),
        ),
        defect(
            "broken-credentials-500",
            &["AUTH-3c", "STATUS-1a"],
            "that answers 500 to credentials that it cannot read",
            Answer(|answered, asked, _| {
                if answered.status != 200
                    && asked.authorization().is_some()
                    && asked.credentials().is_none()
                {
                    answered.refuse(500, "internal error");
                }
            }),
        ),
        defect(
            "broken-credentials-empty",
            &["AUTH-3c"],
            "that answers credentials that it cannot read with an empty list",
            Answer(|answered, asked, _| {
                if answered.status != 200
                    && asked.authorization().is_some()
                    && asked.credentials().is_none()
                {
                    answered.nothing(asked);
                }
            }),
        ),
        defect(
            "broken-credentials-404",
            &["AUTH-3c"],
            "that answers 404 to credentials that it cannot read",
            Answer(|answered, asked, _| {
                if answered.status != 200
                    && asked.authorization().is_some()
                    && asked.credentials().is_none()
                {
                    answered.refuse(404, "not found");
                }
            }),
        ),
        defect(
            "credentials-mended",
            &["AUTH-3c"],
            "that reads credentials behind Basic : and without padding",
            Ask(|asked, _| {
                in_form(asked, |text| {
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
            Ask(|asked, _| {
                in_form(asked, |text| text.split_once(' ').and_then(|(_, coded)| pair(coded)));
            }),
        ),
        defect(
            "credentials-in-plain",
            &["AUTH-3c"],
            "that reads credentials that are not encoded",
            Ask(|asked, _| {
                in_form(asked, |text| {
                    let (name, token) = text.strip_prefix("Basic ")?.split_once(':')?;
                    Some((name.into(), token.into()))
                });
            }),
        ),
        defect(
            "bearer-tokens",
            &["AUTH-3c"],
            "that takes a token as Bearer",
            Ask(|asked, site| {
                let token = asked.authorization().and_then(|text| text.strip_prefix("Bearer "));
                let token = token.map(str::to_owned);
                let resident = site.residents.iter().find(|one| Some(&one.token) == token.as_ref());
                if let Some(resident) = resident {
                    asked.sign(&resident.name, &resident.token);
                }
            }),
        ),
        defect(
            "token-alone",
            &["AUTH-3c", "AUTH-3a"],
            "that takes a token without a name",
            Ask(|asked, site| {
                let text = asked
                    .authorization()
                    .and_then(|text| text.split_once(' '))
                    .and_then(|(_, coded)| String::from_utf8(unbase64(coded.trim())?).ok());
                let text = text.map(|text| text.trim_start_matches(':').to_owned());
                let resident = site.residents.iter().find(|one| Some(&one.token) == text.as_ref());
                if let Some(resident) = resident {
                    asked.sign(&resident.name, &resident.token);
                }
            }),
        ),
        defect(
            "credentials-in-the-query",
            &["AUTH-2a", "AUTH-3a"],
            "that takes the token from the query",
            Ask(|asked, site| {
                let token = asked.get("token").or_else(|| asked.get("api_key"));
                if asked.authorization().is_none() && token.is_some() {
                    asked.sign(&site.residents[0].name, &site.residents[0].token);
                    asked.query = None;
                }
            }),
        ),
        defect(
            "good-credentials-refused",
            &["AUTH-1"],
            "that refuses every second tenant",
            Answer(|answered, asked, site| {
                let (name, _) = asked.credentials().unwrap_or_default();
                let at = site.residents.iter().position(|resident| resident.name == name);
                if at.is_some_and(|at| at % 2 == 1) {
                    answered.refuse(403, "The tenant name or the token is wrong.");
                }
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
            List(|s, asked, site| {
                let mine = site.resident(asked);
                let other = site.residents.iter().find(|resident| resident.name != mine.name);
                let rows = mine.rows.iter().chain(other.iter().flat_map(|other| &other.rows));
                paged(rows.filter(|row| s.matches(row)).cloned().collect(), s)
            }),
        ),
        defect(
            "leak-by-field",
            &["AUTH-4"],
            "that forgets the tenant where fields are given",
            List(|s, asked, site| {
                if has_filters(s) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, asked, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-transaction",
            &["AUTH-4"],
            "that forgets the tenant where a transactionID is given",
            List(|s, asked, site| {
                if s.filters.iter().any(|filter| filter.field == Field::TransactionId) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, asked, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-file-name",
            &["AUTH-4"],
            "that forgets the tenant where a file name is given",
            List(|s, asked, site| {
                if s.filters.iter().any(|filter| filter.field == Field::Filename) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, asked, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-date",
            &["AUTH-4"],
            "that forgets the tenant where d is given",
            List(|s, asked, site| {
                if s.window.is_some() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, asked, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-look-up",
            &["AUTH-4"],
            "that forgets the tenant in look-ups",
            List(|s, asked, site| {
                if s.near.is_some() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, asked, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-page",
            &["AUTH-4", "PAGE-3a", "PAGE-5a"],
            "that goes on with the recordings of others past the end",
            List(|s, asked, site| {
                let mine = site.resident(asked).rows.iter().filter(|row| s.matches(row));
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
            List(|s, asked, site| {
                if asked.is_csv() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, asked, |row| s.matches(row))
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
            List(|s, asked, site| {
                let mine = site.resident(asked);
                let others = site.residents.iter().filter(|resident| resident.name != mine.name);
                let taken: Vec<&str> = others
                    .flat_map(|resident| &resident.rows)
                    .map(|row| row.text(Field::TransactionId))
                    .collect();
                site.page(s, asked, |row| {
                    in_time(s, row)
                        && s.matches(row)
                        && !taken.contains(&row.text(Field::TransactionId))
                })
            }),
        ),
    ],
};
