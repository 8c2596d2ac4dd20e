//! Whose a resource is, by its tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identity::Id;

/// Every tag of Longshore's own starts with this; other tags belong to users.
pub const TAG_PREFIX: &str = "longshore.dev/";
/// The tag that names the installation which made a resource.
pub const TAG_INSTALLATION: &str = "longshore.dev/installation";
/// The tag that names the Kubernetes object, as `Kind/namespace/name`.
pub const TAG_OBJECT: &str = "longshore.dev/object";
/// The tag that names the resource within its object: a printed [`Id`].
pub const TAG_RESOURCE: &str = "longshore.dev/resource";

/// The object on whose behalf AWS is read and changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ownership {
    /// The installation's id: the UID of `kube-system` unless set.
    pub installation: String,
    /// `Kind/namespace/name`.
    pub object: String,
}

impl Ownership {
    /// The three tags that mark a resource as this object's.
    pub fn tags(&self, id: &Id) -> BTreeMap<String, String> {
        [
            (TAG_INSTALLATION, self.installation.clone()),
            (TAG_OBJECT, self.object.clone()),
            (TAG_RESOURCE, id.to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// Whose a resource with these tags is.
    pub fn judge(&self, tags: &BTreeMap<String, String>) -> Owner {
        match (tags.get(TAG_INSTALLATION), tags.get(TAG_OBJECT)) {
            (None, _) => Owner::Nobody,
            (Some(installation), _) if *installation != self.installation => {
                Owner::OtherInstallation { installation: installation.clone() }
            }
            (Some(_), Some(object)) if *object == self.object => Owner::This,
            (Some(_), object) => Owner::OtherObject { object: object.cloned().unwrap_or_default() },
        }
    }
}

/// Whose an observed resource is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Owner {
    /// This object's: it may be changed and deleted.
    This,
    /// Another object's of the same installation.
    OtherObject {
        /// `Kind/namespace/name`.
        object: String,
    },
    /// Another installation's.
    OtherInstallation {
        /// The other installation's id.
        installation: String,
    },
    /// Not tagged by Longshore: made by a person or another tool.
    Nobody,
    /// It cannot carry tags and stands under a parent that is this object's.
    Parent,
    /// It satisfies whoever wants it, and is nobody's to change: a security-group rule of the same tuple.
    Shared,
    /// Nobody's, and a part of something that holds only what its owner wants: where that is this object's, it goes. A
    /// rule that somebody put into a security group that Longshore made.
    Stray,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_is_judged_by_the_tags_alone() {
        let me = Ownership { installation: "i1".into(), object: "EcsService/shop/a".into() };
        let other = Ownership { object: "EcsService/shop/b".into(), ..me.clone() };
        let elsewhere = Ownership { installation: "i2".into(), ..me.clone() };
        let id = Id::new("iam/role", "task");
        assert_eq!(me.judge(&me.tags(&id)), Owner::This);
        assert_eq!(me.judge(&other.tags(&id)), Owner::OtherObject { object: "EcsService/shop/b".into() });
        assert_eq!(me.judge(&elsewhere.tags(&id)), Owner::OtherInstallation { installation: "i2".into() });
        assert_eq!(me.judge(&BTreeMap::new()), Owner::Nobody);
    }
}
