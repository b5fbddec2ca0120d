use crate::selftest::asked::Asked;
use crate::selftest::defect::Fault::{Answer, Ask};
use crate::selftest::defect::{Family, defect};

/// The digits of the duration asked for, without zeros before them.
fn duration(asked: &Asked) -> Option<String> {
    let text = asked.get("duration")?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.trim_start_matches('0').to_owned())
}

/// The number that is left in so many bits.
fn wrapped(digits: &str, bits: u32) -> u64 {
    let number = digits
        .bytes()
        .fold(0_u64, |number, byte| number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')));
    if bits == 64 { number } else { number & ((1 << bits) - 1) }
}

fn in_bits(asked: &mut Asked, bits: u32) {
    if let Some(digits) = duration(asked) {
        asked.map_one("duration", |_| Some(wrapped(&digits, bits).to_string()));
    }
}

pub(super) const NUMBERS: Family = Family {
    name: "large numbers",
    defects: &[
        defect(
            "duration-asked-in-32-bits",
            &["FIELD-4"],
            "that cuts the duration asked for to 32 bits",
            Ask(|asked, _| in_bits(asked, 32)),
        ),
        defect(
            "duration-asked-in-64-bits",
            &["FIELD-4"],
            "that cuts the duration asked for to 64 bits",
            Ask(|asked, _| in_bits(asked, 64)),
        ),
        defect(
            "durations-beyond-32-bits-refused",
            &["FIELD-4"],
            "that refuses a duration beyond 2^31−1",
            Answer(|answered, asked, _| {
                let number = duration(asked).filter(|digits| !digits.is_empty());
                if number.is_some_and(|digits| digits.parse::<i32>().is_err()) {
                    answered.refuse(400, "duration: too large");
                }
            }),
        ),
        defect(
            "durations-beyond-63-bits-refused",
            &["FIELD-4"],
            "that refuses a duration beyond 2^63−1",
            Answer(|answered, asked, _| {
                let number = duration(asked).filter(|digits| !digits.is_empty());
                if number.is_some_and(|digits| digits.parse::<i64>().is_err()) {
                    answered.refuse(400, "duration: too large");
                }
            }),
        ),
        defect(
            "durations-beyond-64-bits-refused",
            &["FIELD-4"],
            "that refuses a duration beyond 2^64−1",
            Answer(|answered, asked, _| {
                let number = duration(asked).filter(|digits| !digits.is_empty());
                if number.is_some_and(|digits| digits.parse::<u64>().is_err()) {
                    answered.refuse(400, "duration: too large");
                }
            }),
        ),
        defect(
            "durations-beyond-64-bits-500",
            &["FIELD-4"],
            "that answers 500 to a duration beyond 2^64−1",
            Answer(|answered, asked, _| {
                let number = duration(asked).filter(|digits| !digits.is_empty());
                if number.is_some_and(|digits| digits.parse::<u64>().is_err()) {
                    answered.refuse(500, "internal error");
                }
            }),
        ),
    ],
};
