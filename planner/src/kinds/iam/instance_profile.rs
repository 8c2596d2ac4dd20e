//! `iam/instance-profile`: by which instances of EC2 have a role.

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// An instance profile, with the one role that it can have (user guide, "Using instance profiles").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceProfile {
    /// At most 128 characters, unique in the account (API reference, `CreateInstanceProfile`).
    pub name: String,
    /// Starts and ends with `/`.
    pub path: String,
    /// The role's name; empty: it has none.
    pub role: Text,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    InstanceProfileOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for InstanceProfile {
    const NAME: &'static str = "iam/instance-profile";
    const TEARDOWN: u8 = teardown::INSTANCE_PROFILE;
    const FIXED: &'static [&'static str] = &["name", "path"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &[
        "AddRoleToInstanceProfile",
        "RemoveRoleFromInstanceProfile",
        "TagInstanceProfile",
        "UntagInstanceProfile",
        "DeleteInstanceProfile",
    ];
    type Output = InstanceProfileOutput;

    fn normalise(self) -> Self {
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
