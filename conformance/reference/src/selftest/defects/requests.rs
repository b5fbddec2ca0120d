use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

use crate::selftest::answered::Answered;
use crate::selftest::asked::Asked;
use crate::selftest::defect::Fault::{Again, Answer, Ask};
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::Site;

const PATH: &str = "/api/recordings/files";

fn as_get(asked: &mut Asked, methods: &[&str]) {
    if methods.contains(&asked.method.as_str()) {
        asked.method = "GET".into();
    }
}

/// Another path for paths that are none of the resource.
fn served(asked: &mut Asked, fits: impl Fn(&str) -> bool) {
    if fits(&asked.path) {
        asked.path = PATH.into();
    }
}

fn is_refused(status: u16) -> bool {
    matches!(status, 400 | 404 | 405 | 414)
}

fn refusals_with<const STATUS: u16>(answered: &mut Answered, _: &Asked, _: &Site) {
    if answered.status == 400 {
        answered.status = STATUS;
    }
}

pub(super) const REQUESTS: Family = Family {
    name: "methods and resources",
    defects: &[
        defect(
            "post-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers POST with recordings",
            Ask(|asked, _| as_get(asked, &["POST"])),
        ),
        defect(
            "put-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers PUT with recordings",
            Ask(|asked, _| as_get(asked, &["PUT"])),
        ),
        defect(
            "patch-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers PATCH with recordings",
            Ask(|asked, _| as_get(asked, &["PATCH"])),
        ),
        defect(
            "delete-lists",
            &["REQ-1a", "REQ-1c"],
            "that answers DELETE with recordings",
            Ask(|asked, _| as_get(asked, &["DELETE"])),
        ),
        defect(
            "other-methods-500",
            &["REQ-1c", "STATUS-1a"],
            "that answers 500 to other methods",
            Answer(|answered, asked, _| {
                if answered.status == 405 && asked.method != "HEAD" {
                    answered.refuse(500, "internal error");
                }
            }),
        ),
        defect(
            "other-methods-empty",
            &["REQ-1c"],
            "that answers other methods with an empty list",
            Answer(|answered, asked, _| {
                if answered.status == 405 {
                    answered.nothing(asked);
                }
            }),
        ),
        defect(
            "method-override",
            &["REQ-1a", "REQ-1c"],
            "that takes the method from a header",
            Ask(|asked, _| {
                let other = asked.headers.get("x-http-method-override");
                if let Some(other) = other.and_then(|value| value.to_str().ok()) {
                    asked.method = other.into();
                }
            }),
        ),
        defect(
            "head-refused",
            &["REQ-1b"],
            "that refuses HEAD",
            Answer(|answered, asked, _| {
                if asked.method == "HEAD" {
                    answered.refuse(405, "GET only");
                }
            }),
        ),
        defect(
            "head-always-200",
            &["REQ-1b"],
            "that answers 200 to any HEAD",
            Answer(|answered, asked, _| {
                if asked.method == "HEAD" && answered.status != 200 {
                    answered.nothing(asked);
                }
            }),
        ),
        defect(
            "head-without-headers",
            &["REQ-1b"],
            "whose HEAD has no Content-Type",
            Answer(|answered, asked, _| {
                if asked.method == "HEAD" {
                    answered.headers.remove(CONTENT_TYPE);
                }
            }),
        ),
        defect(
            "slash-404",
            &["REQ-2"],
            "that does not know the resource with a / at the end",
            Answer(|answered, asked, _| {
                if asked.path.ends_with('/') && answered.status == 200 {
                    answered.refuse(404, "not found");
                }
            }),
        ),
        defect(
            "slash-redirects",
            &["REQ-2"],
            "that redirects the resource with a / at the end",
            Answer(|answered, asked, _| {
                if asked.path.ends_with('/') && answered.status == 200 {
                    answered.refuse(301, "");
                    answered.header("location", PATH);
                }
            }),
        ),
        defect(
            "xml-404",
            &["REQ-2"],
            "that does not know files.xml",
            Answer(|answered, asked, _| {
                if asked.path.contains(".xml") {
                    answered.refuse(404, "not found");
                }
            }),
        ),
        defect(
            "csv-404",
            &["REQ-2", "OUT-4a"],
            "that does not know files.csv",
            Answer(|answered, asked, _| {
                if asked.is_csv() {
                    answered.refuse(404, "not found");
                }
            }),
        ),
        defect(
            "csv-is-xml",
            &["REQ-2", "OUT-4a", "OUT-5"],
            "that gives XML for files.csv",
            Ask(|asked, _| asked.path = asked.path.replace(".csv", "")),
        ),
        defect(
            "csv-by-default",
            &["REQ-2"],
            "that gives CSV by default",
            Ask(|asked, _| {
                if asked.path.trim_end_matches('/') == PATH {
                    asked.path = format!("{PATH}.csv");
                }
            }),
        ),
        defect(
            "format-by-accept",
            &["REQ-2"],
            "whose format is that of Accept",
            Ask(|asked, _| {
                let accept = asked.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
                let csv = accept.is_some_and(|accept| accept.contains("csv"));
                let xml = accept.is_some_and(|accept| accept.contains("xml"));
                if csv {
                    asked.path = asked.path.replace(".xml", "").trim_end_matches('/').to_owned();
                    if !asked.is_csv() {
                        asked.path.push_str(".csv");
                    }
                } else if xml {
                    asked.path = asked.path.replace(".csv", "");
                }
            }),
        ),
        defect(
            "accept-406",
            &["REQ-2"],
            "that answers 406 where Accept has another format",
            Answer(|answered, asked, _| {
                let accept = asked.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
                let accept = accept.unwrap_or("*/*");
                let wanted = if asked.is_csv() { "csv" } else { "xml" };
                if !accept.contains("*/*") && !accept.contains(wanted) {
                    answered.refuse(406, "not acceptable");
                }
            }),
        ),
        defect(
            "unknown-is-files",
            &["REQ-3a"],
            "that lists recordings at unknown resources",
            Ask(|asked, _| {
                served(asked, |path| {
                    !path.contains("/files") && path.starts_with("/api/recordings")
                });
            }),
        ),
        defect(
            "everything-is-files",
            &["REQ-3a", "REQ-3b"],
            "that lists recordings at any path",
            Ask(|asked, _| served(asked, |path| !path.starts_with(PATH))),
        ),
        defect(
            "what-follows-ignored",
            &["REQ-3a", "REQ-3b"],
            "that ignores what follows the resource in a path",
            Ask(|asked, _| {
                served(asked, |path| {
                    path.starts_with(PATH)
                        && ![".csv", ".xml", "/", ""].contains(&&path[PATH.len()..])
                });
            }),
        ),
        defect(
            "unknown-empty",
            &["REQ-3a", "REQ-3b", "STATUS-1a"],
            "that answers an unknown resource with an empty list",
            Answer(|answered, asked, _| {
                if answered.status == 404 {
                    answered.nothing(asked);
                }
            }),
        ),
        defect(
            "unknown-400",
            &["REQ-3a", "REQ-3b", "STATUS-1a"],
            "that answers 400 to an unknown resource",
            Answer(|answered, _, _| {
                if answered.status == 404 {
                    answered.refuse(400, "no such resource");
                }
            }),
        ),
        defect(
            "unknown-403",
            &["REQ-3a", "REQ-3b", "STATUS-1a"],
            "that answers 403 to an unknown resource",
            Answer(|answered, _, _| {
                if answered.status == 404 {
                    answered.refuse(403, "forbidden");
                }
            }),
        ),
        defect(
            "json-served",
            &["REQ-3b"],
            "that serves any suffix",
            Ask(|asked, _| {
                served(asked, |path| {
                    path.strip_prefix("/api/recordings/files.")
                        .is_some_and(|suffix| !["csv", "xml", "csv/", "xml/"].contains(&suffix))
                });
            }),
        ),
        defect(
            "paths-in-any-case",
            &["REQ-3b"],
            "that reads paths in any case",
            Ask(|asked, _| asked.path = asked.path.to_ascii_lowercase()),
        ),
        defect(
            "slashes-merged",
            &["REQ-3b"],
            "that merges doubled slashes",
            Ask(|asked, _| {
                while asked.path.contains("//") {
                    asked.path = asked.path.replace("//", "/");
                }
            }),
        ),
        defect(
            "path-before-credentials",
            &["REQ-13a"],
            "that looks at the path before the credentials",
            Answer(|answered, asked, _| {
                let known = asked.path.starts_with(PATH);
                if matches!(answered.status, 401 | 403) && !known {
                    answered.refuse(404, "not found");
                }
            }),
        ),
        defect(
            "method-before-credentials",
            &["REQ-13a"],
            "that looks at the method before the credentials",
            Answer(|answered, asked, _| {
                let known = ["GET", "HEAD"].contains(&asked.method.as_str());
                if matches!(answered.status, 401 | 403) && !known {
                    answered.refuse(405, "GET only");
                }
            }),
        ),
        defect(
            "query-before-credentials",
            &["REQ-13a"],
            "that looks at the query before the credentials",
            Answer(|answered, asked, site| {
                let query = asked.query.as_deref().unwrap_or_default();
                let bad = site.resolve(asked, vcc_query::Zone::UTC).is_none();
                if matches!(answered.status, 401 | 403) && bad && !query.is_empty() {
                    answered.refuse(400, "not a query");
                }
            }),
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
            Again(|answered, asked, _| {
                (answered.status == 400 && asked.query.is_some())
                    .then(|| Asked { query: None, ..asked.clone() })
            }),
        ),
        defect(
            "stack-traces",
            &["STATUS-1a", "STATUS-2"],
            "whose refusals show its internals",
            Answer(|answered, _, _| {
                if is_refused(answered.status) {
                    let trace = "java.lang.IllegalArgumentException: d\n\tat com.example.Query.parse(Query.java:42)\n\tat com.example.Api.get(Api.java:17)\nCaused by: org.postgresql.util.PSQLException: SELECT * FROM recordings\n";
                    answered.body = trace.as_bytes().to_vec();
                }
            }),
        ),
        defect(
            "internals-in-refusals",
            &["STATUS-1a", "STATUS-2"],
            "that answers 500 with its internals",
            Answer(|answered, _, _| {
                if answered.status == 400 {
                    answered.refuse(500, "thread 'main' panicked at src/main.rs:42:7: called `Option::unwrap()` on a `None` value");
                }
            }),
        ),
        defect(
            "refusals-of-pages",
            &["STATUS-2"],
            "whose refusals are long pages of HTML",
            Answer(|answered, _, _| {
                if answered.status == 400 {
                    let page = "<html><body><h1>400 Bad Request</h1><p>nginx</p></body></html>\n"
                        .repeat(200);
                    answered.header("content-type", "text/html");
                    answered.body = page.into_bytes();
                }
            }),
        ),
        defect(
            "refusals-without-a-word",
            &["STATUS-2"],
            "whose refusals have no body",
            Answer(|answered, _, _| {
                if answered.status == 400 {
                    answered.body.clear();
                }
            }),
        ),
        defect(
            "refusals-without-a-name",
            &["STATUS-2"],
            "whose refusals do not name the variable",
            Answer(|answered, _, _| {
                if answered.status == 400 {
                    answered.body = b"Bad request".to_vec();
                }
            }),
        ),
        defect(
            "credentials-echoed",
            &["STATUS-2"],
            "whose refusals repeat the credentials",
            Answer(|answered, asked, _| {
                if answered.status >= 400
                    && let Some((name, token)) = asked.credentials()
                {
                    let text = format!("{}\n{name}:{token}\n", answered.text());
                    answered.body = text.into_bytes();
                }
            }),
        ),
        defect(
            "headers-echoed",
            &["STATUS-2"],
            "whose refusals repeat the request's headers",
            Answer(|answered, asked, _| {
                let header = asked.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                if answered.status >= 400
                    && let Some(header) = header
                {
                    let text = format!("{}\nAuthorization: {header}\n", answered.text());
                    answered.body = text.into_bytes();
                }
            }),
        ),
    ],
};
