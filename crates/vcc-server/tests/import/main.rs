//! `import` as a process: what it reads, what it says, and how it is resumed. `import_killed.rs` and
//! `import_memory.rs` try more of it, for longer.

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

mod again;
mod bulk;
mod files;
mod names;
mod rejects;
mod resumed;
mod summary;
mod unwritten;
mod watched;

use std::process::Output;

use common::command::{Folder, Ran};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const HEADER: &str = "startDate,agentID,transactionID,filename,duration\n";

/// Records, every second one without an offset, in a document whose end is missing.
fn broken_xml(count: usize) -> String {
    let one = "<file><startDate>2007-12-19T19:16:36Z</startDate></file>\
               <file><startDate>2007-12-19T19:16:36</startDate></file>";
    format!("<recordings>{}<file><ag", one.repeat(count / 2))
}

const START: &str = "2007-12-19T19:16:36Z";

/// How many recordings `acme` has.
fn count(folder: &Folder) -> String {
    let listed = folder.run(&["tenant", "list"]).stdout;
    listed.split_whitespace().nth(2).unwrap().to_owned()
}

fn refused(ran: &Ran, said: &[&str]) {
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for said in said {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

fn ended(ran: &Ran, code: i32, said: &[&str]) {
    assert_eq!(ran.code, code, "{}", ran.stderr);
    for said in said {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}
