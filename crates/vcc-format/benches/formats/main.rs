//! Every job of the crate against its peers, on the same bytes and in one run.
//!
//! `cargo bench -p vcc-format --bench formats [-- FILTER]`. Each job runs nine times, the peers of a
//! job in turn, so that what else the machine does falls on all of them; the medians are printed in
//! MB of input (or output) a second of CPU time, the ratio to each peer, and how much memory a run took beyond
//! the document itself.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod csv_jobs;
mod data;
mod measure;
mod xml_jobs;

use vcc_format::{csv as vcsv, xml};

use csv_jobs::{read_csv, write_csv};
use data::{Lcg, recording};
use xml_jobs::{read_xml, write_xml};

fn main() {
    // `VCC_BENCH_MB` makes a quick run of it.
    let megabytes = std::env::var("VCC_BENCH_MB").ok().and_then(|text| text.parse().ok());
    let size = megabytes.unwrap_or(100_usize) << 20;
    let mut lcg = Lcg(2007);
    let mut writer = xml::Writer::new(Vec::new());
    let mut recordings = Vec::new();
    while writer.get_ref().len() < size {
        let recording = recording(&mut lcg);
        writer.write(&recording).unwrap();
        recordings.push(recording);
    }
    let document = String::from_utf8(writer.finish().unwrap()).unwrap();
    println!("{} records", recordings.len());
    write_xml(&recordings, document.len());
    read_xml(&document);
    drop(document);
    recordings.clear();
    let mut writer = vcsv::Writer::new(Vec::new());
    while writer.get_ref().len() < size {
        let recording = recording(&mut lcg);
        writer.write(&recording).unwrap();
        recordings.push(recording);
    }
    let document = String::from_utf8(writer.finish().unwrap()).unwrap();
    write_csv(&recordings, document.len());
    drop(recordings);
    read_csv(&document);
}
