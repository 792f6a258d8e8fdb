//! Starts, scales and stops the services of a system.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::environment::{gateway_ports, of_gateway, of_service, preferred_ports};
use super::{
    ALL, DISCOVERY, GATEWAY, Service, built_binary, gateway_is_present, health, present, service_of,
};
use crate::install;
use crate::interrupt;
use crate::parallel;
use crate::servers;
use crate::system::{Process, Spec, System};
use crate::ui::{self, Task};

/// Migrations, demo data and a busy machine included.
const HEALTHY_WITHIN: Duration = Duration::from_secs(180);

/// Starts the registry, then all other services, then the gateway, and waits until the gateway finds all of them
/// healthy. A running one is kept, unless its program or its settings have changed.
pub fn start_all(system: &System) -> Result<()> {
    let services = present();
    if gateway_is_present() {
        install::nginx(&Task::begin("nginx"))?;
    }
    reserve_ports(system, &services)?;
    let (registry, others): (Vec<_>, Vec<_>) = services.iter().partition(|service| service.name == DISCOVERY);
    let mut names = Vec::new();
    for service in registry {
        names.extend(start(system, service)?);
        wait_live(system, DISCOVERY)?;
    }
    // At once, because an old version takes its time to finish what it is doing.
    for started in parallel::each(others, |service| start(system, service))? {
        names.extend(started);
    }
    if !gateway_is_present() {
        ui::note("There is no gateway in this work tree, so nobody says when all services are healthy.");
        return Ok(());
    }
    start_gateway(system)?;
    names.push(GATEWAY.to_owned());
    let task = Task::begin("health");
    health::wait(system, &names, HEALTHY_WITHIN, &|missing| task.say(missing))?;
    task.done(format!("{} processes are healthy", names.len()));
    Ok(())
}

/// Stops the gateway first, so that nothing new comes in, then the services, and the registry last.
pub fn stop_all(system: &System) -> Result<()> {
    let names = running(system)?;
    let (last, others): (Vec<_>, Vec<_>) =
        names.iter().filter(|name| *name != GATEWAY).partition(|name| *name == DISCOVERY);
    let gateway = names.iter().filter(|name| *name == GATEWAY).collect();
    // One that doesn't stop by itself is no reason to leave the others running.
    let stopped = [gateway, others, last].map(|group| parallel::each(group, |name| system.stop(name)));
    stopped.into_iter().try_for_each(|result| result.map(drop))
}

/// Every service and the gateway, running or not.
pub fn known(system: &System) -> Result<Vec<Process>> {
    let all = system.processes()?;
    Ok(all.into_iter().filter(|process| servers::find(&process.spec.name).is_none()).collect())
}

/// Starts them as they were started last: the registry first, the gateway last.
pub fn start_known(system: &System, processes: &[Process]) -> Result<()> {
    let rank = |name: &str| match name {
        DISCOVERY => 0,
        GATEWAY => 2,
        _ => 1,
    };
    let mut names: Vec<&str> = processes.iter().map(|process| process.spec.name.as_str()).collect();
    names.sort_by_key(|name| rank(name));
    names.into_iter().try_for_each(|name| system.start(name))
}

impl System {
    /// Runs `n` instances of a service: `order-service`, `order-service-2`, … Returns the names of all. New ones are
    /// started like the first one; they may still be starting, see [`System::wait_healthy`].
    pub fn scale(&self, service: &str, n: usize) -> Result<Vec<String>> {
        ensure!(n > 0, "to stop a service altogether, use `stop`");
        let service = service_of(service).filter(|found| found.name == service);
        let service = service
            .with_context(|| format!("only services can be scaled: {}", ALL.map(|it| it.name).join(", ")))?;
        let wanted: Vec<String> = (1..=n).map(|number| instance_name(service.name, number)).collect();
        let first = self.process(service.name)?.spec;
        for (number, name) in wanted.iter().enumerate() {
            if self.is_running(name) {
                continue;
            }
            let mut spec = Spec { name: name.clone(), ..first.clone() };
            if number > 0 {
                spec.env.insert("PORT".to_owned(), self.free_port(name, &[])?.to_string());
            }
            self.launch(spec)?;
        }
        for process in self.processes()? {
            let name = process.spec.name;
            if service_of(&name).is_some_and(|of| of.name == service.name) && !wanted.contains(&name) {
                self.remove(&name)?;
            }
        }
        Ok(wanted)
    }

    /// The gateway's address, which is the shop's.
    pub fn gateway_url(&self) -> Result<String> {
        self.url(GATEWAY)
    }

    /// Waits until the gateway reports every running service healthy. Fails at once when one of them ends.
    pub fn wait_healthy(&self, timeout: Duration) -> Result<()> {
        health::wait(self, &running(self)?, timeout, &|_| ())
    }
}

/// Starts the first instance of a service, and those that were added and still run, all in the same version.
/// Answers their names.
fn start(system: &System, service: &Service) -> Result<Vec<String>> {
    let program = built_binary(service.name, system.options().release)?;
    let port = system.port(service.name, &[])?;
    let data = system.data(service.name);
    fs::create_dir_all(&data)?;
    let env = of_service(system, service, port)?;
    let first = Spec { name: service.name.to_owned(), program, args: Vec::new(), env, cwd: data };
    let mut names = vec![service.name.to_owned()];
    for name in running(system)? {
        if name != service.name && service_of(&name).is_some_and(|of| of.name == service.name) {
            let mut spec = Spec { name: name.clone(), ..first.clone() };
            spec.env.insert("PORT".to_owned(), system.port(&name, &[])?.to_string());
            replace(system, spec)?;
            names.push(name);
        }
    }
    replace(system, first)?;
    Ok(names)
}

fn start_gateway(system: &System) -> Result<()> {
    let program = built_binary(GATEWAY, system.options().release)?;
    let env = of_gateway(system)?;
    let cwd = system.folder().join("gateway");
    replace(system, Spec { name: GATEWAY.to_owned(), program, args: Vec::new(), env, cwd })
}

/// Starts what isn't running, and what runs with another program or other settings anew.
fn replace(system: &System, spec: Spec) -> Result<()> {
    interrupt::check()?;
    let name = spec.name.clone();
    let task = Task::begin(name.clone());
    if let Ok(old) = system.process(&name)
        && old.is_running()
    {
        if old.spec == spec && !old.is_outdated() {
            return Ok(());
        }
        task.say("stopping the old version");
        system.stop(&name)?;
    }
    let Process { pid, .. } = system.launch(spec)?;
    task.done(format!("started, pid {pid}"));
    Ok(())
}

/// All ports are chosen before the first start, because the addresses of some are settings of others.
fn reserve_ports(system: &System, services: &[Service]) -> Result<()> {
    let reserve = |name: &str, preferred: &[u16]| {
        if system.is_running(name) { system.port(name, preferred) } else { system.free_port(name, preferred) }
    };
    if system.is_running(GATEWAY) {
        system.port(GATEWAY, gateway_ports(system))?;
    } else {
        if let Ok(dead) = system.process(GATEWAY) {
            dead.sweep()?;
        }
        system.free_port(GATEWAY, gateway_ports(system))?;
        system.free_port("gateway-agent", &[])?;
    }
    services.iter().try_for_each(|service| reserve(service.name, &preferred_ports(system, service)).map(drop))
}

fn wait_live(system: &System, name: &str) -> Result<()> {
    let task = Task::begin(name);
    let url = format!("{}/livez", system.url(name)?);
    let deadline = Instant::now() + Duration::from_secs(30);
    task.say(format!("waiting for {url}"));
    while let Err(error) = health::get(&url) {
        interrupt::check()?;
        if !system.is_running(name) {
            bail!(system.obituary(name));
        }
        if Instant::now() > deadline {
            return Err(
                error.context(format!("{name} gave no answer; see {}", system.log_file(name).display()))
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The names of all running processes but the data servers.
fn running(system: &System) -> Result<Vec<String>> {
    let alive = system.processes()?.into_iter().filter(Process::is_running).map(|process| process.spec.name);
    Ok(alive.filter(|name| servers::find(name).is_none()).collect())
}

fn instance_name(service: &str, number: usize) -> String {
    if number == 1 { service.to_owned() } else { format!("{service}-{number}") }
}
