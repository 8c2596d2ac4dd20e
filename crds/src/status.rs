//! What the kinds' statuses share.

use crate::words::words;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A thing in AWS that the object owns, written before the call that makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// Where to look for it: its names within AWS.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub address: BTreeMap<String, String>,
    /// The id or ARN that AWS gave it, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical: Option<String>,
}

/// A step of the plan that isn't done yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingStep {
    /// create, update, delete, wait or blocked.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The field of the spec that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What was decided or learnt, and must outlive the controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// The revision that was rolled back, not tried again until the spec changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<RejectedRevision>,
    /// The revision that last succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<GoodRevision>,
    /// The one that succeeded before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good_before: Option<GoodRevision>,
    /// Content hash of each revision, by ARN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub revisions: BTreeMap<String, String>,
    /// Priority of each listener rule, by its identity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub priorities: BTreeMap<String, i32>,
    /// Of each load balancer's entry whose tasks are behind its second target group: that one's key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub live_target_groups: BTreeMap<String, String>,
    /// What was resolved outside the spec, by name, and is kept until it is changed in waves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, String>,
    /// What the object last converged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledStatus>,
    /// What it is on the way to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pursued: Option<SettledStatus>,
    /// What was put right since, though nothing had been changed here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<CorrectionStatus>,
    /// Since when what it owns may go, once it is being deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_admitted_at: Option<Time>,
}

/// What an object converged to, or is on the way to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettledStatus {
    /// Generation, and keys whose replacement was consented to.
    pub asked: String,
    /// Hash of all that was wanted in AWS.
    pub wanted: String,
}

/// A field that was put right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionStatus {
    /// The resource.
    pub resource: String,
    /// The field; empty: the resource as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// When, the newest last.
    pub times: Vec<Time>,
    /// Whether it has been seen as wanted since.
    #[serde(default)]
    pub seen: bool,
    /// Since when it changes back and forth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contended_since: Option<Time>,
}

/// A revision that was rolled back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectedRevision {
    /// Hash of its content.
    pub content_hash: String,
    /// Its ARN.
    pub task_definition_arn: String,
    /// Why it failed.
    pub reason: String,
    /// Generation of the spec that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// The spec's restartedAt at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<String>,
}

/// A revision that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodRevision {
    /// Hash of its content.
    pub content_hash: String,
    /// Its ARN.
    pub task_definition_arn: String,
    /// Its tasks have no role, or it is not known whether.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roleless: bool,
}

words! {
    /// kstatus conditions that every kind has.
    pub enum ConditionType { Stalled = "Stalled", Ready = "Ready", Reconciling = "Reconciling" }
}

/// What every kind's status has.
pub trait ConditionedStatus: Default {
    /// The generation that the status speaks of; -1 or none: nobody has looked at the object yet.
    fn observed_generation(&self) -> Option<i64>;
    /// Sets the generation that the status speaks of.
    fn set_observed_generation(&mut self, generation: i64);
    /// The conditions, `Stalled` before `Ready`.
    fn conditions(&self) -> &[Condition];
    /// The conditions, to be changed.
    fn conditions_mut(&mut self) -> &mut Vec<Condition>;

    /// The condition of a type.
    fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.conditions().iter().find(|condition| condition.type_ == kind.as_str())
    }
}

/// What the status of a kind that owns things in AWS has.
pub trait OwnerStatus: ConditionedStatus {
    /// What the object owns in AWS, by the identity of the resource.
    fn resources(&self) -> &BTreeMap<String, ResourceStatus>;
    /// What the object owns in AWS, to be changed.
    fn resources_mut(&mut self) -> &mut BTreeMap<String, ResourceStatus>;
    /// The plan in brief.
    fn pending(&self) -> &[PendingStep];
    /// The plan in brief, to be changed.
    fn pending_mut(&mut self) -> &mut Vec<PendingStep>;
    /// What was decided or learnt.
    fn memory(&self) -> Option<&Memory>;
    /// What was decided or learnt, to be changed.
    fn memory_mut(&mut self) -> &mut Option<Memory>;
}

/// Implements [`ConditionedStatus`] for a status with the fields of those names.
macro_rules! conditioned_status {
    ($status:ty) => {
        impl crate::status::ConditionedStatus for $status {
            fn observed_generation(&self) -> Option<i64> {
                self.observed_generation
            }

            fn set_observed_generation(&mut self, generation: i64) {
                self.observed_generation = Some(generation);
            }

            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }

            fn conditions_mut(&mut self) -> &mut Vec<Condition> {
                &mut self.conditions
            }
        }
    };
}
pub(crate) use conditioned_status;

/// Implements [`OwnerStatus`] for a status with the fields of those names.
macro_rules! owner_status {
    ($status:ty) => {
        crate::status::conditioned_status!($status);

        impl crate::status::OwnerStatus for $status {
            fn resources(&self) -> &BTreeMap<String, ResourceStatus> {
                &self.resources
            }

            fn resources_mut(&mut self) -> &mut BTreeMap<String, ResourceStatus> {
                &mut self.resources
            }

            fn pending(&self) -> &[PendingStep] {
                &self.pending
            }

            fn pending_mut(&mut self) -> &mut Vec<PendingStep> {
                &mut self.pending
            }

            fn memory(&self) -> Option<&Memory> {
                self.memory.as_ref()
            }

            fn memory_mut(&mut self) -> &mut Option<Memory> {
                &mut self.memory
            }
        }
    };
}
pub(crate) use owner_status;
