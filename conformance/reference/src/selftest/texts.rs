//! Dates as texts, taken apart as far as the defects need it.

use chrono::NaiveDate;

/// What kind of date a text begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Year,
    Month,
    Day,
    Ordinal,
    Week,
    WeekDay,
    Other,
}

impl Shape {
    /// The shape of a text without a time; `Other` with one.
    pub(super) fn of(text: &str) -> Self {
        let pattern: String =
            text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        match pattern.as_str() {
            "0000" => Shape::Year,
            "0000-00" => Shape::Month,
            "0000-00-00" | "00000000" => Shape::Day,
            "0000-000" | "0000000" => Shape::Ordinal,
            "0000-W00" | "0000W00" => Shape::Week,
            "0000-W00-0" | "0000W000" => Shape::WeekDay,
            _ => Shape::Other,
        }
    }
}

/// A date with a time in its parts, each as written; empty if it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) date: &'a str,
    /// What separates date and time.
    pub(super) between: &'a str,
    pub(super) time: &'a str,
    pub(super) offset: &'a str,
}

impl Parts<'_> {
    pub(super) fn text(&self) -> String {
        [self.date, self.between, self.time, self.offset].concat()
    }
}

/// Takes a text apart.
pub(super) fn parts(text: &str) -> Parts<'_> {
    let digit_before = |at: usize| text[..at].ends_with(|c: char| c.is_ascii_digit());
    let split = text
        .char_indices()
        .find(|(at, c)| matches!(c, ' ' | 'T' | 't') && digit_before(*at) && !text.contains("day"));
    let Some((at, _)) = split else {
        return Parts { date: text, between: "", time: "", offset: "" };
    };
    let rest = &text[at + 1..];
    let end = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
    Parts { date: &text[..at], between: &text[at..=at], time: &rest[..end], offset: &rest[end..] }
}

/// The date that a text begins with.
pub(super) fn date(text: &str) -> &str {
    parts(text).date
}

/// The calendar date that a text names.
pub(super) fn ymd(text: &str) -> Option<NaiveDate> {
    let form = if text.contains('-') { "%Y-%m-%d" } else { "%Y%m%d" };
    (Shape::of(text) == Shape::Day).then(|| NaiveDate::parse_from_str(text, form).ok()).flatten()
}

/// What a calendar that rolls over makes of a date: a day, month or time beyond its end is carried
/// on.
pub(super) fn rolled(text: &str) -> Option<String> {
    let parts = parts(text);
    let numbers = |text: &str, widths: &[usize]| -> Option<Vec<i64>> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if !text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ':' || c == 'W') {
            return None;
        }
        let mut at = 0;
        let mut numbers = Vec::new();
        for width in widths {
            let Some(part) = digits.get(at..at + width) else { break };
            numbers.push(part.parse().ok()?);
            at += width;
        }
        (at == digits.len()).then_some(numbers)
    };
    let january = |year: i64| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, 1, 1);
    let day = match Shape::of(parts.date) {
        Shape::Day => {
            let date = numbers(parts.date, &[4, 2, 2])?;
            let (year, month) =
                (date[0] + (date[1] - 1).div_euclid(12), (date[1] - 1).rem_euclid(12));
            let month = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month as u32 + 1, 1)?;
            month + chrono::TimeDelta::days(date[2] - 1)
        }
        Shape::Ordinal => {
            let date = numbers(parts.date, &[4, 3])?;
            january(date[0])? + chrono::TimeDelta::days(date[1] - 1)
        }
        Shape::Week | Shape::WeekDay => {
            let date = numbers(parts.date, &[4, 2, 1])?;
            let year = i32::try_from(date[0]).ok()?;
            let first = NaiveDate::from_isoywd_opt(year, 1, chrono::Weekday::Mon)?;
            let weekday = date.get(2).copied().unwrap_or(1);
            first + chrono::TimeDelta::days((date[1] - 1) * 7 + weekday - 1)
        }
        _ => return None,
    };
    if parts.time.is_empty() {
        return Some(day.to_string());
    }
    let time = numbers(parts.time, &[2, 2, 2])?;
    let part = |index: usize| time.get(index).copied().unwrap_or_default();
    let seconds = part(0) * 3600 + part(1) * 60 + part(2);
    let at = day.and_hms_opt(0, 0, 0)? + chrono::TimeDelta::seconds(seconds);
    Some(format!("{}{}", at.format("%Y-%m-%dT%H:%M:%S"), parts.offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let apart = |text| {
            let Parts { date, between, time, offset } = parts(text);
            [date, between, time, offset]
        };
        assert_eq!(apart("2007-08-05 13:15Z"), ["2007-08-05", " ", "13:15", "Z"]);
        assert_eq!(apart("20070805T1315-0800"), ["20070805", "T", "1315", "-0800"]);
        assert_eq!(apart("today-1d"), ["today-1d", "", "", ""]);
        assert_eq!(apart("2007-08-05t13"), ["2007-08-05", "t", "13", ""]);
    }

    #[test]
    fn what_does_not_exist_rolls_over() {
        for (text, other) in [
            ("2007-02-29", "2007-03-01"),
            ("2007-13-01", "2008-01-01"),
            ("2007-366", "2008-01-01"),
            ("2007-08-05T25:00Z", "2007-08-06T01:00:00Z"),
            ("2007-08-05 13:60", "2007-08-05T14:00:00"),
            ("2007-W53-1", "2007-12-31"),
        ] {
            assert_eq!(rolled(text).as_deref(), Some(other), "{text}");
        }
    }
}
