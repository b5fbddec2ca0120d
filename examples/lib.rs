//! Programs to copy from. Each is one file beside this one, and this file holds nothing else.
//!
//! | program | shows |
//! |---|---|
//! | `cargo run --example slice-server` | a server over a slice in memory: axum and the core crates |
//! | `cargo run --example store-server` | a server over a database, with tenants and tokens |
//! | `cargo run --example mount-api` | the whole API inside an axum application that has pages of its own |
//! | `cargo run --example client` | a client that walks through all pages of a list |
//! | `cargo run --example repair` | a reader that repairs a document and shows each repair |

/// The Rust of the book, compiled and run as doctests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../docs/start/server.md")]
    struct Server;

    #[doc = include_str!("../docs/start/client.md")]
    struct Client;
}
