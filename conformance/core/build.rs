//! Embeds the folders of the suite: every case file and every dataset.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut code = String::new();
    for (name, folder, what) in [
        ("SUITE", "suite", "The files of cases."),
        ("DATASET", "dataset", "The recordings that a target must hold, a file a tenant."),
    ] {
        let mut files = Vec::new();
        walk(&root.join(folder), &mut files)?;
        files.sort();
        writeln!(code, "/// {what}\npub const {name}: &[(&str, &str)] = &[")
            .expect("a String takes it");
        for file in files {
            let path = file.strip_prefix(&root).expect("it is below").display().to_string();
            writeln!(code, "    ({path:?}, include_str!({:?})),", file.display().to_string())
                .expect("a String takes it");
        }
        code.push_str("];\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), code)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}
