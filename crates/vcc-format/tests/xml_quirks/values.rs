//! QUIRK-10, QUIRK-14: values are carried as they are, and what is said about some.

use crate::properties::read_all;
use vcc_format::{Options, xml};

use super::{check, row, short};

#[test]
fn quirk_10_values_are_carried_as_they_are() {
    check(&[row(
        b"<recordings><file><phoneNumber>bill</phoneNumber><channel> 5027780 </channel>\
          <duration>027</duration></file></recordings>",
        &["phoneNumber=\"bill\" channel=\" 5027780 \" duration=\"027\""],
        &[],
    )]);
}

#[test]
fn quirk_14_starts_and_durations_that_do_not_parse() {
    check(&[
        row(
            b"<recordings><file><startDate>soon</startDate><duration>a while</duration></file>\
              </recordings>",
            &["startDate=\"soon\" duration=\"a while\""],
            &["29..33 unreadable-start \"soon\"", "55..62 unreadable-duration \"a while\""],
        ),
        // Empty says as little as absent.
        row(
            b"<recordings><file><startDate /><duration></duration></file></recordings>",
            &["startDate=\"\" duration=\"\""],
            &[],
        ),
        // No zone given: kept as it is.
        row(
            b"<recordings><file><startDate>2008-02-14 10:12:13</startDate></file></recordings>",
            &["startDate=\"2008-02-14 10:12:13\""],
            &["29..48 local-start \"2008-02-14 10:12:13\""],
        ),
        row(
            b"<recordings><file><startDate>2008-02-30T10:12:13-08:00</startDate>\
              <duration>-1</duration></file></recordings>",
            &["startDate=\"2008-02-30T10:12:13-08:00\" duration=\"-1\""],
            &[
                "29..54 unreadable-start \"2008-02-30T10:12:13-08:00\"",
                "76..78 unreadable-duration \"-1\"",
            ],
        ),
    ]);
}

#[test]
fn quirk_14_a_start_without_an_offset_is_read_in_the_zone_of_the_caller() {
    let document = b"<recordings><file><startDate>2008-02-14 10:12:13</startDate></file>\
        <file><startDate>2008-02-15T10:12:13</startDate></file></recordings>";
    // A zone with a gap on the 15th.
    let zone = |local: chrono::NaiveDateTime| {
        let west = chrono::FixedOffset::west_opt(8 * 3600);
        west.filter(|_| chrono::Datelike::day(&local) == 14)
    };
    let options = Options::builder().zone(zone).build();
    let outcome = read_all::<xml::Xml>(document, options);
    assert_eq!(short(&outcome.records[0]), "startDate=\"2008-02-14T10:12:13-08:00\"");
    assert_eq!(outcome.records[0].start().unwrap().to_rfc3339(), "2008-02-14T10:12:13-08:00");
    assert_eq!(short(&outcome.records[1]), "startDate=\"2008-02-15T10:12:13\"");
    assert_eq!(outcome.records[1].start(), None);
    let reported: Vec<String> = outcome.deviations.iter().map(ToString::to_string).collect();
    assert_eq!(
        reported,
        [
            "line 1, column 30: local-start (QUIRK-14) read as \"2008-02-14T10:12:13-08:00\"",
            "line 1, column 85: local-start (QUIRK-14) read as \"2008-02-15T10:12:13\"",
        ]
    );
}

#[test]
fn quirk_14_white_space_around_a_start_or_a_duration() {
    check(&[row(
        b"<recordings><file>\n<startDate>\n  2008-02-14T10:12:13-08:00\n</startDate>\n\
          <duration>\t27 </duration><agentID> bill </agentID></file></recordings>",
        &["startDate=\"2008-02-14T10:12:13-08:00\" agentID=\" bill \" duration=\"27\""],
        &[
            "30..59 space-around-value \"2008-02-14T10:12:13-08:00\"",
            "82..86 space-around-value \"27\"",
        ],
    )]);
}
