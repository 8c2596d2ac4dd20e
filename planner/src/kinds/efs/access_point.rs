//! `efs/access-point`: how a file system is entered.

use longshore_crds::efs_file_system::{CreationInfo, PosixUser};
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Replacement, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// An access point. AWS can change nothing of it but its tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPoint {
    /// The file system, by id.
    pub file_system: Text,
    /// By which AWS knows two requests for one: at most 64 characters (API reference, `CreateAccessPoint`).
    pub client_token: String,
    /// The directory that clients see as `/`.
    pub path: String,
    /// As whom they read and write; `None`: as who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posix_user: Option<PosixUser>,
    /// Whose the directory becomes where it is made; `None`: it must exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_info: Option<CreationInfo>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    AccessPointOutput {
        /// `fsap-...`.
        Id = "id",
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for AccessPoint {
    const NAME: &'static str = "efs/access-point";
    const TEARDOWN: u8 = teardown::ACCESS_POINT;
    const FIXED: &'static [&'static str] = &["fileSystem", "path", "posixUser", "creationInfo"];
    const ADDRESS: &'static [&'static str] = &["fileSystem", "clientToken"];
    // Another directory, or another user, does not find what is stored.
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &["TagResource", "UntagResource", "DeleteAccessPoint"];
    type Output = AccessPointOutput;

    fn normalise(mut self) -> Self {
        if let Some(user) = &mut self.posix_user {
            user.secondary_gids.sort_unstable();
            user.secondary_gids.dedup();
        }
        self
    }

    fn disown(&self, seen: &mut Self) {
        // It only finds it, and is another one's where an older version made it.
        seen.client_token.clone_from(&self.client_token);
    }

    /// The driver tells `creating` as a state that passes (API reference, `AccessPointDescription`).
    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
