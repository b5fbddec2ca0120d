#![no_main]

#[path = "../../crates/vcc-query/tests/properties/mod.rs"]
#[allow(dead_code, unused_imports)]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::zone_table(data));
