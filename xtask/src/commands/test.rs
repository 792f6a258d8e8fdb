use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::ui::{self, seconds};
use crate::{interrupt, ui::table};

mod alerts;
mod containers;
mod k8s;
mod schemathesis;
mod steps;

use steps::{Outcome, Run};

/// Checks and tests everything, on servers of its own; a running `up` is not touched
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    instead: Option<Instead>,
    /// Only these steps
    #[arg(long, value_enum, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<Step>,
    /// Not these steps
    #[arg(long, value_enum, value_name = "STEP")]
    skip: Vec<Step>,
    /// Leave the servers and the shop of instance `test` running
    #[arg(long)]
    keep: bool,
}

/// What is tested on its own, because it takes an engine and much longer.
#[derive(Debug, clap::Subcommand)]
enum Instead {
    Containers(containers::Args),
}

/// In the order in which they run: what is quick to fail comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// cargo fmt --check
    Fmt,
    /// The project's own rules
    Tidy,
    /// cargo clippy, warnings are errors
    Clippy,
    /// Builds every program
    Build,
    /// The committed OpenAPI documents are those of the programs
    Openapi,
    /// The committed schemas of the events are those of the programs, and nothing was taken away from consumers
    Events,
    /// The Kubernetes objects render, and are what the API and the shop want of them
    K8s,
    /// The alerts are well-formed, and each fires when it should
    Alerts,
    /// Licences, bans and sources of dependencies
    Deny,
    /// Fresh data servers
    Servers,
    /// Unit and service tests
    Tests,
    /// Tests of the whole shop through the gateway
    System,
    /// The Postman collection through the gateway
    Postman,
    /// Requests made from the OpenAPI documents: no 5xx, no answer off its schema
    Schemathesis,
}

pub fn run(args: &Args) -> Result<()> {
    interrupt::listen()?;
    if let Some(Instead::Containers(args)) = &args.instead {
        return containers::run(args);
    }
    let wanted =
        |step: &Step| if args.only.is_empty() { !args.skip.contains(step) } else { args.only.contains(step) };
    let mut run = Run::new()?;
    let mut report = Vec::new();
    let mut failure = None;
    for &step in Step::value_variants().iter().filter(|step| wanted(step)) {
        if failure.is_some() {
            report.push(vec![name(step), "not run".to_owned(), String::new()]);
            continue;
        }
        ui::note(format!("\n== {}", name(step)));
        let begun = Instant::now();
        let (word, time) = match interrupt::check().and_then(|()| run.step(step)) {
            Ok(Outcome::Done) => ("passed".to_owned(), seconds(begun.elapsed())),
            Ok(Outcome::Skipped(why)) => {
                ui::note(format!("skipped: {why}"));
                (format!("skipped: {why}"), String::new())
            }
            Err(error) => {
                ui::note(format!("failed: {error:#}"));
                failure = Some(step);
                ("FAILED".to_owned(), seconds(begun.elapsed()))
            }
        };
        report.push(vec![name(step), word, time]);
    }
    let stopped = if args.keep { Ok(()) } else { run.stop() };
    ui::say(format!("\n{}", table(&["step", "result", "time"], report)));
    match failure {
        Some(step) => {
            bail!("step `{}` failed; the logs of servers and services are in .local/test/logs", name(step))
        }
        None => stopped,
    }
}

fn name(step: Step) -> String {
    step.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
