//! `longshore crds`.

use std::io::Write;

use anyhow::{Context, Result};

/// The very files that the chart installs. Written anew from the types they would bring all schemas into the program.
const DEFINITIONS: [&str; 7] = [
    include_str!("../../../crds/generated/awsenvironment.yaml"),
    include_str!("../../../crds/generated/ecscluster.yaml"),
    include_str!("../../../crds/generated/ecsservice.yaml"),
    include_str!("../../../crds/generated/applicationloadbalancer.yaml"),
    include_str!("../../../crds/generated/efsfilesystem.yaml"),
    include_str!("../../../crds/generated/ecstask.yaml"),
    include_str!("../../../crds/generated/ecstasktrigger.yaml"),
];

/// Prints every definition as one YAML stream.
pub(super) fn run() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for yaml in DEFINITIONS {
        write!(out, "---\n{yaml}").context("cannot write to standard output")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_printed() {
        let written: Vec<String> =
            longshore_crds::crds().iter().map(|crd| longshore_crds::generated::yaml(crd).unwrap()).collect();
        assert!(DEFINITIONS.iter().eq(&written), "run `make generate`, and list the file of a new kind here");
    }
}
