//! The defects, by what they are about. What each does is in its row.

mod auth;
mod comparisons;
mod controls;
mod credential_forms;
mod csv;
mod days;
mod durations;
mod echoes;
mod encoding;
mod fields;
mod finishes;
mod lenient;
mod lists;
mod near;
mod numbers;
mod offsets;
mod paging;
mod ranges;
mod requests;
mod segments;
mod starts;
mod strict;
mod targets;
mod tenants;
mod times;
mod today;
mod values;
mod xml;
mod zones;

use super::defect::Family;

/// Every defect, by family. A large family stands in several rows.
pub const FAMILIES: &[Family] = &[
    paging::PAGES,
    lists::LISTS,
    days::DAYS,
    ranges::RANGES,
    zones::ZONES,
    offsets::OFFSETS,
    today::TODAY,
    strict::STRICT,
    lenient::LENIENT,
    near::NEAR,
    finishes::FINISHES,
    near::TOGETHER,
    fields::FIELDS,
    comparisons::COMPARISONS,
    durations::DURATIONS,
    fields::MISREAD,
    fields::IGNORED,
    encoding::ENCODING,
    segments::SEGMENTS,
    requests::REQUESTS,
    requests::REFUSALS,
    auth::AUTH,
    credential_forms::FORMS,
    tenants::TENANTS,
    xml::XML,
    csv::CSV,
    values::VALUES,
    starts::STARTS,
    targets::TARGETS,
    controls::CONTROLS,
    numbers::NUMBERS,
    times::TIMES,
    echoes::ECHOES,
];
