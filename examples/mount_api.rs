//! The whole API inside an axum application that has pages of its own.
//!
//! ```sh
//! cargo run --example mount-api
//! ```
//!
//! prints a line for `curl` that works. Here the application listens, and is responsible for TLS.
//! `vcc_server::Server` listens by itself, with HTTPS.

use std::{error::Error, net::SocketAddr, sync::Arc, time::SystemTime};

use axum::{Router, routing::get};
use vcc_query::Zone;
use vcc_server::Api;
use vcc_store::{Sqlite, Store as _, StoredRecord, Token};
use vcc_types::{Field, Recording};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let (store, now) = (Arc::new(Sqlite::in_memory()?), SystemTime::now().into());
    let acme = store.add_tenant("acme", "America/Los_Angeles".parse::<Zone>()?, now).await?;
    let token = Token::generate()?;
    store.add_token(acme.id, token.hash(), "an example", now).await?;
    let recording = Recording::new()
        .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
        .with(Field::AgentId, "bill");
    store.import(acme.id, vec![StoredRecord::new(&recording)?].into()).await?;

    let api = Api::new(store).router().into_service();
    let app = Router::new()
        .route("/", get(|| async { "the pages of the application" }))
        // The API reads whole paths; `nest_service` would cut off their beginning.
        .route_service("/api/recordings", api.clone())
        .route_service("/api/recordings/{*rest}", api)
        // The log and the audit log have the address of the client.
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    println!("curl -u acme:{} 'http://{address}/api/recordings/files?d=2007'", token.reveal());
    Ok(axum::serve(listener, app).await?)
}
