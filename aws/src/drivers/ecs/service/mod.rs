//! `ecs/service`.

mod detail;
mod request;
mod room;
mod traffic;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecs::operation::continue_service_deployment::builders::ContinueServiceDeploymentInputBuilder;
use aws_sdk_ecs::operation::delete_service::builders::DeleteServiceInputBuilder;
use aws_sdk_ecs::operation::list_services::builders::ListServicesInputBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::{DeploymentLifecycleHookAction, Service as Described, ServiceManagedEbsVolumeConfiguration};
use futures::future::join_all;
use longshore_planner::engine::{Kind, LookUp, Ownership, Seen, State};
use longshore_planner::kinds::ecs::service::{Continuation, Service, ServiceDetail, ServiceOutput};
use serde_json::{Value, json};

use super::document::{document, taken, value};
use super::{cluster_names, name_of, retag, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const DESCRIBE: &str = "ecs:DescribeServices";
/// The `restartedAt` that was last acted on.
const TAG_RESTARTED: &str = "longshore.dev/restarted-at";

pub(crate) struct ServiceDriver;

#[async_trait]
impl Driver for ServiceDriver {
    type Kind = Service;

    async fn read(&self, aws: &Aws<Read>, ownership: &Ownership, at: &LookUp) -> Result<Option<Found<Service>>, Fault> {
        let Some((cluster, service)) = describe(aws, at).await? else { return Ok(None) };
        let detail = detail::read(aws, cluster, &service).await?;
        let mut found = seen(&service, cluster, &detail, ownership)?;
        let revision = detail.primary().map(|primary| primary.task_definition.as_str());
        if let (Some(why), Some(revision)) = (detail.lacks_room(), revision) {
            let no_room = room::read(aws, cluster, &service, &found.seen.value, (revision, why)).await?;
            found.seen.detail = json!(ServiceDetail { no_room, ..detail.clone() });
        }
        Ok(Some(found))
    }

    /// Ten a call, with all that a plan depends on. Why tasks failed and how a rollback ended, which take further calls
    /// of each service, are only told in its object's status: the object's turn reads them.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<Service>> {
        let reads = asks.iter().map(|ask| async {
            let Some((cluster, service)) = describe(survey.aws(), ask.at).await? else { return Ok(None) };
            let found = seen(&service, cluster, &detail::described(&service), ask.ownership)?;
            Ok(Some(Glimpsed::whole(found)))
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let mut ours = vec![];
        for cluster in cluster_names(survey.aws()).await? {
            let names = service_names(survey.aws(), &cluster).await?;
            let joined = &survey.aws().joins().services;
            for service in join_all(names.into_iter().map(|name| joined.get(cluster.clone(), name))).await {
                let Some(service) = service?.filter(|service| exists(service)) else { continue };
                let name = format!("{cluster}/{}", service.service_name().unwrap_or_default());
                let arn = service.service_arn().unwrap_or_default();
                ours.extend(Ours::of(claims, Service::NAME, name, arn, &tags_of(service.tags())));
            }
        }
        Ok(ours)
    }

    /// The name is unique in its cluster, so that a second create finds the first: ECS then says that it "was not
    /// idempotent", and the next round sees the service.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Service) -> Result<Option<String>, Fault> {
        let request = request::create(&want)?.set_tags(Some(tag_list(all_tags(&marks, &want))));
        let answer = aws.write(request).await?;
        Ok(answer.service.and_then(|service| service.service_arn))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: Service,
        seen: Seen<Service>,
    ) -> Result<(), Fault> {
        if let Some(Continuation { deployment, hook }) = &want.proceed {
            let proceed = ContinueServiceDeploymentInputBuilder::default()
                .service_deployment_arn(deployment)
                .hook_id(hook)
                .action(DeploymentLifecycleHookAction::Continue);
            // Once it goes on, or has ended, there is no such pause.
            aws.write(proceed).await.absent_if(&["InvalidParameterException", "ServiceDeploymentNotFoundException"])?;
        }
        if !same_but_tags(&want, &seen.value) {
            aws.write(request::update(&want, &seen.value)?).await?;
        }
        // After the update that restarts: a crash between the two restarts once more, and never loses a restart.
        let mut change = Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner);
        match &want.restarted_at {
            Some(at) if seen.value.restarted_at.as_ref() != Some(at) => {
                change.set.insert(TAG_RESTARTED.to_owned(), at.clone());
            }
            None if seen.value.restarted_at.is_some() => change.remove.push(TAG_RESTARTED.to_owned()),
            _ => {}
        }
        retag(aws, seen.outputs.get("arn").map_or("", String::as_str), change).await
    }

    /// Scaled to nothing first, unless it is a daemon (which cannot be): `DeleteService` then drains what is left. It does
    /// so without, too (API reference, `DeleteService`, "force"): where the service cannot be updated any more, since
    /// somebody took its target group from the load balancer, it goes as it is.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Service>) -> Result<(), Fault> {
        let (cluster, name) = (seen.value.cluster.to_string(), seen.value.name.clone());
        if seen.value.desired_count.is_some_and(|count| count != 0) {
            let scale = UpdateServiceInputBuilder::default().cluster(&cluster).service(&name).desired_count(0);
            aws.write(scale).await.absent_if(&[GONE, &["InvalidParameterException"]].concat())?;
        }
        let delete = DeleteServiceInputBuilder::default().cluster(cluster).service(name).force(true);
        aws.write(delete).await.absent_if(GONE).map(drop)
    }
}

/// What ECS says of a service that is no more, or is on its way out.
const GONE: &[&str] = &["ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"];

/// The service, and the cluster that it was looked for in.
async fn describe<'a>(aws: &Aws<Read>, at: &'a LookUp) -> Result<Option<(&'a str, Arc<Described>)>, Fault> {
    let (Some(cluster), Some(name)) = (at.member("cluster"), at.member("name")) else { return Ok(None) };
    let service = aws.joins().services.get(cluster.to_owned(), name.to_owned()).await?;
    Ok(service.filter(|service| exists(service)).map(|service| (cluster, service)))
}

/// ECS goes on telling of what is gone.
pub(super) fn exists(service: &Described) -> bool {
    service.status() != Some("INACTIVE")
}

fn seen(
    service: &Described,
    cluster: &str,
    detail: &ServiceDetail,
    ownership: &Ownership,
) -> Result<Found<Service>, Fault> {
    let tags = tags_of(service.tags());
    let seen = Seen::active(as_kind(service, cluster, &tags)?)
        .with_output(ServiceOutput::Arn, service.service_arn().unwrap_or_default())
        .with_output(ServiceOutput::Name, service.service_name().unwrap_or_default());
    let seen = Seen {
        state: state(service),
        mentions: mentions(service),
        detail: serde_json::to_value(detail).unwrap_or_default(),
        ..seen
    };
    Ok(Found::new(seen, ownership, &tags))
}

/// The names of a cluster's services; a page has 100 (API reference, `ListServices`).
async fn service_names(aws: &Aws<Read>, cluster: &str) -> Result<Vec<String>, Fault> {
    let request = ListServicesInputBuilder::default().cluster(cluster).max_results(100);
    let mut names = vec![];
    let mut token = None;
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await.absent_if(GONE)?;
        let Some(page) = page else { return Ok(names) };
        names.extend(page.service_arns.unwrap_or_default().iter().map(|arn| name_of(arn).to_owned()));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(names);
        }
    }
}

fn state(service: &Described) -> State {
    match service.status() {
        Some("DRAINING") => State::Deleting(format!("ECS is draining it, {} tasks still run", service.running_count())),
        _ => State::Active,
    }
}

/// Every revision that a deployment still runs, and the roles with which ECS makes and deletes its volumes.
fn mentions(service: &Described) -> Vec<String> {
    let deployments = service.deployments().iter();
    let mentioned = deployments.flat_map(|deployment| {
        let volumes = deployment.volume_configurations().iter().filter_map(|volume| volume.managed_ebs_volume());
        deployment.task_definition().into_iter().chain(volumes.map(ServiceManagedEbsVolumeConfiguration::role_arn))
    });
    mentioned.map(str::to_owned).collect()
}

fn all_tags(marks: &Marks<'_>, want: &Service) -> Tags {
    let mut tags = marks.with(&want.tags);
    tags.extend(want.restarted_at.clone().map(|at| (TAG_RESTARTED.to_owned(), at)));
    tags
}

/// Whether `UpdateService` has nothing to do.
fn same_but_tags(want: &Service, seen: &Service) -> bool {
    let mut seen = seen.clone().normalise();
    want.disown(&mut seen);
    seen.tags.clone_from(&want.tags);
    seen.proceed.clone_from(&want.proceed);
    want.clone().normalise() == seen
}

/// ECS's members as the kind's. What is only under the primary deployment (Service Connect, volumes, VPC Lattice)
/// is taken from there.
fn as_kind(service: &Described, cluster: &str, tags: &Tags) -> Result<Service, Fault> {
    let mut kind = document(DESCRIBE, Described::SCHEMA, service)?;
    let mut primary = primary(&mut kind);
    let network = taken(&mut kind, "/networkConfiguration/awsvpcConfiguration");
    let Some(members) = kind.as_object_mut() else { return Err(Fault::unexpected(DESCRIBE, "services")) };
    // A daemon's count is the number of its cluster's instances.
    if members.get("schedulingStrategy") == Some(&json!("DAEMON")) {
        members.remove("desiredCount");
    }
    members.entry("schedulingStrategy").or_insert_with(|| "REPLICA".into());
    members.entry("availabilityZoneRebalancing").or_insert_with(|| "DISABLED".into());
    members.entry("deploymentConfiguration").or_insert_with(|| json!({}));
    // "enableECSManagedTags" to ECS.
    let managed_tags = members.remove("enableECSManagedTags").unwrap_or_default();
    members.insert("enableEcsManagedTags".to_owned(), managed_tags);
    members.insert("name".to_owned(), service.service_name().into());
    members.insert("cluster".to_owned(), cluster.into());
    members.insert("network".to_owned(), with_network_defaults(network));
    members.insert("serviceConnect".to_owned(), taken(&mut primary, "/serviceConnectConfiguration"));
    for member in ["volumeConfigurations", "vpcLatticeConfigurations"] {
        members.insert(member.to_owned(), list(primary.get(member)));
    }
    members.insert("tags".to_owned(), json!(managed(tags)));
    members.insert("restartedAt".to_owned(), tags.get(TAG_RESTARTED).cloned().into());
    value(DESCRIBE, kind)
}

fn primary(service: &mut Value) -> Value {
    let deployments = taken(service, "/deployments");
    let mut deployments = deployments.as_array().into_iter().flatten();
    let primary = deployments.rfind(|deployment| deployment.get("status").is_some_and(|status| status == "PRIMARY"));
    primary.cloned().unwrap_or_default()
}

fn list(value: Option<&Value>) -> Value {
    value.filter(|value| value.is_array()).cloned().unwrap_or_else(|| json!([]))
}

fn with_network_defaults(mut network: Value) -> Value {
    if let Some(members) = network.as_object_mut() {
        members.entry("subnets").or_insert_with(|| json!([]));
        members.entry("securityGroups").or_insert_with(|| json!([]));
        members.entry("assignPublicIp").or_insert_with(|| "DISABLED".into());
    }
    network
}
