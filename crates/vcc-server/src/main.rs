//! The command `vcc-server`.

mod commands;

use std::process::ExitCode;

/// A page is some hundreds of small texts, made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run(std::env::args_os())
}
