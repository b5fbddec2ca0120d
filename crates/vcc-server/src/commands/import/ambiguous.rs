//! Rows of CSV whose cells cannot be told apart: one cell may have been read as two.

/// Whether the values of a row look like pieces of longer ones, and why. `ragged`: it has fewer cells
/// than columns, or more. `bare`: it has quotes that RFC 4180 does not explain.
pub(super) fn ambiguity(values: &[&str], ragged: bool, bare: bool) -> Option<&'static str> {
    // In a row with as many cells as columns, these characters are ordinary text. If a row has one cell
    // too many, its last cell may be empty, and the others are still in the wrong columns.
    if ragged && is_cut(values, '\'') {
        return Some("single quotes around a value with the delimiter in it");
    }
    if ragged && !bare && values.iter().any(|value| value.ends_with('\\')) {
        return Some("a backslash before a delimiter");
    }
    if !ragged && !bare {
        return None;
    }
    if is_cut(values, '"') {
        return Some("a quote that opens in one value and closes in another");
    }
    let backslash = |value: &&str| value.ends_with('\\') || value.contains("\\\"");
    if values.iter().any(backslash) {
        return Some("a backslash before a quote");
    }
    let open = |value: &&str| {
        let count = |bracket: char| value.matches(bracket).count();
        count('{') != count('}') || count('[') != count(']')
    };
    values.iter().any(open).then_some("JSON in a value that is not quoted as RFC 4180 says")
}

/// Whether one value begins with a quote that does not close in it, and another ends with one that does
/// not open in it. The values are in the order of the fields, not of the columns.
fn is_cut(values: &[&str], quote: char) -> bool {
    let odd = |value: &str| value.len() > 1 && value.matches(quote).count() % 2 == 1;
    let opens = |value: &str| value.trim_start().starts_with(quote) && odd(value);
    let closes = |value: &str| value.trim_end().ends_with(quote) && odd(value);
    let Some(first) = values.iter().position(|value| opens(value)) else { return false };
    values.iter().enumerate().any(|(index, value)| index != first && closes(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_one_value_is_told() {
        for (values, bare, expected) in [
            (&["'a", " b'"][..], false, true),
            (&["'tis", "dogs"], false, false),
            (&["it's", "dogs'"], false, false),
            (&["'a'", "'b'"], false, false),
            (&[" \"a", " b\""], true, true),
            (&["5\" disk", "3\" disk"], true, false),
            (&["say \\", "hi\\\""], true, true),
            (&["{\"a\":1", "\"b\":2}"], true, true),
            (&["{\"a\":1}", "x"], true, false),
            (&["[1", "2]"], false, true),
            (&["a\\", "b"], false, true),
            (&["a\\b", "[1]"], false, false),
        ] {
            let cut = expected && bare;
            assert_eq!(ambiguity(values, false, bare).is_some(), cut, "{values:?}");
            assert_eq!(ambiguity(values, true, bare).is_some(), expected, "{values:?}");
        }
    }
}
