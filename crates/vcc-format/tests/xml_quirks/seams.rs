//! QUIRK-17: documents joined end to end, and what stands around them.

use super::{check, refused, row};

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
