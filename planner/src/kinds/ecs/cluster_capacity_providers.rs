//! `ecs/cluster-capacity-providers`: which providers a cluster has, where some of them are made for it.
//!
//! Apart from the cluster, since instances register with a cluster that is there, and a provider of theirs is made after
//! them. `CloudFormation` has a resource of its own for it too (`AWS::ECS::ClusterCapacityProviderAssociations`).

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{outputs, teardown};

/// The whole of a cluster's providers: the call that sets them replaces the list (API reference,
/// `PutClusterCapacityProviders`). It has no tags: it is there while the cluster has a provider of the object's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterCapacityProviders {
    /// The cluster's name.
    pub cluster: String,
    /// Names; order has no meaning.
    pub capacity_providers: Vec<Text>,
    /// What services and tasks use that name none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_strategy: Vec<DefaultProvider>,
}

/// `CapacityProviderStrategyItem`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DefaultProvider {
    /// Its name.
    pub capacity_provider: Text,
    /// `None` is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<i32>,
    /// `None` is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

outputs! {
    /// What others refer to.
    ClusterCapacityProvidersOutput {
        /// The cluster's name.
        Cluster = "cluster",
    }
}

impl Kind for ClusterCapacityProviders {
    const NAME: &'static str = "ecs/cluster-capacity-providers";
    const TEARDOWN: u8 = teardown::CLUSTER_CAPACITY_PROVIDERS;
    const FIXED: &'static [&'static str] = &["cluster"];
    const ADDRESS: &'static [&'static str] = &["cluster"];
    const CHANGED_BY: &'static [&'static str] = &["PutClusterCapacityProviders"];
    type Output = ClusterCapacityProvidersOutput;

    fn normalise(mut self) -> Self {
        self.capacity_providers.sort();
        for item in &mut self.default_strategy {
            item.base = item.base.filter(|base| *base != 0);
            item.weight = item.weight.filter(|weight| *weight != 0);
        }
        self.default_strategy.sort();
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
