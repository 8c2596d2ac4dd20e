//! Which object is meant.

use std::fmt;

/// An object, by what stands in its path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The plural of the kind, as in paths: `ecsservices`.
    pub resource: String,
    /// Empty for what belongs to no namespace.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Key {
    /// The object `name` in `namespace` (empty for kinds that belong to none).
    pub fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self { resource: resource.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// As the server sorts: the slash takes part.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.namespace.is_empty() || self.name.is_empty() { "" } else { "/" };
        write!(to, "{} {}{slash}{}", self.resource, self.namespace, self.name)
    }
}
