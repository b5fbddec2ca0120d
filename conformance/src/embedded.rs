//! The data that the binary carries: `SUITE` and `DATASET` as (path below `conformance/`, text),
//! and `SPEC`, the specification with every clause, its level and its sentence.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
