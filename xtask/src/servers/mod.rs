//! The data servers that the shop runs on: real ones, in folders and on ports of their own.

mod kafka;
pub mod localstripe;
mod mongodb;
mod mysql;
mod redis;
mod wire;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub use mongodb::{SUBSTITUTE as MONGODB_SUBSTITUTE, install_optimised as install_optimised_mongodb};
pub use mysql::{TEST_USER, as_administrator, install_dump as install_mysql_dump};

use crate::interrupt;
use crate::parallel;
use crate::system::{Spec, System};
use crate::ui::Task;

/// How one kind of server is found, started and recognised as ready.
pub trait Server: Sync {
    fn name(&self) -> &'static str;

    /// Makes sure that its program is on this machine.
    fn install(&self, task: &Task) -> Result<()>;

    /// Prepares the data folder and says how to start it.
    fn prepare(&self, system: &System, task: &Task) -> Result<Spec>;

    /// One question in the server's own protocol; an answer means ready.
    fn probe(&self, system: &System) -> Result<()>;

    /// What must be in it before services come, done at every start.
    fn provision(&self, _system: &System) -> Result<()> {
        Ok(())
    }

    /// Its address without credentials of any service.
    fn url(&self, system: &System) -> Result<String>;
}

/// All data servers, in the order in which they are listed.
pub const ALL: [&dyn Server; 4] = [&mysql::Mysql, &mongodb::Mongodb, &redis::Redis, &kafka::Kafka];

/// Longer than any of them takes on a busy machine with a cold disk.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// The folder with Apache Kafka's jars, which are fetched when they aren't there yet.
pub fn kafka_jars() -> Result<std::path::PathBuf> {
    kafka::fetched()
}

pub fn find(name: &str) -> Option<&'static dyn Server> {
    ALL.into_iter().find(|server| server.name() == name)
}

/// Starts all data servers at once and waits until each answers. Running ones are kept.
pub fn start_all(system: &System) -> Result<()> {
    // One after the other: package managers lock each other out.
    for server in ALL {
        let task = Task::begin(server.name());
        server.install(&task)?;
    }
    parallel::each(ALL.to_vec(), |server| start(system, server)).map(drop)
}

/// Stops those that run, all at once.
pub fn stop_all(system: &System) -> Result<()> {
    let running = ALL.map(Server::name).into_iter().filter(|name| system.is_running(name));
    parallel::each(running.collect(), |name| system.stop(name)).map(drop)
}

/// Waits until the server of that name answers; anything else is no server and not waited for.
pub fn wait_ready(system: &System, name: &str) -> Result<()> {
    let Some(server) = find(name) else { return Ok(()) };
    answer(system, server)?;
    server.provision(system)
}

fn start(system: &System, server: &dyn Server) -> Result<()> {
    let name = server.name();
    let task = Task::begin(name);
    let was_running = system.is_running(name);
    if !was_running {
        task.say("preparing");
        let spec = server.prepare(system, &task)?;
        system.launch(spec)?;
    }
    task.say(format!("waiting for an answer of {name}"));
    answer(system, server)?;
    server.provision(system).with_context(|| format!("preparing {name}"))?;
    let url = server.url(system)?;
    task.done(if was_running { format!("{url} was running already") } else { url });
    Ok(())
}

fn answer(system: &System, server: &dyn Server) -> Result<()> {
    let name = server.name();
    let process = system.process(name)?;
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let Err(error) = server.probe(system) else { return Ok(()) };
        interrupt::check()?;
        if !process.is_running() {
            bail!(system.obituary(name));
        }
        if Instant::now() > deadline {
            let log = system.log_file(name);
            let last = process.last_words(&log, 20);
            bail!(
                "{name} gave no answer in {READY_WITHIN:?} ({error:#}). The last lines of {}:\n{last}",
                log.display()
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The environment of tests that need real servers: `TEST_MYSQL_URL` and its like, as names and values.
pub fn test_environment(system: &System) -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("TEST_MYSQL_URL", mysql::user_url(system, TEST_USER, "")?),
        ("TEST_MONGODB_URL", mongodb::Mongodb.url(system)?),
        ("TEST_REDIS_URL", redis::Redis.url(system)?),
        ("TEST_KAFKA_BROKERS", kafka::address(system)?),
        ("TEST_LOCALSTRIPE_PYTHON", localstripe::python().display().to_string()),
    ])
}

/// What a service is told about the servers. `schema` is its own, if it keeps one in MySQL.
pub fn service_environment(system: &System, schema: Option<&str>) -> Result<Vec<(&'static str, String)>> {
    let mut env = vec![
        ("MONGODB_URL", mongodb::Mongodb.url(system)?),
        ("REDIS_URL", redis::Redis.url(system)?),
        ("KAFKA_BROKERS", kafka::address(system)?),
    ];
    if let Some(schema) = schema {
        env.push(("DATABASE_URL", mysql::user_url(system, schema, schema)?));
    }
    Ok(env)
}

/// The standard ports belong to the system that people work with; others leave them alone.
fn preferred(system: &System, port: u16) -> Vec<u16> {
    if system.instance() == "dev" { vec![port] } else { Vec::new() }
}
