//! `efs/mount-target`: where a file system is reached in one zone.

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{outputs, teardown};

/// A mount target. It can have no tags: its file system's say whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MountTarget {
    /// The file system, by id.
    pub file_system: Text,
    /// Its subnet; a zone has one mount target of a file system (API reference, `CreateMountTarget`).
    pub subnet: String,
    /// The groups of its network interface, by id; order has no meaning.
    pub security_groups: Vec<Text>,
}

outputs! {
    /// What others refer to.
    MountTargetOutput {
        /// `fsmt-...`.
        Id = "id",
    }
}

impl Kind for MountTarget {
    const NAME: &'static str = "efs/mount-target";
    const TEARDOWN: u8 = teardown::MOUNT_TARGET;
    const FIXED: &'static [&'static str] = &["fileSystem", "subnet"];
    const ADDRESS: &'static [&'static str] = &["fileSystem", "subnet"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &["ModifyMountTargetSecurityGroups", "DeleteMountTarget"];
    type Output = MountTargetOutput;

    fn normalise(mut self) -> Self {
        self.security_groups.sort();
        self.security_groups.dedup();
        self
    }

    /// The driver tells `creating` as a state that passes (API reference, `MountTargetDescription`).
    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
