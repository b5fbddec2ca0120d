use super::{Pages, keys};
use crate::PAGE;
use crate::judge::Finding;
use crate::live::lab::Lab;

pub(super) fn paging(lab: &mut Lab<'_>, pages: &Pages) {
    default_is_first(lab, pages);
    overlaps(lab, pages);
    fifty(lab);
    full_pages(lab, pages);
    past_the_end(lab, pages);
    steady_order(lab, pages);
}

fn default_is_first(lab: &mut Lab<'_>, pages: &Pages) {
    let first = pages.get(&1).cloned().unwrap_or_default();
    let mut law = lab.law("first", "PAGE-2", "n=1 is the default");
    let (exchange, page) = lab.page("", None);
    law.tried += 1;
    match page {
        Ok(page) if keys(&page) != keys(&first) => {
            law.problem(
                lab.spec,
                Finding::new("the list without n differs from that with n=1"),
                exchange,
            );
        }
        Ok(page) => law.evidence += page.len(),
        Err(finding) => law.problem(lab.spec, finding, exchange),
    }
    lab.end(law);
}

fn overlaps(lab: &mut Lab<'_>, pages: &Pages) {
    let first = pages.get(&1).cloned().unwrap_or_default();
    let second = pages.get(&(PAGE + 1)).cloned().unwrap_or_default();
    let mut law = lab.law("overlap", "PAGE-2", "Overlapping pages agree");
    let both: Vec<_> = keys(&first).into_iter().chain(keys(&second)).collect();
    for n in [2, 26, 50] {
        if n > both.len() {
            continue;
        }
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        law.tried += 1;
        match page {
            Ok(page) => {
                let wanted: Vec<_> =
                    both.iter().skip(n - 1).take(page.len().min(PAGE)).copied().collect();
                let came: Vec<_> = keys(&page).into_iter().take(wanted.len()).collect();
                if came != wanted || page.is_empty() {
                    let text = format!("n={n} does not begin with record {n} of the list");
                    law.problem(lab.spec, Finding::new(text), exchange);
                } else {
                    law.evidence += wanted.len();
                }
            }
            Err(finding) => law.problem(lab.spec, finding, exchange),
        }
    }
    lab.end(law);
}

fn fifty(lab: &mut Lab<'_>) {
    let mut law = lab.law("fifty", "PAGE-1", "A page that others follow holds 50 records");
    for n in [1, 2, 27] {
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        let Ok(page) = page else { continue };
        law.tried += 1;
        // A target that lists records after these has more than this page.
        let follow = lab.records.len() >= n + PAGE;
        law.evidence += usize::from(follow);
        if follow && page.len() != PAGE {
            let text = format!(
                "n={n} gives {}, and more follow",
                crate::words::counted(page.len(), "record")
            );
            law.problem(lab.spec, Finding::new(text), exchange);
        }
    }
    lab.end(law);
}

fn full_pages(lab: &mut Lab<'_>, pages: &Pages) {
    let first = pages.get(&1).cloned().unwrap_or_default();
    let second = pages.get(&(PAGE + 1)).cloned().unwrap_or_default();
    let mut law = lab.law("full-pages", "PAGE-5a", "No record hides between two pages");
    if !second.is_empty() {
        law.tried += 1;
        law.evidence += first.len();
        if first.len() < PAGE {
            let (exchange, page) = lab.page("", Some(&format!("n={}", first.len() + 1)));
            if page.is_ok_and(|page| keys(&page).first() != keys(&second).first()) {
                let text = format!(
                    "n=1 gives {}, and n=51 continues after a gap",
                    crate::words::counted(first.len(), "record")
                );
                law.problem(lab.spec, Finding::new(text), exchange);
            }
        }
    }
    lab.end(law);
}

fn past_the_end(lab: &mut Lab<'_>, pages: &Pages) {
    let mut law = lab.law("end", "PAGE-3a", "Past the end there is an empty list");
    let count = lab.records.len();
    if pages.keys().last().is_some_and(|last| last + PAGE > count) {
        for n in [count + 1, count + 1000] {
            let (exchange, page) = lab.page("", Some(&format!("n={n}")));
            law.tried += 1;
            match page {
                Ok(page) if !page.is_empty() => {
                    let text = format!(
                        "n={n} gives {}, and the list has {count}",
                        crate::words::counted(page.len(), "record")
                    );
                    law.problem(lab.spec, Finding::new(text), exchange);
                }
                Ok(_) => law.evidence += 1,
                Err(finding) => law.problem(lab.spec, finding, exchange),
            }
        }
        let (exchange, page) = lab.page("", Some(&format!("n={}", count.max(1))));
        if let Ok(page) = page
            && count > 0
            && page.len() != 1
        {
            let text = format!(
                "n={count} gives {}, expected the last one",
                crate::words::counted(page.len(), "record")
            );
            law.problem(lab.spec, Finding::of("PAGE-2", text), exchange);
        }
    }
    lab.end(law);
}

fn steady_order(lab: &mut Lab<'_>, pages: &Pages) {
    let mut law = lab.law("order", "PAGE-5a", "The order does not change between requests");
    for n in [1, PAGE + 1] {
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        law.tried += 1;
        if let Ok(page) = page {
            law.evidence += page.len();
            if pages.get(&n).is_some_and(|before| keys(before) != keys(&page)) {
                let text = format!("n={n} has another order than before");
                law.problem(lab.spec, Finding::new(text), exchange);
            }
        }
    }
    lab.end(law);
}
