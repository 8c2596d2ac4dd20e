//! `ecs/cluster`.

use async_trait::async_trait;
use aws_sdk_ecs::operation::create_cluster::CreateClusterInput;
use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_ecs::operation::delete_cluster::builders::DeleteClusterInputBuilder;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::builders::PutClusterCapacityProvidersInputBuilder;
use aws_sdk_ecs::operation::update_cluster::builders::UpdateClusterInputBuilder;
use aws_sdk_ecs::types::Cluster as Described;
use futures::future::join_all;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, State};
use longshore_planner::kinds::ecs::cluster::{Cluster, ClusterDetail, ClusterOutput};
use serde_json::{Value, json};

use super::document::{document, structure, taken, value, written};
use super::{cluster_names, retag, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "ecs:CreateCluster";
const DESCRIBE: &str = "ecs:DescribeClusters";

pub(crate) struct ClusterDriver;

#[async_trait]
impl Driver for ClusterDriver {
    type Kind = Cluster;

    async fn read(&self, aws: &Aws<Read>, ownership: &Ownership, at: &LookUp) -> Result<Option<Found<Cluster>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let Some(cluster) = aws.joins().clusters.get((), name.to_owned()).await? else { return Ok(None) };
        let Some(state) = state(&cluster) else { return Ok(None) };
        let tags = tags_of(cluster.tags());
        let mut kind: Cluster = value(DESCRIBE, as_kind(document(DESCRIBE, Described::SCHEMA, &*cluster)?))?;
        kind.tags = managed(&tags);
        let arn = cluster.cluster_arn().unwrap_or_default();
        let seen = Seen::active(kind).with_output(ClusterOutput::Arn, arn).with_output(ClusterOutput::Name, name);
        let seen = Seen { state, detail: detail(&cluster), ..seen };
        Ok(Some(Found::new(seen, ownership, &tags)))
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let names = cluster_names(survey.aws()).await?;
        let clusters = join_all(names.into_iter().map(|name| survey.aws().joins().clusters.get((), name))).await;
        let mut ours = vec![];
        for cluster in clusters {
            let Some(cluster) = cluster?.filter(|cluster| state(cluster).is_some()) else { continue };
            let (name, arn) = (cluster.cluster_name().unwrap_or_default(), cluster.cluster_arn().unwrap_or_default());
            ours.extend(Ours::of(claims, Cluster::NAME, name, arn, &tags_of(cluster.tags())));
        }
        Ok(ours)
    }

    /// Asked for a cluster that exists, ECS answers with it as it is ("CreateCluster" in the API reference): it may be
    /// somebody else's.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Cluster) -> Result<Option<String>, Fault> {
        let input = structure(CREATE, &as_request(&want)?, CreateClusterInput::deserialize)?;
        let request = CreateClusterInputBuilder::default()
            .set_cluster_name(input.cluster_name)
            .set_settings(input.settings)
            .set_configuration(input.configuration)
            .set_capacity_providers(input.capacity_providers)
            .set_default_capacity_provider_strategy(input.default_capacity_provider_strategy)
            .set_service_connect_defaults(input.service_connect_defaults)
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        let cluster = aws.write(request).await?.cluster;
        if marks.judge(&tags_of(cluster.as_ref().map_or(&[], Described::tags))) != Owner::This {
            require_ours(&aws.reader(), &marks, &want.name).await?;
        }
        Ok(cluster.and_then(|cluster| cluster.cluster_arn))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: Cluster,
        seen: Seen<Cluster>,
    ) -> Result<(), Fault> {
        let input = structure(CREATE, &as_request(&want)?, CreateClusterInput::deserialize)?;
        if !same_settings(&want, &seen.value) {
            let request = UpdateClusterInputBuilder::default()
                .cluster(&want.name)
                .set_settings(input.settings)
                .set_configuration(input.configuration)
                .set_service_connect_defaults(input.service_connect_defaults);
            aws.write(request).await?;
        }
        if !want.providers_apart && !same_providers(&want, &seen.value) {
            let request = PutClusterCapacityProvidersInputBuilder::default()
                .cluster(&want.name)
                .set_capacity_providers(Some(input.capacity_providers.unwrap_or_default()))
                .set_default_capacity_provider_strategy(Some(
                    input.default_capacity_provider_strategy.unwrap_or_default(),
                ));
            aws.write(request).await?;
        }
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Cluster>) -> Result<(), Fault> {
        let request = DeleteClusterInputBuilder::default().cluster(&seen.value.name);
        aws.write(request).await.absent_if(&["ClusterNotFoundException"]).map(drop)
    }
}

/// The answer to a create shows no tags of ours: fine if it does not show any, and the cluster has them.
async fn require_ours(aws: &Aws<Read>, marks: &Marks<'_>, name: &str) -> Result<(), Fault> {
    match aws.joins().clusters.get((), name.to_owned()).await? {
        Some(cluster) if marks.judge(&tags_of(cluster.tags())) == Owner::This => Ok(()),
        _ => Err(crate::drivers::already_exists(CREATE, name)),
    }
}

/// `None`: it is gone; ECS goes on telling of an inactive cluster for a while.
fn state(cluster: &Described) -> Option<State> {
    match cluster.status().unwrap_or("ACTIVE") {
        "INACTIVE" => None,
        "DEPROVISIONING" => Some(State::Deleting("ECS is taking it away".to_owned())),
        "ACTIVE" => Some(State::Active),
        other => Some(State::Pending(format!("ECS says that it is {other}"))),
    }
}

fn detail(cluster: &Described) -> Value {
    let detail = ClusterDetail {
        status: cluster.status().unwrap_or_default().to_owned(),
        active_services: cluster.active_services_count(),
        running_tasks: cluster.running_tasks_count(),
        pending_tasks: cluster.pending_tasks_count(),
    };
    serde_json::to_value(detail).unwrap_or_default()
}

/// ECS's members as the kind's.
fn as_kind(mut cluster: Value) -> Value {
    let name = taken(&mut cluster, "/clusterName");
    let namespace = taken(&mut cluster, "/serviceConnectDefaults/namespace");
    if let Some(members) = cluster.as_object_mut() {
        members.insert("name".to_owned(), name);
        members.insert("serviceConnectNamespace".to_owned(), namespace);
        members.remove("tags");
    }
    cluster
}

/// The kind's members as `CreateCluster`'s.
fn as_request(want: &Cluster) -> Result<Value, Fault> {
    let mut request = written(CREATE, want)?;
    if let Some(members) = request.as_object_mut() {
        members.insert("clusterName".to_owned(), want.name.clone().into());
        members.remove("tags");
        if want.providers_apart {
            members.remove("providersApart");
            members.remove("capacityProviders");
            members.remove("defaultCapacityProviderStrategy");
        }
        if let Some(namespace) = &want.service_connect_namespace {
            members.insert("serviceConnectDefaults".to_owned(), json!({ "namespace": namespace }));
        }
    }
    Ok(request)
}

fn same_settings(want: &Cluster, seen: &Cluster) -> bool {
    let wanted = |setting| want.settings.contains(setting) && seen.settings.contains(setting);
    want.settings.iter().all(wanted)
        && (want.configuration.is_none() || want.configuration == seen.configuration)
        && (want.service_connect_namespace.is_none()
            || want.service_connect_namespace == seen.service_connect_namespace)
}

fn same_providers(want: &Cluster, seen: &Cluster) -> bool {
    want.capacity_providers == seen.capacity_providers
        && want.default_capacity_provider_strategy == seen.default_capacity_provider_strategy
}
