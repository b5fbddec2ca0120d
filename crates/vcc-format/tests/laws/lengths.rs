//! What is as long as a limit, or as what is passed over at once.

use vcc_format::{DeviationKind, Options, xml};

use super::properties;

/// White space before a declaration is reported, however much there is.
#[test]
fn white_space_before_a_declaration() {
    for length in [1, 2, 4095, 4096, 4097, 8192, 10_000] {
        let document = format!("{}<?xml version='1.0'?><recordings/>", " ".repeat(length));
        let read = properties::read_all::<xml::Xml>(document.as_bytes(), Options::tolerant());
        let kinds: Vec<_> = read.deviations.iter().map(|deviation| deviation.kind).collect();
        assert_eq!(kinds, [DeviationKind::SpaceBeforeDeclaration], "{length}");
        properties::xml_push(&[b"5", document.as_bytes()].concat());
    }
}

/// Whatever is about as long as a record may be, and wherever it stands: it is too long for all who read it
/// or for none.
#[test]
fn what_is_as_long_as_the_limit_is_so_for_everybody() {
    let frames = [
        ("", "<recordings/>"),
        ("", "x"),
        ("", "<?xml version='1.0'?><recordings/>"),
        ("<?xml version='1.0'?>", "<recordings/>"),
        ("<recordings>", "<file/></recordings>"),
        ("<recordings><file>", "</file></recordings>"),
        ("<recordings><file><agentID>", "</agentID></file></recordings>"),
        ("<recordings/>", ""),
        ("<recordings/>", "<recordings/>"),
    ];
    let units = [
        " ",
        "\n",
        "\u{C}",
        "\u{A0}",
        "\u{FEFF}",
        "x",
        "&",
        "<",
        "%",
        "<a>",
        "</a>",
        "<a/>",
        "</>",
        "<a>x</a>",
        "<!---->",
        "<?a?>",
        "<!-- ",
        "<![CDATA[",
        "]]>",
        "\0",
        "é",
        "%lt;",
        "<a ",
    ];
    let mut wrong = Vec::new();
    for (before, after) in frames {
        for unit in units {
            for (spaces, length) in [
                (0, 97),
                (0, 98),
                (0, 99),
                (0, 100),
                (0, 101),
                (0, 106),
                (0, 205),
                (60, 60),
                (94, 6),
                (97, 110),
                (99, 3),
            ] {
                let fill = unit.repeat(length / unit.len());
                let document = format!("5{before}{:spaces$}{fill}{after}", "");
                let result = std::panic::catch_unwind(|| properties::xml_push(document.as_bytes()));
                if result.is_err() {
                    wrong.push(format!("{before:?} {spaces} {unit:?} {length} {after:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
