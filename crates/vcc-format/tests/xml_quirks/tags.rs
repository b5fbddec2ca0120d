//! QUIRK-1, QUIRK-2, QUIRK-5, QUIRK-11, QUIRK-12, QUIRK-18: tags as they are written.

use crate::properties::read_all;
use vcc_format::{Options, xml};

use super::{check, refused, row};

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
