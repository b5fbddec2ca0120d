//! Where the labels of a drawing stand: in rows, so that no two touch, however wide the drawing is.
//!
//! A place on the line is a percentage of the width, and a label has a width in pixels. Two labels of
//! one row that do not touch at the least width do not touch at any: what is between their places
//! grows, and they do not. So the least width decides.

/// The least width of a drawing, in pixels: that on a phone of 320.
pub(super) const LEAST: f64 = 250.0;
/// More than the width of a letter of the labels' type, 12 px of a monospaced one.
const LETTER: f64 = 7.5;
/// What is kept free between labels.
const SPACE: f64 = 10.0;
/// Between a pole and the label to its right.
const BESIDE: f64 = 8.0;
/// Up to this many wrong records of a kind get a label each; more of them share labels.
pub(super) const SINGLE: usize = 14;

/// A text at a place of the line.
pub(super) struct Label {
    /// Percent of the width.
    pub(super) x: f64,
    /// Pixels from there to the left end of the text.
    pub(super) dx: f64,
    /// Its row, from 0.
    pub(super) row: usize,
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// Places texts, each at its percentage, in as few rows as possible; also gives the number of rows.
pub(super) fn place(texts: Vec<(f64, &'static str, String)>) -> (Vec<Label>, usize) {
    // The end of what stands in each row, and the beginnings and ends of all its labels.
    let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut labels = Vec::new();
    for (x, class, text) in texts {
        let text = shortened(text);
        let (at, width) = (x / 100.0 * LEAST, width(&text));
        // To the right of its place, or as far to the left as it has to be.
        let left = (at + BESIDE).min(LEAST - width).max(0.0);
        let right = left + width;
        let free = |row: &Vec<(f64, f64)>| {
            row.iter().all(|(from, to)| right + SPACE <= *from || left >= *to + SPACE)
        };
        let row = rows.iter().position(free).unwrap_or(rows.len());
        if row == rows.len() {
            rows.push(Vec::new());
        }
        rows[row].push((left, right));
        labels.push(Label { x, dx: left - at, row, class, text });
    }
    (labels, rows.len())
}

/// The width that a text takes at most. A character beyond ASCII may be as wide as two.
fn width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { LETTER } else { 2.0 * LETTER }).sum()
}

/// A text that the least width has room for.
fn shortened(text: String) -> String {
    if width(&text) <= LEAST {
        return text;
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short) > LEAST - 2.0 * LETTER {
            short.pop();
            break;
        }
    }
    short + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_touch_and_none_leaves_the_drawing() {
        // A generator of numbers that are the same in each run.
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..500 {
            let texts: Vec<_> = (0..next(30))
                .map(|_| {
                    let letter = ["x", "é", "界"][next(3) as usize];
                    let text = letter.repeat(1 + next(60) as usize);
                    (next(1001) as f64 / 10.0, "missing", text)
                })
                .collect();
            let (labels, rows) = place(texts);
            for size in [LEAST, 340.0, 1000.0] {
                let ends = |label: &Label| {
                    let left = label.x / 100.0 * size + label.dx;
                    (left, left + width(&label.text))
                };
                for (index, label) in labels.iter().enumerate() {
                    let (left, right) = ends(label);
                    assert!(
                        left >= -0.001 && right <= size + 0.001,
                        "{} at {}",
                        label.text,
                        label.x
                    );
                    assert!(label.row < rows);
                    for other in labels[..index].iter().filter(|other| other.row == label.row) {
                        let (from, to) = ends(other);
                        assert!(right < from || left > to, "{} over {}", label.text, other.text);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(shortened("x".repeat(33)), "x".repeat(33));
        assert_eq!(shortened("x".repeat(40)), "x".repeat(31) + "…");
        assert_eq!(shortened("界".repeat(40)), "界".repeat(15) + "…");
    }
}
