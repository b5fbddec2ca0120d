use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

use crate::selftest::defect::Hook::{Again, Answer, Ask, Plain, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::outgoing::Outgoing;
use crate::selftest::site::Site;

const PATH: &str = "/api/recordings/files";

fn as_get(incoming: &mut Incoming, methods: &[&str]) {
    if methods.contains(&incoming.method.as_str()) {
        incoming.method = "GET".into();
    }
}

/// Another path for paths outside the resource.
fn served(incoming: &mut Incoming, fits: impl Fn(&str) -> bool) {
    if fits(&incoming.path) {
        incoming.path = PATH.into();
    }
}

fn is_refused(status: u16) -> bool {
    matches!(status, 400 | 404 | 405 | 414)
}

fn refusals_with<const STATUS: u16>(outgoing: &mut Outgoing, _: &Incoming, _: &Site) {
    if outgoing.status == 400 {
        outgoing.status = STATUS;
    }
}

pub(super) const REQUESTS: Family = Family {
    name: "methods and resources",
    defects: &[
        defect(
            "post-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers POST with recordings",
            Ask(|incoming, _| as_get(incoming, &["POST"])),
        ),
        defect(
            "put-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers PUT with recordings",
            Ask(|incoming, _| as_get(incoming, &["PUT"])),
        ),
        defect(
            "patch-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers PATCH with recordings",
            Ask(|incoming, _| as_get(incoming, &["PATCH"])),
        ),
        defect(
            "delete-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers DELETE with recordings",
            Ask(|incoming, _| as_get(incoming, &["DELETE"])),
        ),
        defect(
            "other-methods-500",
            &["REQ-1c", "STATUS-1a"],
            "that answers 500 to other methods",
            Refuse(500, "internal error", |outgoing, incoming, _| {
                outgoing.status == 405 && incoming.method != "HEAD"
            }),
        ),
        defect(
            "other-methods-empty",
            &["REQ-1c"],
            "that answers other methods with an empty list",
            Answer(|outgoing, incoming, _| {
                if outgoing.status == 405 {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "method-override",
            &["REQ-1a", "REQ-1c"],
            "that takes the method from a header",
            Ask(|incoming, _| {
                let other = incoming.headers.get("x-http-method-override");
                if let Some(other) = other.and_then(|value| value.to_str().ok()) {
                    incoming.method = other.into();
                }
            }),
        ),
        defect(
            "head-refused",
            &["REQ-1b"],
            "that refuses HEAD",
            Refuse(405, "GET only", |_, incoming, _| incoming.method == "HEAD"),
        ),
        defect(
            "head-always-200",
            &["REQ-1b"],
            "that answers 200 to any HEAD",
            Answer(|outgoing, incoming, _| {
                if incoming.method == "HEAD" && outgoing.status != 200 {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "head-without-headers",
            &["REQ-1b"],
            "whose HEAD has no Content-Type",
            Answer(|outgoing, incoming, _| {
                if incoming.method == "HEAD" {
                    outgoing.headers.remove(CONTENT_TYPE);
                }
            }),
        ),
        defect(
            "slash-404",
            &["REQ-2"],
            "that does not know the resource with a / at the end",
            Refuse(404, "not found", |outgoing, incoming, _| {
                incoming.path.ends_with('/') && outgoing.status == 200
            }),
        ),
        defect(
            "slash-redirects",
            &["REQ-2"],
            "that redirects the resource with a / at the end",
            Answer(|outgoing, incoming, _| {
                if incoming.path.ends_with('/') && outgoing.status == 200 {
                    outgoing.refuse(301, "");
                    outgoing.header("location", PATH);
                }
            }),
        ),
        defect(
            "xml-404",
            &["REQ-2"],
            "that does not know files.xml",
            Refuse(404, "not found", |_, incoming, _| incoming.path.contains(".xml")),
        ),
        defect(
            "csv-404",
            &["REQ-2", "OUT-4a"],
            "that does not know files.csv",
            Refuse(404, "not found", |_, incoming, _| incoming.is_csv()),
        ),
        defect(
            "csv-is-xml",
            &["REQ-2", "OUT-4a", "OUT-5"],
            "that gives XML for files.csv",
            Ask(|incoming, _| incoming.path = incoming.path.replace(".csv", "")),
        ),
        defect(
            "csv-by-default",
            &["REQ-2"],
            "that gives CSV by default",
            Ask(|incoming, _| {
                if incoming.path.trim_end_matches('/') == PATH {
                    incoming.path = format!("{PATH}.csv");
                }
            }),
        ),
        defect(
            "format-by-accept",
            &["REQ-2"],
            "whose format is that of Accept",
            Ask(|incoming, _| {
                let accept = incoming.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
                let csv = accept.is_some_and(|accept| accept.contains("csv"));
                let xml = accept.is_some_and(|accept| accept.contains("xml"));
                if csv {
                    incoming.path =
                        incoming.path.replace(".xml", "").trim_end_matches('/').to_owned();
                    if !incoming.is_csv() {
                        incoming.path.push_str(".csv");
                    }
                } else if xml {
                    incoming.path = incoming.path.replace(".csv", "");
                }
            }),
        ),
        defect(
            "accept-406",
            &["REQ-2"],
            "that answers 406 where Accept has another format",
            Answer(|outgoing, incoming, _| {
                let accept = incoming.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
                let accept = accept.unwrap_or("*/*");
                let wanted = if incoming.is_csv() { "csv" } else { "xml" };
                if !accept.contains("*/*") && !accept.contains(wanted) {
                    outgoing.refuse(406, "not acceptable");
                }
            }),
        ),
        defect(
            "unknown-is-files",
            &["REQ-3a"],
            "that lists recordings at unknown resources",
            Ask(|incoming, _| {
                served(incoming, |path| {
                    !path.contains("/files") && path.starts_with("/api/recordings")
                });
            }),
        ),
        defect(
            "everything-is-files",
            &["REQ-3a", "REQ-3b"],
            "that lists recordings at any path",
            Ask(|incoming, _| served(incoming, |path| !path.starts_with(PATH))),
        ),
        defect(
            "what-follows-ignored",
            &["REQ-3a", "REQ-3b"],
            "that ignores what follows the resource in a path",
            Ask(|incoming, _| {
                served(incoming, |path| {
                    path.starts_with(PATH)
                        && ![".csv", ".xml", "/", ""].contains(&&path[PATH.len()..])
                });
            }),
        ),
        defect(
            "unknown-empty",
            &["REQ-3a", "REQ-3b", "STATUS-1a"],
            "that answers an unknown resource with an empty list",
            Answer(|outgoing, incoming, _| {
                if outgoing.status == 404 {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "unknown-400",
            &["REQ-3a", "REQ-3b", "STATUS-1a"],
            "that answers 400 to an unknown resource",
            Refuse(400, "no such resource", |outgoing, _, _| outgoing.status == 404),
        ),
        defect(
            "unknown-403",
            &["REQ-3a", "REQ-3b", "STATUS-1a"],
            "that answers 403 to an unknown resource",
            Refuse(403, "forbidden", |outgoing, _, _| outgoing.status == 404),
        ),
        defect(
            "json-served",
            &["REQ-3b"],
            "that serves any suffix",
            Ask(|incoming, _| {
                served(incoming, |path| {
                    path.strip_prefix("/api/recordings/files.")
                        .is_some_and(|suffix| !["csv", "xml", "csv/", "xml/"].contains(&suffix))
                });
            }),
        ),
        defect(
            "paths-in-any-case",
            &["REQ-3b"],
            "that reads paths in any case",
            Ask(|incoming, _| incoming.path = incoming.path.to_ascii_lowercase()),
        ),
        defect(
            "slashes-merged",
            &["REQ-3b"],
            "that merges doubled slashes",
            Ask(|incoming, _| {
                while incoming.path.contains("//") {
                    incoming.path = incoming.path.replace("//", "/");
                }
            }),
        ),
        defect(
            "path-before-credentials",
            &["REQ-13a"],
            "that looks at the path before the credentials",
            Refuse(404, "not found", |outgoing, incoming, _| {
                let known = incoming.path.starts_with(PATH);
                matches!(outgoing.status, 401 | 403) && !known
            }),
        ),
        defect(
            "method-before-credentials",
            &["REQ-13a"],
            "that looks at the method before the credentials",
            Refuse(405, "GET only", |outgoing, incoming, _| {
                let known = ["GET", "HEAD"].contains(&incoming.method.as_str());
                matches!(outgoing.status, 401 | 403) && !known
            }),
        ),
        defect(
            "query-before-credentials",
            &["REQ-13a"],
            "that looks at the query before the credentials",
            Refuse(400, "not a query", |outgoing, incoming, site| {
                let query = incoming.query.as_deref().unwrap_or_default();
                let bad = site.resolve(incoming, vcc_query::Zone::UTC).is_none();
                matches!(outgoing.status, 401 | 403) && bad && !query.is_empty()
            }),
        ),
        defect(
            "plain-http-served",
            &["REQ-4"],
            "that answers plain HTTP as it answers HTTPS",
            Plain,
        ),
    ],
};

pub(super) const REFUSALS: Family = Family {
    name: "statuses and refusals",
    defects: &[
        defect(
            "refusals-200",
            &["REQ-8a", "REQ-8b", "STATUS-1a", "FIELD-4", "DATE-6", "DATE-6b", "PAGE-4a"],
            "whose refusals of queries have the status 200",
            Answer(refusals_with::<200>),
        ),
        defect(
            "refusals-500",
            &["REQ-8a", "REQ-8b", "STATUS-1a", "FIELD-4", "DATE-6", "DATE-6b", "PAGE-4a"],
            "whose refusals of queries have the status 500",
            Answer(refusals_with::<500>),
        ),
        defect(
            "refusals-403",
            &["REQ-8a", "REQ-8b", "STATUS-1a", "FIELD-4", "DATE-6", "DATE-6b", "PAGE-4a"],
            "whose refusals of queries have the status 403",
            Answer(refusals_with::<403>),
        ),
        defect(
            "refused-values-ignored",
            &["REQ-8a", "REQ-8b", "DATE-6", "DATE-6b", "PAGE-4a", "FIELD-4", "NEAR-5b"],
            "that answers what it would refuse with the whole list",
            Again(|outgoing, incoming, _| {
                (outgoing.status == 400 && incoming.query.is_some())
                    .then(|| Incoming { query: None, ..incoming.clone() })
            }),
        ),
        defect(
            "stack-traces",
            &["STATUS-1a", "STATUS-2"],
            "whose refusals show its internals",
            Answer(|outgoing, _, _| {
                if is_refused(outgoing.status) {
                    let trace = "java.lang.IllegalArgumentException: d\n\tat com.example.Query.parse(Query.java:42)\n\tat com.example.Api.get(Api.java:17)\nCaused by: org.postgresql.util.PSQLException: SELECT * FROM recordings\n";
                    outgoing.body = trace.as_bytes().to_vec();
                }
            }),
        ),
        defect(
            "internals-in-refusals",
            &["STATUS-1a", "STATUS-2"],
            "that answers 500 with its internals",
            Refuse(
                500,
                "thread 'main' panicked at src/main.rs:42:7: called `Option::unwrap()` on a `None` value",
                |outgoing, _, _| outgoing.status == 400,
            ),
        ),
        defect(
            "refusals-of-pages",
            &["STATUS-2"],
            "whose refusals are long pages of HTML",
            Answer(|outgoing, _, _| {
                if outgoing.status == 400 {
                    let page = "<html><body><h1>400 Bad Request</h1><p>nginx</p></body></html>\n"
                        .repeat(200);
                    outgoing.header("content-type", "text/html");
                    outgoing.body = page.into_bytes();
                }
            }),
        ),
        defect(
            "refusals-without-a-word",
            &["STATUS-2"],
            "whose refusals have no body",
            Answer(|outgoing, _, _| {
                if outgoing.status == 400 {
                    outgoing.body.clear();
                }
            }),
        ),
        defect(
            "refusals-without-a-name",
            &["STATUS-2"],
            "whose refusals do not name the variable",
            Answer(|outgoing, _, _| {
                if outgoing.status == 400 {
                    outgoing.body = b"Bad request".to_vec();
                }
            }),
        ),
        defect(
            "credentials-echoed",
            &["STATUS-2"],
            "whose refusals repeat the credentials",
            Answer(|outgoing, incoming, _| {
                if outgoing.status >= 400
                    && let Some((name, token)) = incoming.credentials()
                {
                    let text = format!("{}\n{name}:{token}\n", outgoing.text());
                    outgoing.body = text.into_bytes();
                }
            }),
        ),
        defect(
            "headers-echoed",
            &["STATUS-2"],
            "whose refusals repeat the request's headers",
            Answer(|outgoing, incoming, _| {
                let header =
                    incoming.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                if outgoing.status >= 400
                    && let Some(header) = header
                {
                    let text = format!("{}\nAuthorization: {header}\n", outgoing.text());
                    outgoing.body = text.into_bytes();
                }
            }),
        ),
    ],
};
