//! QUIRK-4, QUIRK-18: references, and ampersands that begin none.

use super::{check, row};

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
