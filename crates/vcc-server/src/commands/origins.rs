use std::collections::BTreeMap;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// Which settings came from the command line or from the environment. It has to be parsed before those
/// arguments, because parsing removes them.
#[derive(Debug, Default)]
pub(super) struct Origins(BTreeMap<String, ValueSource>);

impl Origins {
    /// What gave a setting its value, such as `--max-requests` or `VCC_MAX_REQUESTS`; `None` if
    /// neither a flag nor the environment did.
    pub(super) fn of(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            ValueSource::CommandLine => Some(format!("--{name}")),
            ValueSource::EnvVariable => Some(variable(name)),
            _ => None,
        }
    }
}

/// The environment variable of a setting.
pub(super) fn variable(name: &str) -> String {
    format!("VCC_{}", name.to_uppercase().replace('-', "_"))
}

impl clap::FromArgMatches for Origins {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut origins = Self::default();
        origins.update_from_arg_matches(matches)?;
        Ok(origins)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for id in matches.ids() {
            if let Some(source) = matches.value_source(id.as_str()) {
                self.0.insert(id.as_str().replace('_', "-"), source);
            }
        }
        Ok(())
    }
}

impl clap::Args for Origins {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
