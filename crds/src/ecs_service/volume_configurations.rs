//! EBS volumes that ECS makes for each task.

use crate::{
    rules::Rules,
    tag::{PropagateTags, Tag},
    words::words,
};

use super::rules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a volume with configuredAtLaunch is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::MANAGED_VOLUME]))]
#[serde(rename_all = "camelCase")]
pub struct ServiceVolumeConfiguration {
    /// Name of the volume in task.volumes.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// An EBS volume for each task; required.
    #[serde(rename = "managedEBSVolume", skip_serializing_if = "Option::is_none")]
    pub managed_ebs_volume: Option<ManagedEbsVolume>,
}

/// An EBS volume for each task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::EBS_VOLUME))]
#[serde(rename_all = "camelCase")]
pub struct ManagedEbsVolume {
    /// Left out: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// Key; left out: the account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub kms_key_id: Option<String>,
    /// gp2, gp3, io1, io2, sc1, st1; left out: gp3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub volume_type: Option<String>,
    /// Size; left out: that of the snapshot.
    #[serde(rename = "sizeInGiB", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub size_in_gib: Option<i32>,
    /// Snapshot that it starts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub snapshot_id: Option<String>,
    /// MiB/s at which the snapshot is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub volume_initialization_rate: Option<i32>,
    /// I/O operations a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub iops: Option<i32>,
    /// MiB/s (gp3).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub throughput: Option<i32>,
    /// Tags of the volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub tag_specifications: Vec<EbsTagSpecification>,
    /// Role with which ECS makes them; left out: one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: Option<String>,
    /// Left out: xfs, on Windows ntfs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filesystem_type: Option<FileSystemType>,
}

words! {
    /// File systems of an EBS volume.
    pub enum FileSystemType { Ext3 = "ext3", Ext4 = "ext4", Xfs = "xfs", Ntfs = "ntfs" }
}
/// Tags of an EBS volume.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EbsTagSpecification {
    /// Only volume.
    pub resource_type: EbsResourceType,
    /// The tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// Whose tags it takes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
}

words! {
    /// What EBS tags are put on.
    pub enum EbsResourceType { Volume = "volume" }
}
