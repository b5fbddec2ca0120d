//! Records and selections that are drawn by chance, and are the same each time. Their values are few, so
//! that many match, tie, or differ by a little.

use chrono::{DateTime, TimeDelta};
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
use vcc_types::{Field, Order, Recording};

use super::samples::everything;
use crate::StoredRecord;

/// Case, spaces, numbers as texts, patterns, letters that look or fold alike, and characters beyond the
/// first plane.
const TEXTS: [&str; 14] = [
    "",
    "bill",
    "Bill",
    "bill ",
    "10",
    "010",
    "9",
    "%",
    "b_ll",
    "\\",
    "é",
    "e\u{301}",
    "ß",
    "\u{1f600}",
];

/// 2007-12-20T03:16:36Z, in microseconds.
const BASE: i64 = 1_198_120_596_000_000;

/// Numbers by chance: SplitMix64.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// An instant that ties with others, stands a microsecond apart, or lies days and years apart.
    fn micros(&mut self) -> i64 {
        let around = |number: u64, half: i64| number as i64 - half;
        BASE + match self.below(8) {
            0..4 => around(self.below(24), 12) * 1_000_000,
            4 | 5 => around(self.below(6), 3),
            6 => around(self.below(800), 400) * 86_400_000_000,
            _ => around(self.below(6_000), 3_000) * 1_000_000,
        }
    }

    /// A record with a filename of its own.
    pub(super) fn record(&mut self, number: usize) -> StoredRecord {
        let mut recording = Recording::new();
        for field in StoredRecord::text_fields() {
            recording.set(field, self.one(&TEXTS));
        }
        recording.set(Field::Duration, self.one(&["0", "5", "05", "7", "12", "", "x", "-5"]));
        recording.set(Field::Filename, &format!("{}-{number}", self.one(&TEXTS)));
        let start = DateTime::from_timestamp_micros(self.micros()).unwrap_or_default();
        StoredRecord::with_start(&recording, start).unwrap()
    }

    pub(super) fn selection(&mut self) -> Selection {
        let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let (one, other, at) = (self.micros(), self.micros(), instant(self.micros()));
        let window = Window { from: instant(one.min(other)), until: instant(one.max(other)) };
        let edge = self.one(&[Edge::Start, Edge::Finish]);
        let (from, until) = (at - TimeDelta::seconds(5), at + TimeDelta::seconds(5));
        let near = Near { edge, at, tolerance: 5, from, until };
        let mut filters = Vec::new();
        for _ in 0..self.below(3) {
            let field = Field::ALL[1 + self.below(Field::COUNT as u64 - 1) as usize];
            let wanted = match field {
                Field::Duration => Wanted::Seconds(self.one(&[0, 5, 7, 12])),
                _ => Wanted::Text(self.one(&TEXTS).into()),
            };
            filters.push(Filter { field, wanted });
        }
        filters.dedup_by_key(|filter| filter.field);
        Selection {
            window: (self.below(2) == 0).then_some(window),
            near: (self.below(4) == 0).then_some(near),
            filters,
            first: self.one(&[1, 2, 7, 51, 150, 201, 260, 330, 700]),
            page_size: self.one(&[1, 3, 50]),
            order: self.one(&[Order::StartAscending, Order::StartDescending]),
            ..everything()
        }
    }
}
