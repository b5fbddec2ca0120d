//! What is asked of a connection.

use crate::sql::{no_records, statements};

statements! {
    READY = no_records(
        "finds a tenant to read a record of",
        "SELECT tenant, name FROM tenants ORDER BY tenant LIMIT 1",
    );
    /// Hands over the memory of the connection.
    LANDMARKS = no_records("reads no table", "SELECT landmarks()");
}
