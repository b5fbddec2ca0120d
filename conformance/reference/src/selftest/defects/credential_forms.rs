use vcc_conformance_core::fixture::unbase64;

use crate::selftest::defect::Hook::{Answer, Ask, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;

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

pub(super) const FORMS: Family = Family {
    name: "credentials",
    defects: &[
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
