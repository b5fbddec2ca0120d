//! CSV, in and out.

use std::hint::black_box;
use std::io::BufReader;

use vcc_format::csv as vcsv;
use vcc_types::{Field, Recording};

use crate::data::File;
use crate::measure::{compare, count, destination};

pub(crate) fn read_csv(document: &str) {
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

pub(crate) fn write_csv(recordings: &[Recording], size: usize) {
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
