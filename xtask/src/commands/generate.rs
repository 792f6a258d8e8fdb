use std::process::Command;

use anyhow::Result;

use crate::system::System;
use crate::{interrupt, run, services};

/// Makes load as customers do, and fails when the shop loses something that it accepted
///
/// `transactions --tps 10 --duration 60` and `shoppers --tps 5`; `cargo xtask generate -- --help` explains the rest.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// What the generator is told
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    // Ctrl-C is for the generator: it ends the arrivals, and tells what came of them.
    interrupt::listen()?;
    let release = System::open(instance(&args.arguments))?.options().release;
    // The one that was built with the shop that it works for, if that was ever built.
    let program = services::built_binary("generate", release).or_else(|_| {
        services::build_system(release)?;
        services::built_binary("generate", release)
    })?;
    run::openly(Command::new(program).args(&args.arguments))
}

fn instance(arguments: &[String]) -> &str {
    let told = arguments.iter().position(|word| word == "--instance").and_then(|at| arguments.get(at + 1));
    let told = told.map(String::as_str);
    told.or_else(|| arguments.iter().find_map(|word| word.strip_prefix("--instance="))).unwrap_or("dev")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instance_may_stand_anywhere() {
        let found = |words: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            instance(&words).to_owned()
        };
        assert_eq!(found("shoppers --tps 5"), "dev");
        assert_eq!(found("--instance test shoppers"), "test");
        assert_eq!(found("shoppers --instance=test --tps 5"), "test");
        assert_eq!(found("shoppers --instance"), "dev");
    }
}
