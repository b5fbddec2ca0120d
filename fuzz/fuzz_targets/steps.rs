#![no_main]

use vcc_format::{Decoder, Deviation, Format, Options, Reader, csv::Csv, steps, xml::Xml};

// Time is linear in the input, also inside one row or tag: the steps that a reader takes, not the
// time, are held against the bytes. The input is repeated, so that what makes a reader look back
// or ahead does so many times. The first byte says in which pieces it comes, the second where.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [size, place, unit @ ..] = data else { return };
    if unit.is_empty() {
        return;
    }
    let units = unit.repeat(1 + 16_384 / unit.len());
    let (before, after): (&str, &str) = match place % 6 {
        0 => ("", ""),
        1 => ("startDate,agentID\r\n", ""),
        2 => ("startDate,agentID\r\n,\"", ",,\r\n"),
        3 => ("<recordings>", "</recordings>"),
        4 => ("<recordings><file>", "</file></recordings>"),
        _ => ("<recordings><file ", "></file></recordings>"),
    };
    let input = [before.as_bytes(), &units, after.as_bytes()].concat();
    let size = 1 + usize::from(*size) * 17;
    if place % 6 < 3 {
        check::<Csv>(&input, size);
    } else {
        check::<Xml>(&input, size);
    }
});

fn check<F: Format>(input: &[u8], size: usize) {
    let seen: Vec<Deviation> = Vec::new();
    let mut reader = Reader::<F, _>::with(input, Options::tolerant(), seen);
    let _ = steps::taken();
    while let Ok(Some(_)) = reader.read() {}
    expect(input, "whole", steps::taken());
    let seen: Vec<Deviation> = Vec::new();
    let mut decoder = Decoder::<F, _>::with(Options::tolerant(), seen);
    for piece in input.chunks(size) {
        decoder.feed(piece);
        while let Ok(Some(_)) = decoder.read() {}
    }
    decoder.finish();
    while let Ok(Some(_)) = decoder.read() {}
    expect(input, "in pieces", steps::taken());
}

/// A dense input takes a handful of looks at each byte; a square of 16 KiB takes thousands.
fn expect(input: &[u8], how: &str, steps: u64) {
    let bytes = input.len() as u64;
    assert!(steps <= bytes * 40 + 1_000, "{how}: {steps} steps for {bytes} bytes");
}
