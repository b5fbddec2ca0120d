//! How a case failed, whatever its request and its records: defects that fail the same cases differ
//! in it.

use std::fmt;
use std::str::FromStr;

use crate::judge::list::Format;
use crate::run::Outcome;

/// The marks of a symptom with the letter of each.
const MARKS: [(char, u8); 8] = [
    ('+', Symptom::EXTRA),
    ('-', Symptom::MISSING),
    ('~', Symptom::ALTERED),
    ('=', Symptom::TWICE),
    ('^', Symptom::ORDER),
    ('!', Symptom::FORM),
    ('x', Symptom::TROUBLE),
    ('c', Symptom::CSV),
];

/// How a case failed. It is written as its marks and, where the status was wrong, that status:
/// `+-`, `~c`, `404`, `!200`.
///
/// ```
/// use vcc_conformance_core::symptom::Symptom;
///
/// let symptom: Symptom = "+-404".parse().unwrap();
/// assert!(symptom.has(Symptom::EXTRA | Symptom::MISSING) && !symptom.has(Symptom::ORDER));
/// assert_eq!(symptom.status(), Some(404));
/// assert_eq!(symptom.to_string(), "+-404");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symptom {
    marks: u8,
    /// 0 where the status was right.
    status: u16,
}

impl Symptom {
    /// Records that were not expected.
    pub const EXTRA: u8 = 1;
    /// Records that did not come.
    pub const MISSING: u8 = 2;
    /// Records with other values.
    pub const ALTERED: u8 = 4;
    /// Records more than once.
    pub const TWICE: u8 = 8;
    /// The right records in another order.
    pub const ORDER: u8 = 16;
    /// A header, or a body that is not as expected or cannot be read.
    pub const FORM: u8 = 32;
    /// No answer.
    pub const TROUBLE: u8 = 64;
    /// In CSV alone, where other forms were asked for too.
    pub const CSV: u8 = 128;

    /// How the case of this outcome failed; no mark where it did not.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let mut symptom = Symptom::default();
        for problem in &outcome.problems {
            let finding = &problem.finding;
            let mut mark = |mark, there: bool| symptom.marks |= if there { mark } else { 0 };
            if let Some(difference) = &finding.difference {
                mark(Self::EXTRA, !difference.unexpected.is_empty());
                mark(Self::MISSING, !difference.missing.is_empty());
                mark(Self::ALTERED, !difference.altered.is_empty());
                mark(Self::TWICE, !difference.twice.is_empty());
                mark(Self::ORDER, difference.order.is_some());
            } else if problem.exchange.answer.is_err() {
                mark(Self::TROUBLE, true);
            } else if let Some(status) = finding.status {
                // The first: problems are sorted by level, then in the order of the requests.
                symptom.status = if symptom.status == 0 { status } else { symptom.status };
            } else {
                mark(Self::FORM, true);
            }
        }
        let csv = |problem: &crate::run::Problem| problem.exchange.planned.format == Format::Csv;
        if outcome.variants > 1 && !outcome.problems.is_empty() && outcome.problems.iter().all(csv)
        {
            symptom.marks |= Self::CSV;
        }
        symptom
    }

    /// Whether it has all of these marks.
    #[must_use]
    pub fn has(self, marks: u8) -> bool {
        self.marks & marks == marks
    }

    /// The status that came in place of the right one.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// How alike two are, from 0 to 1: the share of what both have in what either has; `None` where
    /// one of them says nothing.
    #[must_use]
    pub fn likeness(self, other: Self) -> Option<f64> {
        if self == Self::default() || other == Self::default() {
            return None;
        }
        let status = |of: Self| u32::from(of.status != 0);
        let both = (self.marks & other.marks).count_ones()
            + u32::from(self.status == other.status) * status(self);
        let either = (self.marks | other.marks).count_ones() + status(self).max(status(other))
            // Two statuses are two.
            + u32::from(self.status != other.status) * status(self) * status(other);
        Some(f64::from(both) / f64::from(either))
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, mark) in MARKS {
            if self.has(mark) {
                write!(f, "{letter}")?;
            }
        }
        self.status().map_or(Ok(()), |status| write!(f, "{status}"))
    }
}

/// A text that is not a symptom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSymptom(String);

impl fmt::Display for NoSymptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a symptom: expected the marks + - ~ = ^ ! x c, then a status",
            self.0
        )
    }
}

impl std::error::Error for NoSymptom {}

impl FromStr for Symptom {
    type Err = NoSymptom;

    fn from_str(text: &str) -> Result<Self, NoSymptom> {
        let no = || NoSymptom(text.to_owned());
        let marks = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let mut symptom = Symptom::default();
        for letter in marks.chars() {
            let (_, mark) = MARKS.iter().find(|(of, _)| *of == letter).ok_or_else(no)?;
            symptom.marks |= mark;
        }
        let status = &text[marks.len()..];
        if !status.is_empty() {
            symptom.status = status.parse().map_err(|_| no())?;
        }
        Ok(symptom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symptoms_are_read_as_they_are_written() {
        for text in ["", "+", "+-", "~c", "=", "^", "!", "x", "404", "+-~=^!xc500"] {
            assert_eq!(text.parse::<Symptom>().unwrap().to_string(), text);
        }
        for text in ["?", "4a", "99999999", "+ -"] {
            let problem = text.parse::<Symptom>().unwrap_err().to_string();
            assert_eq!(
                problem,
                format!(
                    "{text:?} is not a symptom: expected the marks + - ~ = ^ ! x c, then a status"
                )
            );
        }
    }

    #[test]
    fn the_likeness_of_two_symptoms() {
        for (one, other, likeness) in [
            ("+", "+", Some(1.0)),
            ("+", "-", Some(0.0)),
            ("+-", "-", Some(0.5)),
            ("404", "404", Some(1.0)),
            ("404", "500", Some(0.0)),
            ("+404", "+500", Some(1.0 / 3.0)),
            ("+", "+500", Some(0.5)),
            ("", "+", None),
        ] {
            let of = |text: &str| text.parse::<Symptom>().unwrap();
            assert_eq!(of(one).likeness(of(other)), likeness, "{one} {other}");
            assert_eq!(of(other).likeness(of(one)), likeness, "{other} {one}");
        }
    }
}
