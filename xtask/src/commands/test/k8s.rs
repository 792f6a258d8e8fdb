//! The Kubernetes objects: rendered, then checked against the API's schemas and our own promises.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::steps::Outcome;
use crate::paths::{cache, find_program, root};
use crate::services;
use crate::ui::Task;
use crate::{install, run};

const SCHEMAS: &str = "kubernetes-validate==1.37.0";
/// The last that Go 1.26 builds.
const KUSTOMIZE: &str = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1";
const CHECK: &str = include_str!("k8s.py");

/// Renders every overlay and checks it; where nothing can render, the parts alone.
pub fn run() -> Result<Outcome> {
    let folder = cache().join("kubernetes-validate");
    let python = folder.join("bin/python");
    if !folder.join("bin/kubernetes-validate").is_file() {
        install::python_package(&folder, SCHEMAS, &Task::begin("kubernetes-validate"))?;
    }
    let work = tempfile::tempdir()?;
    let mut files = Vec::new();
    let renderer = renderer();
    match &renderer {
        Some(renderer) => {
            for overlay in folders(&root().join("k8s/overlays"))? {
                let name = overlay.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let objects = run::quietly(renderer.command().arg(&overlay))
                    .with_context(|| format!("rendering {}", overlay.display()))?;
                let file = work.path().join(format!("{name}.yaml"));
                fs::write(&file, objects)?;
                files.push(file);
            }
            ensure!(!files.is_empty(), "there are no overlays");
        }
        None => files = parts(&root().join("k8s"), work.path())?,
    }
    let names: Vec<&str> = services::ALL.iter().map(|service| service.name).collect();
    let mut check = Command::new(python);
    check.args(["-c", CHECK]).arg(names.join(",")).args(&files);
    run::openly(&mut check)?;
    Ok(match renderer {
        Some(_) => Outcome::Done,
        None => Outcome::Skipped(
            "only the parts were checked: rendering wants kubectl, kustomize or Go".to_owned(),
        ),
    })
}

/// What renders a folder.
enum Renderer {
    Kubectl(PathBuf),
    Kustomize(PathBuf),
}

impl Renderer {
    fn command(&self) -> Command {
        let (program, action) = match self {
            Self::Kubectl(program) => (program, "kustomize"),
            Self::Kustomize(program) => (program, "build"),
        };
        let mut command = Command::new(program);
        command.arg(action);
        command
    }
}

fn renderer() -> Option<Renderer> {
    // Older ones don't know components.
    let is_new = |kubectl: &PathBuf| {
        let version = run::quietly(Command::new(kubectl).args(["version", "--client"]));
        version.is_ok_and(|version| version.contains("Kustomize Version: v5"))
    };
    if let Some(kubectl) = find_program("kubectl").filter(is_new) {
        return Some(Renderer::Kubectl(kubectl));
    }
    let built = cache().join("kustomize");
    let known = find_program("kustomize").or_else(|| Some(built.join("kustomize")).filter(|it| it.is_file()));
    known.or_else(|| build(&built)).map(Renderer::Kustomize)
}

/// With Go, where that is here and reaches its modules.
fn build(folder: &Path) -> Option<PathBuf> {
    let go = find_program("go")?;
    let task = Task::begin("kustomize");
    task.say("building kustomize with go");
    fs::create_dir_all(folder).ok()?;
    let mut install = Command::new(go);
    install.args(["install", KUSTOMIZE]).env("GOBIN", folder);
    match run::quietly(&mut install) {
        Ok(_) => Some(folder.join("kustomize")),
        Err(error) => {
            task.done(format!("{error:#}"));
            None
        }
    }
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(parent).with_context(|| format!("reading {}", parent.display()))? {
        let path = entry?.path();
        folders.extend(path.join("kustomization.yaml").is_file().then_some(path));
    }
    folders.sort();
    Ok(folders)
}

/// Every file of objects as it stands.
fn parts(folder: &Path, work: &Path) -> Result<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            parts.extend(self::parts(&path, work)?);
        } else if path.extension().is_some_and(|ending| ending == "yaml")
            && !path.ends_with("kustomization.yaml")
        {
            let name = path.strip_prefix(root())?.to_string_lossy().replace('/', "-");
            let copy = work.join(format!("part-{name}"));
            fs::copy(&path, &copy)?;
            parts.push(copy);
        }
    }
    parts.sort();
    Ok(parts)
}
