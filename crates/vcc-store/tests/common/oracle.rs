//! A second oracle, which shares no code with the store or with `vcc-query`: it keeps the records
//! as it made them, computes with whole nanoseconds in 128 bits, and sorts and counts a `Vec`. Its
//! traps are those of time and position; those of text are in [`super::TEXTS`].

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use chrono::{DateTime, TimeDelta, Utc};
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
use vcc_store::{Batch, Store, StoredRecord};
use vcc_types::{Field, Order, Recording, Row as _};

use super::{TEXTS, everything};

/// Numbers that look random (splitmix64), from a seed that a failure names.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn around(&mut self, reach: i64) -> i64 {
        self.below(2 * reach.cast_unsigned() + 1).cast_signed() - reach
    }
}

const SECOND: i64 = 1_000_000;
/// The first and the last microsecond that are stored (OUT-3): one day after the year 1 begins, and
/// one day before 9999 ends.
const FIRST: i64 = (-62_135_596_800 + 86_400) * SECOND;
const LAST: i64 = (253_402_300_800 - 86_400) * SECOND - 1;

/// An instant in microseconds: ties, neighbours, edges of every size of bucket, the ends of time.
fn micros(random: &mut Random) -> i64 {
    let base = 1_198_120_596 * SECOND;
    let micros = match random.below(16) {
        0..=4 => base + random.around(8) * SECOND,
        5 => base + random.around(3),
        6..=8 => base + random.around(1_500) * SECOND,
        9 => base + random.around(300_000) * SECOND,
        10..=12 => {
            let width = (1_i64 << random.pick(&[10, 16, 22, 28])) * SECOND;
            (base / width + random.around(2)) * width + random.around(1)
        }
        13 => random.around(2_000) * SECOND + random.around(1),
        14 => random.pick(&[FIRST, FIRST + 1, LAST, LAST - 1, 0, -1]),
        _ => FIRST + (random.below((LAST - FIRST).cast_unsigned()) as i64),
    };
    micros.clamp(FIRST, LAST)
}

const DURATIONS: [&str; 18] = [
    "",
    "0",
    "00",
    "5",
    "27",
    "027",
    "00000000000000000000000027",
    "+27",
    "-27",
    " 27",
    "27.0",
    "abc",
    "٢٧",
    "9223372036854775807",
    "000000000000009223372036854775807",
    "-9223372036854775808",
    "-1",
    "18446744073709551616s",
];

fn texts(random: &mut Random) -> Vec<String> {
    StoredRecord::text_fields()
        .map(|field| match field {
            Field::Duration if random.one_in(3) => random.pick(&DURATIONS).to_owned(),
            Field::Duration => random.below(12).to_string(),
            // Not every record has a key, and a record with one seldom has that of another.
            Field::TransactionId | Field::Filename if random.one_in(2) => String::new(),
            Field::Filename => format!("{}{}", random.pick(&TEXTS), random.below(40)),
            _ => random.pick(&TEXTS).to_owned(),
        })
        .collect()
}

/// A record as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    start: i64,
    texts: Vec<String>,
}

impl Made {
    fn text(&self, field: Field) -> &str {
        let index = StoredRecord::text_fields().position(|other| other == field).unwrap();
        &self.texts[index]
    }

    fn stored(&self) -> StoredRecord {
        let recording = StoredRecord::text_fields()
            .zip(&self.texts)
            .fold(Recording::new(), |recording, (field, text)| recording.with(field, text));
        let start = DateTime::from_timestamp_micros(self.start).unwrap();
        StoredRecord::with_start(&recording, start).unwrap()
    }

    /// FIELD-4: ASCII digits, however many.
    fn seconds(&self) -> Option<u64> {
        let digits = self.text(Field::Duration);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(())?;
        digits.bytes().try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
    }

    fn matches(&self, selection: &Selection) -> bool {
        let start = i128::from(self.start) * 1_000;
        let window = selection
            .window
            .is_none_or(|window| nanos(window.from) <= start && start < nanos(window.until));
        let near = selection.near.is_none_or(|near| {
            let edge = match near.edge {
                Edge::Start => Some(start),
                Edge::Finish => {
                    self.seconds().map(|seconds| start + i128::from(seconds) * 1_000_000_000)
                }
            };
            edge.is_some_and(|edge| (edge - nanos(near.at)).abs() <= 5_000_000_000)
        });
        window
            && near
            && selection.filters.iter().all(|filter| match &filter.wanted {
                Wanted::Text(text) => self.text(filter.field) == &**text,
                Wanted::Seconds(seconds) => self.seconds() == Some(*seconds),
                Wanted::Never => false,
            })
    }

    /// By what an import recognises it.
    fn key(&self) -> [&str; 2] {
        [Field::TransactionId, Field::Filename].map(|field| self.text(field))
    }

    /// PAGE-5, ascending, apart from the order of arrival.
    fn order(&self, other: &Self) -> Ordering {
        let bytes = |made: &'_ Self| made.key().map(str::as_bytes).map(<[u8]>::to_vec);
        self.start.cmp(&other.start).then_with(|| bytes(self).cmp(&bytes(other)))
    }
}

fn nanos(instant: DateTime<Utc>) -> i128 {
    i128::from(instant.timestamp()) * 1_000_000_000 + i128::from(instant.timestamp_subsec_nanos())
}

/// Everything that matches, in the order of the list. `sorted` is ascending.
fn list<'a>(sorted: &[&'a Made], selection: &Selection) -> Vec<&'a Made> {
    let mut list: Vec<_> = sorted.iter().copied().filter(|made| made.matches(selection)).collect();
    if selection.order == Order::StartDescending {
        list.reverse();
    }
    list
}

/// The page of a list, and whether there is more.
fn page<'a, 'b>(list: &'b [&'a Made], selection: &Selection) -> (&'b [&'a Made], bool) {
    let before = usize::try_from(u128::from(selection.first) - 1).unwrap_or(usize::MAX);
    let rest = list.get(before..).unwrap_or_default();
    let size = rest.len().min(selection.page_size as usize);
    (&rest[..size], rest.len() > size)
}

fn instant(random: &mut Random, made: &[Made]) -> DateTime<Utc> {
    let micros = match made {
        [] => micros(random),
        _ if random.one_in(3) => micros(random),
        // Near the records: where one starts, and about where it finishes.
        made => {
            let start = made[random.below(made.len() as u64) as usize].start;
            let by = random.pick(&[0, 0, 1, -1, 5 * SECOND, 5 * SECOND + 1, 10 * SECOND]);
            start.saturating_add(by).clamp(FIRST, LAST)
        }
    };
    let instant = DateTime::from_timestamp_micros(micros).unwrap();
    // Also finer than what is stored.
    if random.one_in(5) { instant + TimeDelta::nanoseconds(random.around(999)) } else { instant }
}

fn window(random: &mut Random, made: &[Made]) -> Window {
    let from = instant(random, made);
    let until = if random.one_in(3) {
        // Inside one bucket, asking for more than it has.
        from + TimeDelta::seconds(random.below(900) as i64)
    } else {
        instant(random, made)
    };
    Window { from: from.min(until), until: from.max(until) }
}

fn filters(random: &mut Random, made: &[Made]) -> Vec<Filter> {
    let mut filters = Vec::new();
    for field in StoredRecord::text_fields() {
        if !random.one_in(25) {
            continue;
        }
        let text = match made {
            made if !made.is_empty() && random.one_in(2) => {
                made[random.below(made.len() as u64) as usize].text(field)
            }
            _ => random.pick(&TEXTS),
        };
        let wanted = match (field, random.below(8)) {
            (Field::Duration, 0) => Wanted::Text("".into()),
            (Field::Duration, 1) => Wanted::Never,
            (Field::Duration, 2) => {
                Wanted::Seconds(random.pick(&[u64::MAX, 1 << 63, (1 << 63) - 1, 27]))
            }
            (Field::Duration, _) => Wanted::Seconds(random.below(12)),
            (_, 0) if random.one_in(4) => Wanted::Text("\0".into()),
            _ => Wanted::Text(text.into()),
        };
        filters.push(Filter { field, wanted });
    }
    filters
}

/// A selection of everything from the first record on, apart from the page.
fn question(random: &mut Random, made: &[Made]) -> Selection {
    let window = (!random.one_in(3)).then(|| window(random, made));
    let near = random.one_in(4).then(|| {
        let at = instant(random, made);
        let [from, until] = [-5, 5].map(|seconds| at + TimeDelta::seconds(seconds));
        let edge = random.pick(&[Edge::Start, Edge::Finish]);
        Near { edge, at, tolerance: 5, from, until }
    });
    let filters = filters(random, made);
    let order = random.pick(&[Order::StartAscending, Order::StartDescending]);
    let page_size = random.pick(&[1, 3, 49, 50, 50, 50]);
    Selection { window, near, filters, order, page_size, ..everything() }
}

/// Around the end of the list, where the counts begin to be used, and where no list ends.
fn first(random: &mut Random, matching: u64) -> u64 {
    match random.below(10) {
        0..=2 => 1,
        3 | 4 => 1 + random.below(matching + 60),
        5 | 6 => (matching + 1).saturating_sub(random.below(53)).max(1),
        7 => random.pick(&[50, 51, 52, 199, 200, 201, 202]),
        8 => matching + 1 + random.below(300),
        _ => random.pick(&[u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 1 << 62, 1 << 32]),
    }
}

/// Records that can all be imported: of those with the same keys only the first.
fn made(random: &mut Random, count: u64) -> Vec<Made> {
    let mut made: Vec<Made> = Vec::new();
    let mut keys = HashSet::new();
    for _ in 0..count {
        let mut new = Made { start: micros(random), texts: texts(random) };
        // The same record again, and the same except for the start.
        if random.one_in(8) && !made.is_empty() {
            let twin = made[random.below(made.len() as u64) as usize].clone();
            new = if random.one_in(2) { Made { start: new.start, ..twin } } else { twin };
        }
        if new.key() == ["", ""] || keys.insert(new.key().map(str::to_owned)) {
            made.push(new);
        }
    }
    made
}

/// Many selections over a few sets of records, each of one tenant beside the others.
pub(crate) async fn agrees(store: &dyn Store, sizes: &[u64], selections: u32) {
    let seed = match std::env::var("VCC_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => RandomState::new().hash_one(()),
    };
    let mut random = Random(seed);
    for (set, size) in sizes.iter().enumerate() {
        let made = made(&mut random, *size);
        let zone = "UTC".parse().unwrap();
        let name = format!("oracle-{set}");
        let tenant = store.add_tenant(&name, zone, DateTime::UNIX_EPOCH).await.unwrap();
        for some in made.chunks(333) {
            let batch: Batch = some.iter().map(Made::stored).collect::<Vec<_>>().into();
            assert_eq!(store.import(tenant.id, batch).await.unwrap().added, some.len() as u64);
        }
        let mut sorted: Vec<_> = made.iter().collect();
        sorted.sort_by(|a, b| a.order(b));
        for _ in 0..selections {
            let mut selection = question(&mut random, &made);
            let list = list(&sorted, &selection);
            selection.first = first(&mut random, list.len() as u64);
            let (expected, more) = page(&list, &selection);
            let answer = store.page(tenant.id, &selection).await.unwrap();
            let found: Vec<_> = answer
                .records
                .iter()
                .map(|record| Made {
                    start: record.start_micros(),
                    texts: StoredRecord::text_fields()
                        .map(|field| record.text(field).to_owned())
                        .collect(),
                })
                .collect();
            assert!(
                found.iter().eq(expected.iter().copied()) && answer.more == more,
                "VCC_TEST_SEED={seed}, set {set}: {selection:#?}\nfound {} {}: {found:#?}\n\
                 expected {} {more}: {expected:#?}",
                found.len(),
                answer.more,
                expected.len(),
            );
        }
    }
}
