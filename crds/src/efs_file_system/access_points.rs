//! Where services enter a file system, and as whom.

use crate::rules::Rules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// A directory that is entered as a user. What it says cannot be changed in AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::ACCESS_POINT))]
#[serde(rename_all = "camelCase")]
pub struct AccessPoint {
    /// What services name.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// The directory that its clients see as /; left out: /.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), regex(pattern = r"^(/|(/[^$#<>;`|&?{}^*/\n]+){1,4})$"))]
    pub path: Option<String>,
    /// As whom all its clients read and write; left out: as who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posix_user: Option<PosixUser>,
    /// Whose the directory becomes where it does not exist; left out: it must exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_info: Option<CreationInfo>,
}

/// A user and groups, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PosixUser {
    /// The user.
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub uid: i64,
    /// The group.
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub gid: i64,
    /// Further groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(range(min = 0, max = 4_294_967_295_i64)), extend("x-kubernetes-list-type" = "set"))]
    pub secondary_gids: Vec<i64>,
}

/// Whose a directory becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreationInfo {
    /// The owner.
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub owner_uid: i64,
    /// The owner's group.
    #[schemars(range(min = 0, max = 4_294_967_295_i64))]
    pub owner_gid: i64,
    /// In octal and in quotes, as chmod takes them.
    #[schemars(length(min = 3, max = 4), regex(pattern = r"^[0-7]{3,4}$"))]
    pub permissions: String,
}
