//! Tables of `docs/reference` with a row for each item of a type are those of the code.
//!
//! `UPDATE_DOCS=1 cargo test -p examples --test reference` writes them.

use std::fmt::Write as _;
use std::path::Path;

use vcc_format::DeviationKind;
use vcc_types::Dialect;

/// Checks that this is the text between `<!-- generated: NAME -->` and `<!-- end -->` of a page.
fn holds(page: &str, name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let mark = format!("<!-- generated: {name} -->\n");
    let begin = text.find(&mark).expect("the page has the mark") + mark.len();
    let end = begin + text[begin..].find("<!-- end -->").expect("the mark has an end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &text[..begin], &text[end..])).unwrap();
    } else {
        let hint = "UPDATE_DOCS=1 cargo test -p examples --test reference writes it";
        assert_eq!(&text[begin..end], table, "{}: {hint}", path.display());
    }
}

/// A cell of a table on one line.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[test]
fn deviations() {
    let mut table =
        "| name | clause | what was sent, and what was made of it |\n|---|---|---|\n".to_owned();
    for kind in DeviationKind::ALL {
        writeln!(table, "| `{}` | {} | {} |", kind.name(), kind.clause(), cell(kind.doc()))
            .unwrap();
    }
    holds("deviations.md", "deviations", &table);
}

#[test]
fn dialects() {
    let mut table = "| switch | clause | decides | values |\n|---|---|---|---|\n".to_owned();
    for switch in Dialect::SWITCHES {
        let values: Vec<_> = switch
            .values
            .iter()
            .map(|(value, means)| format!("`{value}`: {}", cell(means)))
            .collect();
        let (name, clause) = (switch.name, switch.clause);
        writeln!(table, "| `{name}` | {clause} | {} | {} |", cell(switch.doc), values.join("<br>"))
            .unwrap();
    }
    holds("dialects.md", "dialects", &table);
}
