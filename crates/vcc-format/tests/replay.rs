//! The committed inputs of the fuzz targets, replayed.

mod properties;

use std::path::Path;

fn replay(target: &str, property: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&seeds).unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        let result = std::panic::catch_unwind(|| property(&input));
        assert!(result.is_ok(), "{}", path.display());
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", seeds.display());
}

macro_rules! targets {
    ($($target:ident)+) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target), properties::$target);
            }
        )+
    };
}

#[cfg(feature = "serde")]
targets! {
    jsonl_push
}

targets! {
    csv_decode
    roundtrip_csv
    roundtrip_xml
    tolerant_superset
    xml_decode
    xml_push
    xml_vs_quick_xml
}
