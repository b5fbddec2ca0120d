use vcc_conformance_core::report::Detail;

/// How much is said on the terminal.
#[derive(clap::Args)]
pub(super) struct DetailArgs {
    /// Show every failure whole, with its exchange
    #[arg(long, short, conflicts_with_all = ["quiet", "max_failures"])]
    verbose: bool,
    /// Show the verdict and its cause alone
    #[arg(long, short, conflicts_with = "max_failures")]
    quiet: bool,
    /// Failures of one cause that are shown whole; the others are named
    #[arg(long, value_name = "N", default_value_t = 3)]
    max_failures: usize,
}

impl DetailArgs {
    pub(super) fn detail(&self) -> Detail {
        match (self.verbose, self.quiet) {
            (true, _) => Detail::All,
            (_, true) => Detail::Quiet,
            _ => Detail::Some(self.max_failures),
        }
    }
}
