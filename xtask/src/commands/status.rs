use anyhow::Result;

use super::Instance;
use crate::system::{Process, System};
use crate::ui;

/// Lists the processes of the shop: pid, port, uptime, memory, state
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: &Args) -> Result<()> {
    let system = System::attach(&args.system.instance)?;
    let processes = system.processes()?;
    let rows = processes.iter().map(|process| row(&system, process));
    ui::say(ui::table(&["name", "pid", "port", "uptime", "memory", "state"], rows));
    Ok(())
}

fn row(system: &System, process: &Process) -> Vec<String> {
    let name = &process.spec.name;
    let state = process.state().to_owned();
    let port = system.known_port(name).map(|port| port.to_string()).unwrap_or_default();
    if !process.is_running() {
        return vec![name.clone(), String::new(), port, String::new(), String::new(), state];
    }
    let uptime = process.uptime().map(ui::seconds).unwrap_or_default();
    let memory = process.memory().map(|bytes| format!("{} MB", bytes >> 20)).unwrap_or_default();
    vec![name.clone(), process.pid.to_string(), port, uptime, memory, state]
}
