use proptest::prelude::*;

use super::*;

/// Two cache lines: many are held at once.
#[test]
fn a_record_is_small() {
    assert!(size_of::<Recording>() <= 128, "{}", size_of::<Recording>());
}

#[test]
fn absent_is_not_empty() {
    let mut record = Recording::new().with(Field::OutDialCode, "");
    assert_eq!(record.get(Field::OutDialCode), Some(""));
    assert_eq!(record.get(Field::WrapUpCode), None);
    assert_eq!(record.text(Field::WrapUpCode), "");
    record.remove(Field::OutDialCode);
    assert_eq!(record, Recording::new());
}

#[test]
fn what_cannot_be_read_is_kept() {
    let record = Recording::new().with(Field::StartDate, "soon").with(Field::Duration, "a while");
    assert_eq!((record.start(), record.duration(), record.finish()), (None, None, None));
    assert_eq!(record.get(Field::StartDate), Some("soon"));
    assert_eq!(record.get(Field::Duration), Some("a while"));
}

#[test]
fn durations() {
    for (text, seconds) in [
        ("27", Some(27)),
        ("027", Some(27)),
        ("0", Some(0)),
        ("9223372036854775807", Some(Recording::MAX_DURATION)),
        ("000000000000000000000000000000000027", Some(27)),
        ("0009223372036854775808", None),
        ("18446744073709551615", None),
        ("18446744073709551616", None),
        ("", None),
        ("+27", None),
        ("-27", None),
        ("2 7", None),
        ("27.0", None),
        ("２７", None),
    ] {
        let record = Recording::new().with(Field::Duration, text);
        assert_eq!(record.duration(), seconds, "{text:?}");
        // FIELD-4
        let beyond = seconds.is_none() && text.trim_start_matches('0').len() > 18;
        assert_eq!(record.is_too_long(), beyond, "{text:?}");
    }
}

#[test]
fn a_finish_beyond_the_calendar_is_none() {
    let record = Recording::new()
        .with(Field::StartDate, "9999-12-31T23:59:59Z")
        .with(Field::Duration, "9223372036854775807");
    assert_eq!(record.duration(), Some(Recording::MAX_DURATION));
    assert_eq!(record.finish(), None);
    assert_eq!(Row::finish(&record), None);
}

#[test]
fn set_start_writes_the_response_form() {
    let mut record = Recording::new();
    let start = DateTime::parse_from_rfc3339("2008-02-14T10:12:13-08:00").unwrap();
    record.set_start(start);
    assert_eq!(record.get(Field::StartDate), Some("2008-02-14T10:12:13-08:00"));
    assert_eq!(record.start(), Some(start));
}

/// Whatever ends are given: the values are then parts of the text, and together all of it.
#[test]
fn ends_that_do_not_fit_are_refused() {
    let text = ",,é,,,b,,,,,,,,,,,";
    let commas = text.match_indices(',').map(|(place, _)| place as u32);
    let mut fitting = [text.len() as u32; Field::COUNT];
    for (end, place) in fitting.iter_mut().zip(commas.take(Field::COUNT - 1)) {
        *end = place;
    }
    let mut fit = 0;
    for index in 0..Field::COUNT {
        for place in (0..=text.len() as u32 + 1).chain([u32::MAX]) {
            let mut ends = fitting;
            ends[index] = place;
            let Some(record) = Recording::from_joined(text, &ends) else { continue };
            let values: Vec<&str> = record.fields().map(|(_, value)| value).collect();
            assert_eq!((values.len(), values.join(",")), (Field::COUNT, text.to_owned()));
            assert_eq!(record.ends, ends);
            fit += 1;
        }
    }
    // The last comma but two may also be one of those behind it.
    assert_eq!(fit, Field::COUNT + 2);
    assert_eq!(Recording::from_joined("", &[0; Field::COUNT]), None);
}

proptest! {
    #[test]
    fn the_last_value_set_is_the_value(
        steps in proptest::collection::vec((0..Field::COUNT, proptest::option::of(".{0,9}")), 0..40)
    ) {
        let mut record = Recording::new();
        let mut expected: [Option<String>; Field::COUNT] = Default::default();
        for (index, value) in steps {
            match &value {
                Some(value) => record.set(Field::ALL[index], value),
                None => record.remove(Field::ALL[index]),
            }
            expected[index] = value;
        }
        for field in Field::ALL {
            prop_assert_eq!(record.get(field), expected[field.index()].as_deref());
        }
        let values = core::array::from_fn(|index| expected[index].as_deref());
        prop_assert_eq!(&Recording::from_values(&values), &record);
        prop_assert_eq!(record.joined(), values.map(Option::unwrap_or_default).join(","));
        for field in Field::ALL {
            if record.get(field).is_none() {
                record.set(field, "");
            }
        }
        prop_assert_eq!(Recording::from_joined(record.joined(), &record.ends), Some(record));
    }
}
