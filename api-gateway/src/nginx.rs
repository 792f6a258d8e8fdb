//! Nginx as a child process.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use config::BoxError;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Requests that still run this long after the stop was asked for are cut off.
const FINISH_REQUESTS: Duration = Duration::from_secs(8);
const FAST_STOP: Duration = Duration::from_secs(1);
/// How long before a reload every answer is the last on its connection.
const LAST_ANSWERS: Duration = Duration::from_millis(200);
/// How long Nginx may wait for its port; it gives up itself after two and a half seconds.
const FIRST_WORKERS: Duration = Duration::from_secs(5);
/// How long old workers may take to stop accepting; half a second on a busy machine.
const OLD_WORKERS: Duration = Duration::from_secs(10);

/// The running Nginx.
pub(crate) struct Nginx {
    child: Child,
    pid: Pid,
}

impl Nginx {
    /// Whether Nginx takes this configuration; its words if not.
    pub async fn test(folder: &Path, file: &Path) -> Result<(), BoxError> {
        let output = command(folder, file).args(["-t", "-q"]).output().await?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().into()),
        }
    }

    pub async fn start(folder: &Path, file: &Path) -> Result<Self, BoxError> {
        replace_predecessor(folder).await?;
        let child =
            command(folder, file).spawn().map_err(|error| format!("nginx can't be started: {error}"))?;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).ok_or("nginx has no pid")?;
        tracing::info!(pid = pid.as_raw_nonzero(), "nginx runs");
        Ok(Self { child, pid })
    }

    pub fn reloader(&self) -> Reloader {
        Reloader(self.pid)
    }

    /// Resolves when Nginx ends by itself.
    pub async fn ended(&mut self) -> BoxError {
        match self.child.wait().await {
            Ok(status) => format!("nginx ended: {status}").into(),
            Err(error) => format!("nginx is lost: {error}").into(),
        }
    }

    /// Finishes the running requests, for a while.
    pub async fn stop(mut self) -> Result<ExitStatus, BoxError> {
        for (signal, patience) in [(Signal::QUIT, FINISH_REQUESTS), (Signal::TERM, FAST_STOP)] {
            // An error means that it has ended already; the wait tells.
            let _ = kill_process(self.pid, signal);
            if let Ok(ended) = timeout(patience, self.child.wait()).await {
                return Ok(ended?);
            }
        }
        self.child.kill().await?;
        Ok(self.child.wait().await?)
    }
}

/// Makes Nginx take up a changed configuration.
#[derive(Clone, Copy)]
pub(crate) struct Reloader(Pid);

impl Reloader {
    /// Old workers close idle connections without looking whether a request is on its way on them. So for a
    /// while before and after, while this file exists, every answer is the last on its connection: who is busy
    /// comes back on a new one, and who was idle all the time hardly sends in that very moment. When this returns, every
    /// new connection gets the new configuration.
    pub async fn reload(self, reloading: &Path) -> Result<(), BoxError> {
        put_up(reloading).await?;
        sleep(LAST_ANSWERS).await;
        let old = timeout(FIRST_WORKERS, self.first_workers()).await.unwrap_or_default();
        kill_process(self.0, Signal::HUP)?;
        let stopped = async {
            while old.iter().any(|worker| accepts(*worker)) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(OLD_WORKERS, stopped).await.is_err() {
            tracing::warn!("old workers of nginx still accept connections");
        }
        Ok(tokio::fs::remove_file(reloading).await?)
    }

    /// Those that accept connections, once there are any: an Nginx without them is still waiting for its port, and the
    /// signal would end it.
    async fn first_workers(self) -> Vec<u32> {
        loop {
            let workers = self.workers();
            if !workers.is_empty() {
                return workers;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Those that accept connections now.
    fn workers(self) -> Vec<u32> {
        let pid = self.0.as_raw_nonzero();
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        children
            .split_whitespace()
            .filter_map(|child| child.parse().ok())
            .filter(|pid| accepts(*pid))
            .collect()
    }
}

/// Makes the file, and its folder, which may have been tidied up: it is one for temporary files, where others may
/// write. So nothing that is there already is followed or overwritten.
async fn put_up(file: &Path) -> Result<(), BoxError> {
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    match tokio::fs::File::create_new(file).await {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether it is a worker that wasn't told to finish: one that was says so in its title, and then closes its listening
/// sockets.
fn accepts(pid: u32) -> bool {
    let title = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let title = String::from_utf8_lossy(&title);
    title.starts_with("nginx: worker process") && !title.contains("shutting down")
}

fn command(folder: &Path, file: &Path) -> Command {
    let mut command = Command::new("nginx");
    // Without `-e` it complains about the system's log before it has read ours.
    command.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "stderr"]);
    command
}

/// An agent that was killed leaves its Nginx behind, on our port.
async fn replace_predecessor(folder: &Path) -> Result<(), BoxError> {
    let Some(pid) = running_in(folder) else { return Ok(()) };
    tracing::warn!(pid = pid.as_raw_nonzero(), "an earlier nginx still runs here: taking its place");
    for (signal, patience) in
        [(Signal::QUIT, FAST_STOP), (Signal::TERM, FAST_STOP), (Signal::KILL, FAST_STOP)]
    {
        let _ = kill_process(pid, signal);
        let gone = async {
            while test_kill_process(pid).is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(patience, gone).await.is_ok() {
            return Ok(());
        }
    }
    Err(format!("the earlier nginx {pid:?} can't be stopped").into())
}

/// The process named in the pid file, if that is an Nginx with our configuration and not somebody who got the
/// same number.
fn running_in(folder: &Path) -> Option<Pid> {
    let number: i32 = std::fs::read_to_string(folder.join("nginx.pid")).ok()?.trim().parse().ok()?;
    let command_line = std::fs::read(PathBuf::from(format!("/proc/{number}/cmdline"))).ok()?;
    let command_line = String::from_utf8_lossy(&command_line);
    let ours = command_line.starts_with("nginx: master") && command_line.contains(&*folder.to_string_lossy());
    Pid::from_raw(number).filter(|_| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sign_is_put_up_where_its_folder_is_gone_and_where_it_stands_already() {
        let folder = tempfile::tempdir().unwrap();
        let sign = folder.path().join("tidied-up").join("reloading");
        put_up(&sign).await.unwrap();
        std::fs::write(&sign, "somebody's").unwrap();
        put_up(&sign).await.unwrap();
        assert_eq!(std::fs::read_to_string(&sign).unwrap(), "somebody's");
        assert!(put_up(&sign.join("no folder")).await.is_err());
    }
}
