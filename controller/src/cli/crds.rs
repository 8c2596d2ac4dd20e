//! `longshore crds`.

use std::io::Write;

use anyhow::{Context, Result};

/// Prints every definition as one YAML stream.
pub(super) fn run() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for crd in longshore_crds::crds() {
        let yaml = longshore_crds::generated::yaml(&crd).context("a definition could not be written as YAML")?;
        write!(out, "---\n{yaml}").context("cannot write to standard output")?;
    }
    Ok(())
}
