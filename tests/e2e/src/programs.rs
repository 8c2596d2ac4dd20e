//! The programs under test.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::place::programs_directory;

/// The controller: `$LONGSHORE_BIN`, or what cargo built beside this.
pub fn longshore() -> Result<PathBuf> {
    find("LONGSHORE_BIN", "longshore")
}

/// The simulated AWS: `$LONGSHORE_SIMULATOR`, or what cargo built beside this.
pub(crate) fn simulator() -> Result<PathBuf> {
    find("LONGSHORE_SIMULATOR", "longshore-simulator")
}

fn find(variable: &str, name: &str) -> Result<PathBuf> {
    let path = match std::env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => programs_directory(&std::env::current_exe().context("this program has no path")?)?.join(name),
    };
    ensure!(path.is_file(), "{} is not there: build it first (`make build`), or set ${variable}", path.display());
    Ok(path)
}
