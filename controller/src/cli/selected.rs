//! Which objects an installation looks after, as its command line says.

use clap::Args;

use crate::kubernetes::Selection;

#[derive(Debug, Args)]
pub(super) struct Selected {
    /// Looks after the objects of these namespaces only, separated by commas; left out: of all
    #[arg(long, value_delimiter = ',', env = "LONGSHORE_NAMESPACES")]
    namespaces: Vec<String>,
    /// Looks after these environments of AWS only, separated by commas; left out: all
    #[arg(long, value_delimiter = ',', env = "LONGSHORE_ENVIRONMENTS")]
    environments: Vec<String>,
}

impl Selected {
    pub(super) fn selection(&self) -> Selection {
        // A variable that is set to nothing names nothing.
        let named = |names: &[String]| names.iter().filter(|name| !name.is_empty()).cloned().collect();
        Selection { namespaces: named(&self.namespaces), environments: named(&self.environments) }
    }
}
