//! What was promised before, as git remembers it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{paths, run};

/// Every committed version of the file that git has here. Without git, or without a repository, there is none.
pub fn versions(file: &Path) -> Result<Vec<String>> {
    let Ok(path) = file.strip_prefix(paths::root()) else { return Ok(Vec::new()) };
    let path = path.display();
    let git =
        |arguments: &[&str]| run::quietly(Command::new("git").current_dir(paths::root()).args(arguments));
    let Ok(commits) = git(&["log", "--format=%H", "--diff-filter=AM", "--", &path.to_string()]) else {
        return Ok(Vec::new());
    };
    commits.lines().map(|commit| git(&["show", &format!("{commit}:{path}")])).collect()
}
