//! Zones from any bytes: read or refused with a reason, and then an offset for every instant.

use vcc_query::{ZoneRules, ZoneTable};

/// The first eight bytes are an instant. The rest is a file, or, if it does not begin like one, the rule of a
/// file without transitions.
pub(crate) fn zone_table(data: &[u8]) {
    let Some((at, rest)) = data.split_first_chunk() else { return };
    let wrapped;
    let file = match rest.starts_with(b"TZif") {
        true => rest,
        false => {
            wrapped = with_rule(rest);
            &wrapped
        }
    };
    let table = match ZoneTable::read("Test/Fuzz", file) {
        Ok(table) => table,
        Err(error) => {
            assert!(error.at().is_some_and(|at| at <= file.len()), "{error}");
            assert!(!error.to_string().contains('\n'));
            return;
        }
    };
    let at = i64::from_be_bytes(*at);
    for at in [at, at % 300_000_000_000, at % 5_000_000_000, i64::MIN, -1, 0, i64::MAX] {
        tiles(&table, at);
    }
}

/// From one instant on, each stretch has one offset and ends where the next begins.
fn tiles(table: &ZoneTable, mut at: i64) {
    for _ in 0..40 {
        let stretch = table.stretch(at);
        assert!(stretch.offset.abs() < 86_400);
        assert!(stretch.until > at || at == i64::MAX, "{at}");
        for inside in [at.midpoint(stretch.until - 1), stretch.until - 1] {
            let part = table.stretch(inside);
            assert_eq!(part.offset, stretch.offset, "{inside} in {at}");
            assert!(part.until >= stretch.until, "{inside} in {at}");
        }
        at = stretch.until;
        if at == i64::MAX {
            break;
        }
    }
}

/// A file of one type of local time, and a rule.
fn with_rule(rule: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for types in [0, 1] {
        file.extend(b"TZif3");
        file.extend([0; 15]);
        for count in [0_u32, 0, 0, 0, types, 4 * types] {
            file.extend(count.to_be_bytes());
        }
    }
    file.extend(b"\0\0\0\0\0\0-00\0\n");
    file.extend(rule);
    file.push(b'\n');
    file
}
