//! QUIRK-8, QUIRK-13, QUIRK-16: bytes, encodings and characters.

use super::{check, refused, row};

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
