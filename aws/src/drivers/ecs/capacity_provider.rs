//! `ecs/capacity-provider` of an Auto Scaling group.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecs::operation::create_capacity_provider::builders::CreateCapacityProviderInputBuilder;
use aws_sdk_ecs::operation::delete_capacity_provider::builders::DeleteCapacityProviderInputBuilder;
use aws_sdk_ecs::operation::describe_capacity_providers::builders::DescribeCapacityProvidersInputBuilder;
use aws_sdk_ecs::operation::update_capacity_provider::builders::UpdateCapacityProviderInputBuilder;
use aws_sdk_ecs::types::{
    AutoScalingGroupProvider, AutoScalingGroupProviderUpdate, CapacityProvider as Described, CapacityProviderField,
    CapacityProviderStatus, CapacityProviderUpdateStatus, ManagedDraining, ManagedScaling, ManagedScalingStatus,
    ManagedTerminationProtection,
};
use longshore_crds::task_definition::Switch;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, State};
use longshore_planner::kinds::ecs::capacity_provider::{CapacityProvider, CapacityProviderOutput, Scaling};

use super::{retag, tag_list, tags_of};
use crate::access::{Aws, Core, Read, Write};
use crate::drivers::{Driver, Found, already_exists, only_missing};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "ecs:CreateCapacityProvider";
const UPDATE: &str = "ecs:UpdateCapacityProvider";
const DESCRIBE: &str = "ecs:DescribeCapacityProviders";

pub(crate) struct CapacityProviderDriver;

#[async_trait]
impl Driver for CapacityProviderDriver {
    type Kind = CapacityProvider;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<CapacityProvider>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let found = aws.joins().capacity_providers.get((), name.to_owned()).await?;
        Ok(found.and_then(|provider| found_of(&provider, ownership)))
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let providers = describe(&survey.aws().core(), None, None).await?;
        let of_groups = providers.values().filter(|provider| provider.auto_scaling_group_provider().is_some());
        Ok(ours(claims, CapacityProvider::NAME, of_groups).collect())
    }

    async fn create(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: CapacityProvider,
    ) -> Result<Option<String>, Fault> {
        let of_group = AutoScalingGroupProvider::builder()
            .auto_scaling_group_arn(want.auto_scaling_group.to_string())
            .managed_scaling(scaling(&want.scaling))
            .managed_termination_protection(protection(want.managed_termination_protection))
            .managed_draining(draining(want.managed_draining))
            .build()
            .map_err(|error| Fault::unsent(CREATE, &error))?;
        let request = CreateCapacityProviderInputBuilder::default()
            .name(&want.name)
            .auto_scaling_group_provider(of_group)
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
        want: CapacityProvider,
        seen: Seen<CapacityProvider>,
    ) -> Result<(), Fault> {
        if want.auto_scaling_group != seen.value.auto_scaling_group {
            return Err(of_another_group(&want, &seen.value));
        }
        if (CapacityProvider { tags: want.tags.clone(), ..seen.value.clone() }) != want {
            let of_group = AutoScalingGroupProviderUpdate::builder()
                .managed_scaling(scaling(&want.scaling))
                .managed_termination_protection(protection(want.managed_termination_protection))
                .managed_draining(draining(want.managed_draining))
                .build();
            let request =
                UpdateCapacityProviderInputBuilder::default().name(&want.name).auto_scaling_group_provider(of_group);
            aws.write(request).await?;
        }
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<CapacityProvider>) -> Result<(), Fault> {
        let request = DeleteCapacityProviderInputBuilder::default().capacity_provider(&seen.value.name);
        aws.write(request).await.absent_if(&["ResourceNotFoundException"]).map(drop)
    }
}

/// What is there of the name of a provider that ECS refused to make: this object's, by an earlier call. ECS has one code for
/// much (API reference, `ClientException`): what is there says more than the words.
pub(super) fn made_before<K: Kind>(there: Option<Found<K>>, refused: Fault, name: &str) -> Result<Seen<K>, Fault> {
    match there {
        Some(Found { seen, .. }) if seen.owner == Owner::This => Ok(Seen { value: seen.value.normalise(), ..seen }),
        Some(_) => Err(already_exists(CREATE, name)),
        None => Err(refused),
    }
}

/// Those of a list that carry the installation's tags.
pub(super) fn ours<'a>(
    claims: &'a Claims,
    kind: &'static str,
    providers: impl Iterator<Item = &'a Arc<Described>>,
) -> impl Iterator<Item = Ours> {
    providers.filter(|provider| state(provider).is_some()).filter_map(move |provider| {
        let (name, arn) = (provider.name()?, provider.capacity_provider_arn()?);
        Ours::of(claims, kind, name, arn, &tags_of(provider.tags()))
    })
}

fn of_another_group(want: &CapacityProvider, seen: &CapacityProvider) -> Fault {
    Fault::fix(
        UPDATE,
        "GroupReplaced",
        format!(
            "the capacity provider {} is of the Auto Scaling group {}, and that is to be {}: a provider keeps its group, \
             and this one's was deleted by somebody else",
            want.name, seen.auto_scaling_group, want.auto_scaling_group
        ),
        "give the entry of ec2Capacity another name, so that it gets a provider of its own; this one goes when no service \
         uses it any more",
    )
}

fn found_of(provider: &Described, ownership: &Ownership) -> Option<Found<CapacityProvider>> {
    let state = state(provider)?;
    let tags = tags_of(provider.tags());
    let of_group = provider.auto_scaling_group_provider()?;
    let on = |word: &str| if word == "ENABLED" { Switch::Enabled } else { Switch::Disabled };
    let protected = of_group.managed_termination_protection().map_or("", ManagedTerminationProtection::as_str);
    let kind = CapacityProvider {
        name: provider.name().unwrap_or_default().to_owned(),
        auto_scaling_group: of_group.auto_scaling_group_arn().into(),
        scaling: of_group.managed_scaling().map_or(Scaling::unless_told(Switch::Disabled), as_scaling),
        managed_termination_protection: on(protected),
        managed_draining: on(of_group.managed_draining().map_or("", ManagedDraining::as_str)),
        tags: managed(&tags),
    };
    let (name, arn) = (kind.name.clone(), provider.capacity_provider_arn().unwrap_or_default());
    let seen = Seen { state, ..Seen::active(kind) }
        .with_output(CapacityProviderOutput::Arn, arn)
        .with_output(CapacityProviderOutput::Name, name);
    Some(Found::new(seen, ownership, &tags))
}

/// `None`: it is gone; ECS goes on telling of an inactive one for a while.
pub(super) fn state(provider: &Described) -> Option<State> {
    match provider.status() {
        Some(CapacityProviderStatus::Inactive) => return None,
        Some(CapacityProviderStatus::Deprovisioning) => {
            return Some(State::Deleting("ECS is taking it away, with its instances".to_owned()));
        }
        Some(CapacityProviderStatus::Provisioning) => {
            return Some(State::Pending("ECS is making it ready".to_owned()));
        }
        _ => {}
    }
    Some(match provider.update_status() {
        Some(CapacityProviderUpdateStatus::DeleteInProgress) => State::Deleting("ECS is taking it away".to_owned()),
        Some(CapacityProviderUpdateStatus::UpdateInProgress | CapacityProviderUpdateStatus::CreateInProgress) => {
            State::Pending("ECS is making or changing it".to_owned())
        }
        _ => State::Active,
    })
}

fn as_scaling(scaling: &ManagedScaling) -> Scaling {
    let enabled = scaling.status() == Some(&ManagedScalingStatus::Enabled);
    let unless_told = Scaling::unless_told(if enabled { Switch::Enabled } else { Switch::Disabled });
    Scaling {
        status: unless_told.status,
        target_capacity: scaling.target_capacity().unwrap_or(unless_told.target_capacity),
        minimum_scaling_step_size: scaling.minimum_scaling_step_size().unwrap_or(unless_told.minimum_scaling_step_size),
        maximum_scaling_step_size: scaling.maximum_scaling_step_size().unwrap_or(unless_told.maximum_scaling_step_size),
        instance_warmup_period: scaling.instance_warmup_period().unwrap_or(unless_told.instance_warmup_period),
    }
}

fn scaling(want: &Scaling) -> ManagedScaling {
    ManagedScaling::builder()
        .status(want.status.as_str().into())
        .target_capacity(want.target_capacity)
        .minimum_scaling_step_size(want.minimum_scaling_step_size)
        .maximum_scaling_step_size(want.maximum_scaling_step_size)
        .instance_warmup_period(want.instance_warmup_period)
        .build()
}

fn protection(want: Switch) -> ManagedTerminationProtection {
    want.as_str().into()
}

fn draining(want: Switch) -> ManagedDraining {
    want.as_str().into()
}

/// Those that are named, or all, by name; or those of one cluster.
pub(crate) async fn describe(
    core: &Core,
    names: Option<Vec<String>>,
    cluster: Option<String>,
) -> Result<HashMap<String, Arc<Described>>, Fault> {
    let request = DescribeCapacityProvidersInputBuilder::default()
        .set_capacity_providers(names)
        .set_cluster(cluster)
        .include(CapacityProviderField::Tags);
    let (mut found, mut token) = (HashMap::new(), None);
    loop {
        let page = core.send(request.clone().set_next_token(token)).await?;
        only_missing(DESCRIBE, page.failures())?;
        let providers = page.capacity_providers.unwrap_or_default().into_iter();
        found.extend(providers.filter_map(|provider| Some((provider.name.clone()?, Arc::new(provider)))));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}
