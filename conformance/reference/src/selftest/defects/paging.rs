use vcc_store::Page;

use crate::selftest::defect::Hook::{Again, Ask, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::paged;

pub(super) const PAGES: Family = Family {
    name: "pages and n",
    defects: &[
        defect(
            "page-of-49",
            &["PAGE-1"],
            "whose pages hold 49",
            Select(|s, _, _| s.page_size = 49),
        ),
        defect(
            "page-of-51",
            &["PAGE-1"],
            "whose pages hold 51",
            Select(|s, _, _| s.page_size = 51),
        ),
        defect(
            "page-of-25",
            &["PAGE-1"],
            "whose pages hold 25",
            Select(|s, _, _| s.page_size = 25),
        ),
        defect(
            "page-of-100",
            &["PAGE-1"],
            "whose pages hold 100",
            Select(|s, _, _| s.page_size = 100),
        ),
        defect(
            "no-pages",
            &["PAGE-1"],
            "that lists everything at once",
            Select(|s, _, _| s.page_size = 9_999),
        ),
        defect(
            "no-pages-in-csv",
            &["PAGE-1"],
            "that lists everything at once in CSV",
            Select(|s, incoming, _| {
                if incoming.is_csv() {
                    s.page_size = 9_999;
                }
            }),
        ),
        defect(
            "no-pages-beside-d",
            &["PAGE-1"],
            "that lists everything at once where d is given",
            Select(|s, _, _| {
                if s.window.is_some() {
                    s.page_size = 9_999;
                }
            }),
        ),
        defect(
            "n-from-zero",
            &["PAGE-2", "PAGE-5a"],
            "whose n counts from zero",
            Select(|s, incoming, _| {
                if incoming.has("n") {
                    s.first = s.first.saturating_add(1);
                }
            }),
        ),
        defect(
            "n-off-by-one",
            &["PAGE-2", "PAGE-5a"],
            "whose pages after the first begin one record early",
            Select(|s, _, _| s.first = (s.first - 1).max(1)),
        ),
        defect(
            "page-edge-lost",
            &["PAGE-2", "PAGE-5a"],
            "whose pages after the first begin one record late",
            Select(|s, _, _| {
                if s.first > 1 {
                    s.first = s.first.saturating_add(1);
                }
            }),
        ),
        defect(
            "n-is-a-page",
            &["PAGE-2", "PAGE-5a"],
            "whose n is the number of a page",
            Select(|s, _, _| s.first = (s.first - 1).saturating_mul(50).saturating_add(1)),
        ),
        defect(
            "n-rounded",
            &["PAGE-2"],
            "that rounds n down to a page of fifty",
            Select(|s, _, _| s.first = (s.first - 1) / 50 * 50 + 1),
        ),
        defect(
            "n-ignored",
            &["PAGE-2", "PAGE-5a"],
            "that ignores n",
            Select(|s, _, _| s.first = 1),
        ),
        defect(
            "n-ignored-beside-d",
            &["PAGE-2", "PAGE-5a"],
            "that ignores n where a date is given",
            Select(|s, incoming, _| {
                if incoming.has_date() {
                    s.first = 1;
                }
            }),
        ),
        defect(
            "n-ignored-in-csv",
            &["PAGE-2", "PAGE-5a", "OUT-4a"],
            "that ignores n in CSV",
            Select(|s, incoming, _| {
                if incoming.is_csv() {
                    s.first = 1;
                }
            }),
        ),
        defect(
            "n-counts-the-header",
            &["PAGE-2", "PAGE-5a"],
            "whose n counts the header row of CSV",
            Select(|s, incoming, _| {
                if incoming.is_csv() && s.first > 1 {
                    s.first -= 1;
                }
            }),
        ),
        defect(
            "past-the-end-404",
            &["PAGE-3a"],
            "that answers 404 past the end",
            Refuse(404, "n: no such page", |outgoing, incoming, _| {
                incoming.has("n") && outgoing.is_empty()
            }),
        ),
        defect(
            "nothing-found-404",
            &["PAGE-3a", "DATE-1", "NEAR-1", "FIELD-1a"],
            "that answers 404 where nothing is found",
            Refuse(404, "nothing found", |outgoing, _, _| outgoing.is_empty()),
        ),
        defect(
            "nothing-found-204",
            &["PAGE-3a", "DATE-1", "NEAR-1", "FIELD-1a", "OUT-1a"],
            "that answers 204 where nothing is found",
            Refuse(204, "", |outgoing, _, _| outgoing.is_empty()),
        ),
        defect(
            "last-page-again",
            &["PAGE-3a"],
            "that gives the last page again past the end",
            List(|s, incoming, site| {
                let rows = &site.resident(incoming).rows;
                let found: Vec<_> = rows.iter().filter(|row| s.matches(row)).cloned().collect();
                let mut s = s.clone();
                if s.first > found.len() as u64 {
                    s.first = found.len().saturating_sub(1) as u64 / 50 * 50 + 1;
                }
                paged(found, &s)
            }),
        ),
        defect(
            "first-page-again",
            &["PAGE-3a"],
            "that gives the first page again past the end",
            Again(|outgoing, incoming, _| {
                (incoming.has("n") && outgoing.is_empty()).then(|| incoming.without(&["n"]))
            }),
        ),
        defect(
            "short-pages-dropped",
            &["PAGE-2", "PAGE-5a"],
            "that drops a last page that is not full",
            List(|s, incoming, site| {
                let page = site.page(s, incoming, |row| s.matches(row));
                if s.first > 1 && page.records.len() < 50 { Page::default() } else { page }
            }),
        ),
        defect(
            "single-last-dropped",
            &["PAGE-2", "PAGE-5a"],
            "that drops a last page of one record",
            List(|s, incoming, site| {
                let page = site.page(s, incoming, |row| s.matches(row));
                if s.first > 1 && page.records.len() == 1 { Page::default() } else { page }
            }),
        ),
        defect(
            "full-last-dropped",
            &["PAGE-2", "PAGE-5a"],
            "that drops the last page of a multiple of fifty",
            List(|s, incoming, site| {
                let page = site.page(s, incoming, |row| s.matches(row));
                let full = page.records.len() == 50 && !page.more;
                if s.first > 1 && full { Page::default() } else { page }
            }),
        ),
        defect(
            "hundred-at-most",
            &["PAGE-2", "PAGE-5a"],
            "that lists a hundred records and no more",
            List(|s, incoming, site| {
                let rows = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                paged(rows.take(100).cloned().collect(), s)
            }),
        ),
        defect(
            "n-garbage-is-1",
            &["PAGE-4a"],
            "that takes an n that is no number for 1",
            Ask(|incoming, _| {
                incoming.retain(|name, value| name != "n" || value.parse::<u128>().is_ok())
            }),
        ),
        defect(
            "n-prefix",
            &["PAGE-4a"],
            "that reads n up to the first character that is no digit",
            Ask(|incoming, _| {
                incoming.map_one("n", |value| {
                    let digits: String =
                        value.trim().chars().take_while(char::is_ascii_digit).collect();
                    (!digits.is_empty()).then_some(digits)
                });
            }),
        ),
        defect(
            "n-number-like",
            &["PAGE-4a"],
            "that reads n as a number of any kind: signs, spaces, fractions, exponents, digits of any script",
            Ask(|incoming, _| {
                incoming.map_one("n", |value| {
                    let ascii: String = value
                        .trim()
                        .chars()
                        .map(|c| match u32::from(c) {
                            digit @ 0x660..=0x669 => char::from(b'0' + (digit - 0x660) as u8),
                            digit @ 0xff10..=0xff19 => char::from(b'0' + (digit - 0xff10) as u8),
                            _ => c,
                        })
                        .collect();
                    let hex =
                        ascii.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
                    let number = hex.map(|hex| hex as f64).or_else(|| ascii.parse::<f64>().ok())?;
                    (number < 1e15).then(|| (number.max(1.0) as u64).to_string())
                });
            }),
        ),
        defect(
            "n-empty-is-1",
            &["PAGE-4a"],
            "that takes an empty n for none",
            Ask(|incoming, _| incoming.retain(|name, value| name != "n" || !value.is_empty())),
        ),
        defect(
            "n-zeros-refused",
            &["PAGE-4a"],
            "that refuses zeros before n",
            Refuse(400, "n: expected a number without zeros before it", |_, incoming, _| {
                incoming.get("n").is_some_and(|n| n.len() > 1 && n.starts_with('0'))
            }),
        ),
        defect(
            "n-octal",
            &["PAGE-4a"],
            "that reads an n with a zero before it as octal",
            Ask(|incoming, _| {
                incoming.map_one("n", |n| {
                    let octal = n.strip_prefix('0').filter(|rest| !rest.is_empty())?;
                    u64::from_str_radix(octal, 8).ok().map(|n| n.to_string())
                });
            }),
        ),
        defect(
            "n-32-bits",
            &["PAGE-4a"],
            "that keeps n in 32 bits",
            Select(|s, _, _| s.first = u64::from((s.first as u32).max(1))),
        ),
        defect(
            "n-overflows",
            &["PAGE-4a", "STATUS-1a"],
            "that answers 500 where n does not fit 32 bits",
            Refuse(500, "internal error", |_, incoming, _| {
                incoming.get("n").is_some_and(|n| n.parse::<u128>().is_ok_and(|n| n > 0x7fff_ffff))
            }),
        ),
        defect(
            "n-large-refused",
            &["PAGE-3a", "PAGE-4a"],
            "that refuses an n beyond 10,000",
            Refuse(400, "n: too large", |_, incoming, _| {
                incoming.get("n").is_some_and(|n| n.parse::<u128>().is_ok_and(|n| n > 10_000))
            }),
        ),
        defect(
            "n-saturates",
            &["PAGE-4a"],
            "that takes an n beyond 64 bits for the largest",
            Ask(|incoming, _| {
                incoming.map_one("n", |n| {
                    let digits = !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit());
                    (digits && n.parse::<u64>().is_err()).then(|| u64::MAX.to_string())
                });
            }),
        ),
    ],
};
