use vcc_query::{Filter, Selection, Wanted};
use vcc_store::StoredRecord;
use vcc_types::{Field, Row as _};

use crate::selftest::defect::Hook::{Again, Answer, Ask, Compare, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::in_time;

/// Whether a text fits a pattern of `any` (any text) and `one` (any character).
fn like(text: &[char], pattern: &[char], any: char, one: char) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((c, rest)) if *c == any => {
            (0..=text.len()).any(|skip| like(&text[skip..], rest, any, one))
        }
        Some((c, rest)) => text
            .split_first()
            .is_some_and(|(d, text)| (c == d || *c == one) && like(text, rest, any, one)),
    }
}

fn fits(text: &str, pattern: &str, any: char, one: char) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    like(&chars(text), &chars(pattern), any, one)
}

fn without(selection: &mut Selection, field: Field) {
    selection.filters.retain(|filter| filter.field != field);
}

/// A record with no more than one of the filters fulfilled is found.
fn any(selection: &Selection, row: &StoredRecord) -> bool {
    selection.filters.is_empty() || selection.filters.iter().any(|filter| filter.matches(row))
}

/// Accents taken off the letters of Latin-1.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            'Ü' => 'U',
            'Ö' => 'O',
            'Ä' => 'A',
            'É' => 'E',
            c => c,
        })
        .collect()
}

/// A letter and an accent behind it as one character, as far as the dataset has them.
fn composed(text: &str) -> String {
    ["e\u{301}é", "e\u{308}ë", "u\u{308}ü", "o\u{308}ö", "a\u{308}ä", "n\u{303}ñ"].iter().fold(
        text.to_owned(),
        |text, pair| {
            let at = pair.len() - pair.chars().next_back().map_or(0, char::len_utf8);
            text.replace(&pair[..at], &pair[at..])
        },
    )
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

pub(super) const FIELDS: Family = Family {
    name: "fields",
    defects: &[
        defect(
            "fields-ignored",
            &["FIELD-1a", "PAGE-1"],
            "that ignores fields",
            Select(|s, _, _| s.filters.clear()),
        ),
        defect(
            "or-in-place-of-and",
            &["FIELD-1a", "NEAR-5a"],
            "that finds what fits any of the fields",
            List(|s, incoming, site| site.page(s, incoming, |row| in_time(s, row) && any(s, row))),
        ),
        defect(
            "or-with-dates",
            &["NEAR-5a", "FIELD-1a"],
            "that finds what fits the dates or the fields",
            List(|s, incoming, site| {
                let dated = s.window.is_some() || s.near.is_some();
                site.page(s, incoming, |row| {
                    let fields = s.filters.iter().all(|filter| filter.matches(row));
                    if dated && !s.filters.is_empty() {
                        in_time(s, row) || fields
                    } else {
                        s.matches(row)
                    }
                })
            }),
        ),
        defect(
            "first-field-only",
            &["FIELD-1a", "NEAR-5a"],
            "that uses one field and ignores the others",
            Select(|s, _, _| s.filters.truncate(1)),
        ),
        defect(
            "last-field-only",
            &["FIELD-1a", "NEAR-5a"],
            "that uses the last field and ignores the others",
            Select(|s, _, _| {
                let keep = s.filters.len().saturating_sub(1);
                s.filters.drain(..keep);
            }),
        ),
        defect(
            "fields-by-prefix",
            &["FIELD-1a"],
            "that finds values which begin with what is asked for",
            Compare(
                |_, have, want| {
                    if want.is_empty() { have.is_empty() } else { have.starts_with(want) }
                },
            ),
        ),
        defect(
            "fields-by-suffix",
            &["FIELD-1a"],
            "that finds values which end with what is asked for",
            Compare(
                |_, have, want| {
                    if want.is_empty() { have.is_empty() } else { have.ends_with(want) }
                },
            ),
        ),
        defect(
            "fields-by-part",
            &["FIELD-1a"],
            "that finds values which contain what is asked for",
            Compare(
                |_, have, want| {
                    if want.is_empty() { have.is_empty() } else { have.contains(want) }
                },
            ),
        ),
        defect(
            "fields-in-any-case",
            &["FIELD-1b"],
            "that compares values in any case",
            Compare(|_, have, want| have.to_lowercase() == want.to_lowercase()),
        ),
        defect(
            "fields-in-any-ascii-case",
            &["FIELD-1b"],
            "that compares the letters of ASCII in any case",
            Compare(|_, have, want| have.eq_ignore_ascii_case(want)),
        ),
        defect(
            "fields-without-accents",
            &["FIELD-1a", "FIELD-1b"],
            "that compares values without their accents",
            Compare(|_, have, want| plain(have) == plain(want)),
        ),
        defect(
            "fields-composed",
            &["FIELD-1a", "FIELD-1b"],
            "that takes a letter with an accent behind it for the one that has it",
            Compare(|_, have, want| composed(have) == composed(want)),
        ),
        defect(
            "width-ignored",
            &["FIELD-1a", "FIELD-1b"],
            "that takes characters that look alike for the same",
            Compare(|_, have, want| {
                let folded = |text: &str| -> String {
                    text.chars()
                        .map(|c| match c {
                            '\u{ff01}'..='\u{ff5e}' => {
                                char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
                            }
                            '\u{a0}' | '\u{2003}' => ' ',
                            'а' => 'a',
                            'е' => 'e',
                            'і' => 'i',
                            'о' => 'o',
                            'ﬁ' => 'f',
                            c => c,
                        })
                        .filter(|c| !matches!(c, '\u{200b}' | '\u{200d}' | '\u{feff}' | '\u{ad}'))
                        .collect()
                };
                folded(have) == folded(want)
            }),
        ),
        defect(
            "values-trimmed",
            &["FIELD-1b"],
            "that trims what it compares",
            Compare(|_, have, want| have.trim() == want.trim()),
        ),
        defect(
            "asked-values-trimmed",
            &["FIELD-1b"],
            "that trims what is asked for",
            Compare(|_, have, want| have == want.trim()),
        ),
        defect(
            "trailing-spaces-ignored",
            &["FIELD-1b"],
            "that ignores spaces at the end of values",
            Compare(|_, have, want| have.trim_end_matches(' ') == want.trim_end_matches(' ')),
        ),
        defect(
            "inner-spaces-folded",
            &["FIELD-1b"],
            "that takes several spaces in a value for one",
            Compare(|_, have, want| {
                let folded = |text: &str| {
                    let words = text.split(' ').enumerate();
                    let inner = words.filter(|(at, word)| *at == 0 || !word.is_empty());
                    inner.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
                };
                folded(have) == folded(want)
            }),
        ),
        defect(
            "percent-is-a-wildcard",
            &["FIELD-6"],
            "in whose values % and _ are wildcards",
            Compare(|_, have, want| fits(have, want, '%', '_')),
        ),
        defect(
            "underscore-is-a-wildcard",
            &["FIELD-6"],
            "in whose values _ is a wildcard",
            Compare(|_, have, want| fits(have, want, '\u{1}', '_')),
        ),
        defect(
            "star-is-a-wildcard",
            &["FIELD-6"],
            "in whose values * and ? are wildcards",
            Compare(|_, have, want| fits(have, want, '*', '?')),
        ),
        defect(
            "patterns-in-values",
            &["FIELD-6"],
            "whose values are regular expressions",
            Compare(|_, have, want| {
                let pattern = regex_lite::Regex::new(&format!("^(?:{want})$"));
                pattern.map_or(have == want, |pattern| pattern.is_match(have))
            }),
        ),
        defect(
            "backslashes-escape",
            &["FIELD-6"],
            "in whose values a backslash escapes what follows",
            Compare(|_, have, want| have == want.replace('\\', "")),
        ),
        defect(
            "quotes-break",
            &["FIELD-1a", "STATUS-1a", "FIELD-5", "FIELD-6", "REQ-5"],
            "that answers 500 to a single quote in a value",
            Refuse(500, "internal error", |_, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                query.contains("%27") || query.contains('\'')
            }),
        ),
        defect(
            "commas-are-lists",
            &["FIELD-1a", "FIELD-5", "FIELD-6"],
            "in whose values a comma separates alternatives",
            Compare(|_, have, want| {
                have == want && !want.contains(',')
                    || want.contains(',') && want.split(',').any(|part| part == have)
            }),
        ),
        defect(
            "lists-by-comma-too",
            &["FIELD-1a", "FIELD-5", "FIELD-6"],
            "in whose values a comma or a bar also separates alternatives",
            Compare(|_, have, want| {
                have == want || want.split([',', '|', ';']).any(|part| part == have)
            }),
        ),
        defect(
            "bang-negates",
            &["FIELD-6", "FIELD-1a", "FIELD-5"],
            "in whose values a ! or a < at the start is an operator",
            Compare(|_, have, want| match want.split_at_checked(1) {
                Some(("!", rest)) => have != rest,
                Some((">", rest)) => have > rest,
                Some(("<", rest)) => have < rest,
                _ => have == want,
            }),
        ),
        defect(
            "values-of-64-bytes",
            &["FIELD-1a", "REQ-13b"],
            "that compares the first 64 characters of values",
            Compare(|_, have, want| have.chars().take(64).eq(want.chars().take(64))),
        ),
        defect(
            "values-of-255-bytes",
            &["FIELD-1a", "REQ-13b"],
            "that compares the first 255 characters of values",
            Compare(|_, have, want| have.chars().take(255).eq(want.chars().take(255))),
        ),
        defect(
            "numbers-in-text",
            &["FIELD-4", "FIELD-1a"],
            "that compares all that looks like a number as one",
            Compare(|_, have, want| match (number(have), number(want)) {
                (Some(one), Some(other)) => one == other,
                _ => have == want,
            }),
        ),
        defect(
            "integers-in-text",
            &["FIELD-4", "FIELD-1a"],
            "that ignores zeros before digits",
            Compare(|_, have, want| {
                let digits =
                    |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                {
                    if digits(have) && digits(want) {
                        have.trim_start_matches('0') == want.trim_start_matches('0')
                    } else {
                        have == want
                    }
                }
            }),
        ),
        defect(
            "duration-is-text",
            &["FIELD-4"],
            "that compares durations as text",
            List(|s, incoming, site| {
                let wanted = incoming.get("duration");
                site.page(s, incoming, |row| {
                    let text = wanted.as_ref().is_none_or(|want| row.text(Field::Duration) == want);
                    s.matches(row) && text
                })
            }),
        ),
        defect(
            "duration-at-least",
            &["FIELD-4", "FIELD-1a"],
            "whose duration finds longer recordings too",
            List(|s, incoming, site| {
                let least = s.filters.iter().find_map(|filter| match filter.wanted {
                    Wanted::Seconds(seconds) => Some(seconds),
                    _ => None,
                });
                let mut others = s.clone();
                if least.is_some() {
                    without(&mut others, Field::Duration);
                }
                site.page(s, incoming, |row| {
                    others.matches(row)
                        && least.is_none_or(|least| row.duration().is_some_and(|has| has >= least))
                })
            }),
        ),
        defect(
            "duration-in-32-bits",
            &["FIELD-4"],
            "that keeps durations in 32 bits",
            Select(|s, _, _| {
                for filter in &mut s.filters {
                    if let Wanted::Seconds(seconds) = &mut filter.wanted {
                        *seconds = u64::from(*seconds as u32);
                    }
                }
            }),
        ),
        defect(
            "long-durations-refused",
            &["FIELD-4"],
            "that refuses durations of more than 18 digits",
            Refuse(400, "duration: too large", |_, incoming, _| {
                incoming.get("duration").is_some_and(|text| text.len() > 18)
            }),
        ),
        defect(
            "bad-durations-are-zero",
            &["FIELD-4"],
            "that takes a duration that is no number for zero",
            Ask(|incoming, _| {
                incoming.map_one("duration", |text| {
                    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    (!digits).then(|| "0".to_owned())
                });
            }),
        ),
        defect(
            "bad-durations-are-nothing",
            &["FIELD-4"],
            "that finds nothing for a duration that is no number",
            Answer(|outgoing, incoming, _| {
                if outgoing.status == 400 && incoming.has("duration") {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "durations-of-any-number",
            &["FIELD-4"],
            "that reads a duration as a number of any kind",
            Ask(|incoming, _| {
                incoming.map_one("duration", |text| {
                    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    let minutes = text.split_once(':').and_then(|(minutes, seconds)| {
                        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
                    });
                    let number = minutes.or_else(|| number(text.trim_end_matches('s')));
                    (!digits).then_some(number?.abs()).map(|number| (number as u64).to_string())
                });
            }),
        ),
        defect(
            "start-date-as-a-field",
            &["FIELD-2"],
            "that reads startDate as start-date",
            Again(|_, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                query.contains("startDate=").then(|| Incoming {
                    query: Some(query.replace("startDate=", "start-date=")),
                    ..incoming.clone()
                })
            }),
        ),
        defect(
            "finish-date-as-a-field",
            &["REQ-7", "FIELD-2", "FIELD-1a", "NEAR-2"],
            "that reads finishDate as finish-date",
            Again(|_, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                query.contains("finishDate=").then(|| Incoming {
                    query: Some(query.replace("finishDate=", "finish-date=")),
                    ..incoming.clone()
                })
            }),
        ),
        defect(
            "start-date-as-text",
            &["FIELD-2"],
            "that compares startDate as text",
            Again(|_, incoming, site| {
                let wanted = incoming.get("startDate")?;
                let at = site.instant(&wanted, site.resident(incoming).zone)?;
                let mut incoming = incoming.without(&["startDate"]);
                let until = crate::selftest::site::utc(at + chrono::TimeDelta::microseconds(1));
                incoming.add("d", &format!("{},{until}", crate::selftest::site::utc(at)));
                Some(incoming)
            }),
        ),
        defect(
            "words-for-nothing",
            &["FIELD-1a"],
            "that takes null, None and nan for an empty value",
            Compare(|_, have, want| {
                let none = ["null", "NULL", "None", "nil", "undefined", "nan", "NaN"];
                have == want && !none.contains(&want) || none.contains(&want) && have.is_empty()
            }),
        ),
        defect(
            "truth-values",
            &["FIELD-1a"],
            "that takes true for 1 and false for 0",
            Compare(|_, have, want| match want {
                "true" => have == "1",
                "false" => have == "0",
                _ => have == want,
            }),
        ),
        defect(
            "absent-is-zero",
            &["FIELD-1a", "FIELD-7", "FIELD-4"],
            "that takes an absent value for 0",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    in_time(s, row)
                        && s.filters.iter().all(|filter| {
                            let absent = row.text(filter.field).is_empty();
                            let zero = *filter == Filter::text(filter.field, "0")
                                || filter.wanted == Wanted::Seconds(0);
                            filter.matches(row) || absent && zero
                        })
                })
            }),
        ),
        defect(
            "encoded-slashes-refused",
            &["FIELD-5", "FIELD-1a", "REQ-5"],
            "that refuses an encoded slash",
            Refuse(400, "encoded slash", |_, incoming, _| {
                incoming.query.as_deref().unwrap_or_default().to_lowercase().contains("%2f")
            }),
        ),
        defect(
            "slashes-cut",
            &["FIELD-1a", "FIELD-5", "REQ-5"],
            "that compares a file name without its folder",
            Compare(|field, have, want| {
                let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
                if field == Field::Filename { last(have) == last(want) } else { have == want }
            }),
        ),
    ],
};

macro_rules! ignored {
    ($($name:literal $says:literal $field:ident,)*) => {
        &[$(defect(
            $name,
            &["FIELD-1a", "FIELD-4", "FIELD-5", "NEAR-5a", "CALL-1", "CALL-2", "CALL-3"],
            $says,
            Select(|s, _, _| without(s, Field::$field)),
        ),)*]
    };
}

pub(super) const IGNORED: Family = Family {
    name: "single fields",
    defects: ignored! {
        "ignores-agentID" "that ignores agentID" AgentId,
        "ignores-phoneNumber" "that ignores phoneNumber" PhoneNumber,
        "ignores-channel" "that ignores channel" Channel,
        "ignores-caseID" "that ignores caseID" CaseId,
        "ignores-duration" "that ignores duration" Duration,
        "ignores-filename" "that ignores filename" Filename,
        "ignores-queueID" "that ignores queueID" QueueId,
        "ignores-queueName" "that ignores queueName" QueueName,
        "ignores-accountNumber" "that ignores accountNumber" AccountNumber,
        "ignores-transactionID" "that ignores transactionID" TransactionId,
        "ignores-extVar1" "that ignores extVar1" ExtVar1,
        "ignores-extVar2" "that ignores extVar2" ExtVar2,
        "ignores-outDialCode" "that ignores outDialCode" OutDialCode,
        "ignores-wrapUpCode" "that ignores wrapUpCode" WrapUpCode,
    },
};
