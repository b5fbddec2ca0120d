//! The command `vcc-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vcc_conformance::cli::main()
}
