use crate::run::{Report, Verdict};

/// A badge in SVG: what the run ends in, and how many of the graded cases pass.
#[must_use]
pub fn badge(report: &Report) -> String {
    let graded: Vec<_> =
        report.outcomes.iter().filter(|outcome| outcome.observed.is_none()).collect();
    let passed = graded.iter().filter(|outcome| outcome.verdict == Verdict::Pass).count();
    let text = match report.exit_code() {
        0 | 1 => format!("{passed}/{} pass", graded.len()),
        _ => report.conclusion().to_owned(),
    };
    let color = match report.exit_code() {
        0 => "#2da44e",
        1 | 4 | 6 => "#cf222e",
        _ => "#6e7781",
    };
    // About the width of the letters of an 11 px sans-serif.
    let (left, right) = (102, 14 + 7 * text.chars().count());
    let (width, middle) = (left + right, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" aria-label=\"recordings API: {text}\">\
         <title>recordings API: {text}</title>\
         <rect width=\"{left}\" height=\"20\" fill=\"#555\"/><rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{color}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"51\" y=\"14\">recordings API</text><text x=\"{middle}\" y=\"14\">{text}</text></g></svg>\n"
    )
}
