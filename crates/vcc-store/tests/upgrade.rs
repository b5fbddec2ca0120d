//! Stores of every earlier version of the schema are opened, and hold what they held.

mod common;
#[cfg(feature = "postgres")]
mod postgres_server;

use common::fixture;

/// Writes the fixtures of this version of the schema: see the README.
#[tokio::test]
#[ignore = "writes into tests/fixtures"]
async fn make_fixtures() {
    fixture::make_sqlite().await;
    #[cfg(feature = "postgres")]
    {
        let url = postgres_server::database().unwrap();
        let store = vcc_store::Postgres::open(&url).await.unwrap();
        fixture::fill(&store).await;
        let version = postgres_server::psql(&url, "SELECT version FROM vcc_schema").unwrap();
        let dump = postgres_server::dump(&url).unwrap();
        std::fs::write(fixture::path(&format!("postgres-{version}.sql")), dump).unwrap();
    }
}
