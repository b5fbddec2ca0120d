use crate::selftest::defect::Hook::{Compare, Refuse};
use crate::selftest::defect::{Family, defect};

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

/// Latin-1 letters without their accents.
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

/// Joins letters with the accents behind them, as far as the dataset has them.
fn composed(text: &str) -> String {
    ["e\u{301}é", "e\u{308}ë", "u\u{308}ü", "o\u{308}ö", "a\u{308}ä", "n\u{303}ñ"].iter().fold(
        text.to_owned(),
        |text, pair| {
            let at = pair.len() - pair.chars().next_back().map_or(0, char::len_utf8);
            text.replace(&pair[..at], &pair[at..])
        },
    )
}

pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// How the value of a field is compared with the one asked for.
pub(super) const COMPARISONS: Family = Family {
    name: "fields",
    defects: &[
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
    ],
};
