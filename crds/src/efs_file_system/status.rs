//! What is known of a file system.

use crate::status::{Memory, PendingStep, ResourceStatus, owner_status};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a file system.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null, extend("default" = { "observedGeneration": -1 }))]
pub struct EfsFileSystemStatus {
    /// Generation of the spec that this speaks of; -1: none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Stalled, Ready, Reconciling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_system_id: Option<String>,
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_system_arn: Option<String>,
    /// The security group of its mount targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_id: Option<String>,
    /// The security group whose members reach its mount targets: tasks that mount it are put into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients_security_group_id: Option<String>,
    /// Its mount targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["subnetId"]))]
    pub mount_targets: Vec<MountTargetStatus>,
    /// Its access points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub access_points: Vec<AccessPointStatus>,
    /// The services that mount it, as NAMESPACE/NAME.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounted_by: Vec<String>,
    /// What the object owns in AWS, by identity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, ResourceStatus>,
    /// The plan in brief.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingStep>,
    /// What was decided or learnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

owner_status!(EfsFileSystemStatus);

/// A mount target that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MountTargetStatus {
    /// Its subnet.
    pub subnet_id: String,
    /// Its id.
    pub mount_target_id: String,
    /// Whether it can be reached yet.
    pub available: bool,
}

/// An access point that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessPointStatus {
    /// Its name in the spec.
    pub name: String,
    /// Its id.
    pub access_point_id: String,
}
