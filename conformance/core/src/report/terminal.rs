use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::blocks::{Block, Folded, blocks, folded, ids};
use super::{Fingerprint, curl, exchange_lines};
use crate::edition::EDITION;
use crate::nearest::Kind;
use crate::run::{Holding, Outcome, Report, Tally, Tone, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;
use crate::words::counted;

/// Lines that the failures shown in full share, unless everything is asked for.
const WHOLE_LINES: usize = 39;
/// Lines of ids that all blocks share, unless everything is asked for.
const ID_LINES: usize = 24;
/// Lines of switches or of known failures that are shown, unless everything is asked for.
const LISTED: usize = 6;
/// The width at which lines are wrapped here.
const WIDTH: usize = 100;

/// How much a report on the terminal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The verdict and the cause.
    Quiet,
    /// At most this many failures of a block in full, as far as they fit on a screen or two; the
    /// rest by id.
    Some(usize),
    /// Everything.
    All,
}

impl Default for Detail {
    fn default() -> Self {
        Detail::Some(3)
    }
}

/// Writes the report for people, of the usual length.
///
/// # Errors
///
/// Those of `out`.
pub fn terminal(
    out: &mut dyn Write,
    report: &Report,
    setup: &Setup,
    spec: &Spec,
) -> io::Result<()> {
    terminal_with(out, report, setup, spec, Detail::default())
}

/// Writes the report for people: a table by chapter, what was set aside, the fingerprint, the failures
/// block by block, and last, next to the prompt, the verdict and the cause.
///
/// # Errors
///
/// Those of `out`.
pub fn terminal_with(
    out: &mut dyn Write,
    report: &Report,
    setup: &Setup,
    spec: &Spec,
    detail: Detail,
) -> io::Result<()> {
    let blocks = blocks(report);
    if detail != Detail::Quiet {
        writeln!(out)?;
        // Where nothing was judged the last lines say why.
        if !report.outcomes.is_empty() {
            table(out, report)?;
        }
        set_aside(out, report, detail)?;
        live(out, report)?;
        fingerprint(out, report, detail)?;
        data(out, report)?;
        let whole = match detail {
            Detail::Some(whole) => whole,
            _ => usize::MAX,
        };
        let shown: usize = blocks.iter().map(|block| block.outcomes.len().min(whole)).sum();
        let lines = match detail {
            Detail::All => usize::MAX,
            // More than the usual three were asked for: each is as long as one of three.
            _ => (WHOLE_LINES / shown.clamp(1, 6)).max(9),
        };
        let room = Room { whole, lines, ids: (ID_LINES / blocks.len().max(1)).max(1) };
        for (number, block) in blocks.iter().enumerate().rev() {
            show(out, (number, block), setup, spec, room)?;
        }
        writeln!(out)?;
    }
    last_lines(out, report, &blocks, detail)
}

fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Warn => AnsiColor::Yellow,
        Verdict::Fail | Verdict::Error => AnsiColor::Red,
        _ => AnsiColor::Cyan,
    };
    color.on_default()
}

fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{text}{bold:#}")
}

fn table(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    heading(
        out,
        &format!(
            "{:<14}{:>7}{:>7}{:>7}{:>7}{:>7}{:>10}",
            "chapter", "pass", "warn", "fail", "known", "other", "requests"
        ),
    )?;
    for chapter in report.chapters() {
        let tally = Tally::of(report.in_chapter(chapter));
        let requests: usize = report.in_chapter(chapter).map(|outcome| outcome.requests).sum();
        let cell = |number: usize, verdict: Verdict| {
            let style = if number == 0 { Style::new().dimmed() } else { style(verdict) };
            format!("{style}{number:>7}{style:#}")
        };
        writeln!(
            out,
            "{chapter:<14}{}{}{}{}{}{requests:>10}",
            cell(tally.pass, Verdict::Pass),
            cell(tally.warn, Verdict::Warn),
            cell(tally.fail, Verdict::Fail),
            cell(tally.known, Verdict::Warn),
            cell(tally.set_aside() + tally.error, Verdict::Skipped),
        )?;
    }
    Ok(())
}

/// The first items of a list, and how many more there are.
fn some<T>(all: &[T], detail: Detail) -> (&[T], usize) {
    let shown = if detail == Detail::All { all.len() } else { all.len().min(LISTED) };
    (&all[..shown], all.len() - shown)
}

/// Faults of the suite, what is known to fail, and what was not judged, by reason.
fn set_aside(out: &mut dyn Write, report: &Report, detail: Detail) -> io::Result<()> {
    let of = |verdict: Verdict| -> Vec<&Outcome> {
        report.outcomes.iter().filter(|outcome| outcome.verdict == verdict).collect()
    };
    for verdict in [
        Verdict::Error,
        Verdict::Precondition,
        Verdict::Inconclusive,
        Verdict::NotExercised,
        Verdict::Skipped,
    ] {
        let reason = |outcome: &Outcome| outcome.reason.clone().unwrap_or_default();
        reasons(out, verdict.as_str(), style(verdict), &of(verdict), &reason, detail)?;
    }
    let mut known = of(Verdict::Fail);
    known.retain(|outcome| outcome.known.is_some());
    let reason = |outcome: &Outcome| outcome.known.clone().unwrap_or_default();
    reasons(out, "known", style(Verdict::Warn), &known, &reason, detail)
}

fn reasons(
    out: &mut dyn Write,
    word: &str,
    style: Style,
    outcomes: &[&Outcome],
    reason: &dyn Fn(&Outcome) -> String,
    detail: Detail,
) -> io::Result<()> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for outcome in outcomes {
        let reason = reason(outcome);
        match groups.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, ids)) => ids.push(&outcome.id),
            None => groups.push((reason, vec![&outcome.id])),
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    groups.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let most = if detail == Detail::All { usize::MAX } else { 3 };
    writeln!(out)?;
    for (reason, ids) in groups.iter().take(most) {
        let shown = if detail == Detail::All { ids.len() } else { ids.len().min(3) };
        let more = match ids.len() - shown {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(out, "{style}{word}{style:#} {}{more}", ids[..shown].join(", "))?;
        writeln!(out, "  {reason}")?;
    }
    let rest: usize = groups.iter().skip(most).map(|(_, ids)| ids.len()).sum();
    if rest > 0 {
        writeln!(out, "{style}{word}{style:#} {} more, for other reasons", counted(rest, "case"))?;
    }
    Ok(())
}

/// What a live run could exercise, and what data would exercise more.
fn live(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let chapters = &report.scope.chapters;
    if chapters.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    heading(out, "what this data could exercise, in clauses")?;
    for chapter in chapters {
        let (here, all) = (chapter.exercised, chapter.clauses);
        let mut more: Vec<String> = Vec::new();
        if !chapter.wants.is_empty() {
            let few = chapter.wants.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let rest = if chapter.wants.len() > 3 { ", …" } else { "" };
            more.push(format!("more with {few}{rest}"));
        }
        if chapter.dataset_only > 0 {
            more.push(format!("{} with the dataset alone", chapter.dataset_only));
        }
        let more = if more.is_empty() { String::new() } else { format!("  {}", more.join("; ")) };
        writeln!(out, "  {:<12}{here:>3} of {all:<4}{more}", chapter.name)?;
    }
    Ok(())
}

fn fingerprint(out: &mut dyn Write, report: &Report, detail: Detail) -> io::Result<()> {
    if report.outcomes.iter().all(|outcome| outcome.observed.is_none()) {
        return Ok(());
    }
    let mut fingerprint = Fingerprint::of(report);
    let all = fingerprint.points.len();
    let other = fingerprint.points.iter().filter(|point| point.value().is_some());
    let other = other.filter(|point| point.value() != Some(point.default)).count();
    let open = fingerprint.points.iter().filter(|point| point.value().is_none()).count();
    writeln!(out)?;
    heading(
        out,
        &format!(
            "fingerprint: of {all} readings {other} differ from the reference, {open} could not be told"
        ),
    )?;
    if detail != Detail::All {
        // Readings that differ from the reference's.
        fingerprint.points.retain(|point| {
            let seen = !point.values.is_empty() || !point.other.is_empty();
            seen && point.value() != Some(point.default)
        });
    }
    // A reading that was seen says more than one that was not.
    fingerprint.points.sort_by_key(|point| point.value().is_none());
    let text = fingerprint.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let (shown, more) = some(&lines, detail);
    for line in shown {
        writeln!(out, "  {line}")?;
    }
    if more > 0 {
        writeln!(out, "  and {more} more (--verbose, --fingerprint F)")?;
    }
    Ok(())
}

fn data(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    // A precondition says it all.
    if report.handshake.precondition.is_some() {
        return Ok(());
    }
    let lines: Vec<_> = report.handshake.tenants.iter().filter_map(Holding::line).collect();
    if lines.is_empty() && report.handshake.stale == 0 {
        return Ok(());
    }
    writeln!(out)?;
    heading(out, "the target's data")?;
    if report.handshake.stale != 0 {
        let days = counted(report.handshake.stale, "day");
        writeln!(out, "  loaded {days} ago: what needs records relative to today is not judged")?;
    }
    for line in lines {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// How much of a block is shown.
#[derive(Clone, Copy)]
struct Room {
    /// Cases that are shown whole.
    whole: usize,
    /// Lines that each of them has.
    lines: usize,
    /// Lines for the ids of the others.
    ids: usize,
}

fn show(
    out: &mut dyn Write,
    (number, block): (usize, &Block<'_>),
    setup: &Setup,
    spec: &Spec,
    Room { whole, lines, ids: most }: Room,
) -> io::Result<()> {
    writeln!(out)?;
    let what = match &block.cause {
        Some(cause) if cause.kind == Kind::Trait => format!("cause {}", number + 1),
        Some(cause) => format!("cause {} ({})", number + 1, cause.defect),
        None => "no known defect explains them".into(),
    };
    heading(out, &format!("{}: {what}", block.counted()))?;
    for outcome in block.outcomes.iter().take(whole) {
        let text = case(outcome, setup, spec, lines);
        let (shown, more) = match text.len() {
            length if length > lines => (&text[..lines - 1], length + 1 - lines),
            _ => (&text[..], 0),
        };
        for line in shown {
            writeln!(out, "{line}")?;
        }
        if more > 0 {
            writeln!(out, "    … {} (--verbose)", counted(more, "more line"))?;
        }
    }
    let rest = block.outcomes.get(whole.min(block.outcomes.len())..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    let lines = ids(rest, WIDTH);
    let shown = lines.len().min(most);
    let said = if rest.len() < block.outcomes.len() { "and" } else { "these" };
    writeln!(
        out,
        "  {said} {} by id:",
        counted(rest.len(), if said == "and" { "other" } else { "case" })
    )?;
    for line in &lines[..shown] {
        writeln!(out, "    {line}")?;
    }
    if lines.len() > shown {
        let more = counted(lines.len() - shown, "more line");
        writeln!(out, "    … {more} of ids (--verbose shows every failure, --json F has them)")?;
    }
    Ok(())
}

/// A failure in full, line by line, as far as there is room: the least important comes last.
fn case(outcome: &Outcome, setup: &Setup, spec: &Spec, room: usize) -> Vec<String> {
    let style = style(outcome.verdict);
    let mut lines =
        vec![format!("{style}{}{style:#} {}: {}", outcome.verdict, outcome.id, outcome.title)];
    lines.extend(outcome.reason.iter().map(|reason| format!("  {reason}")));
    let folded = folded(outcome, setup);
    let mut last = "";
    for (index, fold) in folded.iter().enumerate() {
        let problem = fold.problem;
        if room != usize::MAX && index > 0 {
            break;
        }
        if problem.clause != last {
            let sentence = spec.sentence(&problem.clause);
            lines.push(format!("  {} ({}): {sentence}", problem.clause, problem.level));
            last = &problem.clause;
        }
        lines.push(format!("  {}", fold.text()));
        let most = if room == usize::MAX { room } else { (room / 2).max(2) };
        lines.extend(fold.difference.iter().take(most).map(|line| format!("    {line}")));
        if fold.difference.len() > most {
            let more = counted(fold.difference.len() - most, "more line");
            lines.push(format!("    … {more} (--verbose)"));
        }
        lines.extend(fold.same().map(|same| format!("    {same}")));
        lines.push(format!("    {}", curl::line(&problem.exchange.planned, setup)));
        if index == 0 {
            lines.extend(other_findings(&folded).filter(|_| room != usize::MAX));
            let dim = Style::new().dimmed();
            let exchange = exchange_lines(&problem.exchange, setup);
            lines.extend(exchange.iter().map(|line| format!("    {dim}{line}{dim:#}")));
        }
    }
    lines
}

/// A note that there are more findings, and where.
fn other_findings(folded: &[Folded<'_>]) -> impl Iterator<Item = String> {
    let others = &folded[1..];
    let names: Vec<_> = others.iter().filter_map(|fold| fold.problem.place()).take(4).collect();
    let at = if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
    (!others.is_empty())
        .then(|| format!("  and {}{at}", counted(others.len(), "other finding")))
        .into_iter()
}

fn last_lines(
    out: &mut dyn Write,
    report: &Report,
    blocks: &[Block<'_>],
    detail: Detail,
) -> io::Result<()> {
    let verdict = match report.ends_in().tone() {
        Tone::Good => Verdict::Pass,
        Tone::Partial => Verdict::Warn,
        Tone::Bad => Verdict::Fail,
        Tone::Open => Verdict::Inconclusive,
    };
    let style = style(verdict);
    // DATE-13
    let zones = crate::zone::RELEASE;
    let (requests, seconds) = (counted(report.requests, "request"), report.elapsed.as_secs_f64());
    writeln!(
        out,
        "{}: suite {EDITION}, zone data {zones}, level {}; {requests} in {seconds:.1} s",
        report.target,
        report.level(),
    )?;
    writeln!(out, "{style}{}{style:#}: {}", report.conclusion(), report.rest())?;
    for way in &report.handshake.ways_out {
        writeln!(out, "  * {way}")?;
    }
    let (stale, more) = some(&report.stale, detail);
    for line in stale {
        writeln!(out, "  {line}")?;
    }
    if more > 0 {
        writeln!(out, "  and {}", counted(more, "more line"))?;
    }
    if let Some(unexplained) = blocks.iter().find(|block| block.cause.is_none()) {
        let partly = blocks.len() > 1 || report.scope.is_partial();
        if partly || unexplained.counts().0 > 1 {
            let too_few =
                if report.scope.is_partial() { ", or too few cases ran to tell one" } else { "" };
            let said = unexplained.counted();
            writeln!(out, "  {said}: no known defect explains them{too_few}")?;
        }
    }
    for block in blocks.iter().rev() {
        if let Some(sentence) = block.sentence() {
            for other in block.others.iter().rev() {
                writeln!(out, "  or a server {} ({})", other.says, other.defect)?;
            }
            writeln!(out, "  {sentence}")?;
        }
    }
    Ok(())
}
