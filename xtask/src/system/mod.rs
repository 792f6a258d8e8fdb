//! A named set of processes under `.local/<instance>/`.

mod ports;
mod process;
mod secrets;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

pub use process::{Process, Spec};
pub use secrets::Secrets;

use crate::{paths, servers};

/// A running (or stopped) shop. Cheap to make: everything is read from its folder when asked for.
#[derive(Debug, Clone)]
pub struct System {
    instance: String,
    folder: PathBuf,
}

/// How the system was started, so that a service that is added later is started the same way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    pub release: bool,
    pub demo_data: bool,
    pub env: BTreeMap<String, String>,
}

/// A log that has grown beyond this many bytes is put aside at the next start.
const LARGE_LOG: u64 = 20_000_000;

/// Held while the set of processes is changed, so that two commands don't start the same one.
#[must_use]
pub struct Exclusive(#[expect(dead_code, reason = "the lock lasts as long as the open file")] File);

impl System {
    /// The system of that name, which must have been started before.
    pub fn attach(instance: &str) -> Result<Self> {
        let system = Self::named(instance)?;
        if !system.folder.is_dir() {
            bail!("there is no system `{instance}`: start it with `cargo xtask up --instance {instance}`");
        }
        Ok(system)
    }

    /// The system of that name; its folder is made when missing.
    pub fn open(instance: &str) -> Result<Self> {
        let system = Self::named(instance)?;
        for folder in ["logs", "run", "data"] {
            let folder = system.folder.join(folder);
            fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        }
        Ok(system)
    }

    fn named(instance: &str) -> Result<Self> {
        let plain =
            !instance.is_empty() && instance.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !plain || instance == "cache" {
            bail!("`{instance}` can't name an instance: use letters, digits, - and _");
        }
        Ok(Self { instance: instance.to_owned(), folder: paths::local().join(instance) })
    }

    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// `.local/<instance>`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A data folder of this system; not made here.
    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.join("data").join(name)
    }

    /// The log file of a process.
    pub fn log_file(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// Everything a process has written to its log.
    pub fn log(&self, name: &str) -> Result<String> {
        let bytes = fs::read(self.log_file(name)).with_context(|| format!("{name} has no log"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits for other commands that change this system.
    pub fn exclusive(&self) -> Result<Exclusive> {
        let lock = File::create(self.folder.join("run/lock"))?;
        lock.lock().context("waiting for another command on this system")?;
        Ok(Exclusive(lock))
    }

    pub fn options(&self) -> Options {
        fs::read(self.folder.join("options.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_else(|| Options { demo_data: true, ..Options::default() })
    }

    pub fn set_options(&self, options: &Options) -> Result<()> {
        write_private(&self.folder.join("options.json"), &serde_json::to_vec_pretty(options)?)
    }

    /// The secrets of this system, made at first use.
    pub fn secrets(&self) -> Result<Secrets> {
        Secrets::load_or_create(&self.folder.join("secrets.json"))
    }

    /// The port that belongs to `name`, chosen at first use and kept from then on.
    pub fn port(&self, name: &str, preferred: &[u16]) -> Result<u16> {
        ports::remembered(&self.folder.join("ports.json"), name, preferred)
    }

    /// The port that belongs to `name`, if one was ever chosen.
    pub fn known_port(&self, name: &str) -> Option<u16> {
        ports::read(&self.folder.join("ports.json")).get(name).copied()
    }

    /// The port of a process that isn't running. Another one is chosen when a stranger took the remembered one.
    pub fn free_port(&self, name: &str, preferred: &[u16]) -> Result<u16> {
        ports::remembered_and_free(&self.folder.join("ports.json"), name, preferred)
    }

    /// Every process that was started and not removed since, running or not.
    pub fn processes(&self) -> Result<Vec<Process>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.folder.join("run"))?.flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "json") {
                all.push(read_process(&entry.path())?);
            }
        }
        all.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
        Ok(all)
    }

    /// The process of that name, running or not.
    pub fn process(&self, name: &str) -> Result<Process> {
        let file = self.record(name);
        if file.is_file() {
            return read_process(&file);
        }
        let known: Vec<String> = self.processes()?.into_iter().map(|it| it.spec.name).collect();
        bail!("`{}` has no process `{name}`; it has: {}", self.instance, known.join(", "));
    }

    /// Whether a process of that name runs.
    pub fn is_running(&self, name: &str) -> bool {
        read_process(&self.record(name)).is_ok_and(|it| it.is_running())
    }

    /// Starts a process under this system's care.
    pub fn launch(&self, spec: Spec) -> Result<Process> {
        let name = spec.name.clone();
        let log = self.log_file(&name);
        if log.metadata().is_ok_and(|log| log.len() > LARGE_LOG) {
            fs::rename(&log, log.with_extension("log.old"))?;
        }
        let process = Process::spawn(spec, &log, self.exit_file(&name))?;
        write_private(&self.record(&name), &serde_json::to_vec_pretty(&process)?)?;
        Ok(process)
    }

    /// Starts a stopped process as it was started last; a running one is left alone. A data server is waited for
    /// until it answers; a service may still be starting, see [`System::wait_healthy`].
    pub fn start(&self, name: &str) -> Result<()> {
        let process = self.process(name)?;
        if !process.is_running() {
            self.launch(process.spec)?;
        }
        servers::wait_ready(self, name)
    }

    /// SIGTERM, and waits until it has gone; after 10 s (30 s for a data server) SIGKILL.
    pub fn stop(&self, name: &str) -> Result<()> {
        let grace = if servers::find(name).is_some() { 30 } else { 10 };
        let process = self.process(name)?;
        if !process.stop(Duration::from_secs(grace))? {
            bail!("{name} ignored SIGTERM for {grace} s and was killed");
        }
        process.sweep()
    }

    /// SIGKILL, and waits until it has gone.
    pub fn kill(&self, name: &str) -> Result<()> {
        self.process(name)?.kill()
    }

    /// SIGSTOP: the process keeps its connections and answers nothing.
    pub fn pause(&self, name: &str) -> Result<()> {
        self.process(name)?.signal(Signal::STOP)
    }

    /// SIGCONT.
    pub fn resume(&self, name: &str) -> Result<()> {
        self.process(name)?.signal(Signal::CONT)
    }

    /// [`System::stop`], then [`System::start`].
    pub fn restart(&self, name: &str) -> Result<()> {
        self.stop(name)?;
        self.start(name)
    }

    /// Stops a process and forgets it.
    pub fn remove(&self, name: &str) -> Result<()> {
        let stopped = self.stop(name);
        fs::remove_file(self.record(name))?;
        let _ = fs::remove_file(self.exit_file(name));
        stopped
    }

    /// The environment a process was started with.
    pub fn env_of(&self, name: &str) -> Result<BTreeMap<String, String>> {
        Ok(self.process(name)?.spec.env)
    }

    /// The address of a service instance (`http://127.0.0.1:8003`) or a data server (`mysql://…`, `redis://…`).
    pub fn url(&self, name: &str) -> Result<String> {
        if let Some(server) = servers::find(name) {
            return server.url(self);
        }
        let port = self.known_port(name).with_context(|| format!("{name} was never started"))?;
        Ok(format!("http://127.0.0.1:{port}"))
    }

    /// How a process that this command started has ended, such as `exit status: 0`.
    pub fn exit_status(&self, name: &str) -> String {
        let deadline = Instant::now() + Duration::from_millis(300);
        let mut status = fs::read_to_string(self.exit_file(name));
        while status.is_err() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
            status = fs::read_to_string(self.exit_file(name));
        }
        status.unwrap_or_else(|_| "unknown exit status".to_owned())
    }

    /// The same, and what it said last.
    pub fn obituary(&self, name: &str) -> String {
        let status = self.exit_status(name);
        let log = self.log_file(name);
        let last = self.process(name).map(|process| process.last_words(&log, 20)).unwrap_or_default();
        format!("{name} ended ({status}). The last lines of {}:\n{last}", log.display())
    }

    fn record(&self, name: &str) -> PathBuf {
        self.folder.join("run").join(format!("{name}.json"))
    }

    fn exit_file(&self, name: &str) -> PathBuf {
        self.folder.join("run").join(format!("{name}.exit"))
    }
}

fn read_process(file: &Path) -> Result<Process> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged: delete it", file.display()))
}

/// Writes a file that only its owner may read, whole or not at all.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let new = file.with_extension(format!("new-{}", std::process::id()));
    let mut open = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    open.write_all(bytes)?;
    fs::rename(&new, file).with_context(|| format!("writing {}", file.display()))
}
