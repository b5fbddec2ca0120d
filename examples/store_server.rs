//! A server of the Recordings API over a database: tenants, tokens and recordings in a store.
//!
//! ```sh
//! cargo run --example store-server
//! ```
//!
//! prints a line for `curl` that works. `vcc-server` does the same with HTTPS, limits and an audit log.

use std::{error::Error, sync::Arc, time::SystemTime};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing::get};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use vcc_query::{Context, ResponseFormat, Zone};
use vcc_server::{Document, DocumentFormat};
use vcc_store::{Sqlite, Store, StoredRecord, Tenant, Token, TokenHash};
use vcc_types::{Dialect, Field, Recording};

type Refused = (StatusCode, String);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    // `Sqlite::open("recordings.db")` keeps them, and `Postgres` holds them elsewhere.
    let store: Arc<dyn Store> = Arc::new(Sqlite::in_memory()?);
    let (zone, now) = ("America/Los_Angeles".parse::<Zone>()?, SystemTime::now().into());
    let acme = store.add_tenant("acme", zone, now).await?;
    let token = Token::generate()?;
    store.add_token(acme.id, token.hash(), "an example", now).await?;
    let recording = Recording::new()
        .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
        .with(Field::AgentId, "bill")
        .with(Field::Duration, "27");
    store.import(acme.id, vec![StoredRecord::new(&recording)?].into()).await?;

    let app = Router::new().fallback(get(answer)).with_state(store);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    println!("curl -u acme:{} 'http://{address}/api/recordings/files?d=2007'", token.reveal());
    Ok(axum::serve(listener, app).await?)
}

async fn answer(
    State(store): State<Arc<dyn Store>>,
    request: Request,
) -> Result<Response, Refused> {
    let tenant = tenant(&*store, request.headers()).await?;
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let asked = vcc_query::Request::parse(path, query).map_err(not_understood)?;
    let dialect = Dialect::default();
    let context = Context { now: SystemTime::now().into(), tenant_tz: tenant.zone, dialect };
    let selection = asked.query.resolve(&context).map_err(not_understood)?;
    let page = store.page(tenant.id, &selection).await.map_err(unavailable)?;
    let (format, content_type) = match asked.format {
        ResponseFormat::Xml => (DocumentFormat::Xml, "application/xml; charset=utf-8"),
        ResponseFormat::Csv => (DocumentFormat::Csv, "text/csv; charset=utf-8"),
    };
    let mut document = Document::new(Vec::new(), format, selection.response_zone, &dialect);
    let body = document.write(&page.records).and(document.finish()).map_err(unavailable)?;
    Ok(([(CONTENT_TYPE, content_type)], body).into_response())
}

/// AUTH-1: the tenant that the request names, if it has one of its tokens.
async fn tenant(store: &dyn Store, headers: &HeaderMap) -> Result<Tenant, Refused> {
    let refused = || (StatusCode::FORBIDDEN, "expected a tenant and one of its tokens".to_owned());
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credentials = header
        .and_then(|value| BASE64_STANDARD.decode(value.strip_prefix("Basic ")?).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    // AUTH-5: the first colon ends the name; a token may hold others.
    let (name, token) =
        credentials.as_deref().and_then(|it| it.split_once(':')).ok_or_else(refused)?;
    let token = TokenHash::of(token.as_bytes());
    let found = store.credentials(name, &token).await.map_err(unavailable)?;
    let known = found.as_ref().and_then(|credentials| credentials.token);
    let is_right = token.find_among(known.as_slice()).is_some();
    found.filter(|_| is_right).map(|credentials| credentials.tenant).ok_or_else(refused)
}

fn not_understood(error: vcc_query::QueryError) -> Refused {
    (StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST), error.to_string())
}

/// STATUS-1: the reason is for the log, not for the client.
fn unavailable(error: impl Error) -> Refused {
    eprintln!("{error}");
    (StatusCode::SERVICE_UNAVAILABLE, "try again later".to_owned())
}
