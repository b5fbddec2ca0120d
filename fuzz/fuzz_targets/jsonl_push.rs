#![no_main]

#[path = "../../crates/vcc-format/tests/properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::jsonl_push(data));
