use chrono::{DateTime, NaiveDate, Utc};

/// The file name of a recording, where it carries a time (CALL-4).
///
/// The names of the documentation have the form `SYYYYMMDD/RYYYYMMDDhhmmss….wav`: a folder for the
/// **UTC** day of the start, the start in UTC to the second, and digits of varying number whose
/// meaning is not documented. Other names are legal and carry no time.
///
/// ```
/// use vcc_types::RecordingName;
///
/// let name = RecordingName::parse("S20071220/R2007122003163601000.wav").unwrap();
/// assert_eq!(name.start().to_rfc3339(), "2007-12-20T03:16:36+00:00");
/// assert_eq!(name.suffix(), "01000");
/// assert_eq!(RecordingName::parse("greeting.wav"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordingName<'a> {
    folder: NaiveDate,
    start: DateTime<Utc>,
    suffix: &'a str,
}

impl<'a> RecordingName<'a> {
    /// Reads a name of the documented form; `None` for any other name, also if the digits are not a date
    /// and a time.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix('S')?.strip_suffix(".wav")?;
        let (folder, rest) = rest.split_once('/')?;
        let digits = rest.strip_prefix('R')?;
        if !folder.bytes().chain(digits.bytes()).all(|byte| byte.is_ascii_digit())
            || folder.len() != 8
            || digits.len() < 14
        {
            return None;
        }
        let number = |text: &str| text.parse::<u32>().ok();
        let date = |text: &str| {
            let year = text[..4].parse().ok()?;
            NaiveDate::from_ymd_opt(year, number(&text[4..6])?, number(&text[6..8])?)
        };
        let start = date(digits)?.and_hms_opt(
            number(&digits[8..10])?,
            number(&digits[10..12])?,
            number(&digits[12..14])?,
        )?;
        Some(Self { folder: date(folder)?, start: start.and_utc(), suffix: &digits[14..] })
    }

    /// The UTC day of the folder. It is usually the day of [`start`](Self::start), but names in which it
    /// differs are read too.
    #[must_use]
    pub fn folder(&self) -> NaiveDate {
        self.folder
    }

    /// The start of the recording in UTC, to the second.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The digits after the seconds, if any. Their meaning is not known.
    #[must_use]
    pub fn suffix(&self) -> &'a str {
        self.suffix
    }
}

impl core::fmt::Display for RecordingName<'_> {
    /// Writes the name in the form that [`RecordingName::parse`] reads.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (folder, start) = (self.folder.format("%Y%m%d"), self.start.format("%Y%m%d%H%M%S"));
        write!(f, "S{folder}/R{start}{}.wav", self.suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_carry_a_time_print_back() {
        for name in [
            "S20071220/R2007122003163601000.wav",
            "S20071220/R20071220031636.wav",
            "S20071221/R20071220235959999999999999999999999.wav",
        ] {
            assert_eq!(RecordingName::parse(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_names_carry_none() {
        for name in [
            "",
            "S20071220/R2007122003163601000",
            "S20071220/R2007122003163601000.WAV",
            "S20071220R2007122003163601000.wav",
            "S2007122/R2007122003163601000.wav",
            "S20071220/R2007122003163.wav",
            "S20071320/R20071220031636.wav",
            "S20071220/R20071220241636.wav",
            "S20071220/R20070229031636.wav",
            "S20071220/R2007122003163６.wav",
            "S２0071220/R20071220031636.wav",
        ] {
            assert_eq!(RecordingName::parse(name), None, "{name:?}");
        }
    }
}
