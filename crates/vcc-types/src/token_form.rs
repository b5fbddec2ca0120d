/// The form of a token. Tokens of this project have a form that scanners for secrets find, and that
/// shows a mistyped token without asking a server. Tokens that others issued can have any form.
///
/// A token of this project is `vccr_`, then 43 characters of secret (256 random bits), then 6 that check
/// everything before them: the CRC-32 of ISO-HDLC in base 62. The digits of base 62 are `0` to `9`, `A`
/// to `Z` and `a` to `z`, the most significant first. [`PATTERN`](Self::PATTERN) finds it in any text.
/// Anyone who has a token can check it. That it is whole proves nothing (AUTH-5): a server compares its
/// hash, and accepts tokens of every form.
///
/// ```
/// use vcc_types::TokenForm;
///
/// let token = TokenForm::write("3vQB7B6MrGQZaxCuFg4ohT9bWnJ1kYd5xR2sLpXeHcU").unwrap();
/// assert_eq!(token, "vccr_3vQB7B6MrGQZaxCuFg4ohT9bWnJ1kYd5xR2sLpXeHcU0ZOKgy");
/// assert_eq!(TokenForm::of(&token), TokenForm::Whole);
/// assert_eq!(TokenForm::of(&token.replace("hT9", "hT8")), TokenForm::Mistyped);
/// assert_eq!(TokenForm::of(&token[..53]), TokenForm::Mistyped);
/// // A token of the documentation.
/// assert_eq!(TokenForm::of("ac12343934687a:839cf"), TokenForm::Other);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenForm {
    /// A token of this project, complete and unchanged.
    Whole,
    /// It begins like a token of this project, but is not complete or has been changed.
    Mistyped,
    /// Any other text: a token of an earlier version, or one issued elsewhere. Its form says nothing.
    Other,
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many digits check the others.
const CHECK: usize = 6;

impl TokenForm {
    /// What a token of this project begins with. It is not a dash, so a token is never taken for an option
    /// of a command.
    pub const PREFIX: &'static str = "vccr_";

    /// A regular expression for scanners, which every token of this project matches.
    pub const PATTERN: &'static str = "vccr_[0-9A-Za-z]{49}";

    /// How many characters the secret has: 62^43 is just above 2^256.
    pub const SECRET: usize = 43;

    /// The form of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let Some(rest) = text.strip_prefix(Self::PREFIX) else { return Self::Other };
        match rest.get(..Self::SECRET).and_then(Self::write) {
            Some(whole) if whole == text => Self::Whole,
            _ => Self::Mistyped,
        }
    }

    /// The token of a secret. `None` if the secret is not [`SECRET`](Self::SECRET) digits of base 62.
    #[must_use]
    pub fn write(secret: &str) -> Option<String> {
        if secret.len() != Self::SECRET || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        let mut token = format!("{}{secret}", Self::PREFIX);
        let check = crc32(token.as_bytes());
        for place in (0..CHECK).rev() {
            let digit = u64::from(check) / 62_u64.pow(place as u32) % 62;
            token.push(char::from(DIGITS[digit as usize]));
        }
        Some(token)
    }

    /// The digit of base 62 that a random byte stands for. All digits are equally likely: `None` for bytes
    /// that would make some likelier, so take the next byte instead.
    #[must_use]
    pub fn digit(random: u8) -> Option<char> {
        DIGITS.get(usize::from(random & 63)).copied().map(char::from)
    }
}

/// The CRC-32 of ISO-HDLC, as in gzip and PNG.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        TokenForm::write("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg").unwrap()
    }

    #[test]
    fn the_check_is_that_of_gzip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn a_token_has_one_form() {
        let token = token();
        assert_eq!(token.len(), 54);
        assert_eq!(TokenForm::of(&token), TokenForm::Whole);
        let rest = token.strip_prefix(TokenForm::PREFIX).unwrap();
        assert!(rest.len() == 49 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        for secret in ["", &"0".repeat(42), &"0".repeat(44), &"-".repeat(43), &"é".repeat(22)] {
            assert_eq!(TokenForm::write(secret), None, "{secret}");
        }
    }

    /// Each wrong, missing or added character, and each two that changed places.
    #[test]
    fn what_is_mistyped_is_told_apart() {
        let token = token();
        let mut mistyped = vec![format!("{token} "), format!("{token}\n"), "vccr_".to_owned()];
        for at in TokenForm::PREFIX.len()..token.len() {
            let (before, after) = token.split_at(at);
            for digit in DIGITS {
                let digit = char::from(*digit);
                mistyped.push(format!("{before}{digit}{}", &after[1..]));
                mistyped.push(format!("{before}{digit}{after}"));
            }
            mistyped.push(format!("{before}{}", &after[1..]));
            mistyped.push(format!("{before}é{}", &after[1..]));
            if let Some(second) = after.get(1..2) {
                mistyped.push(format!("{before}{second}{}{}", &after[..1], &after[2..]));
            }
        }
        for text in mistyped.iter().filter(|text| **text != token) {
            assert_eq!(TokenForm::of(text), TokenForm::Mistyped, "{text}");
        }
    }

    #[test]
    fn what_is_of_another_form_is_not_judged() {
        for text in ["", "ac12343934687a:839cf", "VCCR_x", " vccr_x", "vccr", "-abc"] {
            assert_eq!(TokenForm::of(text), TokenForm::Other, "{text}");
        }
    }

    #[test]
    fn every_digit_is_as_likely_as_another() {
        let mut counts = std::collections::HashMap::new();
        for digit in (0..=u8::MAX).filter_map(TokenForm::digit) {
            *counts.entry(digit).or_insert(0) += 1;
        }
        assert!(counts.len() == 62 && counts.values().all(|count| *count == 4), "{counts:?}");
    }
}
