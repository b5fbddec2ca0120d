//! A server of the Recordings API over a slice in memory: axum and the core crates.
//!
//! ```sh
//! cargo run --example slice-server
//! curl -u acme:secret 'http://127.0.0.1:8080/api/recordings/files?d=2007-12-19&agentID=bill'
//! ```
//!
//! A server that others can reach needs HTTPS in front of it (REQ-4).

use std::{error::Error, time::SystemTime};

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, extract::Request};
use vcc_format::{WriteError, csv, xml};
use vcc_query::{Context, QueryError, ResponseFormat, Zone};
use vcc_types::{Dialect, Field, Recording};

type Refused = (StatusCode, String);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let zone: Zone = "America/Los_Angeles".parse()?;
    let recordings: &'static [Recording] = Vec::leak(vec![
        recording("2007-12-19T19:16:36-08:00", "bill", "27"),
        recording("2007-12-19T20:00:00-08:00", "anna", "180"),
        recording("2007-12-20T08:30:00-08:00", "bill", "61"),
    ]);
    let answer = move |request: Request| async move { answer(recordings, zone, &request) };
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/api/recordings/files", listener.local_addr()?);
    Ok(axum::serve(listener, Router::new().fallback(answer)).await?)
}

fn recording(start: &str, agent: &str, seconds: &str) -> Recording {
    Recording::new()
        .with(Field::StartDate, start)
        .with(Field::AgentId, agent)
        .with(Field::Duration, seconds)
}

fn answer(recordings: &[Recording], zone: Zone, request: &Request) -> Result<Response, Refused> {
    // AUTH-1: the tenant acme and its token, here always the same.
    if request.headers().get(AUTHORIZATION).is_none_or(|value| value != "Basic YWNtZTpzZWNyZXQ=") {
        return Err((StatusCode::FORBIDDEN, "expected the tenant acme and its token".to_owned()));
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let asked = vcc_query::Request::parse(path, query).map_err(refused)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "expected GET".to_owned()));
    }
    let now = SystemTime::now().into();
    let context = Context { now, tenant_tz: zone, dialect: Dialect::default() };
    let selection = asked.query.resolve(&context).map_err(refused)?;
    let mut list: Vec<_> = recordings.iter().filter(|row| selection.matches(*row)).collect();
    list.sort_by(|a, b| selection.compare(a, b));
    let (mut xml, mut csv) = (xml::Writer::new(Vec::new()), csv::Writer::new(Vec::new()));
    for recording in selection.page(list) {
        // OUT-1: all fifteen fields, also those that are empty.
        let values = Field::ALL.map(|field| Some(recording.text(field)));
        match asked.format {
            ResponseFormat::Xml => xml.write_values(&values).map_err(failed)?,
            ResponseFormat::Csv => csv.write_values(&values).map_err(failed)?,
        }
    }
    let (content_type, body) = match asked.format {
        ResponseFormat::Xml => ("application/xml; charset=utf-8", xml.finish().map_err(failed)?),
        ResponseFormat::Csv => ("text/csv; charset=utf-8", csv.finish().map_err(failed)?),
    };
    Ok(([(CONTENT_TYPE, content_type)], body).into_response())
}

fn refused(error: QueryError) -> Refused {
    (StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST), error.to_string())
}

fn failed(error: WriteError) -> Refused {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
