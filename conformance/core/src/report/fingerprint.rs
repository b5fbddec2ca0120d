use std::fmt;

use vcc_types::Dialect;

use crate::run::Report;

/// The value of one switch, as the probes saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The switch.
    pub switch: &'static str,
    /// Its clause.
    pub clause: &'static str,
    /// The readings that held, each once; none where no probe of it ran.
    pub values: Vec<String>,
    /// What was seen by probes of which no reading held.
    pub other: Vec<String>,
    /// The reading of the reference.
    pub default: &'static str,
}

impl Point {
    /// The value, where the probes agree on one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match (&self.values[..], &self.other[..]) {
            ([value], []) => Some(value),
            _ => None,
        }
    }
}

/// How a target reads the points that the documentation leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// One a switch, in the order of [`Dialect::SWITCHES`].
    pub points: Vec<Point>,
}

impl Fingerprint {
    /// What the probes of a run saw.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut points = Vec::new();
        for switch in Dialect::SWITCHES {
            let mut point = Point {
                switch: switch.name,
                clause: switch.clause,
                values: Vec::new(),
                other: Vec::new(),
                default: switch.values[0].0,
            };
            let observed = report.outcomes.iter().filter_map(|outcome| outcome.observed.as_ref());
            for observed in observed.filter(|observed| observed.switch == switch.name) {
                let (list, text) = match &observed.value {
                    Some(value) => (&mut point.values, value),
                    None => (&mut point.other, &observed.seen),
                };
                if !list.contains(text) {
                    list.push(text.clone());
                }
            }
            points.push(point);
        }
        Self { points }
    }

    /// The dialect that makes the reference behave as the target does, as far as it is known.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        let mut dialect = Dialect::default();
        for point in &self.points {
            if let Some(value) = point.value() {
                // A reading that is no value of its switch is refused when the suite is read.
                let _ = dialect.set(point.switch, value);
            }
        }
        dialect
    }
}

impl fmt::Display for Fingerprint {
    /// The text of the dialect, with what is not known in comments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for point in &self.points {
            let comment = match point.value() {
                Some(value) if value == point.default => point.clause.to_string(),
                Some(_) => format!("{}, the reference: {}", point.clause, point.default),
                None if point.values.is_empty() && point.other.is_empty() => {
                    format!("{}, not exercised", point.clause)
                }
                None => {
                    let seen = [&point.values[..], &point.other[..]].concat().join(" / ");
                    format!("{}, other: {seen}", point.clause)
                }
            };
            let value = point.value().unwrap_or(point.default);
            let text = format!("{} = \"{value}\"", point.switch);
            let hidden = if point.value().is_some() { "" } else { "# " };
            writeln!(f, "{hidden}{text:<36} # {comment}")?;
        }
        Ok(())
    }
}
