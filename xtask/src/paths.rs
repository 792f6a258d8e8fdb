//! Where things are in the work tree.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The root of the work tree.
///
/// Cargo tells a program that it runs where its package is, and one that is started otherwise is asked for its
/// working folder. What was true at compile time comes last: work trees may share a target folder.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let folders = package.into_iter().chain(std::env::current_dir());
        let mut found = folders.flat_map(|folder| folder.ancestors().map(Path::to_owned).collect::<Vec<_>>());
        let compiled = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"));
        found.find(|folder| folder.join("xtask/Cargo.toml").is_file()).unwrap_or_else(|| compiled.to_owned())
    });
    &ROOT
}

/// Everything that runs locally, ignored by git.
pub fn local() -> PathBuf {
    root().join(".local")
}

/// Downloads that all instances share.
pub fn cache() -> PathBuf {
    local().join("cache")
}

/// The PATH, and the folders of system programs, which a user's PATH often lacks.
pub fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).collect()
}

/// The program of that name on the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
