//! AWS's API rate limits: a token bucket for each group of ECS's operations, per account and region.
//!
//! Figures: "Request throttling for the Amazon ECS API" in the ECS API reference (burst, then refill per second).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::call::{Call, Service};

/// A group of operations that share one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Group {
    /// Changes of clusters.
    ClusterModify,
    /// Reads of clusters.
    ClusterRead,
    /// Changes of services.
    ServiceModify,
    /// Reads of services.
    ServiceRead,
    /// Reads of service deployments and revisions.
    ServiceDeploymentRead,
    /// Registering and deregistering task definitions.
    TaskDefinitionModify,
    /// Reads of task definitions.
    TaskDefinitionRead,
    /// Deleting task definitions.
    TaskDefinitionDelete,
    /// Running and stopping tasks.
    TaskModify,
    /// Reads of tasks.
    TaskRead,
    /// Changes of tags.
    TagModify,
}

impl Group {
    /// The group of an ECS operation; what is in no group isn't limited.
    pub fn of(operation: &str) -> Option<Self> {
        Some(match operation {
            "CreateCluster"
            | "DeleteCluster"
            | "UpdateCluster"
            | "UpdateClusterSettings"
            | "PutClusterCapacityProviders" => Self::ClusterModify,
            "DescribeClusters" | "ListClusters" => Self::ClusterRead,
            "CreateService" | "UpdateService" | "DeleteService" | "StopServiceDeployment" => Self::ServiceModify,
            "DescribeServices" | "ListServices" => Self::ServiceRead,
            "DescribeServiceDeployments" | "ListServiceDeployments" | "DescribeServiceRevisions" => {
                Self::ServiceDeploymentRead
            }
            "RegisterTaskDefinition" | "DeregisterTaskDefinition" => Self::TaskDefinitionModify,
            "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => Self::TaskDefinitionRead,
            "DeleteTaskDefinitions" => Self::TaskDefinitionDelete,
            "RunTask" | "StopTask" | "ExecuteCommand" => Self::TaskModify,
            "DescribeTasks" | "ListTasks" => Self::TaskRead,
            "TagResource" | "UntagResource" => Self::TagModify,
            _ => return None,
        })
    }

    /// The bucket's size, and how many tokens come back each second.
    pub fn rate(self) -> (u32, u32) {
        match self {
            Self::ClusterModify | Self::TaskDefinitionModify => (20, 1),
            Self::ClusterRead | Self::TaskDefinitionRead | Self::ServiceDeploymentRead => (50, 20),
            Self::ServiceModify => (50, 5),
            Self::ServiceRead | Self::TaskRead => (100, 20),
            Self::TaskDefinitionDelete => (5, 1),
            Self::TaskModify => (100, 40),
            Self::TagModify => (20, 10),
        }
    }
}

/// How full each bucket is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Limits {
    buckets: BTreeMap<Group, Bucket>,
}

#[derive(Clone, Debug, Serialize)]
struct Bucket {
    /// Thousandths of a token, so that a millisecond's refill is a whole number.
    milli_tokens: i64,
    /// When it was last looked at, in milliseconds since the epoch.
    at: i64,
}

impl Limits {
    /// Takes a token for a call; false when its bucket is empty.
    pub fn take(&mut self, call: &Call) -> bool {
        if call.service != Service::Ecs {
            return true;
        }
        let Some(group) = Group::of(&call.operation) else { return true };
        let (burst, refill) = group.rate();
        let full = i64::from(burst) * 1000;
        let bucket = self.buckets.entry(group).or_insert(Bucket { milli_tokens: full, at: call.time });
        let refilled = (call.time - bucket.at).max(0).saturating_mul(i64::from(refill));
        bucket.milli_tokens = bucket.milli_tokens.saturating_add(refilled).min(full);
        bucket.at = call.time;
        let granted = bucket.milli_tokens >= 1000;
        if granted {
            bucket.milli_tokens -= 1000;
        }
        granted
    }
}
