//! Every job of the crate against its peers, on the same bytes and in one run.
//!
//! `cargo bench -p vcc-format --bench formats [-- FILTER]`. Each job runs nine times, the peers of a
//! job in turn, so that what else the machine does falls on all of them; the medians are printed in
//! MB of input (or output) a second of CPU time, the ratio to each peer, and how much memory a run took beyond
//! the document itself.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::io::BufReader;
use std::sync::LazyLock;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use vcc_format::{Options, csv as vcsv, xml};
use vcc_types::{Field, Recording};

const RUNS: usize = 9;

/// The same numbers each time.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Records as they are in practice: mostly plain text, some values to escape, some in other
/// scripts, some absent, some empty.
fn recording(lcg: &mut Lcg) -> Recording {
    const AGENTS: [&str; 8] =
        ["bill", "ann.smith", "j.o'neil", "müller", "agent-0042", "李雷", "maria", "T. & J."];
    const QUEUES: [&str; 6] =
        ["Sales", "Sales & Service", "phoneq1", "Überlauf", "support <tier 2>", "billing, US"];
    let (month, day, hour) = (1 + lcg.below(12), 1 + lcg.below(28), lcg.below(24));
    let (minute, second) = (lcg.below(60), lcg.below(60));
    let id = 1_000_000 + lcg.below(9_000_000);
    let mut r = Recording::new();
    let start = format!("2007-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}-08:00");
    r.set(Field::StartDate, &start);
    r.set(Field::AgentId, lcg.pick(&AGENTS));
    r.set(Field::PhoneNumber, &format!("415{:07}", lcg.below(10_000_000)));
    let channel = ["8005551234", "#virtual_outbound#", "#virtual_daa#", "8005557780"];
    r.set(Field::Channel, lcg.pick(&channel));
    r.set(Field::CaseId, &lcg.below(100_000).to_string());
    r.set(Field::Duration, &lcg.below(3600).to_string());
    let name = format!(
        "S2007{month:02}{day:02}/R2007{month:02}{day:02}{hour:02}{minute:02}{second:02}{id}.wav"
    );
    r.set(Field::Filename, &name);
    r.set(Field::QueueId, &format!("fernandez~~queue~~phone~~{}", lcg.below(300)));
    r.set(Field::QueueName, lcg.pick(&QUEUES));
    r.set(Field::AccountNumber, &lcg.below(1_000_000).to_string());
    r.set(Field::TransactionId, &id.to_string());
    r.set(Field::ExtVar1, lcg.pick(&["0", "", "campaign=spring", "see note \"7\""]));
    r.set(Field::ExtVar2, lcg.pick(&["0", "", "a=1&b=2"]));
    if lcg.below(4) > 0 {
        r.set(Field::OutDialCode, lcg.pick(&["", "", "9"]));
        r.set(Field::WrapUpCode, lcg.pick(&["", "sold", "call back"]));
    }
    r
}

/// A record for the peers' serde.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename = "file", default)]
#[allow(non_snake_case, reason = "the names of the fields")]
struct File {
    startDate: Option<String>,
    agentID: Option<String>,
    phoneNumber: Option<String>,
    channel: Option<String>,
    caseID: Option<String>,
    duration: Option<String>,
    filename: Option<String>,
    queueID: Option<String>,
    queueName: Option<String>,
    accountNumber: Option<String>,
    transactionID: Option<String>,
    extVar1: Option<String>,
    extVar2: Option<String>,
    outDialCode: Option<String>,
    wrapUpCode: Option<String>,
}

impl From<&Recording> for File {
    fn from(r: &Recording) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] =
            Field::ALL.map(|field| r.get(field).map(str::to_owned));
        File {
            startDate: a,
            agentID: b,
            phoneNumber: c,
            channel: d,
            caseID: e,
            duration: f,
            filename: g,
            queueID: h,
            queueName: i,
            accountNumber: j,
            transactionID: k,
            extVar1: l,
            extVar2: m,
            outDialCode: n,
            wrapUpCode: o,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Recordings {
    file: Vec<File>,
}

/// Pages of memory that this process used at most, in KiB, since the last call of `reset`.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn reset() -> usize {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    peak()
}

/// The time that this thread was running, in seconds: what the jobs of others take does not count.
fn seconds() -> f64 {
    // The kernel adds it up when it schedules, which is otherwise every 4 ms: a tenth of a job.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.map_or_else(|| EPOCH.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

type Job<'a> = (&'a str, Box<dyn FnMut() -> usize + 'a>);

/// Runs the contenders of one job in turn; the first is ours. `goals`: ratio that is asked for.
fn compare(title: &str, bytes: usize, mut jobs: Vec<Job<'_>>, goals: &[f64]) {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if !filter.is_empty() && !filter.iter().any(|f| title.contains(f.as_str())) {
        return;
    }
    let mut speeds: Vec<Vec<f64>> = jobs.iter().map(|_| Vec::new()).collect();
    let mut memory = vec![0; jobs.len()];
    for _ in 0..RUNS {
        for (index, (_, job)) in jobs.iter_mut().enumerate() {
            let before = reset();
            let start = seconds();
            black_box(job());
            let seconds = seconds() - start;
            memory[index] = memory[index].max(peak().saturating_sub(before));
            speeds[index].push(bytes as f64 / 1e6 / seconds);
        }
    }
    println!("\n{title} ({} MB)", bytes / 1_000_000);
    let median = |speeds: &[f64]| {
        let mut speeds = speeds.to_vec();
        speeds.sort_by(f64::total_cmp);
        speeds[speeds.len() / 2]
    };
    // Run by run: both were under the same load.
    let ratio = |peer: usize| {
        let ratios: Vec<f64> = speeds[0].iter().zip(&speeds[peer]).map(|(a, b)| a / b).collect();
        median(&ratios)
    };
    for (index, (name, _)) in jobs.iter().enumerate() {
        let memory = memory[index];
        print!("  {name:<44} {:>7.0} MB/s  {memory:>7} KiB", median(&speeds[index]));
        if index > 0 {
            print!("  ours is {:>5.2}x", ratio(index));
            if let Some(goal) = goals.get(index - 1).filter(|goal| **goal > 0.0) {
                print!("  (asked {goal}x)");
            }
        }
        println!();
    }
}

macro_rules! raw_loop {
    ($quick:ident, $document:expr) => {{
        let mut reader = $quick::Reader::from_str($document);
        let mut events = 0;
        loop {
            match reader.read_event().unwrap() {
                $quick::events::Event::Eof => break,
                event => {
                    black_box(&event);
                    events += 1;
                }
            }
        }
        events
    }};
}

/// Reads to the end.
fn count<F: vcc_format::Format>(mut reader: vcc_format::Reader<'_, F>) -> usize {
    let mut records = 0;
    while let Some(record) = reader.read().unwrap() {
        black_box(&record);
        records += 1;
    }
    records
}

fn read_xml(document: &str) {
    let bytes = document.as_bytes();
    compare(
        "XML to borrowed records",
        bytes.len(),
        vec![
            ("vcc-format, tolerant", Box::new(move || count(xml::Reader::new(bytes)))),
            (
                "vcc-format, strict",
                Box::new(move || {
                    let reader = xml::Reader::with(bytes, Options::strict(), ());
                    count(reader)
                }),
            ),
            ("quick-xml 0.42, raw events", Box::new(move || raw_loop!(quick_xml, document))),
            ("quick-xml 0.38, raw events", Box::new(move || raw_loop!(quick_xml_038, document))),
            (
                "quick-xml 0.42, serde",
                Box::new(move || {
                    let list: Recordings = quick_xml::de::from_str(document).unwrap();
                    list.file.len()
                }),
            ),
        ],
        &[0.95, 3.9, 0.0, 8.0],
    );
    compare(
        "XML to owned records",
        bytes.len(),
        vec![
            (
                "vcc-format",
                Box::new(move || {
                    let reader = xml::Reader::new(bytes);
                    let list: Vec<Recording> = reader.map(|r| r.unwrap().to_recording()).collect();
                    list.len()
                }),
            ),
            (
                "quick-xml 0.42, serde",
                Box::new(move || {
                    let list: Recordings = quick_xml::de::from_str(document).unwrap();
                    list.file.len()
                }),
            ),
            ("quick-xml 0.42, by hand over events", Box::new(move || by_hand(document).len())),
        ],
        &[8.6],
    );
    compare(
        "XML from a BufRead",
        bytes.len(),
        vec![
            (
                "vcc-format",
                Box::new(move || {
                    let mut reader = xml::StreamReader::new(BufReader::new(bytes));
                    let mut sum = 0;
                    while let Some(record) = reader.read().unwrap() {
                        black_box(&record);
                        sum += 1;
                    }
                    sum
                }),
            ),
            (
                "quick-xml 0.42, raw events",
                Box::new(move || {
                    let mut reader = quick_xml::Reader::from_reader(BufReader::new(bytes));
                    let (mut buf, mut events) = (Vec::new(), 0);
                    while !matches!(
                        black_box(reader.read_event_into(&mut buf).unwrap()),
                        quick_xml::events::Event::Eof
                    ) {
                        events += 1;
                        buf.clear();
                    }
                    events
                }),
            ),
        ],
        &[4.0],
    );
}

/// A job that writes, each time into the same memory: to get it from the system costs all the same.
fn destination<'a>(
    size: usize,
    mut job: impl FnMut(&mut Vec<u8>) -> usize + 'a,
) -> impl FnMut() -> usize + 'a {
    let mut out = Vec::with_capacity(size + size / 8);
    move || {
        out.clear();
        job(&mut out)
    }
}

/// What somebody writes who uses events and unescapes: into recordings.
fn by_hand(document: &str) -> Vec<Recording> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut list, mut record, mut field) = (Vec::new(), Recording::new(), None);
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                field = Field::from_wire_name(tag.name().as_ref());
                text.clear();
            }
            Event::Empty(tag) => {
                if let Some(field) = Field::from_wire_name(tag.name().as_ref()) {
                    record.set(field, "");
                }
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(part) => match part.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => {
                    text.push_str(quick_xml::escape::resolve_predefined_entity(&part).unwrap());
                }
            },
            Event::End(tag) => {
                if let Some(field) = field.take() {
                    record.set(field, &text);
                } else if tag.name().as_ref() == "file" {
                    list.push(std::mem::take(&mut record));
                }
            }
            Event::Eof => return list,
            _ => {}
        }
    }
}

fn write_xml(recordings: &[Recording], size: usize) {
    let files: Vec<File> = recordings.iter().map(File::from).collect();
    let files = &files[..];
    compare(
        "records to XML",
        size,
        vec![
            (
                "vcc-format, write",
                Box::new(destination(size, move |out| {
                    let mut writer = xml::Writer::new(out);
                    for recording in recordings {
                        writer.write(recording).unwrap();
                    }
                    writer.finish().unwrap().len()
                })),
            ),
            (
                "quick-xml 0.42, Writer",
                Box::new(destination(size, move |out| quick_writer(recordings, out))),
            ),
            (
                "quick-xml 0.42, serde",
                Box::new(destination(size, move |out| {
                    let mut text = String::new();
                    for file in files {
                        text.clear();
                        quick_xml::se::to_writer(&mut text, file).unwrap();
                        out.extend_from_slice(text.as_bytes());
                    }
                    out.len()
                })),
            ),
            (
                "vcc-format, write_values",
                Box::new(destination(size, move |out| {
                    let mut writer = xml::Writer::new(out);
                    for recording in recordings {
                        let values = Field::ALL.map(|field| recording.get(field));
                        writer.write_values(&values).unwrap();
                    }
                    writer.finish().unwrap().len()
                })),
            ),
        ],
        &[3.5, 2.5],
    );
}

fn quick_writer(recordings: &[Recording], out: &mut Vec<u8>) -> usize {
    use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
    let mut writer = quick_xml::Writer::new(out);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))).unwrap();
    writer.write_event(Event::Start(BytesStart::new("recordings"))).unwrap();
    for recording in recordings {
        writer.write_event(Event::Start(BytesStart::new("file"))).unwrap();
        for (field, text) in recording.fields() {
            let name = field.wire_name();
            if text.is_empty() {
                writer.write_event(Event::Empty(BytesStart::new(name))).unwrap();
            } else {
                writer.write_event(Event::Start(BytesStart::new(name))).unwrap();
                writer.write_event(Event::Text(BytesText::new(text))).unwrap();
                writer.write_event(Event::End(BytesEnd::new(name))).unwrap();
            }
        }
        writer.write_event(Event::End(BytesEnd::new("file"))).unwrap();
    }
    writer.write_event(Event::End(BytesEnd::new("recordings"))).unwrap();
    writer.into_inner().len()
}

fn read_csv(document: &str) {
    let bytes = document.as_bytes();
    compare(
        "CSV to borrowed records",
        bytes.len(),
        vec![
            ("vcc-format, tolerant", Box::new(move || count(vcsv::Reader::new(bytes)))),
            (
                "csv, raw ByteRecord",
                Box::new(move || {
                    let mut reader = csv::Reader::from_reader(bytes);
                    let (mut record, mut sum) = (csv::ByteRecord::new(), 0);
                    while reader.read_byte_record(&mut record).unwrap() {
                        black_box(&record);
                        sum += 1;
                    }
                    sum
                }),
            ),
            (
                "simd-csv, zero copy",
                Box::new(move || {
                    let mut reader = simd_csv::ZeroCopyReader::from_reader(bytes);
                    let mut sum = 0;
                    while let Some(record) = reader.read_byte_record().unwrap() {
                        black_box(&record);
                        sum += 1;
                    }
                    sum
                }),
            ),
            (
                "simd-csv, ByteRecord",
                Box::new(move || {
                    let mut reader = simd_csv::Reader::from_reader(bytes);
                    let (mut record, mut sum) = (simd_csv::ByteRecord::new(), 0);
                    while reader.read_byte_record(&mut record).unwrap() {
                        black_box(&record);
                        sum += 1;
                    }
                    sum
                }),
            ),
            (
                "vcc-format, from a BufRead",
                Box::new(move || {
                    let mut reader = vcsv::StreamReader::new(BufReader::new(bytes));
                    let mut sum = 0;
                    while let Some(record) = reader.read().unwrap() {
                        black_box(&record);
                        sum += 1;
                    }
                    sum
                }),
            ),
        ],
        &[2.0, 0.9],
    );
    compare(
        "CSV to owned records",
        bytes.len(),
        vec![
            (
                "vcc-format",
                Box::new(move || {
                    let reader = vcsv::Reader::new(bytes);
                    let list: Vec<Recording> = reader.map(|r| r.unwrap().to_recording()).collect();
                    list.len()
                }),
            ),
            (
                "csv, serde",
                Box::new(move || {
                    let mut reader = csv::Reader::from_reader(bytes);
                    let list: Vec<File> = reader.deserialize().map(Result::unwrap).collect();
                    list.len()
                }),
            ),
        ],
        &[2.2],
    );
}

fn write_csv(recordings: &[Recording], size: usize) {
    compare(
        "records to CSV",
        size,
        vec![
            (
                "vcc-format, write",
                Box::new(destination(size, move |out| {
                    let mut writer = vcsv::Writer::new(out);
                    for recording in recordings {
                        writer.write(recording).unwrap();
                    }
                    writer.finish().unwrap().len()
                })),
            ),
            (
                "csv, write_record",
                Box::new(destination(size, move |out| {
                    let mut builder = csv::WriterBuilder::new();
                    let mut writer = builder.terminator(csv::Terminator::CRLF).from_writer(out);
                    writer.write_record(Field::ALL.map(Field::wire_name)).unwrap();
                    for recording in recordings {
                        writer.write_record(Field::ALL.map(|field| recording.text(field))).unwrap();
                    }
                    writer.into_inner().unwrap().len()
                })),
            ),
        ],
        &[1.5],
    );
}

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
