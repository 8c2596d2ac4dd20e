//! Where things are: the project, and a directory for what a run leaves behind.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file or directory of the project, by its path from the root.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A new directory for logs and data of this process, beside what cargo builds. Those of processes that are gone are
/// removed, so that the logs of the last run can be read, and only those.
pub fn scratch() -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program has no path")?;
    let stem = program.file_name().context("this program has no name")?.to_string_lossy().into_owned();
    let parent = programs_directory(&program)?.join("e2e");
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    for entry in fs::read_dir(&parent).context("cannot list earlier runs")?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let earlier = name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('.')).and_then(|pid| pid.parse().ok());
        if earlier.is_some_and(|pid| !longshore_control_plane::runs(pid)) {
            // Another run may be doing the same at this moment.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let dir = parent.join(format!("{stem}.{}", std::process::id()));
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

/// Where cargo puts the programs it builds: this one's directory, or for a test the one above `deps`.
pub(crate) fn programs_directory(program: &Path) -> Result<PathBuf> {
    let dir = program.parent().context("this program has no directory")?;
    Ok(if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir }.to_owned())
}
