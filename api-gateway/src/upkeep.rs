//! What needs a look now and then: logs that have grown, a certificate that was renewed.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use config::BoxError;
use tokio::fs;

use crate::settings::{GatewaySettings, LogLimits};

/// The files that Nginx holds open, and how they were at the last look.
pub(crate) struct Upkeep {
    logs: [PathBuf; 2],
    limits: LogLimits,
    tls: Vec<PathBuf>,
    seen: Vec<Option<Version>>,
}

/// Tells one content of a file from another.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    changed: SystemTime,
    inode: u64,
    length: u64,
}

impl Upkeep {
    pub async fn new(settings: &GatewaySettings, folder: &Path) -> Self {
        let tls = settings.tls.iter().flat_map(|tls| [tls.certificate.clone(), tls.key.clone()]);
        let mut upkeep = Self {
            logs: [&settings.access_log, &settings.error_log].map(|log| folder.join(log)),
            limits: settings.logs,
            tls: tls.collect(),
            seen: Vec::new(),
        };
        upkeep.seen = upkeep.versions().await;
        upkeep
    }

    async fn versions(&self) -> Vec<Option<Version>> {
        let mut versions = Vec::new();
        for file in &self.tls {
            versions.push(version(file).await);
        }
        versions
    }

    /// Whether the certificate or its key is another than at the last look.
    pub async fn is_renewed(&mut self) -> bool {
        let now = self.versions().await;
        let renewed = now != self.seen;
        self.seen = now;
        renewed
    }

    /// Puts logs aside that have grown too large; whether there was one. Nginx writes on into the file that it has open
    /// until it is told to look again.
    pub async fn put_aside(&self) -> Result<bool, BoxError> {
        let mut any = false;
        for log in &self.logs {
            // Not a terminal, a pipe or /dev/null.
            let Ok(found) = fs::symlink_metadata(log).await else { continue };
            if found.is_file() && found.len() > self.limits.bytes {
                rotate(log, self.limits.files).await?;
                any = true;
            }
        }
        Ok(any)
    }
}

async fn version(file: &Path) -> Option<Version> {
    let found = fs::metadata(file).await.ok()?;
    Some(Version { changed: found.modified().ok()?, inode: found.ino(), length: found.len() })
}

/// `access.log` becomes `access.log.1`, that `access.log.2`, and the oldest goes.
async fn rotate(log: &Path, files: u32) -> Result<(), BoxError> {
    let numbered = |number: u32| match number {
        0 => log.to_owned(),
        number => PathBuf::from(format!("{}.{number}", log.display())),
    };
    if files == 0 {
        return Ok(fs::remove_file(log).await?);
    }
    for number in (0..files).rev() {
        let older = numbered(number);
        if fs::try_exists(&older).await? {
            fs::rename(older, numbered(number + 1)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_log_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("access.log");
        for line in ["first", "second", "third", "fourth"] {
            fs::write(&log, line).await.unwrap();
            rotate(&log, 2).await.unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).ok();
        assert_eq!(read("access.log"), None);
        assert_eq!(read("access.log.1").as_deref(), Some("fourth"));
        assert_eq!(read("access.log.2").as_deref(), Some("third"));
        assert_eq!(read("access.log.3"), None);
    }
}
