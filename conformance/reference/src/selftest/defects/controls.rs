use vcc_types::Field;

use crate::selftest::defect::Hook::{Ask, Refuse, Write};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;

/// U+007F, and the control characters of Latin-1.
fn is_control(c: char) -> bool {
    ('\u{7f}'..='\u{9f}').contains(&c)
}

fn values(incoming: &Incoming) -> Vec<String> {
    let fields = Field::ALL.iter().filter(|field| **field != Field::StartDate);
    fields.filter_map(|field| incoming.get(field.wire_name())).collect()
}

fn fields(incoming: &mut Incoming, change: impl Fn(&str) -> String) {
    incoming.map(|name, value| {
        Field::from_filter_name(name)?;
        let changed = change(value);
        (changed != value).then_some(changed)
    });
}

pub(super) const CONTROLS: Family = Family {
    name: "U+007F to U+009F",
    defects: &[
        defect(
            "delete-refused",
            &["FIELD-8"],
            "that refuses U+007F in values",
            Refuse(400, "a control character", |_, incoming, _| {
                values(incoming).iter().any(|value| value.contains('\u{7f}'))
            }),
        ),
        defect(
            "c1-refused",
            &["FIELD-8"],
            "that refuses U+0080 to U+009F in values",
            Refuse(400, "a control character", |_, incoming, _| {
                values(incoming)
                    .iter()
                    .any(|value| value.contains(|c| is_control(c) && c > '\u{7f}'))
            }),
        ),
        defect(
            "controls-left-out-of-questions",
            &["FIELD-8"],
            "that leaves U+007F to U+009F out of the values asked for",
            Ask(|incoming, _| fields(incoming, |value| value.replace(is_control, ""))),
        ),
        defect(
            "controls-as-spaces",
            &["FIELD-8"],
            "that takes U+007F to U+009F in the values asked for for spaces",
            Ask(|incoming, _| fields(incoming, |value| value.replace(is_control, " "))),
        ),
        defect(
            "next-line-is-a-line-feed",
            &["FIELD-8"],
            "that takes U+0085 for the end of a line",
            Ask(|incoming, _| fields(incoming, |value| value.replace('\u{85}', "\n"))),
        ),
        defect(
            "c1-as-windows-1252",
            &["FIELD-8"],
            "that reads U+0085 as windows-1252 has it",
            Ask(|incoming, _| fields(incoming, |value| value.replace('\u{85}', "…"))),
        ),
        defect(
            "ellipsis-as-latin-1",
            &["FIELD-1a"],
            "that looks for an ellipsis as the byte that windows-1252 has for it",
            Ask(|incoming, _| fields(incoming, |value| value.replace('…', "\u{85}"))),
        ),
        defect(
            "controls-left-out-of-answers",
            &["OUT-1a", "OUT-4a"],
            "that leaves U+007F to U+009F out of what it writes",
            Write(|_, value| value.replace(is_control, "")),
        ),
        defect(
            "next-line-written-as-a-line-feed",
            &["OUT-1a", "OUT-4a"],
            "that writes a line feed for U+0085",
            Write(|_, value| value.replace('\u{85}', "\n")),
        ),
    ],
};
