//! `ecs/cluster-capacity-providers`, which has no tags: it is there while a cluster of the object's has a provider of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::builders::PutClusterCapacityProvidersInputBuilder;
use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Cluster};
use longshore_planner::engine::{LookUp, Owner, Ownership, Seen};
use longshore_planner::kinds::ecs::cluster_capacity_providers::{
    ClusterCapacityProviders, ClusterCapacityProvidersOutput, DefaultProvider,
};

use super::in_use::refuse_in_use;
use super::tags_of;
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::Marks;

const PUT: &str = "ecs:PutClusterCapacityProviders";

pub(crate) struct ClusterCapacityProvidersDriver;

#[async_trait]
impl Driver for ClusterCapacityProvidersDriver {
    type Kind = ClusterCapacityProviders;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<ClusterCapacityProviders>>, Fault> {
        let Some(name) = at.member("cluster") else { return Ok(None) };
        let Some(cluster) = aws.joins().clusters.get((), name.to_owned()).await? else { return Ok(None) };
        if cluster.status() == Some("INACTIVE") {
            return Ok(None);
        }
        let own = own(aws, &cluster, ownership).await?;
        if own.is_empty() {
            return Ok(None);
        }
        let owner = match ownership.judge(&tags_of(cluster.tags())) {
            Owner::This => Owner::Parent,
            other => other,
        };
        let kind = ClusterCapacityProviders {
            cluster: name.to_owned(),
            capacity_providers: cluster.capacity_providers().iter().map(|name| name.as_str().into()).collect(),
            default_strategy: cluster.default_capacity_provider_strategy().iter().map(as_default).collect(),
        };
        let seen = Seen { owner, mentions: own.into_values().collect(), ..Seen::active(kind) }
            .with_output(ClusterCapacityProvidersOutput::Cluster, name);
        Ok(Some(Found::untagged(seen)))
    }

    /// None carries tags.
    async fn list_ours(&self, _: &Survey, _: &Claims) -> Result<Vec<Ours>, Fault> {
        Ok(vec![])
    }

    async fn create(
        &self,
        aws: &Aws<Write>,
        _: Marks<'_>,
        want: ClusterCapacityProviders,
    ) -> Result<Option<String>, Fault> {
        put(aws, &want).await.map(|()| None)
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        _: Marks<'_>,
        want: ClusterCapacityProviders,
        seen: Seen<ClusterCapacityProviders>,
    ) -> Result<(), Fault> {
        let stays = |name: &str| want.capacity_providers.iter().any(|other| other.known() == Some(name));
        let leaving: Vec<&str> = names(&seen).filter(|name| !stays(name)).collect();
        refuse_in_use(&aws.reader(), &want.cluster, &leaving).await?;
        put(aws, &want).await
    }

    /// What is not the object's stays: the cluster has it by its spec, or by somebody else.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<ClusterCapacityProviders>) -> Result<(), Fault> {
        let reader = aws.reader();
        let name = seen.value.cluster.clone();
        let Some(cluster) = reader.joins().clusters.get((), name).await? else { return Ok(()) };
        let own: Vec<&str> = names(&seen).collect();
        refuse_in_use(&reader, &seen.value.cluster, &own).await?;
        let stays = |name: &str| !own.contains(&name);
        let kept = cluster.capacity_providers().iter().filter(|name| stays(name));
        let default = cluster.default_capacity_provider_strategy().iter();
        let left = ClusterCapacityProviders {
            capacity_providers: kept.map(|name| name.as_str().into()).collect(),
            default_strategy: default.filter(|item| stays(item.capacity_provider())).map(as_default).collect(),
            ..seen.value
        };
        put(aws, &left).await.absent_if(&["ClusterNotFoundException"]).map(drop)
    }
}

/// The providers that are the object's, by name.
fn names(seen: &Seen<ClusterCapacityProviders>) -> impl Iterator<Item = &str> {
    seen.mentions.iter().filter_map(|arn| arn.rsplit('/').next())
}

/// The cluster's providers that are the object's, by name: their ARNs.
async fn own(aws: &Aws<Read>, cluster: &Cluster, ownership: &Ownership) -> Result<BTreeMap<String, String>, Fault> {
    let mut own = BTreeMap::new();
    for name in cluster.capacity_providers().iter().filter(|name| !name.starts_with("FARGATE")) {
        let Some(provider) = aws.joins().capacity_providers.get((), name.clone()).await? else { continue };
        if ownership.judge(&tags_of(provider.tags())) == Owner::This {
            own.insert(name.clone(), provider.capacity_provider_arn().unwrap_or_default().to_owned());
        }
    }
    Ok(own)
}

fn as_default(item: &CapacityProviderStrategyItem) -> DefaultProvider {
    DefaultProvider {
        capacity_provider: item.capacity_provider().into(),
        base: Some(item.base()),
        weight: Some(item.weight()),
    }
}

async fn put(aws: &Aws<Write>, want: &ClusterCapacityProviders) -> Result<(), Fault> {
    let item = |item: &DefaultProvider| {
        CapacityProviderStrategyItem::builder()
            .capacity_provider(item.capacity_provider.to_string())
            .base(item.base.unwrap_or_default())
            .weight(item.weight.unwrap_or_default())
            .build()
    };
    let default = want.default_strategy.iter().map(item).collect::<Result<Vec<_>, _>>();
    let default = default.map_err(|error| Fault::unsent(PUT, &error))?;
    let request = PutClusterCapacityProvidersInputBuilder::default()
        .cluster(&want.cluster)
        .set_capacity_providers(Some(want.capacity_providers.iter().map(ToString::to_string).collect()))
        .set_default_capacity_provider_strategy(Some(default));
    aws.write(request).await.map(drop)
}
