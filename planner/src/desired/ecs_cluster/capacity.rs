//! Instances of a cluster's own: what each entry of `ec2Capacity` is made of, and the providers that the cluster has.

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::EcsClusterSpec;
use longshore_crds::ecs_cluster::{Ec2Capacity, ManagedScaling};
use longshore_crds::task_definition::Switch;

use super::managed::managed_name;
use super::others;
use super::user_data::user_data;
use crate::desired::grants::authorise_auto_scaling_group;
use crate::desired::memory::Memory;
use crate::desired::obstacle::{Facts, Need, Obstacle};
use crate::desired::scope::Scope;
use crate::desired::subnets;
use crate::engine::{FieldPath, Graph, Handle, Id, Kind, Text, content_hash};
use crate::kinds::autoscaling::auto_scaling_group::{AutoScalingGroup, AutoScalingGroupOutput, MixedInstances};
use crate::kinds::ec2::launch_template::{LaunchTemplate, LaunchTemplateOutput, MetadataOptions, RootVolume};
use crate::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use crate::kinds::ec2::security_group_rule::SecurityGroupRule;
use crate::kinds::ecs::capacity_provider::{CapacityProvider, CapacityProviderOutput, Scaling};
use crate::kinds::ecs::cluster_capacity_providers::{ClusterCapacityProviders, DefaultProvider};
use crate::kinds::iam::instance_profile::{InstanceProfile, InstanceProfileOutput};
use crate::kinds::iam::role::{Role, RoleOutput};
use crate::names;

/// The key of the cluster's providers in its object's graph.
const PROVIDERS_KEY: &str = "capacity-providers";
/// The disk that the ECS-optimised image boots from.
const ROOT_DEVICE: &str = "/dev/xvda";
/// Answers of the metadata service do not reach containers behind a bridge.
const HOP_LIMIT: i32 = 1;

/// The capacity provider that an entry of `ec2Capacity` becomes, of the cluster whose names begin with `base`.
pub(in crate::desired) fn provider_name(base: &str, entry: &Ec2Capacity) -> String {
    let name = match (&entry.auto_scaling_group_arn, &entry.managed_instances) {
        (None, None) => entry.name.clone(),
        (None, Some(managed)) => managed_name(entry, managed),
        // A provider keeps its group: another one is another provider.
        (Some(arn), _) => {
            format!("{}-{}", entry.name, content_hash(&arn.as_str().into()).get(..8).unwrap_or_default())
        }
    };
    names::provider(base, &name)
}

/// The security group of the instances of an entry, in its cluster's graph. `None`: they are in a group of Auto Scaling that is
/// only named, and its owner's to open and to let in.
pub(in crate::desired) fn group_of_instances(graph: &Graph, entry: &Ec2Capacity) -> Option<Text> {
    let is_it = |id: &&Id| id.kind == SecurityGroup::NAME && id.key == entry.name;
    let id = graph.iter().map(|(id, _)| id).find(is_it)?;
    Some(Text::out(id.clone(), SecurityGroupOutput::Id.into()))
}

/// What every entry's part of the graph is built from, and what must be asked first.
pub(super) struct Capacity<'a> {
    pub(super) scope: &'a Scope,
    spec: &'a EcsClusterSpec,
    pub(super) cluster: &'a str,
    pub(super) facts: &'a Facts,
    pub(super) memory: &'a Memory,
    pub(super) pins: BTreeMap<String, String>,
    pub(super) needs: BTreeSet<Need>,
}

impl<'a> Capacity<'a> {
    pub(super) fn new(
        scope: &'a Scope,
        spec: &'a EcsClusterSpec,
        cluster: &'a str,
        facts: &'a Facts,
        memory: &'a Memory,
    ) -> Self {
        Self { scope, spec, cluster, facts, memory, pins: BTreeMap::new(), needs: BTreeSet::new() }
    }

    /// The cluster is there before the instances that register with it, and they before a provider of them.
    pub(super) fn add(&mut self, graph: &mut Graph, cluster: &Id) -> Result<(), Obstacle> {
        if self.spec.ec2_capacity.is_empty() {
            return Ok(());
        }
        let mut own = BTreeMap::new();
        for entry in &self.spec.ec2_capacity {
            if let Some(managed) = &entry.managed_instances {
                own.extend(self.managed(graph, entry, managed, cluster)?.map(|name| (entry.name.as_str(), name)));
                continue;
            }
            let group = match &entry.auto_scaling_group_arn {
                Some(arn) => {
                    authorise_auto_scaling_group(self.scope, arn, &at(entry).member("autoScalingGroupArn"))
                        .map_or(Ok(()), Err)?;
                    Some(Text::from(arn.as_str()))
                }
                None => self.group(graph, entry, cluster)?,
            };
            // What stands on an answer that is not there yet is not wanted yet either.
            let Some(group) = group else { continue };
            let provider = graph.add(&entry.name, self.provider(entry, group), at(entry), &[])?;
            own.insert(entry.name.as_str(), provider.out(CapacityProviderOutput::Name));
        }
        if self.needs.is_empty() {
            graph.add(PROVIDERS_KEY, self.providers(&own), "spec.defaultCapacityProviderStrategy", &[cluster])?;
        }
        Ok(())
    }

    /// A group that is made, with all that it takes. `None`: something must be asked first.
    fn group(&mut self, graph: &mut Graph, entry: &Ec2Capacity, cluster: &Id) -> Result<Option<Text>, Obstacle> {
        let (image, subnets) = (self.image(entry, instance_types(entry))?, self.known_subnets(entry)?);
        let (Some(image), Some(subnets)) = (image, subnets) else { return Ok(None) };
        let (security_group, way_out) = self.security_group(graph, entry)?;
        let mixed = mixed(entry);
        let template = LaunchTemplate {
            name: self.name(entry),
            image,
            instance_type: entry.instance_type.clone().filter(|_| mixed.is_none()),
            instance_profile: self.instance_profile(graph, entry, self.instance_role(entry, self.cluster))?.0,
            security_groups: vec![security_group],
            user_data: user_data(self.cluster),
            metadata: MetadataOptions { tokens_required: true, hop_limit: HOP_LIMIT },
            root_volume: RootVolume {
                device_name: ROOT_DEVICE.to_owned(),
                size: entry.root_volume_gib,
                encrypted: true,
            },
            instance_tags: self.instance_tags(entry),
            other: vec![],
            tags: self.scope.tags(&entry.tags),
        };
        let template = graph.add(&entry.name, template, at(entry), &[&way_out])?;
        let group = AutoScalingGroup { mixed, ..self.auto_scaling_group(entry, &template, subnets) };
        let group = graph.add(&entry.name, group, at(entry), &[cluster])?;
        Ok(Some(group.out(AutoScalingGroupOutput::Arn)))
    }

    fn auto_scaling_group(
        &self,
        entry: &Ec2Capacity,
        template: &Handle<LaunchTemplate>,
        subnets: Vec<String>,
    ) -> AutoScalingGroup {
        let version = template.out(LaunchTemplateOutput::Version);
        AutoScalingGroup {
            name: self.name(entry),
            launch_template: template.out(LaunchTemplateOutput::Id),
            version: version.clone(),
            instances_from: version,
            mixed: None,
            min_size: entry.min_size.unwrap_or(0),
            max_size: entry.max_size.unwrap_or(0),
            subnets,
            protects_new_instances: protection(entry) == Switch::Enabled,
            tags: self.scope.tags(&entry.tags),
        }
    }

    /// `None`: AWS must be asked first.
    pub(super) fn known_subnets(&mut self, entry: &Ec2Capacity) -> Result<Option<Vec<String>>, Obstacle> {
        match self.subnets(entry) {
            Err(Obstacle::Needs(needs)) => {
                self.needs.extend(needs);
                Ok(None)
            }
            other => Ok(Some(other?)),
        }
    }

    fn subnets(&self, entry: &Ec2Capacity) -> Result<Vec<String>, Obstacle> {
        if !entry.subnets.is_empty() {
            return Ok(entry.subnets.clone());
        }
        let at = format!("{}.subnets", at(entry));
        subnets::of_environment(self.scope, false, "entry of ec2Capacity", &at, self.facts)
    }

    /// A group of the instances' own, and the rule that lets them out: to ECS, to registries, to what their tasks call.
    pub(super) fn security_group(&self, graph: &mut Graph, entry: &Ec2Capacity) -> Result<(Text, Id), Obstacle> {
        let group = SecurityGroup {
            name: self.name(entry),
            vpc_id: self.scope.environment.network.vpc_id.clone(),
            description: format!("Longshore: {}: the instances {}", self.scope.ownership().object, entry.name),
            tags: self.scope.tags(&entry.tags),
        };
        let group = graph.add(&entry.name, group, at(entry), &[])?.out(SecurityGroupOutput::Id);
        let tags = self.scope.tags(&entry.tags);
        let rule = SecurityGroupRule { tags, ..SecurityGroupRule::everything_out(group.clone()) };
        let rule = graph.add(&format!("{}-egress-all", entry.name), rule, at(entry), &[])?.id;
        Ok((group, rule))
    }

    /// The profile and its role, both by their ARNs.
    pub(super) fn instance_profile(
        &self,
        graph: &mut Graph,
        entry: &Ec2Capacity,
        role: Role,
    ) -> Result<(Text, Text), Obstacle> {
        let role = graph.add(&format!("{}-instances", entry.name), role, at(entry).member("instanceRole"), &[])?;
        let profile = InstanceProfile {
            name: self.name(entry),
            path: self.scope.role_path(),
            role: role.out(RoleOutput::Name),
            tags: self.scope.tags(&entry.tags),
        };
        let profile = graph.add(&entry.name, profile, at(entry), &[])?.out(InstanceProfileOutput::Arn);
        Ok((profile, role.out(RoleOutput::Arn)))
    }

    fn provider(&self, entry: &Ec2Capacity, group: Text) -> CapacityProvider {
        CapacityProvider {
            name: provider_name(&self.scope.base(), entry),
            auto_scaling_group: group,
            scaling: scaling(entry),
            managed_termination_protection: protection(entry),
            managed_draining: entry.managed_draining.unwrap_or(Switch::Enabled),
            tags: self.scope.tags(&entry.tags),
        }
    }

    /// A name means the cluster's own entry first.
    fn providers(&self, own: &BTreeMap<&str, Text>) -> ClusterCapacityProviders {
        let named = |name: &String| own.get(name.as_str()).cloned().unwrap_or_else(|| name.as_str().into());
        ClusterCapacityProviders {
            cluster: self.cluster.to_owned(),
            capacity_providers: own.values().cloned().chain(others(self.spec).into_iter().map(Text::from)).collect(),
            default_strategy: self
                .spec
                .default_capacity_provider_strategy
                .iter()
                .map(|item| DefaultProvider {
                    capacity_provider: named(&item.capacity_provider),
                    base: item.base,
                    weight: item.weight,
                })
                .collect(),
        }
    }

    /// What an entry's resources are called.
    pub(super) fn name(&self, entry: &Ec2Capacity) -> String {
        names::part(&self.scope.base(), &entry.name)
    }

    /// So that people know them in the console.
    fn instance_tags(&self, entry: &Ec2Capacity) -> BTreeMap<String, String> {
        let mut tags = self.scope.tags(&entry.tags);
        tags.entry("Name".to_owned()).or_insert_with(|| self.name(entry));
        tags
    }
}

/// Where an entry stands in the spec.
pub(super) fn at(entry: &Ec2Capacity) -> FieldPath {
    FieldPath::from("spec.ec2Capacity").item(&entry.name)
}

/// The types that an entry launches, the first wanted most.
fn instance_types(entry: &Ec2Capacity) -> &[String] {
    match &entry.instance_type {
        Some(one) => std::slice::from_ref(one),
        None => &entry.instance_types,
    }
}

/// Several types, or Spot; a single type without a word of Spot is the template's.
fn mixed(entry: &Ec2Capacity) -> Option<MixedInstances> {
    if entry.instance_types.is_empty() && entry.instances_distribution.is_none() {
        return None;
    }
    let unless_told = MixedInstances::unless_told(instance_types(entry).to_vec());
    let Some(told) = &entry.instances_distribution else { return Some(unless_told) };
    Some(MixedInstances {
        on_demand_base_capacity: told.on_demand_base_capacity.unwrap_or(unless_told.on_demand_base_capacity),
        on_demand_percentage_above_base_capacity: told
            .on_demand_percentage_above_base_capacity
            .unwrap_or(unless_told.on_demand_percentage_above_base_capacity),
        spot_allocation_strategy: told.spot_allocation_strategy.unwrap_or(unless_told.spot_allocation_strategy),
        spot_max_price: told.spot_max_price.clone(),
        ..unless_told
    })
}

fn status(entry: &Ec2Capacity) -> Switch {
    entry.managed_scaling.as_ref().and_then(|scaling| scaling.status).unwrap_or(Switch::Enabled)
}

/// By ECS, unless the group scales by other means; of a group that is there it is the group's to protect.
fn protection(entry: &Ec2Capacity) -> Switch {
    let unless_told = if entry.auto_scaling_group_arn.is_some() { Switch::Disabled } else { status(entry) };
    entry.managed_termination_protection.unwrap_or(unless_told)
}

fn scaling(entry: &Ec2Capacity) -> Scaling {
    let unless_told = Scaling::unless_told(status(entry));
    let Some(scaling) = &entry.managed_scaling else { return unless_told };
    let ManagedScaling { target_capacity, minimum_scaling_step_size, maximum_scaling_step_size, .. } = scaling;
    Scaling {
        status: unless_told.status,
        target_capacity: target_capacity.unwrap_or(unless_told.target_capacity),
        minimum_scaling_step_size: minimum_scaling_step_size.unwrap_or(unless_told.minimum_scaling_step_size),
        maximum_scaling_step_size: maximum_scaling_step_size.unwrap_or(unless_told.maximum_scaling_step_size),
        instance_warmup_period: scaling.instance_warmup_period.unwrap_or(unless_told.instance_warmup_period),
    }
}
