use anyhow::Result;

use super::Instance;
use crate::system::System;
use crate::ui::Task;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Process names, as `cargo xtask status` lists them
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: &Args, action: impl Fn(&System, &str) -> Result<()>) -> Result<()> {
    let system = System::attach(&args.system.instance)?;
    let _lock = system.exclusive()?;
    for name in &args.names {
        let task = Task::begin(name);
        action(&system, name)?;
        task.done(system.process(name)?.state());
    }
    Ok(())
}
