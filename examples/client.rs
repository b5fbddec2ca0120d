//! A client that walks through all pages of a list, over the core crates and any HTTP library.
//!
//! ```sh
//! VCC_TOKEN=secret cargo run --example client -- http://127.0.0.1:8080 acme 'd=2007-12-19'
//! ```

use std::{env, error::Error};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use vcc_format::{Options, read_page, xml::Xml};
use vcc_query::{Pages, Query, Resource};
use vcc_types::Field;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(root), Some(tenant)) = (arguments.next(), arguments.next()) else {
        return Err("expected the URL of a server, a tenant, and perhaps a query".into());
    };
    let credentials = format!("{tenant}:{}", env::var("VCC_TOKEN")?);
    let authorization = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    let mut pages = Pages::new(Query::parse(&arguments.next().unwrap_or_default())?);
    while let Some(query) = pages.next_query() {
        let url = format!("{root}{}?{query}", Resource::Files.path());
        let request = ureq::get(url).header("Authorization", &authorization);
        let body = request.call()?.into_body().read_to_vec()?;
        // A page is read whole or not at all: half a page would look like the last one.
        let page = read_page::<Xml>(&body, Options::tolerant())?;
        page.deviations.iter().for_each(|deviation| eprintln!("repaired: {deviation}"));
        for recording in &page.recordings {
            let field = |field| recording.text(field);
            println!("{} {}", field(Field::StartDate), field(Field::AgentId));
        }
        pages.held(page.recordings.len());
    }
    Ok(())
}
