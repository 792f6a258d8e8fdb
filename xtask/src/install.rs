//! Fetches what is missing on this machine, from the package managers that every developer has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::find_program;
use crate::run;
use crate::ui::Task;

/// Installs Debian packages; where that isn't possible, says the command that a person has to run.
pub fn apt_install(packages: &[&str], task: &Task) -> Result<()> {
    let names = packages.join(" ");
    let Some(apt) = find_program("apt-get") else {
        bail!("missing: {names}. There is no apt-get here: install them with this system's package manager");
    };
    if !rustix::process::geteuid().is_root() {
        bail!("missing: {names}. Install with: sudo apt-get install --yes {names}");
    }
    task.say(format!("installing {names} with apt-get"));
    let _policy = NoAutostart::until_dropped()?;
    let apt_get = |args: &[&str]| {
        let mut command = Command::new(&apt);
        command
            .args(["--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"])
            .args(args);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run::quietly(&mut command)
    };
    let install = [&["install"], packages].concat();
    if apt_get(&install).is_err() {
        // A fresh machine has no package lists yet.
        apt_get(&["update"])?;
        apt_get(&install).with_context(|| format!("installing {names}"))?;
    }
    Ok(())
}

/// Nginx, which the gateway's agent runs.
pub fn nginx(task: &Task) -> Result<()> {
    match find_program("nginx") {
        Some(_) => Ok(()),
        None => apt_install(&["nginx-light"], task),
    }
}

/// What building the services needs: the Kafka client is a C library.
pub fn build_tools(task: &Task) -> Result<()> {
    // Each of these programs is in a package of the same name.
    let tools = ["gcc", "g++", "make", "pkg-config", "python3"];
    let mut missing: Vec<&str> = tools.into_iter().filter(|tool| find_program(tool).is_none()).collect();
    if !Path::new("/usr/include/zlib.h").is_file() {
        missing.push("zlib1g-dev");
    }
    if missing.is_empty() { Ok(()) } else { apt_install(&missing, task) }
}

/// Installs an npm package into a folder of its own and answers where its program is.
pub fn npm_program(folder: &Path, package: &str, program: &str, task: &Task) -> Result<PathBuf> {
    let installed = folder.join("node_modules/.bin").join(program);
    if !installed.is_file() {
        let npm = find_program("npm").context("`npm` is missing: install Node.js 20")?;
        fs::create_dir_all(folder)?;
        task.say(format!("installing {package} with npm"));
        let mut command = Command::new(npm);
        command.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(folder).arg(package);
        run::quietly(&mut command)?;
    }
    Ok(installed)
}

/// Installs a Python package into a virtual environment of its own.
pub fn python_package(folder: &Path, package: &str, task: &Task) -> Result<()> {
    let make = || run::quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder));
    let _ = fs::remove_dir_all(folder);
    task.say(format!("installing {package} with pip"));
    if let Err(error) = make() {
        // Debian splits the venv module off.
        apt_install(&["python3", "python3-venv"], task).with_context(|| format!("{error:#}"))?;
        make()?;
    }
    run::quietly(Command::new(folder.join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        package,
    ]))
    .map(drop)
    .with_context(|| format!("installing {package}"))
}

/// Builds a program from crates.io, with cargo's own progress on the terminal.
pub fn cargo_program(folder: &Path, args: &[&str]) -> Result<()> {
    run::openly(run::cargo().arg("install").args(args).arg("--root").arg(folder))
}

/// While it exists, packages don't start the servers they bring, which would take the standard ports from ours.
struct NoAutostart {
    created: bool,
}

impl NoAutostart {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn until_dropped() -> Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let policy = Path::new(Self::POLICY);
        if policy.exists() {
            return Ok(Self { created: false });
        }
        fs::write(policy, "#!/bin/sh\nexit 101\n")?;
        let created = Self { created: true };
        fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
        Ok(created)
    }
}

impl Drop for NoAutostart {
    fn drop(&mut self) {
        if self.created {
            let _ = fs::remove_file(Self::POLICY);
        }
    }
}
