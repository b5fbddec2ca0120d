//! QUIRK-1 to QUIRK-14, each as a table: what is read, what is reported, what strict mode says, and
//! the nearest neighbour, which is refused in both modes.

mod properties;

use properties::read_all;
use vcc_format::{ErrorKind, Mode, Options, xml};
use vcc_types::Recording;

/// One row: a document, the records in short, the deviations in short.
struct Row {
    document: &'static [u8],
    records: &'static [&'static str],
    deviations: &'static [&'static str],
}

const fn row(
    document: &'static [u8],
    records: &'static [&'static str],
    deviations: &'static [&'static str],
) -> Row {
    Row { document, records, deviations }
}

fn short(recording: &Recording) -> String {
    let fields = recording.fields().map(|(field, text)| format!("{field}={text:?}"));
    let extra = recording.extra().iter().map(|(name, text)| format!("+{name}={text:?}"));
    fields.chain(extra).collect::<Vec<_>>().join(" ")
}

fn check(rows: &[Row]) {
    for Row { document, records, deviations } in rows {
        let shown = String::from_utf8_lossy(document);
        let tolerant = read_all::<xml::Xml>(document, Options::tolerant());
        assert_eq!(tolerant.error, None, "{shown}");
        let read: Vec<String> = tolerant.records.iter().map(short).collect();
        assert_eq!(read, *records, "{shown}");
        let reported: Vec<String> = tolerant
            .deviations
            .iter()
            .map(|d| format!("{}..{} {} {:?}", d.span.start, d.span.end, d.kind, d.read_as))
            .collect();
        assert_eq!(reported, *deviations, "{shown}");
        let strict = read_all::<xml::Xml>(document, Options::strict());
        match tolerant.deviations.first() {
            None => assert_eq!(strict, tolerant, "{shown}"),
            Some(first) => {
                let (kind, offset, message, _) = strict.error.expect("strict mode refuses it");
                assert_eq!(kind, ErrorKind::Deviation(first.kind), "{shown}");
                assert_eq!(offset, first.span.start, "{shown}");
                assert!(message.contains(first.kind.name()), "{message}");
            }
        }
    }
}

/// Documents that no quirk explains, with what both modes say.
fn refused(rows: &[(&[u8], &str)]) {
    for (document, expected) in rows {
        let shown = String::from_utf8_lossy(document);
        let tolerant = read_all::<xml::Xml>(document, Options::tolerant());
        let (_, _, message, _) = tolerant.error.unwrap_or_else(|| panic!("it is read: {shown}"));
        assert_eq!(message, *expected, "{shown}");
        let strict = read_all::<xml::Xml>(document, Options::strict());
        assert!(strict.error.is_some(), "{shown}");
    }
}

#[test]
fn quirk_1_an_end_tag_without_a_name() {
    check(&[
        row(
            b"<recordings><file><queueName>q</></file></recordings>",
            &["queueName=\"q\""],
            &["30..33 empty-end-tag \"</queueName>\""],
        ),
        row(
            b"<recordings><file><queueName>q</></></>",
            &["queueName=\"q\""],
            &[
                "30..33 empty-end-tag \"</queueName>\"",
                "33..36 empty-end-tag \"</file>\"",
                "36..39 empty-end-tag \"</recordings>\"",
            ],
        ),
        // Of two open elements, the inner one.
        row(
            b"<recordings><file><site><b>1</>2</></file></recordings>",
            &["+site=\"<b>1</>2\""],
            &[
                "18..24 unknown-field \"extra value site\"",
                "24..27 nested-element \"<b>\"",
                "32..35 empty-end-tag \"</site>\"",
            ],
        ),
    ]);
    refused(&[
        (
            b"<recordings><file></ ></file></recordings>",
            "line 1, column 19 (byte 18): expected a field or </file>, \
             found a `<` that begins no tag; open: recordings > file",
        ),
        (
            b"<recordings></></>",
            "line 1, column 16 (byte 15): expected the end of the input after </recordings>",
        ),
    ]);
}

#[test]
fn quirk_2_percent_for_ampersand_in_a_tag() {
    check(&[
        row(
            b"<recordings><file><caseID>1</caseID></file>\n%lt;/recordings>",
            &["caseID=\"1\""],
            &["44..60 percent-reference \"</recordings>\""],
        ),
        row(
            b"%lt;recordings%gt;%lt;file>%lt;caseID%gt;1</caseID%gt;%amp;lt;outDialCode /%gt;\
              %lt;/file%gt;%lt;/recordings%gt;",
            &["caseID=\"1\" outDialCode=\"\""],
            &[
                "0..18 percent-reference \"<recordings>\"",
                "18..27 percent-reference \"<file>\"",
                "27..41 percent-reference \"<caseID>\"",
                "42..54 percent-reference \"</caseID>\"",
                "54..79 percent-reference \"<outDialCode />\"",
                "79..92 percent-reference \"</file>\"",
                "92..111 percent-reference \"</recordings>\"",
            ],
        ),
        // In a value it is text.
        row(
            b"<recordings><file><caseID>%lt;/caseID> %gt;%amp;</caseID></file></recordings>",
            &["caseID=\"%lt;/caseID> %gt;%amp;\""],
            &[],
        ),
    ]);
    refused(&[
        (
            b"<recordings><file><caseID>1</caseID></file>%lx;/recordings>",
            "line 1, column 60 (byte 59): expected </recordings>, \
             found the end of the input; open: recordings (QUIRK-7)",
        ),
        (
            b"<recordings><file><caseID>1</caseID></file>&lt;/recordings>",
            "line 1, column 60 (byte 59): expected </recordings>, \
             found the end of the input; open: recordings (QUIRK-7)",
        ),
        (
            b"<recordings><file><caseID>1</caseID></file>%lt;/recording>",
            "line 1, column 59 (byte 58): expected </recordings>, \
             found the end of the input; open: recordings (QUIRK-7)",
        ),
    ]);
}

#[test]
fn quirk_3_what_is_well_formed_is_no_deviation() {
    check(&[
        row(
            b"<?xml version='1.0' encoding='UTF-8' ?>\n<recordings>\n<file>\n<outDialCode />\n\
              <wrapUpCode></wrapUpCode><extVar1/></file>\n</recordings>\n",
            &["extVar1=\"\" outDialCode=\"\" wrapUpCode=\"\""],
            &[],
        ),
        row(b"<?xml  version='1.0'  encoding='UTF-8'  ?><recordings />", &[], &[]),
        row(b"<?xml version = \"1.0\" standalone = 'no'?><recordings></recordings >", &[], &[]),
    ]);
    refused(&[
        (
            b"<?xml encoding='UTF-8'?><recordings/>",
            "line 1, column 7 (byte 6): expected version=\"1.0\" in the XML declaration",
        ),
        (
            b"<?xml version='2.0'?><recordings/>",
            "line 1, column 16 (byte 15): expected version=\"1.0\" in the XML declaration",
        ),
        (
            b"<?xml version='1.0'encoding='UTF-8'?><recordings/>",
            "line 1, column 20 (byte 19): expected encoding or standalone in the XML declaration",
        ),
        (
            b"<?xml version='1.0' standalone='maybe'?><recordings/>",
            "line 1, column 33 (byte 32): expected standalone=\"yes\" or \"no\"",
        ),
        (
            b"<?xml version='1.0' standalone='yes' encoding='UTF-8'?><recordings/>",
            "line 1, column 38 (byte 37): expected the end of the XML declaration",
        ),
        (
            b"<?xml ?><recordings/>",
            "line 1, column 7 (byte 6): expected version=\"1.0\" in the XML declaration",
        ),
        (
            b"<!-- --><?xml version='1.0'?><recordings/>",
            "line 1, column 9 (byte 8): expected <recordings>, found an XML declaration",
        ),
    ]);
}

#[test]
fn quirk_4_ampersands_that_begin_no_reference() {
    check(&[
        row(
            b"<recordings><file><agentID>AT&T</agentID><queueName>a=1&copy=2 & &amp</queueName>\
              </file></recordings>",
            &["agentID=\"AT&T\" queueName=\"a=1&copy=2 & &amp\""],
            &[
                "29..30 bare-ampersand \"&\"",
                "55..56 bare-ampersand \"&\"",
                "63..64 bare-ampersand \"&\"",
                "65..66 bare-ampersand \"&\"",
            ],
        ),
        row(
            b"<recordings><file><agentID>&nbsp;&AMP;&Lt;&#xD800;&#X41;&amp;&#65;&#x42;</agentID>\
              </file></recordings>",
            &["agentID=\"&nbsp;&AMP;&Lt;&#xD800;&#X41;&AB\""],
            &[
                "27..33 unknown-reference \"&nbsp;\"",
                "33..38 unknown-reference \"&AMP;\"",
                "38..42 unknown-reference \"&Lt;\"",
                "42..50 unknown-reference \"&#xD800;\"",
                "50..56 unknown-reference \"&#X41;\"",
            ],
        ),
        // An entity that the document declares is not expanded either.
        row(
            b"<!DOCTYPE recordings [<!ENTITY e 'x'>]><recordings><file><agentID>&e;</agentID></file>\
              </recordings>",
            &["agentID=\"&e;\""],
            &["66..69 unknown-reference \"&e;\""],
        ),
        row(
            b"<recordings a='&b;'><file b='1&2'/></recordings>",
            &[""],
            &["15..18 unknown-reference \"\"", "30..31 bare-ampersand \"\""],
        ),
    ]);
}

#[test]
fn quirk_5_end_tags_with_other_names() {
    check(&[
        row(
            b"<recordings><file><agentID>bill</agent><caseID>1</caseID></file></recordings>",
            &["agentID=\"bill\" caseID=\"1\""],
            &["31..39 mismatched-end-tag \"</agentID>\""],
        ),
        row(
            b"<recordings><file><agentID>bill</AGENTID><queueID>1</queueName></file></recordings>",
            &["agentID=\"bill\" queueID=\"1\""],
            &[
                "31..41 mismatched-end-tag \"</agentID>\"",
                "51..63 mismatched-end-tag \"</queueID>\"",
            ],
        ),
        row(
            b"<recordings><file><agentID>bill</file><file><agentID>ann</recordings>",
            &["agentID=\"bill\"", "agentID=\"ann\""],
            &[
                "31..38 unclosed-element \"</agentID>\"",
                "56..69 unclosed-element \"</agentID>\"",
                "56..69 missing-record-end \"</file>\"",
            ],
        ),
        // The tag of the next field can only stand outside of a value.
        row(
            b"<recordings><file><agentID>bill<caseID>1</caseID></file></recordings>",
            &["agentID=\"bill\" caseID=\"1\""],
            &["31..39 unclosed-element \"</agentID>\""],
        ),
        row(
            b"<recordings><file><agentID>a</agentID>x </file></file></recordings>",
            &["agentID=\"a\""],
            &["38..39 stray-text \"\"", "47..54 stray-end-tag \"\""],
        ),
    ]);
    refused(&[
        (
            b"<recordings><caseID>1</caseID></recordings>",
            "line 1, column 13 (byte 12): expected <file> before a field, found <caseID>; \
             open: recordings",
        ),
        (
            b"<recordings><file></file></recording>",
            "line 1, column 38 (byte 37): expected </recordings>, \
             found the end of the input; open: recordings (QUIRK-7)",
        ),
    ]);
}

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

#[test]
fn quirk_8_encodings_and_what_stands_before_the_declaration() {
    check(&[
        row(
            b"\xEF\xBB\xBF<?xml version='1.0'?>\r\n<recordings>\r\n<file>\r\n<agentID>a\r\nb\rc\n\
              </agentID>\r\n</file>\r\n</recordings>\r\n",
            &["agentID=\"a\\nb\\nc\\n\""],
            &[],
        ),
        row(b" \n<recordings/>", &[], &[]),
        row(
            b"\r\n\n <?xml version='1.0'?><recordings/>",
            &[],
            &["0..4 space-before-declaration \"\""],
        ),
        row(
            b"\xEF\xBB\xBF\n<?xml version='1.0'?><recordings/>",
            &[],
            &["3..4 space-before-declaration \"\""],
        ),
        // The whole value, also what would be valid in it; and no other value.
        row(
            b"<recordings><file><agentID>caf\xE9 \xC3\xA9 \x80 &amp; \x81</agentID>\
              <queueName>\xC3\xA9</queueName></file></recordings>",
            &["agentID=\"caf\u{e9} \u{c3}\u{a9} \u{20ac} & \\u{81}\" queueName=\"\u{e9}\""],
            &["27..44 invalid-encoding \"caf\u{e9} \u{c3}\u{a9} \u{20ac} & \\u{81}\""],
        ),
        row(
            b"<recordings><!-- \xE9 --><file><site>\xE9</site></file></recordings>",
            &["+site=\"\u{e9}\""],
            &[
                "16..19 invalid-encoding \"\"",
                "28..34 unknown-field \"extra value site\"",
                "34..35 invalid-encoding \"\u{e9}\"",
            ],
        ),
    ]);
    // A name is no place for other bytes either; and US-ASCII has only half of them.
    check(&[
        row(
            b"<recordings><file \xE9='1'/></recordings>",
            &[""],
            &["18..19 invalid-encoding \"\""],
        ),
        row(
            b"<?xml version='1.0' encoding='US-ASCII'?><recordings><file><agentID>\xC3\xA9</agentID>\
              <queueName>\xE9</queueName><caseID>&#xE9;</caseID></file></recordings>",
            &["agentID=\"\u{e9}\" caseID=\"\u{e9}\" queueName=\"\u{e9}\""],
            &[
                "68..70 invalid-encoding \"\u{e9}\"",
                "91..92 invalid-encoding \"\u{e9}\"",
            ],
        ),
    ]);
    refused(&[
        (
            b"x<?xml version='1.0'?><recordings/>",
            "line 1, column 1 (byte 0): expected <recordings>, \
             found the text \"x<?xml version='1.0'?><recordings/>\"",
        ),
        (
            b"\xFF\xFE\0\0<\0\0\0",
            "line 1, column 1 (byte 0): the document is in UTF-32, not in UTF-8 (QUIRK-13)",
        ),
        (
            b"\0<\0r",
            "line 1, column 1 (byte 0): the document is in UTF-16, not in UTF-8 (QUIRK-13)",
        ),
    ]);
}

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
fn quirk_11_a_less_than_that_begins_no_tag() {
    check(&[
        row(
            b"<recordings><file><agentID>wait < 5 min</agentID><caseID>a<b</caseID>\
              <queueID>1<2</queueID></file></recordings>",
            &["agentID=\"wait < 5 min\" caseID=\"a<b\" queueID=\"1<2\""],
            &[
                "32..33 raw-less-than \"<\"",
                "58..59 raw-less-than \"<\"",
                "79..80 raw-less-than \"<\"",
            ],
        ),
        row(
            b"<recordings><file><agentID><<>></ a></1></agentID></file></recordings>",
            &["agentID=\"<<>></ a></1>\""],
            &[
                "27..28 raw-less-than \"<\"",
                "28..29 raw-less-than \"<\"",
                "31..32 raw-less-than \"<\"",
                "36..37 raw-less-than \"<\"",
            ],
        ),
        // Tags that would end the value are only mentioned if the next tag is the end tag of the
        // field, and a field has its place elsewhere; otherwise they are what they look like.
        row(
            b"<recordings><file><agentID>open <file> now</agentID><queueID>see <agentID></queueID>\
              <queueName>the <caseID> field</queueName><caseID>1</caseID><site>a <file/></site></file></recordings>",
            &["agentID=\"open <file> now\" caseID=\"1\" queueID=\"see <agentID>\" \
               queueName=\"the <caseID> field\" +site=\"a <file/>\""],
            &[
                "32..38 raw-less-than \"<file>\"",
                "65..74 raw-less-than \"<agentID>\"",
                "99..107 raw-less-than \"<caseID>\"",
                "143..149 unknown-field \"extra value site\"",
                "151..158 nested-element \"<file/>\"",
            ],
        ),
        row(
            b"<recordings><file><agentID>a<agentID>b</agentID><caseID>1<duration>2</caseID></duration>\
              <queueID>3<queueName>4</queueID></file></recordings>",
            &["agentID=\"a<agentID>b\" caseID=\"1\" duration=\"2\" queueID=\"3\" queueName=\"4\""],
            &[
                "28..37 raw-less-than \"<agentID>\"",
                "57..67 unclosed-element \"</caseID>\"",
                "68..77 mismatched-end-tag \"</duration>\"",
                "77..88 stray-end-tag \"\"",
                "98..109 unclosed-element \"</queueID>\"",
                "110..120 mismatched-end-tag \"</queueName>\"",
            ],
        ),
        // It looks like an element, but none can stand in a field.
        row(
            b"<recordings><file><agentID>a <b>c</b> <d> <e/></agentID></file></recordings>",
            &["agentID=\"a <b>c</b> <d> <e/>\""],
            &[
                "29..32 raw-less-than \"<b>\"",
                "38..41 raw-less-than \"<d>\"",
                "42..46 raw-less-than \"<e/>\"",
            ],
        ),
        row(
            b"<recordings><file><agentID>a<b</agentID><caseID>x<agentID</caseID>\
              <queueID>a<!b<?>c</queueID></file></recordings>",
            &["agentID=\"a<b\" caseID=\"x<agentID\" queueID=\"a<!b<?>c\""],
            &[
                "28..29 raw-less-than \"<\"",
                "49..50 raw-less-than \"<\"",
                "76..77 raw-less-than \"<\"",
                "79..80 raw-less-than \"<\"",
            ],
        ),
        row(
            b"<recordings><file><agentID>a]]>b</agentID></file></recordings>",
            &["agentID=\"a]]>b\""],
            &["28..31 raw-cdata-end \"]]>\""],
        ),
        row(
            b"<recordings><file><agentID>bill</agentID</file></recordings>",
            &["agentID=\"bill</agentID\""],
            &["31..32 raw-less-than \"<\"", "40..47 unclosed-element \"</agentID>\""],
        ),
    ]);
    refused(&[
        (
            b"<recordings><file>a < b<agentID>x</agentID></file></recordings>",
            "line 1, column 21 (byte 20): expected a field or </file>, \
             found a `<` that begins no tag; open: recordings > file",
        ),
        (
            b"<recordings><file><agentID>a<?xml version='1.0'?></agentID></file></recordings>",
            "line 1, column 29 (byte 28): expected a field or </file>, \
             found an XML declaration; open: recordings > file > agentID",
        ),
    ]);
}

#[test]
fn quirk_12_a_record_without_an_end_tag() {
    check(&[
        row(
            b"<recordings><file><caseID>1</caseID><file><caseID>2</caseID></recordings>",
            &["caseID=\"1\"", "caseID=\"2\""],
            &["36..42 missing-record-end \"</file>\"", "60..73 missing-record-end \"</file>\""],
        ),
        row(
            b"<recordings><file><caseID>1<file/></recordings>",
            &["caseID=\"1\"", ""],
            &["27..34 unclosed-element \"</caseID>\"", "27..34 missing-record-end \"</file>\""],
        ),
    ]);
    refused(&[(
        b"<recordings><file><caseID>1</caseID>",
        "line 1, column 37 (byte 36): expected </file>, found the end of the input; \
         open: recordings > file (QUIRK-7)",
    )]);
}

#[test]
fn quirk_13_characters_encodings_and_markup() {
    check(&[
        row(
            b"<recordings><file><agentID>a\x01b\x00&#7;\xEF\xBF\xBE</agentID><caseID><![CDATA[\x0B]]>\
              </caseID></file></recordings>",
            &["agentID=\"a\\u{1}b\\0\\u{7}\\u{fffe}\" caseID=\"\\u{b}\""],
            &[
                "28..29 control-character \"\\u{1}\"",
                "30..31 control-character \"\\0\"",
                "31..35 control-character \"\\u{7}\"",
                "35..38 control-character \"\\u{fffe}\"",
                "65..66 control-character \"\\u{b}\"",
            ],
        ),
        row(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><recordings><file><agentID>caf\xE9\x80</agentID>\
              <site\xE9>&#xE9;</site\xE9></file></recordings>",
            &["agentID=\"caf\u{e9}\\u{80}\" +site\u{e9}=\"\u{e9}\""],
            &["85..92 unknown-field \"extra value site\u{e9}\""],
        ),
        row(
            b"<?xml version='1.0' encoding='windows-1252'?><recordings><file><agentID>\x80 \x99</agentID>\
              </file></recordings>",
            &["agentID=\"\u{20ac} \u{2122}\""],
            &[],
        ),
        row(
            b"<?xml version='1.0'?><?xml-stylesheet href='a'?><!DOCTYPE recordings PUBLIC \"-//>\" 'x' [\
              <!ELEMENT a (b)> <!-- ]> ' --> <?p ]> ?> <!ENTITY e \"]>\"> ] >\
              <!-- a --><recordings xmlns='urn:x'><?p?><file\n id=\"1\" x:y='&amp;>' ><!-- b -->\
              <agentID a='1'>a<!-- <b> & -->b<?p </agentID>?>c<![CDATA[<&amp;]]]]><![CDATA[>]]></agentID>\
              </file ></recordings><!-- c --><?p?>",
            &["agentID=\"abc<&amp;]]>\""],
            &[],
        ),
        row(
            b"<recordings><!-- a -- b --><file><agentID>x<!-----></agentID></file></recordings>",
            &["agentID=\"x\""],
            &["19..21 comment-dashes \"\"", "47..49 comment-dashes \"\""],
        ),
    ]);
    refused(&[
        (
            b"<?xml version='1.0' encoding='Shift_JIS'?><recordings/>",
            "line 1, column 31 (byte 30): the document is in Shift_JIS; \
             read are UTF-8, UTF-16, ISO-8859-1 and windows-1252 (QUIRK-13)",
        ),
        (
            b"<!DOCTYPE recordings><!DOCTYPE recordings><recordings/>",
            "line 1, column 22 (byte 21): expected <recordings>, found a document type declaration",
        ),
        (
            b"<recordings><!DOCTYPE recordings></recordings>",
            "line 1, column 13 (byte 12): expected <file> or </recordings>, \
             found a document type declaration; open: recordings",
        ),
        (
            b"<recordings><? ?></recordings>",
            "line 1, column 13 (byte 12): expected <file> or </recordings>, \
             found a `<` that begins no tag; open: recordings",
        ),
        // What takes all that follows with it is named where it begins.
        (
            b"<recordings><!-- </recordings>",
            "line 1, column 13 (byte 12): expected --> after the comment that begins here, \
             found the end of the input; open: recordings (QUIRK-7)",
        ),
        (
            b"<recordings>\n<file><agentID>a<![CDATA[b</agentID></file></recordings>",
            "line 2, column 17 (byte 29): expected ]]> after the CDATA section that begins here, \
             found the end of the input; open: recordings > file > agentID (QUIRK-7)",
        ),
        (
            b"<recordings/><?p x",
            "line 1, column 14 (byte 13): expected ?> after the processing instruction that begins \
             here, found the end of the input (QUIRK-7)",
        ),
        (
            b"\n<!DOCTYPE recordings [ <recordings/>",
            "line 2, column 1 (byte 1): expected > after the document type declaration that begins \
             here, found the end of the input (QUIRK-7)",
        ),
        (
            b"<?xml version='1.0'>\n<recordings/>",
            "line 1, column 1 (byte 0): expected ?> after the XML declaration that begins here, \
             found a `<`",
        ),
        (
            b"\n<?xml version='1.0' ",
            "line 2, column 1 (byte 1): expected ?> after the XML declaration that begins here, \
             found the end of the input (QUIRK-7)",
        ),
    ]);
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
fn what_is_no_list_of_recordings() {
    refused(&[
        (b"", "line 1, column 1 (byte 0): expected <recordings>, found nothing"),
        (b" \n", "line 2, column 1 (byte 2): expected <recordings>, found nothing"),
        (
            b"<?xml version='1.0'?>\n<!-- x -->",
            "line 2, column 11 (byte 32): expected <recordings>, found nothing",
        ),
        (
            b"<!DOCTYPE html>\n<html><body>Forbidden</body></html>",
            "line 1, column 1 (byte 0): expected <recordings>, found a page of HTML",
        ),
        (
            b"<!doctype HTML>",
            "line 1, column 1 (byte 0): expected <recordings>, found a page of HTML",
        ),
        (
            b"<HTML lang='en'>",
            "line 1, column 1 (byte 0): expected <recordings>, found <HTML lang='en'>: \
             this is a page of HTML",
        ),
        (
            b"<files></files>",
            "line 1, column 1 (byte 0): expected <recordings>, found <files>: \
             this is another document",
        ),
        (
            b"{\"error\": \"the requested resource was not found on this server\"}",
            "line 1, column 1 (byte 0): expected <recordings>, \
             found the text \"{\\\"error\\\": \\\"the requested resource was no\"",
        ),
        (
            b"<recordings/>junk",
            "line 1, column 14 (byte 13): expected the end of the input after </recordings>",
        ),
        (
            b"</recordings>",
            "line 1, column 1 (byte 0): expected <recordings>, found </recordings>: \
             this is another document",
        ),
    ]);
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

#[test]
fn quirk_16_utf_16_and_labels_that_are_wrong() {
    check(&[
        row(
            b"\xFF\xFE<\0r\0e\0c\0o\0r\0d\0i\0n\0g\0s\0/\0>\0",
            &[],
            &["0..2 utf-16 \"UTF-16\""],
        ),
        row(
            b"<?xml version='1.0' encoding='utf-16'?><recordings/>",
            &[],
            &["30..36 encoding-label \"UTF-8\""],
        ),
        row(
            b"\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?><recordings><file><agentID>\
              \xC3\xA9</agentID></file></recordings>",
            &["agentID=\"\u{e9}\""],
            &["33..43 encoding-label \"UTF-8\""],
        ),
        // The bytes as they came, and a value that is not well-formed in them.
        row(
            b"\xFE\xFF\0<\0r\0e\0c\0o\0r\0d\0i\0n\0g\0s\0>\0<\0f\0i\0l\0e\0>\0<\0c\0a\0s\0e\0I\0D\0>\
              \xD8\x3D\0&\0x\xD8\x3D\xDE\0\0<\0/\0c\0a\0s\0e\0I\0D\0>\0<\0/\0f\0i\0l\0e\0>\
              \0<\0/\0r\0e\0c\0o\0r\0d\0i\0n\0g\0s\0>",
            &["caseID=\"\u{fffd}&x\u{1f600}\""],
            &[
                "0..2 utf-16 \"UTF-16\"",
                "54..56 invalid-encoding \"\u{fffd}\"",
                "56..58 bare-ampersand \"&\"",
            ],
        ),
    ]);
}

#[test]
fn quirk_17_joined_documents_and_byte_order_marks() {
    check(&[
        row(b"\xEF\xBB\xBF\xEF\xBB\xBF<recordings/>", &[], &["3..6 stray-byte-order-mark \"\""]),
        row(
            b"\n\xEF\xBB\xBF<?xml version='1.0'?>\xEF\xBB\xBF<recordings>\xEF\xBB\xBF<file>\
              \xEF\xBB\xBF<agentID>\xEF\xBB\xBFa</agentID></file></recordings>\xEF\xBB\xBF",
            &["agentID=\"\\u{feff}a\""],
            &[
                "1..4 stray-byte-order-mark \"\"",
                "25..28 stray-byte-order-mark \"\"",
                "40..43 stray-byte-order-mark \"\"",
                "49..52 stray-byte-order-mark \"\"",
                "95..98 stray-byte-order-mark \"\"",
            ],
        ),
        row(
            b"<recordings><file><caseID>1</caseID></file></recordings>\n\xEF\xBB\xBF<?xml version='1.0'?>\
              <recordings/> <?xml version='1.0' encoding='ISO-8859-1'?>\
              <recordings><file><caseID>\xE9</caseID></file></recordings><recordings/>\
              <!DOCTYPE recordings><recordings></recordings></recordings>",
            &["caseID=\"1\"", "caseID=\"\u{e9}\""],
            &[
                "57..60 stray-byte-order-mark \"\"",
                "60..65 joined-document \"\"",
                "95..100 joined-document \"\"",
                "194..207 joined-document \"\"",
                "207..228 joined-document \"\"",
                "253..266 stray-end-tag \"\"",
            ],
        ),
        // A list that was cut, and the next one.
        row(
            b"<recordings><page><file/><?xml version='1.0'?><recordings><file/><recordings/>",
            &["", ""],
            &[
                "12..18 unknown-element \"\"",
                "25..30 unclosed-element \"</page></recordings>\"",
                "25..30 joined-document \"\"",
                "65..78 unclosed-element \"</recordings>\"",
                "65..78 joined-document \"\"",
            ],
        ),
    ]);
}

#[test]
fn quirk_17_what_shows_nothing_before_and_after_the_list() {
    check(&[row(
        b"\0\0 \x0C<?xml version='1.0'?>\xC2\xA0<recordings>\x0C<file/>\x0C</recordings>\n\x1A\0\0\n\0",
        &[""],
        &[
            "0..2 stray-text \"\"",
            "3..4 stray-text \"\"",
            "25..27 stray-text \"\"",
            "39..40 control-character \"\"",
            "39..40 stray-text \"\"",
            "47..48 control-character \"\"",
            "47..48 stray-text \"\"",
            "62..65 stray-text \"\"",
            "66..67 stray-text \"\"",
        ],
    )]);
    refused(&[
        (b"\0\0", "line 1, column 3 (byte 2): expected <recordings>, found nothing"),
        (
            b"<recordings/>\0x",
            "line 1, column 15 (byte 14): expected the end of the input after </recordings>",
        ),
    ]);
}

#[test]
fn quirk_18_surrogate_pairs() {
    check(&[row(
        b"<recordings><file><agentID>&#xD83D;&#xDE00; &#55357;&#56832;&#xD83D; &#xDE00;</agentID>\
          </file></recordings>",
        &["agentID=\"\u{1f600} \u{1f600}&#xD83D; &#xDE00;\""],
        &[
            "27..43 surrogate-pair \"\u{1f600}\"",
            "44..60 surrogate-pair \"\u{1f600}\"",
            "60..68 unknown-reference \"&#xD83D;\"",
            "69..77 unknown-reference \"&#xDE00;\"",
        ],
    )]);
}

#[test]
fn quirk_18_attributes_that_are_none() {
    check(&[
        row(
            "<recordings a='1' a='2'><file id=1><agentID x=“1 2” y>bill</agentID z></file>\
             <file a='1'b='2'/><file a='<' \" ><caseID a='1/><queueID =>1</queueID></file></recordings>"
                .as_bytes(),
            &["agentID=\"bill\"", "", "caseID=\"\" queueID=\"1\""],
            &[
                "18..23 malformed-attribute \"\"",
                "30..34 malformed-attribute \"\"",
                "44..50 malformed-attribute \"\"",
                "51..55 malformed-attribute \"\"",
                "56..57 malformed-attribute \"\"",
                "72..73 malformed-attribute \"\"",
                "92..97 malformed-attribute \"\"",
                "105..110 malformed-attribute \"\"",
                "111..112 malformed-attribute \"\"",
                "122..126 malformed-attribute \"\"",
                "137..138 malformed-attribute \"\"",
            ],
        ),
    ]);
}

#[test]
fn quirk_18_end_tags_in_a_value() {
    check(&[
        row(
            b"<recordings><file><queueName>Sales</b> Team</queueName><agentID>a</b></agentID>\
              <caseID><b><i>x</b></i></caseID></file></recordings>",
            &["agentID=\"a</b>\" caseID=\"<b><i>x</b></i>\" queueName=\"Sales</b> Team\""],
            &[
                "34..38 end-tag-as-text \"</b>\"",
                "65..69 end-tag-as-text \"</b>\"",
                "87..90 raw-less-than \"<b>\"",
                "90..93 raw-less-than \"<i>\"",
                "98..102 end-tag-as-text \"</i>\"",
            ],
        ),
        // Text is text, whatever closes the value after it.
        row(
            b"<recordings><file><queueName>a</b> b<caseID>1</x></caseIDs><site>s</b> t</site></file>\
              </recordings>",
            &["caseID=\"1\" queueName=\"a</b> b\" +site=\"s</b> t\""],
            &[
                "30..34 end-tag-as-text \"</b>\"",
                "36..44 unclosed-element \"</queueName>\"",
                "45..49 mismatched-end-tag \"</caseID>\"",
                "49..59 stray-end-tag \"\"",
                "59..65 unknown-field \"extra value site\"",
                "66..70 end-tag-as-text \"</b>\"",
            ],
        ),
    ]);
}

#[test]
fn quirk_18_no_text_is_lost_however_long_the_value() {
    let text = "<b><i>x</b></i> ".repeat(1000);
    let document = format!("<recordings><file><agentID>{text}</agentID></file></recordings>");
    let outcome = read_all::<xml::Xml>(document.as_bytes(), Options::tolerant());
    assert_eq!((outcome.error, outcome.records.len()), (None, 1));
    assert_eq!(outcome.records[0].get(vcc_types::Field::AgentId), Some(&*text));
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
