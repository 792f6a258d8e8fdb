//! Compiles the events' contracts, `services/*/events/*.proto`, into one set of descriptors for `kafka::protobuf`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use protox::Compiler;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = |variable: &str| {
        std::env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo sets {variable}"))
    };
    let here = folder("CARGO_MANIFEST_DIR")?;
    let workspace = here.parent().ok_or("config is in the workspace")?;
    // A service that comes or goes is another lock file.
    for file in ["build.rs", "proto", "../Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", here.join(file).display());
    }
    let mut includes = vec![here.join("proto")];
    for service in sorted(&workspace.join("services"))? {
        let events = service.join("events");
        // A service without events gets some when it lists them.
        let watched = if events.is_dir() { events.clone() } else { service.join("src/lib.rs") };
        println!("cargo::rerun-if-changed={}", watched.display());
        includes.extend(events.is_dir().then_some(events));
    }
    let mut compiler = Compiler::new(&includes)?;
    compiler.include_imports(true).include_source_info(false);
    for folder in &includes {
        for file in
            sorted(folder)?.into_iter().filter(|file| file.extension().is_some_and(|it| it == "proto"))
        {
            compiler.open_file(file.strip_prefix(folder)?)?;
        }
    }
    let descriptors = compiler.encode_file_descriptor_set();
    fs::write(folder("OUT_DIR")?.join("events.binpb"), descriptors)?;
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    all.sort();
    Ok(all)
}
