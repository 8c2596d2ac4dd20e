//! `ecs/cluster`.

use longshore_crds::ecs_cluster::{
    ClusterConfiguration, ClusterSetting, ExecuteCommandConfiguration, ExecuteCommandLogging,
};
use longshore_crds::ecs_service::CapacityProviderStrategyItem;
use serde::{Deserialize, Serialize};

use super::service::normal_strategy;
use crate::engine::{Kind, Ready, Replacement, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// At most 255 letters, digits, `_` and `-` (API reference, `CreateCluster`).
    pub name: String,
    /// Whether its capacity providers and its default strategy are another resource's to say:
    /// [`super::cluster_capacity_providers`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub providers_apart: bool,
    /// Names of capacity providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_providers: Vec<String>,
    /// What services and tasks use that name none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// `containerInsights`; settings that are left out are the account's business.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<ClusterSetting>,
    /// ECS Exec and managed storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ClusterConfiguration>,
    /// ARN or name of the Cloud Map namespace for Service Connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_connect_namespace: Option<String>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What the object's status tells of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterDetail {
    /// ECS's status, such as `ACTIVE`.
    pub status: String,
    /// Services that run.
    pub active_services: i32,
    /// Tasks that run.
    pub running_tasks: i32,
    /// Tasks that are being started.
    pub pending_tasks: i32,
}

outputs! {
    /// What others refer to.
    ClusterOutput {
        /// The ARN.
        Arn = "arn",
        /// The name.
        Name = "name",
    }
}

impl Kind for Cluster {
    const NAME: &'static str = "ecs/cluster";
    const TEARDOWN: u8 = teardown::CLUSTER;
    const FIXED: &'static [&'static str] = &["name"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    const CHANGED_BY: &'static [&'static str] =
        &["UpdateCluster", "PutClusterCapacityProviders", "TagResource", "UntagResource", "DeleteCluster"];
    type Output = ClusterOutput;

    fn normalise(mut self) -> Self {
        self.capacity_providers.sort();
        self.default_capacity_provider_strategy = normal_strategy(self.default_capacity_provider_strategy);
        self.settings.sort_by_key(|setting| setting.name);
        if let Some(exec) = self.configuration.as_mut().and_then(|c| c.execute_command_configuration.as_mut()) {
            normalise_exec(exec);
        }
        self
    }

    fn disown(&self, seen: &mut Self) {
        // Settings that the spec doesn't name follow the account's defaults.
        seen.settings.retain(|setting| self.settings.iter().any(|wanted| wanted.name == setting.name));
        if self.providers_apart {
            seen.providers_apart = true;
            seen.capacity_providers.clone_from(&self.capacity_providers);
            seen.default_capacity_provider_strategy.clone_from(&self.default_capacity_provider_strategy);
        }
        if self.configuration.is_none() {
            seen.configuration = None;
        }
        if self.service_connect_namespace.is_none() {
            seen.service_connect_namespace = None;
        }
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

/// API reference, `ExecuteCommandConfiguration`: logging is `DEFAULT` unless said, and logs are not encrypted.
fn normalise_exec(exec: &mut ExecuteCommandConfiguration) {
    exec.logging.get_or_insert(ExecuteCommandLogging::Default);
    if let Some(logs) = &mut exec.log_configuration {
        for flag in [&mut logs.cloud_watch_encryption_enabled, &mut logs.s3_encryption_enabled] {
            *flag = flag.filter(|on| *on);
        }
    }
}
