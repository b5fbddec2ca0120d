use crate::run::{Conclusion, Report, Tone};

/// A badge in SVG: what the run ends in, with the number of cases. It is green where the whole suite
/// was judged and nothing is wrong, and for nothing else.
#[must_use]
pub fn badge(report: &Report) -> String {
    let tally = report.tally();
    let conclusion = report.ends_in();
    let text = match conclusion {
        Conclusion::Conforms | Conclusion::AsAsked | Conclusion::AsJudged => {
            format!("{} of {} pass", tally.pass, tally.all)
        }
        Conclusion::KnownOnly => format!("{} pass, {} known failures", tally.pass, tally.known),
        Conclusion::DoesNotConform => format!("{} of {} fail", tally.fail, tally.all),
        other => other.as_str().to_owned(),
    };
    let color = match conclusion.tone() {
        Tone::Good => "#2da44e",
        Tone::Partial => "#9a6700",
        Tone::Bad => "#cf222e",
        Tone::Open => "#6e7781",
    };
    // About the width of the letters of an 11 px sans-serif.
    let (left, right) = (102, 14 + 7 * text.len());
    let (width, middle) = (left + right, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" aria-label=\"recordings API: {text}\">\
         <title>recordings API: {text}</title>\
         <rect width=\"{left}\" height=\"20\" fill=\"#555\"/><rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{color}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"51\" y=\"14\">recordings API</text><text x=\"{middle}\" y=\"14\">{text}</text></g></svg>\n"
    )
}
