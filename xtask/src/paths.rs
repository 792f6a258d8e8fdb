//! Where things are in the work tree.

use std::path::{Path, PathBuf};

/// The root of the work tree.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Everything that runs locally, ignored by git.
pub fn local() -> PathBuf {
    root().join(".local")
}

/// Downloads that all instances share.
pub fn cache() -> PathBuf {
    local().join("cache")
}

/// The program of that name on the PATH, or in the folders of system programs, which a user's PATH often lacks.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
