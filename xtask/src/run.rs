//! Runs other programs and says clearly why one failed.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write as _};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths::root;

/// Runs a program to its end with its output hidden; a failure shows the end of that output.
pub fn quietly(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("starting {}", shown(command)))?;
    outcome(command, output)
}

/// The same with something to read: what must stand neither in the list of processes nor in an error.
pub fn quietly_with_input(command: &mut Command, input: &str) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("starting {}", shown(command)))?;
    if let Some(mut stdin) = child.stdin.take()
        && let Err(error) = stdin.write_all(input.as_bytes())
        // Whoever ends before it has read all says why.
        && error.kind() != ErrorKind::BrokenPipe
    {
        return Err(error).with_context(|| format!("telling {}", shown(command)));
    }
    let output = child.wait_with_output().with_context(|| format!("waiting for {}", shown(command)))?;
    outcome(command, output)
}

fn outcome(command: &Command, output: Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text =
        [output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat();
    bail!("`{}` ended with {}:\n{}", shown(command), output.status, tail(&text, 20));
}

/// Runs a program to its end on this terminal.
pub fn openly(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Cargo in the work tree, as if called from a shell: what `cargo run` tells this program about itself would make
/// some build scripts run again and again.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if name.to_str().is_some_and(|name| about_us.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}

/// The command as one would type it, without its environment (which may hold secrets).
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// The last `lines` lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_reads_is_in_no_error() {
        assert_eq!(quietly_with_input(&mut Command::new("cat"), "secret").unwrap(), "secret");
        let mut failing = Command::new("sh");
        let error = quietly_with_input(failing.args(["-c", "cat >/dev/null; exit 3"]), "secret");
        let error = error.unwrap_err().to_string();
        assert!(error.contains("ended with") && !error.contains("secret"), "{error}");
        // It ends before it reads, and there is more than a pipe holds.
        let mut deaf = Command::new("sh");
        let error = quietly_with_input(deaf.args(["-c", "exit 3"]), &"secret ".repeat(100_000));
        assert!(error.unwrap_err().to_string().contains("ended with"));
    }
}
