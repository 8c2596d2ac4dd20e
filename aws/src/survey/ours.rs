//! What carries an installation's tags.

use std::collections::{BTreeSet, HashSet};

use longshore_planner::engine::{TAG_INSTALLATION, TAG_OBJECT, TAG_RESOURCE};

use crate::tags::Tags;

/// What objects say that they own.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Whose tags are looked for.
    pub installation: String,
    /// Names, ids and ARNs that stand in inventories.
    pub known: HashSet<String>,
    /// Ids of the hosted zones of Route 53 that are looked through, of which an account may have thousands.
    pub hosted_zones: BTreeSet<String>,
}

/// One resource with the installation's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// Its kind, such as `iam/role`.
    pub kind: &'static str,
    /// What AWS knows it by, for people.
    pub name: String,
    /// The ARN or id that AWS gave it.
    pub physical: String,
    /// The object that it was made for, as `Kind/namespace/name`; empty if its tag is gone.
    pub object: String,
    /// Its identity within that object, as it is printed; empty if its tag is gone.
    pub resource: String,
}

impl Ours {
    /// `None` if its tags are not the installation's.
    pub(crate) fn of(
        claims: &Claims,
        kind: &'static str,
        name: impl Into<String>,
        physical: impl Into<String>,
        tags: &Tags,
    ) -> Option<Self> {
        let tag = |key: &str| tags.get(key).cloned().unwrap_or_default();
        (tag(TAG_INSTALLATION) == claims.installation && !claims.installation.is_empty()).then(|| Self {
            kind,
            name: name.into(),
            physical: physical.into(),
            object: tag(TAG_OBJECT),
            resource: tag(TAG_RESOURCE),
        })
    }
}
