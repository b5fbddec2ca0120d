//! The data embedded in the binary: each file with its path below this package and its text.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The specification: every clause with its level and its sentence.
pub const SPEC: &str = include_str!("../SPEC.md");

/// The cases that each known defect fails.
pub const SIGNATURES: &str = include_str!("../signatures.txt");

/// The text of `ids.lock`: every id that a case or a dataset has or had.
pub const LOCK: &str = include_str!("../ids.lock");

/// Every file of the suite's data: cases, datasets, specification and formats.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    let pages = [
        ("SPEC.md", SPEC),
        ("FORMAT.md", include_str!("../FORMAT.md")),
        ("case.schema.json", include_str!("../case.schema.json")),
        ("report.schema.json", include_str!("../report.schema.json")),
    ];
    SUITE.iter().chain(DATASET).copied().chain(pages)
}
