//! Ports are chosen once and remembered, so that addresses survive restarts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use rand::Rng;

use super::write_private;
use crate::paths;

type Ports = BTreeMap<String, u16>;

/// Below the range from which the kernel takes ports for outgoing connections, which could otherwise hold the port
/// of a server that is just being restarted.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Servers are started from several threads, and all of them change one file.
static CHOOSING: Mutex<()> = Mutex::new(());

pub fn remembered(file: &Path, name: &str, preferred: &[u16]) -> Result<u16> {
    choose(file, name, preferred, |_| true)
}

pub fn remembered_and_free(file: &Path, name: &str, preferred: &[u16]) -> Result<u16> {
    choose(file, name, preferred, is_free)
}

fn choose(file: &Path, name: &str, preferred: &[u16], keep: impl Fn(u16) -> bool) -> Result<u16> {
    let _guard = CHOOSING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut ports = read(file);
    if let Some(port) = ports.get(name).copied().filter(|port| keep(*port)) {
        return Ok(port);
    }
    let taken = promised();
    let is_open = |port: &u16| !taken.contains(port) && is_free(*port);
    let port = preferred
        .iter()
        .copied()
        .find(is_open)
        .or_else(|| (0..1000).map(|_| rand::rng().random_range(RANGE)).find(is_open))
        .with_context(|| format!("no free port for {name}"))?;
    ports.insert(name.to_owned(), port);
    write_private(file, &serde_json::to_vec_pretty(&ports)?)?;
    Ok(port)
}

/// Binding is the only honest question: ports below 1024 may be free and still not ours. All addresses are asked
/// for, because a server on 127.0.0.1 and one on 0.0.0.0 don't always collide.
fn is_free(port: u16) -> bool {
    [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED].iter().all(|host| TcpListener::bind((*host, port)).is_ok())
}

/// Ports of all instances, stopped ones too: they want theirs back.
fn promised() -> BTreeSet<u16> {
    let instances = std::fs::read_dir(paths::local()).into_iter().flatten().flatten();
    instances.flat_map(|entry| read(&entry.path().join("ports.json")).into_values()).collect()
}

/// All ports of one system; none when the file can't be read.
pub fn read(file: &Path) -> Ports {
    std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}
