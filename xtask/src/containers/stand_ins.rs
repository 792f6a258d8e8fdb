//! What stands in for the official images where no registry is reachable: the closest thing that the package managers
//! have, under the same names. `xtask/stand-ins/` has a folder for each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::engine::docker;
use crate::install;
use crate::paths::{find_program, local, root};
use crate::run;
use crate::servers;
use crate::ui::Task;

const DEBIAN: &str = "debian";
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The base of the others comes first.
const KINDS: [&str; 7] = [DEBIAN, "rust", "nginx", "redis", "mysql", "mongo", "apache/kafka"];

/// Pulls each image that is missing, or makes its stand-in.
pub fn provide() -> Result<()> {
    let mut registry_answers = true;
    for image in wanted()? {
        if docker(["image", "inspect", &image]).is_ok() {
            continue;
        }
        let task = Task::begin(&image);
        if registry_answers {
            task.say("pulling");
            registry_answers = docker(["pull", &image]).is_ok();
        }
        if registry_answers {
            task.done("pulled");
            continue;
        }
        task.say("no registry answers: making what stands in for it");
        make(&image)?;
        task.done("made here, as no registry answers");
    }
    Ok(())
}

/// The images that our files name, with their tags, in the order of [`KINDS`].
fn wanted() -> Result<Vec<String>> {
    let mut named = Vec::new();
    for file in ["Dockerfile", "docker-compose.yml"] {
        let text = fs::read_to_string(root().join(file)).with_context(|| format!("reading {file}"))?;
        for line in text.lines() {
            let line = line.trim();
            let image = line.strip_prefix("FROM ").or_else(|| line.strip_prefix("image: "));
            named.extend(image.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned));
        }
    }
    let mut wanted = Vec::new();
    for kind in KINDS {
        let image = named.iter().find(|image| repository(image) == kind);
        wanted.push(image.with_context(|| format!("no file of ours names the image {kind}"))?.clone());
    }
    Ok(wanted)
}

fn repository(image: &str) -> &str {
    image.split(':').next().unwrap_or(image)
}

fn make(image: &str) -> Result<()> {
    let kind = repository(image);
    if kind == DEBIAN {
        return debian(image);
    }
    let name = kind.rsplit('/').next().unwrap_or(kind);
    let folder = work().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(root().join("xtask/stand-ins").join(name))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    match name {
        "rust" => {
            fs::copy(CERTIFICATES, folder.join("ca-certificates.crt"))?;
            toolchain(&folder.join("toolchain"))?;
        }
        "mongo" => {
            fs::copy(CERTIFICATES, folder.join("ca-certificates.crt"))?;
        }
        "kafka" => copy(&servers::kafka_jars()?, &folder.join("jars"))?,
        _ => {}
    }
    let package = format!("PACKAGE={}", servers::MONGODB_SUBSTITUTE);
    let arguments = if name == "mongo" { vec!["--build-arg", &package] } else { Vec::new() };
    let mut build = Command::new("docker");
    build.args(["build", "--tag", image]).args(arguments).arg(&folder);
    run::quietly(&mut build).with_context(|| format!("making the stand-in of {image}"))?;
    Ok(fs::remove_dir_all(folder)?)
}

fn work() -> PathBuf {
    local().join("stand-ins")
}

/// A minimal Debian.
fn debian(image: &str) -> Result<()> {
    let (_, tag) = image.split_once(':').with_context(|| format!("{image} has no tag"))?;
    let suite = tag.trim_end_matches("-slim");
    if find_program("debootstrap").is_none() {
        install::apt_install(&["debootstrap"], &Task::begin("debootstrap"))?;
    }
    let folder = work().join("debian");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut bootstrap = Command::new(find_program("debootstrap").context("`debootstrap` is missing")?);
    bootstrap.args(["--variant=minbase", suite]).arg(&folder).arg("http://deb.debian.org/debian");
    run::quietly(&mut bootstrap)?;
    let mut tar = Command::new("tar")
        .arg("--directory")
        .arg(&folder)
        .args(["--create", "."])
        .stdout(Stdio::piped())
        .spawn()?;
    let files = tar.stdout.take().context("tar has no output")?;
    let mut import = Command::new("docker");
    import.args(["import", "--change", "CMD [\"bash\"]", "-", image]).stdin(files).stdout(Stdio::null());
    run::openly(&mut import)?;
    ensure!(tar.wait()?.success(), "tar could not read all of {}", folder.display());
    Ok(fs::remove_dir_all(folder)?)
}

/// This machine's compiler, without what a build doesn't need.
fn toolchain(to: &Path) -> Result<()> {
    let sysroot = run::quietly(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()))?;
    for part in ["bin", "lib", "libexec"] {
        copy(&Path::new(sysroot.trim()).join(part), &to.join(part))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let Some(parent) = to.parent() else { bail!("{} has no parent", to.display()) };
    fs::create_dir_all(parent)?;
    run::quietly(Command::new("cp").args(["--recursive", "--no-target-directory"]).arg(from).arg(to))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_files_name_every_base_image_with_its_version() {
        let wanted = wanted().unwrap();
        assert!(wanted.iter().all(|image| image.contains(':') && !image.ends_with(":latest")), "{wanted:?}");
    }
}
