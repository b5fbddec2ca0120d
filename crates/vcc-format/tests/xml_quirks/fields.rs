//! QUIRK-6: elements that are no field, fields that are missing.

use crate::properties::read_all;
use vcc_format::{ErrorKind, Mode, Options, xml};

use super::{check, refused, row, short};

#[test]
fn quirk_6_unknown_and_missing_fields() {
    check(&[
        row(
            b"<recordings><file><site id='1'>A &amp; B</site><agentID/><site /></file></recordings>",
            &["agentID=\"\" +site=\"A & B\" +site=\"\""],
            &[
                "18..31 unknown-field \"extra value site\"",
                "57..65 unknown-field \"extra value site\"",
            ],
        ),
        // A second value of a field is kept beside the first.
        row(
            b"<recordings><file><agentID>a</agentID><agentID>b</agentID></file></recordings>",
            &["agentID=\"a\" +agentID=\"b\""],
            &["38..47 repeated-field \"extra value agentID\""],
        ),
        // Elements in an unknown one are kept as its text, also those named like a field.
        row(
            b"<recordings><file><site><a>1</a><agentID>2</agentID><c/></site></file></recordings>",
            &["+site=\"<a>1</a><agentID>2</agentID><c/>\""],
            &[
                "18..24 unknown-field \"extra value site\"",
                "24..27 nested-element \"<a>\"",
                "32..41 nested-element \"<agentID>\"",
                "52..56 nested-element \"<c/>\"",
            ],
        ),
        // Around records, unknown elements are looked through.
        row(
            b"<recordings><page n='1'><file><caseID>1</caseID></file></page><total>2</total>\
              <file/></recordings>",
            &["caseID=\"1\"", ""],
            &[
                "12..24 unknown-element \"\"",
                "62..69 unknown-element \"\"",
                "69..70 stray-text \"\"",
            ],
        ),
        row(
            b"<recordings><a><b><file/></a></recordings>",
            &[""],
            &[
                "12..15 unknown-element \"\"",
                "15..18 unknown-element \"\"",
                "25..29 unclosed-element \"</b></a>\"",
            ],
        ),
        row(b"<recordings>junk<file/>x<file/></recordings>", &["", ""], &[
            "12..16 stray-text \"\"",
            "23..24 stray-text \"\"",
        ]),
        row(
            b"<recordings><file><![CDATA[x]]><!-- c --></file></recordings>",
            &[""],
            &["18..31 stray-text \"\""],
        ),
    ]);
    // Agreed upon, they are no deviation, in either mode.
    let document = b"<recordings><file><site>1</site></file></recordings>";
    for mode in [Mode::Tolerant, Mode::Strict] {
        let options = Options::builder().mode(mode).expect_extra(true).build();
        let outcome = read_all::<xml::Xml>(document, options);
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.records[0].extra(), [("site".to_owned(), "1".to_owned())]);
        assert_eq!(outcome.deviations, []);
    }
    refused(&[
        (
            b"<recordings><File><agentID>a</agentID></File></recordings>",
            "line 1, column 19 (byte 18): expected <file> before a field, found <agentID>; \
             open: recordings > File",
        ),
        (
            b"<recordings><file><recordings></recordings></file></recordings>",
            "line 1, column 19 (byte 18): expected a field or </file>, found <recordings>; \
             open: recordings > file",
        ),
        (
            b"<recordings><file><\xC3\x97>1</\xC3\x97></file></recordings>",
            "line 1, column 19 (byte 18): expected a tag, found \"\u{d7}\", which is no name; \
             open: recordings > file",
        ),
        (
            b"<recordings><file a='<></file></recordings>",
            "line 1, column 13 (byte 12): expected <file> or </recordings>, \
             found a `<` that begins no tag; open: recordings",
        ),
    ]);
}

/// An unknown element that nothing closes ends before the first field in it (QUIRK-5, QUIRK-6).
#[test]
fn an_unclosed_unknown_element_takes_no_field_with_it() {
    check(&[
        row(
            b"<recordings><file><site>x<b>y</b><agentID>bill</agentID><caseID>1</caseID></file>\
              <file><site>x<caseID>2</caseID><file/></recordings>",
            &[
                "agentID=\"bill\" caseID=\"1\" +site=\"x<b>y</b>\"",
                "caseID=\"2\" +site=\"x\"",
                "",
            ],
            &[
                "18..24 unknown-field \"extra value site\"",
                "25..28 nested-element \"<b>\"",
                "33..42 unclosed-element \"</site>\"",
                "87..93 unknown-field \"extra value site\"",
                "94..102 unclosed-element \"</site>\"",
                "112..119 missing-record-end \"</file>\"",
            ],
        ),
        // Many of them.
        row(
            b"<recordings><file><a><b>1<agentID>x</agentID><c>2<caseID>3</caseID><d><e><f><queueID>4</queueID>\
              </file></recordings>",
            &["agentID=\"x\" caseID=\"3\" queueID=\"4\" +a=\"<b>1\" +c=\"2\" +d=\"<e><f>\""],
            &[
                "18..21 unknown-field \"extra value a\"",
                "21..24 nested-element \"<b>\"",
                "25..34 unclosed-element \"</a>\"",
                "45..48 unknown-field \"extra value c\"",
                "49..57 unclosed-element \"</c>\"",
                "67..70 unknown-field \"extra value d\"",
                "70..73 nested-element \"<e>\"",
                "73..76 nested-element \"<f>\"",
                "76..85 unclosed-element \"</d>\"",
            ],
        ),
    ]);
    // Nor where the document is cut.
    let cut = b"<recordings><file><site>x<agentID>bill</agentID><caseID>1";
    let outcome = read_all::<xml::Xml>(cut, Options::tolerant());
    let (kind, _, message, partial) = outcome.error.unwrap();
    assert_eq!(kind, ErrorKind::Truncated, "{message}");
    assert_eq!(short(&partial.unwrap()), "agentID=\"bill\" +site=\"x\"");
}
