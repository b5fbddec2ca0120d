//! The program that is measured.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `vcc-server` as a release build, which this makes first.
pub(crate) fn program() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "-p", "vcc-server"])
        .status()
        .unwrap();
    assert!(built.success());
    // This is target/release/deps/NAME-….
    let here = std::env::current_exe().unwrap();
    here.parent().and_then(Path::parent).unwrap().join("vcc-server")
}
