//! `iam/role`, with its inline policies and attachments.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::policy::canonical;
use crate::engine::{Kind, Ready, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A role: who may assume it, and what it may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// At most 64 characters, unique in the account without regard to case (API reference, `CreateRole`).
    pub name: String,
    /// Starts and ends with `/`.
    pub path: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The trust policy; at most 2,048 characters.
    pub trust: Value,
    /// Inline policies by name; 10,240 characters in all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached managed policies; 10 by default.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached: BTreeSet<String>,
    /// ARN of the permissions boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
    /// Seconds, 3,600 to 43,200; `None` is 3,600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_duration: Option<i32>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What AWS takes a role's longest session to be unless told (API reference, `CreateRole`).
const DEFAULT_SESSION_SECONDS: i32 = 3600;

outputs! {
    /// What others refer to.
    RoleOutput {
        /// The ARN.
        Arn = "arn",
        /// The name.
        Name = "name",
        /// When it was made; RFC 3339. Not a detail: what is relied on unread has none.
        CreatedAt = "createdAt",
    }
}

impl Kind for Role {
    const NAME: &'static str = "iam/role";
    const TEARDOWN: u8 = teardown::ROLE;
    const FIXED: &'static [&'static str] = &["name", "path"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &[
        "UpdateRole",
        "UpdateAssumeRolePolicy",
        "PutRolePolicy",
        "DeleteRolePolicy",
        "AttachRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "TagRole",
        "UntagRole",
        "DeleteRole",
    ];
    type Output = RoleOutput;

    fn normalise(mut self) -> Self {
        self.trust = canonical(&self.trust);
        self.inline = self.inline.iter().map(|(name, document)| (name.clone(), canonical(document))).collect();
        if self.max_session_duration == Some(DEFAULT_SESSION_SECONDS) {
            self.max_session_duration = None;
        }
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
