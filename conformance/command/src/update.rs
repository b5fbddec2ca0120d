use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use super::error::CommandError;
use super::progress::progress;
use super::stop::stop;
use vcc_conformance_core::folder::Folder;
use vcc_conformance_core::words::counted;
use vcc_conformance_reference::selftest::{Measured, defects, update as measured};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder with suite/, dataset/, SPEC.md, ids.lock and signatures.txt
    #[arg(long, value_name = "DIR", default_value = "conformance/core")]
    dir: PathBuf,
    /// Defects at a time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
}

/// Makes what new and edited cases need: their lines in `ids.lock`, and their places in
/// `signatures.txt`.
pub(super) fn update(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let folder = Folder::read(&args.dir).map_err(|problem| {
        let hint = match problem.kind() {
            io::ErrorKind::NotFound => "; run this in the checkout, or name the folder with --dir",
            _ => "",
        };
        CommandError::usage(format!("{problem}{hint}"))
    })?;
    let bar = progress(defects().count());
    let done = |row: &Measured| {
        bar.inc(1);
        bar.set_message(row.defect);
    };
    let updated = measured(&folder, args.jobs.into(), &stop(), &done);
    bar.finish_and_clear();
    let updated = updated.map_err(CommandError::usage)?;

    for (name, before, after) in [
        ("ids.lock", &folder.lock, &updated.lock),
        ("signatures.txt", &folder.signatures, &updated.signatures),
    ] {
        let path = args.dir.join(name);
        let what = if before == after { "as it was" } else { "written" };
        if before != after {
            fs::write(&path, after)
                .map_err(|problem| CommandError::usage(format!("{}: {problem}", path.display())))?;
        }
        writeln!(out, "{}: {what}", path.display())?;
    }
    for (id, caught) in &updated.cases {
        let first: Vec<_> = caught.defects.iter().take(5).copied().collect();
        let more = if caught.defects.len() > 5 { ", …" } else { "" };
        match caught.defects.len() {
            0 => writeln!(out, "{id}: catches nothing")?,
            count => {
                let first = first.join(", ");
                writeln!(out, "{id}: catches {}: {first}{more}", counted(count, "defect"))?;
            }
        }
    }
    for id in &updated.gone {
        writeln!(out, "{id}: gone")?;
    }
    for name in &updated.defects {
        writeln!(out, "{name}: a new defect")?;
    }
    let idle = updated.idle();
    if idle.is_empty() {
        return Ok(0);
    }
    writeln!(
        out,
        "every graded case must catch a defect: add a row for {} to a table in \
         conformance/reference/src/selftest/defects/, and run this again",
        idle.join(", ")
    )?;
    Ok(1)
}
