//! One process that outlives the command which started it, and is recognised again by a later one.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::paths::{find_program, search_path};
use crate::run::tail;

/// What of the caller's environment a process gets to see; all else would make runs differ.
const INHERITED: [&str; 7] = ["HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "JAVA_HOME"];

/// How to start a process: enough to start the very same one again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    pub name: String,
    pub program: PathBuf,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub cwd: PathBuf,
}

/// A process that was started, and how to tell it from a later one with the same pid.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Process {
    #[serde(flatten)]
    pub spec: Spec,
    pub pid: i32,
    start_ticks: u64,
    boot_id: String,
    /// Of the program's file when it was started: a rebuilt one differs.
    fingerprint: String,
    /// How long the log was before, so that what an earlier run said isn't taken for this one's.
    #[serde(default)]
    log_start: u64,
}

/// What the kernel says about a live process.
struct Stat {
    state: char,
    group: i32,
    start_ticks: u64,
    resident_pages: u64,
}

impl Stat {
    /// A zombie only waits for its parent to ask how it ended.
    fn is_alive(&self) -> bool {
        !"ZX".contains(self.state)
    }
}

impl Process {
    /// Starts the program in a session of its own, its output appended to `log`. When this process still lives
    /// as the other one ends, it writes the exit code to `exit_file`.
    pub fn spawn(spec: Spec, log: &Path, exit_file: PathBuf) -> Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log).context("opening the log")?;
        let log_start = output.metadata()?.len();
        let setsid = find_program("setsid").context("`setsid` (package util-linux) is missing")?;
        let _ = std::fs::remove_file(&exit_file);
        let mut child = Command::new(setsid)
            .arg(&spec.program)
            .args(&spec.args)
            .current_dir(&spec.cwd)
            .env_clear()
            .env("PATH", std::env::join_paths(search_path())?)
            .envs(INHERITED.iter().filter_map(|key| Some((key, std::env::var_os(key)?))))
            .envs(&spec.env)
            .stdin(Stdio::null())
            .stderr(output.try_clone()?)
            .stdout(output)
            .spawn()
            .with_context(|| format!("starting {}", spec.name))?;
        let pid = i32::try_from(child.id())?;
        let start_ticks = stat(pid).map_or(0, |found| found.start_ticks);
        std::thread::spawn(move || {
            // Reaping it at once keeps a killed process from lingering as a zombie of a long-lived test.
            if let Ok(status) = child.wait() {
                let _ = std::fs::write(exit_file, status.to_string());
            }
        });
        let fingerprint = fingerprint(&spec.program);
        Ok(Self { spec, pid, start_ticks, boot_id: boot_id(), fingerprint, log_start })
    }

    pub fn is_running(&self) -> bool {
        self.boot_id == boot_id()
            && stat(self.pid)
                .is_some_and(|now| now.start_ticks == self.start_ticks && !"ZX".contains(now.state))
    }

    /// `running`, `paused` or `stopped`.
    pub fn state(&self) -> &'static str {
        match stat(self.pid) {
            _ if !self.is_running() => "stopped",
            Some(Stat { state: 'T', .. }) => "paused",
            _ => "running",
        }
    }

    /// Whether the program's file is another one than when this process was started from it.
    pub fn is_outdated(&self) -> bool {
        self.fingerprint != fingerprint(&self.spec.program)
    }

    /// The last `lines` lines that this process wrote to its log.
    pub fn last_words(&self, log: &Path, lines: usize) -> String {
        let bytes = std::fs::read(log).unwrap_or_default();
        let start = usize::try_from(self.log_start).unwrap_or(usize::MAX);
        tail(&String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()), lines)
    }

    pub fn uptime(&self) -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/uptime").ok()?;
        let since_boot: f64 = text.split_whitespace().next()?.parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "ticks since boot fit an f64 for millions of years")]
        let started = stat(self.pid)?.start_ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        Some(Duration::from_secs_f64((since_boot - started).max(0.0)))
    }

    /// Resident memory in bytes, of this process alone.
    pub fn memory(&self) -> Option<u64> {
        Some(stat(self.pid)?.resident_pages * rustix::param::page_size() as u64)
    }

    /// Sends a signal, if it is still the process that was started.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        if !self.is_running() {
            bail!("{} is not running", self.spec.name);
        }
        let pid = Pid::from_raw(self.pid).context("a pid is positive")?;
        kill_process(pid, signal).with_context(|| format!("signalling {}", self.spec.name))
    }

    /// SIGTERM, then SIGKILL to its whole session when it hasn't gone after `grace`. Says whether it went by itself.
    pub fn stop(&self, grace: Duration) -> Result<bool> {
        if !self.is_running() {
            return Ok(true);
        }
        // A paused process would keep the SIGTERM for later.
        self.signal(Signal::CONT)
            .and_then(|()| self.signal(Signal::TERM))
            .or_else(|error| self.unless_gone(error))?;
        if self.wait_gone(grace) {
            return Ok(true);
        }
        let pid = Pid::from_raw(self.pid).context("a pid is positive")?;
        kill_process_group(pid, Signal::KILL).or_else(|error| self.unless_gone(error.into()))?;
        self.wait_gone(Duration::from_secs(10));
        Ok(false)
    }

    /// SIGKILL, and waits until the kernel has taken it away.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if !self.wait_gone(Duration::from_secs(10)) {
            bail!("{} (pid {}) survived SIGKILL", self.spec.name, self.pid);
        }
        Ok(())
    }

    /// Ends what a killed process left behind in its session, such as the nginx of a killed gateway agent.
    pub fn sweep(&self) -> Result<()> {
        if self.is_running() {
            return Ok(());
        }
        // As long as a process is in the group, its number is not given to a new one.
        let is_reused = stat(self.pid).is_some_and(|now| now.start_ticks != self.start_ticks);
        if self.boot_id == boot_id() && !is_reused && group_lives(self.pid) {
            kill_process_group(Pid::from_raw(self.pid).context("a pid is positive")?, Signal::KILL)?;
            // Its ports are free only when it has gone.
            wait_until(Duration::from_secs(2), || !group_lives(self.pid));
        }
        Ok(())
    }

    fn unless_gone(&self, error: anyhow::Error) -> Result<()> {
        if self.is_running() { Err(error) } else { Ok(()) }
    }

    fn wait_gone(&self, limit: Duration) -> bool {
        wait_until(limit, || !self.is_running())
    }
}

/// Whether any process of that group still lives; its leader may have gone before the others.
fn group_lives(group: i32) -> bool {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(stat).any(|it| it.group == group && it.is_alive())
}

/// Whether it came true within the limit.
fn wait_until(limit: Duration, condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Size and time of a file, which a rebuild changes.
fn fingerprint(file: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|it| format!("{}-{}.{}", it.size(), it.mtime(), it.mtime_nsec())).unwrap_or_default()
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&text)
}

/// See proc_pid_stat(5). The second field is the program's name in brackets, and may itself hold brackets and blanks.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        group: fields.get(2)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
        resident_pages: fields.get(21)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_brackets_and_blanks_is_skipped() {
        let rest: Vec<String> = (4..=52).map(|field| field.to_string()).collect();
        let stat = parse_stat(&format!("7 (a ) b) S {}", rest.join(" "))).unwrap();
        assert_eq!((stat.state, stat.start_ticks, stat.resident_pages), ('S', 22, 24));
    }

    #[test]
    fn a_process_is_recognised_paused_killed_and_gone() {
        let folder = std::env::temp_dir().join(format!("xtask-process-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let spec = Spec {
            name: "sleeper".into(),
            program: "/bin/sleep".into(),
            args: vec!["60".into()],
            env: BTreeMap::new(),
            cwd: folder.clone(),
        };
        let process = Process::spawn(spec, &folder.join("log"), folder.join("exit")).unwrap();
        assert_eq!(process.state(), "running");
        assert!(
            !Process { start_ticks: 1, ..process.clone() }.is_running(),
            "a reused pid is another process"
        );
        process.signal(Signal::STOP).unwrap();
        assert!((0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            process.state() == "paused"
        }));
        assert!(process.stop(Duration::from_secs(5)).unwrap());
        assert_eq!(process.state(), "stopped");
        assert!(process.kill().is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
