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
    /// What probes saw when no reading held.
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

    /// The dialect that makes the reference behave like the target, as far as it is known.
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

impl Point {
    /// What is known although there is no value: a comment.
    #[must_use]
    pub fn remark(&self) -> String {
        match (&self.values[..], &self.other[..]) {
            ([], []) => "not exercised".into(),
            ([], other) => format!("not told: {}", other.join(" / ")),
            (values, other) => {
                format!("not told, seen as {}", [values, other].concat().join(" / "))
            }
        }
    }
}

impl fmt::Display for Fingerprint {
    /// The text of the dialect, as `--dialect` reads it. What is not known is a comment: every
    /// value was seen by the run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for point in &self.points {
            let Some(value) = point.value() else {
                // A line end in what was seen would end the comment.
                let remark: String =
                    point.remark().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                writeln!(f, "# {}: {remark} ({})", point.switch, point.clause)?;
                continue;
            };
            let text = format!("{} = \"{value}\"", point.switch);
            if value == point.default {
                writeln!(f, "{text:<36} # {}", point.clause)?;
            } else {
                writeln!(f, "{text:<36} # {}, the reference: {}", point.clause, point.default)?;
            }
        }
        Ok(())
    }
}
