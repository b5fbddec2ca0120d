//! Embeds the data of the suite: every case file, every dataset and `SPEC.md`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut code = String::new();
    for (name, folder) in [("SUITE", "suite"), ("DATASET", "dataset")] {
        let mut files = Vec::new();
        walk(&root.join(folder), &mut files)?;
        files.sort();
        writeln!(code, "pub(crate) const {name}: &[(&str, &str)] = &[").expect("a String takes it");
        for file in files {
            let path = file.strip_prefix(&root).expect("it is below").display().to_string();
            writeln!(code, "    ({path:?}, include_str!({:?})),", file.display().to_string())
                .expect("a String takes it");
        }
        code.push_str("];\n");
    }
    let spec = root.join("SPEC.md");
    println!("cargo::rerun-if-changed={}", spec.display());
    let spec = if spec.exists() {
        format!("include_str!({:?})", spec.display().to_string())
    } else {
        "\"\"".into()
    };
    writeln!(code, "pub(crate) const SPEC: &str = {spec};").expect("a String takes it");
    let signatures = root.join("signatures.txt");
    println!("cargo::rerun-if-changed={}", signatures.display());
    writeln!(
        code,
        "pub(crate) const SIGNATURES: &str = include_str!({:?});",
        signatures.display().to_string()
    )
    .expect("a String takes it");
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
