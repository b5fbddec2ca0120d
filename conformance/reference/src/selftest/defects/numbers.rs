use crate::selftest::defect::Hook::{Ask, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;

/// The digits of the duration asked for, without leading zeros.
fn duration(incoming: &Incoming) -> Option<String> {
    let text = incoming.get("duration")?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.trim_start_matches('0').to_owned())
}

/// A number cut to this many bits.
fn wrapped(digits: &str, bits: u32) -> u64 {
    let number = digits
        .bytes()
        .fold(0_u64, |number, byte| number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')));
    if bits == 64 { number } else { number & ((1 << bits) - 1) }
}

fn in_bits(incoming: &mut Incoming, bits: u32) {
    if let Some(digits) = duration(incoming) {
        incoming.map_one("duration", |_| Some(wrapped(&digits, bits).to_string()));
    }
}

pub(super) const NUMBERS: Family = Family {
    name: "large numbers",
    defects: &[
        defect(
            "duration-asked-in-32-bits",
            &["FIELD-4"],
            "that cuts the duration asked for to 32 bits",
            Ask(|incoming, _| in_bits(incoming, 32)),
        ),
        defect(
            "duration-asked-in-64-bits",
            &["FIELD-4"],
            "that cuts the duration asked for to 64 bits",
            Ask(|incoming, _| in_bits(incoming, 64)),
        ),
        defect(
            "durations-beyond-32-bits-refused",
            &["FIELD-4"],
            "that refuses a duration beyond 2^31−1",
            Refuse(400, "duration: too large", |_, incoming, _| {
                let number = duration(incoming).filter(|digits| !digits.is_empty());
                number.is_some_and(|digits| digits.parse::<i32>().is_err())
            }),
        ),
        defect(
            "durations-beyond-63-bits-refused",
            &["FIELD-4"],
            "that refuses a duration beyond 2^63−1",
            Refuse(400, "duration: too large", |_, incoming, _| {
                let number = duration(incoming).filter(|digits| !digits.is_empty());
                number.is_some_and(|digits| digits.parse::<i64>().is_err())
            }),
        ),
        defect(
            "durations-beyond-64-bits-refused",
            &["FIELD-4"],
            "that refuses a duration beyond 2^64−1",
            Refuse(400, "duration: too large", |_, incoming, _| {
                let number = duration(incoming).filter(|digits| !digits.is_empty());
                number.is_some_and(|digits| digits.parse::<u64>().is_err())
            }),
        ),
        defect(
            "durations-beyond-64-bits-500",
            &["FIELD-4"],
            "that answers 500 to a duration beyond 2^64−1",
            Refuse(500, "internal error", |_, incoming, _| {
                let number = duration(incoming).filter(|digits| !digits.is_empty());
                number.is_some_and(|digits| digits.parse::<u64>().is_err())
            }),
        ),
    ],
};
