use jiff::tz::TimeZone;
use vcc_types::{
    Dialect, EqualEnds, Field, FutureConstants, IgnoredFinish, Plus, RangeEnd, RangeEndInstant,
    RepeatedVariable, ReversedRange, TimedSingle, TrailingQuote, UnknownVariable, ZeroOffset,
};

use super::date::{self, Written};
use super::{Context, Nanos, zone};
use crate::escapes;

/// What a query asks for.
pub(super) struct Selection {
    pub(super) window: Option<Window>,
    pub(super) near_start: Option<Nanos>,
    pub(super) near_finish: Option<Nanos>,
    pub(super) fields: Vec<(Field, String)>,
    pub(super) first: u64,
}

/// A variable, decoded.
struct Variable {
    name: String,
    value: String,
    /// The value with every `+` as it was written; of the same length in characters.
    plain: String,
}

/// `from` ≤ start < `until`, or ≤ where closed.
pub(super) struct Window {
    pub(super) from: Nanos,
    pub(super) until: Nanos,
    pub(super) closed: bool,
}

const KNOWN: [&str; 5] = ["d", "tz", "start-date", "finish-date", "n"];
const DATES: [&str; 3] = ["d", "start-date", "finish-date"];

pub(super) fn read(query: &[u8], context: &Context<'_>) -> Result<Selection, String> {
    let dialect = context.dialect;
    let mut variables: Vec<Variable> = Vec::new();
    for segment in unquoted(query, dialect).split(|byte| *byte == b'&') {
        if segment.is_empty() {
            continue; // REQ-12
        }
        let at = segment.iter().position(|byte| *byte == b'=').ok_or("a variable without =")?;
        let name = decode(&segment[..at], dialect.plus)?;
        let value = decode(&segment[at + 1..], dialect.plus)?;
        let field = Field::from_filter_name(&name);
        if field.is_none() && !KNOWN.contains(&name.as_str()) {
            match dialect.unknown_variable {
                UnknownVariable::Rejected => return Err(format!("{name:?} is not a variable")),
                UnknownVariable::Ignored => continue,
            }
        }
        // REQ-8c; FIELD-8: what records may hold can be asked for, U+007F and above too.
        let control = |c: char| c < ' ' && !(field.is_some() && "\t\r\n".contains(c));
        if name.contains(|c: char| c < ' ') || value.contains(control) {
            return Err(format!("{name}: a control character"));
        }
        let plain = decode(&segment[at + 1..], Plus::Literal)?;
        let earlier = variables.iter().position(|other| other.name == name);
        let variable = Variable { name, value, plain };
        match (earlier, dialect.repeated_variable) {
            (None, _) => variables.push(variable),
            (Some(_), RepeatedVariable::Rejected) => {
                return Err(format!("{} comes twice", variable.name));
            }
            (Some(_), RepeatedVariable::First) => {}
            (Some(index), RepeatedVariable::Last) => variables[index] = variable,
        }
    }
    let find = |wanted: &str| variables.iter().find(|variable| variable.name == wanted);
    let get = |wanted: &str| find(wanted).map(|variable| variable.value.as_str());
    let date = |wanted: &str| find(wanted).map(|Variable { value, plain, .. }| (value, plain));
    let named = match get("tz") {
        // REQ-6b: no zone's name holds a space.
        Some(name) => Some(zone::named(&name.replace(' ', "+"))?),
        None => None,
    };
    let clock = Clock { zone: named.as_ref().unwrap_or(context.zone), context };

    let window = date("d").map(|(text, plain)| clock.window(text, plain)).transpose()?;
    let mut near_start = None;
    let mut near_finish = None;
    if let Some((text, plain)) = date("start-date") {
        near_start = Some(clock.instant(text, plain)?);
        if let Some((text, plain)) = date("finish-date")
            && dialect.ignored_finish == IgnoredFinish::Checked
        {
            clock.instant(text, plain)?;
        }
    } else if let Some((text, plain)) = date("finish-date") {
        near_finish = Some(clock.instant(text, plain)?);
    }
    let first = match get("n") {
        None => 1,
        Some(text) => page(text, dialect)?,
    };
    let mut fields = Vec::new();
    for Variable { name, value, .. } in &variables {
        if let Some(field) = Field::from_filter_name(name) {
            if field == Field::Duration && !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("duration: {value:?} is not a number"));
            }
            fields.push((field, value.clone()));
        }
    }
    Ok(Selection { window, near_start, near_finish, fields, first })
}

/// REQ-11: without the quote at the very end, where the last variable is a date.
fn unquoted<'a>(query: &'a [u8], dialect: &Dialect) -> &'a [u8] {
    let last = query.rsplit(|byte| *byte == b'&').next().unwrap_or_default();
    let date = DATES.iter().any(|name| last.starts_with(format!("{name}=").as_bytes()));
    if !date || dialect.trailing_quote == TrailingQuote::Rejected {
        return query;
    }
    query.strip_suffix(b"\"").or_else(|| query.strip_suffix(b"%22")).unwrap_or(query)
}

/// REQ-5, FIELD-5: escapes are bytes of UTF-8, whatever character they stand for.
///
/// REQ-14: a raw `#` is a byte like any other.
fn decode(text: &[u8], plus: Plus) -> Result<String, String> {
    let space = |byte: &u8| if *byte == b'+' && plus == Plus::Space { b' ' } else { *byte };
    let text: Vec<u8> = text.iter().map(space).collect();
    let bytes = escapes::decode(&text).ok_or("a broken percent-escape")?;
    String::from_utf8(bytes.into_owned()).map_err(|_| "not UTF-8".into())
}

fn page(text: &str, dialect: &Dialect) -> Result<u64, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("n: {text:?} is not a number"));
    }
    match (text.parse(), dialect.zero_offset) {
        (Ok(0), ZeroOffset::FirstPage) => Ok(1),
        (Ok(0), ZeroOffset::Rejected) => Err("n: 0".into()),
        (Ok(first), _) => Ok(first),
        (Err(_), _) => Err("n: beyond 2^64-1".into()),
    }
}

/// A zone and the time in it.
struct Clock<'a> {
    zone: &'a TimeZone,
    context: &'a Context<'a>,
}

/// From its own instant to that of the next text of the same precision.
struct Period {
    from: Nanos,
    next: Nanos,
    timed: bool,
    constant: bool,
    midnight_after: bool,
}

impl Clock<'_> {
    fn period(&self, text: &str, plain: &str) -> Result<Period, String> {
        match date::read(text, plain)? {
            Written::Today { shift, ahead } => {
                if ahead && self.context.dialect.future_constants == FutureConstants::Rejected {
                    return Err(format!("{text:?} lies ahead"));
                }
                let today = self.context.now.to_zoned_datetime(self.zone.clone()).date();
                let today =
                    date::days(today.year().into(), today.month().into(), today.day().into());
                let day = today
                    .checked_add(shift)
                    .filter(|day| (date::days(1, 1, 1)..=date::days(9999, 12, 31)).contains(day));
                let day = day.ok_or_else(|| format!("{text:?} is beyond the calendar"))?;
                let midnight = |day: i64| {
                    zone::first_instant(Nanos::from(day) * 86_400 * super::SECOND, self.zone)
                };
                Ok(Period {
                    from: midnight(day),
                    next: midnight(day + 1),
                    timed: false,
                    constant: true,
                    midnight_after: false,
                })
            }
            Written::Text { local, next, timed, offset, midnight_after } => {
                let instant = |local| match offset {
                    Some(offset) => local - offset,
                    None => zone::first_instant(local, self.zone),
                };
                Ok(Period {
                    from: instant(local),
                    next: instant(next),
                    timed,
                    constant: false,
                    midnight_after,
                })
            }
        }
    }

    fn instant(&self, text: &str, plain: &str) -> Result<Nanos, String> {
        Ok(self.period(text, plain)?.from)
    }

    fn window(&self, text: &str, plain: &str) -> Result<Window, String> {
        let dialect = self.context.dialect;
        let open = |from, until| Window { from, until, closed: false };
        let ends: Vec<_> = text.split(',').zip(plain.split(',')).collect();
        match ends[..] {
            [(single, plain)] => {
                let period = self.period(single, plain)?;
                if period.midnight_after {
                    return Err(format!("{single:?} is the end of a day"));
                }
                if period.timed && dialect.timed_single == TimedSingle::Rejected {
                    return Err(format!("{single:?} has a time"));
                }
                Ok(open(period.from, period.next))
            }
            [(from, plain_from), (until, plain_until)] => {
                let (a, b) = (self.period(from, plain_from)?, self.period(until, plain_until)?);
                let same = !a.timed && !b.timed && a.from == b.from && a.next == b.next;
                if same {
                    return match dialect.equal_ends {
                        EqualEnds::Period => Ok(open(a.from, b.next)),
                        EqualEnds::Empty => Ok(open(a.from, a.from)),
                    };
                }
                let whole = dialect.range_end == RangeEnd::WholePeriod && !b.timed && !b.constant;
                let until = if whole { b.next } else { b.from };
                if until < a.from {
                    return match dialect.reversed_range {
                        ReversedRange::Rejected => Err("the range ends before it begins".into()),
                        ReversedRange::Empty => Ok(open(a.from, a.from)),
                    };
                }
                let closed = b.timed && dialect.range_end_instant == RangeEndInstant::Included;
                Ok(Window { from: a.from, until, closed })
            }
            _ => Err(format!("{text:?} has more than two ends")),
        }
    }
}
