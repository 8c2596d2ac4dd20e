//! `ecs/managed-capacity-provider`: a capacity provider of ECS Managed Instances. The calls are those of
//! [`super::capacity_provider`], with the cluster that it belongs to.

use async_trait::async_trait;
use aws_sdk_ecs::operation::create_capacity_provider::builders::CreateCapacityProviderInputBuilder;
use aws_sdk_ecs::operation::delete_capacity_provider::builders::DeleteCapacityProviderInputBuilder;
use aws_sdk_ecs::operation::update_capacity_provider::builders::UpdateCapacityProviderInputBuilder;
use aws_sdk_ecs::types as api;
use longshore_crds::ecs_cluster::{CapacityOptionType, ManagedMonitoring, PropagateManagedTags};
use longshore_crds::task_definition::Switch;
use longshore_planner::engine::{Kind, LookUp, Ownership, Seen};
use longshore_planner::kinds::ecs::managed_capacity_provider::{
    ManagedCapacityProvider, ManagedCapacityProviderOutput, ManagedLaunch, ManagedProviderDetail,
};

use super::capacity_provider::{describe, made_before, ours, state};
use super::managed_requirements::{as_requirements, requirements};
use super::{cluster_names, retag, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "ecs:CreateCapacityProvider";
const UPDATE: &str = "ecs:UpdateCapacityProvider";

pub(crate) struct ManagedCapacityProviderDriver;

#[async_trait]
impl Driver for ManagedCapacityProviderDriver {
    type Kind = ManagedCapacityProvider;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<ManagedCapacityProvider>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let found = aws.joins().capacity_providers.get((), name.to_owned()).await?;
        Ok(found.and_then(|provider| found_of(&provider, ownership)))
    }

    /// Cluster by cluster: only of one cluster's providers does the API reference say that those of Managed Instances are among
    /// them (`DescribeCapacityProviders.cluster`).
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let mut found = vec![];
        for cluster in cluster_names(survey.aws()).await? {
            let providers = describe(&survey.aws().core(), None, Some(cluster)).await?;
            let managed = providers.values().filter(|provider| provider.managed_instances_provider().is_some());
            found.extend(ours(claims, ManagedCapacityProvider::NAME, managed));
        }
        Ok(found)
    }

    async fn create(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: ManagedCapacityProvider,
    ) -> Result<Option<String>, Fault> {
        let request = CreateCapacityProviderInputBuilder::default()
            .name(&want.name)
            .cluster(&want.cluster)
            .managed_instances_provider(provider(&want).map_err(|error| Fault::unsent(CREATE, &error))?)
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        let refused = match aws.write(request).await {
            Ok(made) => return Ok(made.capacity_provider.and_then(|provider| provider.capacity_provider_arn)),
            Err(fault) => fault,
        };
        let there = aws.reader().joins().capacity_providers.get((), want.name.clone()).await?;
        let seen = made_before(there.and_then(|it| found_of(&it, marks.ownership)), refused, &want.name)?;
        let arn = seen.outputs.get("arn").cloned();
        self.update(aws, marks, want, seen).await?;
        Ok(arn)
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: ManagedCapacityProvider,
        seen: Seen<ManagedCapacityProvider>,
    ) -> Result<(), Fault> {
        let mut there = ManagedCapacityProvider { tags: want.tags.clone(), ..seen.value.clone() };
        want.disown(&mut there);
        if there != want {
            let request = UpdateCapacityProviderInputBuilder::default()
                .name(&want.name)
                .cluster(&want.cluster)
                .managed_instances_provider(provider_update(&want).map_err(|error| Fault::unsent(UPDATE, &error))?);
            aws.write(request).await?;
        }
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<ManagedCapacityProvider>) -> Result<(), Fault> {
        let request = DeleteCapacityProviderInputBuilder::default()
            .capacity_provider(&seen.value.name)
            .cluster(&seen.value.cluster);
        aws.write(request).await.absent_if(&["ResourceNotFoundException", "ClusterNotFoundException"]).map(drop)
    }
}

fn found_of(provider: &api::CapacityProvider, ownership: &Ownership) -> Option<Found<ManagedCapacityProvider>> {
    let state = state(provider)?;
    let tags = tags_of(provider.tags());
    let of_provider = provider.managed_instances_provider()?;
    let optimization = of_provider.infrastructure_optimization();
    let repair = of_provider.auto_repair_configuration().and_then(|repair| repair.actions_status());
    let propagates = of_provider.propagate_tags() == Some(&api::PropagateMiTags::CapacityProvider);
    let cluster = provider.cluster().unwrap_or_default();
    let kind = ManagedCapacityProvider {
        name: provider.name().unwrap_or_default().to_owned(),
        cluster: super::name_of(cluster).to_owned(),
        infrastructure_role: of_provider.infrastructure_role_arn().unwrap_or_default().into(),
        launch: as_launch(of_provider.instance_launch_template()?),
        scale_in_after: optimization.and_then(api::InfrastructureOptimization::scale_in_after),
        auto_repair: repair
            .map(|word| if word.as_str() == Switch::Enabled.as_str() { Switch::Enabled } else { Switch::Disabled }),
        propagate_tags: if propagates { PropagateManagedTags::CapacityProvider } else { PropagateManagedTags::None },
        tags: managed(&tags),
    };
    let (name, arn) = (kind.name.clone(), provider.capacity_provider_arn().unwrap_or_default());
    let detail = ManagedProviderDetail { failed: failed(provider) };
    let seen = Seen { state, detail: serde_json::to_value(detail).unwrap_or_default(), ..Seen::active(kind) }
        .with_output(ManagedCapacityProviderOutput::Arn, arn)
        .with_output(ManagedCapacityProviderOutput::Name, name);
    Some(Found::new(seen, ownership, &tags))
}

/// Why ECS could not make or change it.
fn failed(provider: &api::CapacityProvider) -> Option<String> {
    let status = provider.update_status()?;
    let failed = [api::CapacityProviderUpdateStatus::CreateFailed, api::CapacityProviderUpdateStatus::UpdateFailed]
        .contains(status);
    failed.then(|| provider.update_status_reason().unwrap_or(status.as_str()).to_owned())
}

fn as_launch(template: &api::InstanceLaunchTemplate) -> ManagedLaunch {
    let network = template.network_configuration();
    let spot = template.capacity_option_type() == Some(&api::CapacityOptionType::Spot);
    let detailed = template.monitoring() == Some(&api::ManagedInstancesMonitoringOptions::Detailed);
    ManagedLaunch {
        instance_profile: template.ec2_instance_profile_arn().into(),
        subnets: network.map(|network| network.subnets().to_vec()).unwrap_or_default(),
        security_groups: network
            .map(|network| network.security_groups().iter().map(|id| id.as_str().into()).collect())
            .unwrap_or_default(),
        capacity_option_type: if spot { CapacityOptionType::Spot } else { CapacityOptionType::OnDemand },
        requirements: template.instance_requirements().map(as_requirements),
        storage_size: template
            .storage_configuration()
            .and_then(api::ManagedInstancesStorageConfiguration::storage_size_gib),
        local_storage: template
            .local_storage_configuration()
            .is_some_and(api::ManagedInstancesLocalStorageConfiguration::use_local_storage),
        monitoring: if detailed { ManagedMonitoring::Detailed } else { ManagedMonitoring::Basic },
        fips_enabled: template.fips_enabled(),
        // API reference, `InstanceLaunchTemplate`: "The default value is true".
        metadata_tags: template.instance_metadata_tags_propagation().unwrap_or(true),
    }
}

type Built<T> = Result<T, aws_sdk_ecs::error::BuildError>;

fn provider(want: &ManagedCapacityProvider) -> Built<api::CreateManagedInstancesProviderConfiguration> {
    let launch = &want.launch;
    let template = api::InstanceLaunchTemplate::builder()
        .ec2_instance_profile_arn(launch.instance_profile.to_string())
        .network_configuration(network(launch))
        .storage_configuration(storage(launch))
        .local_storage_configuration(local_storage(launch))
        .monitoring(launch.monitoring.as_str().into())
        .capacity_option_type(launch.capacity_option_type.as_str().into())
        .instance_metadata_tags_propagation(launch.metadata_tags)
        .set_instance_requirements(launch.requirements.as_ref().map(requirements).transpose()?)
        .set_fips_enabled(launch.fips_enabled)
        .build()?;
    api::CreateManagedInstancesProviderConfiguration::builder()
        .infrastructure_role_arn(want.infrastructure_role.to_string())
        .instance_launch_template(template)
        .propagate_tags(want.propagate_tags.as_str().into())
        .infrastructure_optimization(optimization(want))
        .set_auto_repair_configuration(repair(want))
        .build()
}

/// The whole of what can be changed.
fn provider_update(want: &ManagedCapacityProvider) -> Built<api::UpdateManagedInstancesProviderConfiguration> {
    let launch = &want.launch;
    let template = api::InstanceLaunchTemplateUpdate::builder()
        .ec2_instance_profile_arn(launch.instance_profile.to_string())
        .network_configuration(network(launch))
        .storage_configuration(storage(launch))
        .local_storage_configuration(local_storage(launch))
        .monitoring(launch.monitoring.as_str().into())
        .instance_metadata_tags_propagation(launch.metadata_tags)
        .set_instance_requirements(launch.requirements.as_ref().map(requirements).transpose()?)
        .build();
    api::UpdateManagedInstancesProviderConfiguration::builder()
        .infrastructure_role_arn(want.infrastructure_role.to_string())
        .instance_launch_template(template)
        .propagate_tags(want.propagate_tags.as_str().into())
        .infrastructure_optimization(optimization(want))
        .set_auto_repair_configuration(repair(want))
        .build()
}

fn network(launch: &ManagedLaunch) -> api::ManagedInstancesNetworkConfiguration {
    api::ManagedInstancesNetworkConfiguration::builder()
        .set_subnets(Some(launch.subnets.clone()))
        .set_security_groups(Some(launch.security_groups.iter().map(ToString::to_string).collect()))
        .build()
}

/// What is left out stays as it was in a change, so that the default is said.
fn storage(launch: &ManagedLaunch) -> api::ManagedInstancesStorageConfiguration {
    let size = launch.storage_size.unwrap_or(ManagedLaunch::DEFAULT_STORAGE);
    api::ManagedInstancesStorageConfiguration::builder().storage_size_gib(size).build()
}

fn local_storage(launch: &ManagedLaunch) -> api::ManagedInstancesLocalStorageConfiguration {
    api::ManagedInstancesLocalStorageConfiguration::builder().use_local_storage(launch.local_storage).build()
}

fn optimization(want: &ManagedCapacityProvider) -> api::InfrastructureOptimization {
    api::InfrastructureOptimization::builder().set_scale_in_after(want.scale_in_after).build()
}

fn repair(want: &ManagedCapacityProvider) -> Option<api::AutoRepairConfiguration> {
    let status = want.auto_repair?.as_str();
    Some(api::AutoRepairConfiguration::builder().actions_status(status.into()).build())
}
