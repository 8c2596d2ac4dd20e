//! Volumes of a task, and where containers mount them.

use super::rules;
use crate::rules::Rules;
use crate::{reference::ObjectRef, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A volume in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MountPoint {
    /// Name of an entry in volumes.
    #[schemars(length(min = 1, max = 255))]
    pub source_volume: String,
    /// Where it is mounted.
    #[schemars(length(min = 1, max = 4096))]
    pub container_path: String,
    /// Left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// All volumes of another container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VolumeFrom {
    /// The other container.
    #[schemars(length(min = 1, max = 255))]
    pub source_container: String,
    /// Left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// A volume; with nothing but a name, it is the task's own disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_VOLUME_KIND]))]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// What mountPoints name.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// A directory of the instance (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostVolumeProperties>,
    /// A Docker volume (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_volume_configuration: Option<DockerVolumeConfiguration>,
    /// An EFS file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<EfsVolumeConfiguration>,
    /// An S3 Files file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3files_volume_configuration: Option<S3FilesVolumeConfiguration>,
    /// An `FSx` for Windows file system (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsx_windows_file_server_volume_configuration: Option<FsxWindowsFileServerVolumeConfiguration>,
    /// Whether the service's volumeConfigurations say what it is (EBS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_at_launch: Option<bool>,
}

/// A directory of the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostVolumeProperties {
    /// Its path; left out: a new directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub source_path: Option<String>,
}

/// A Docker volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DockerVolumeConfiguration {
    /// Left out: task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<DockerVolumeScope>,
    /// Whether a shared volume is made when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoprovision: Option<bool>,
    /// Volume driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub driver: Option<String>,
    /// Options of the driver.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub driver_opts: BTreeMap<String, String>,
    /// Labels of the volume.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub labels: BTreeMap<String, String>,
}

words! {
    /// How long a Docker volume lives.
    pub enum DockerVolumeScope { Task = "task", Shared = "shared" }
}
/// An EFS file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::EFS_VOLUME))]
#[serde(rename_all = "camelCase")]
pub struct EfsVolumeConfiguration {
    /// Id of a file system that Longshore does not own, and a grant names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub file_system_id: Option<String>,
    /// An EfsFileSystem, in place of fileSystemId.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_system_ref: Option<ObjectRef>,
    /// Directory that is mounted; left out: /.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub root_directory: Option<String>,
    /// Left out: ENABLED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_encryption: Option<Switch>,
    /// Port of the encrypted connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub transit_encryption_port: Option<i32>,
    /// Access point and IAM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_config: Option<EfsAuthorizationConfig>,
}

/// How the file system is entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_ACCESS_POINT]))]
#[serde(rename_all = "camelCase")]
pub struct EfsAuthorizationConfig {
    /// Id of an access point.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub access_point_id: Option<String>,
    /// Name of an access point of fileSystemRef, in place of accessPointId.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub access_point_ref: Option<String>,
    /// Whether the task role is used; left out: ENABLED with transitEncryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam: Option<Switch>,
}

words! {
    /// ECS's ENABLED and DISABLED.
    pub enum Switch { Enabled = "ENABLED", Disabled = "DISABLED" }
}
/// An S3 Files file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::S3_FILES))]
#[serde(rename_all = "camelCase")]
pub struct S3FilesVolumeConfiguration {
    /// ARN of a file system that a grant names.
    #[schemars(length(min = 1, max = 2048))]
    pub file_system_arn: String,
    /// Directory that is mounted; left out: /.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub root_directory: Option<String>,
    /// Port of the encrypted connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub transit_encryption_port: Option<i32>,
    /// ARN of an access point.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub access_point_arn: Option<String>,
}

/// An `FSx` for Windows File Server file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsxWindowsFileServerVolumeConfiguration {
    /// Id of the file system.
    #[schemars(length(max = 128))]
    pub file_system_id: String,
    /// Directory that is mounted.
    #[schemars(length(max = 4096))]
    pub root_directory: String,
    /// Credentials.
    pub authorization_config: FsxWindowsFileServerAuthorizationConfig,
}

/// Credentials for `FSx`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsxWindowsFileServerAuthorizationConfig {
    /// ARN of the secret or parameter.
    #[schemars(length(max = 2048))]
    pub credentials_parameter: String,
    /// Active Directory domain.
    #[schemars(length(max = 255))]
    pub domain: String,
}
