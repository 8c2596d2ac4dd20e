//! An entry of instances that ECS manages: the two roles that they take, and the provider itself.

use std::collections::BTreeMap;

use longshore_crds::ecs_cluster::{
    CapacityOptionType, Ec2Capacity, ManagedInstances, ManagedMonitoring, PropagateManagedTags,
};
use serde_json::{Value, json};

use super::capacity::{Capacity, at};
use super::instance_role::{POLICY, trust};
use crate::desired::ecs_service::infrastructure_trust;
use crate::desired::obstacle::{Obstacle, Refusal};
use crate::engine::{Graph, Id, Text, content_hash};
use crate::kinds::ecs::managed_capacity_provider::{
    ManagedCapacityProvider, ManagedCapacityProviderOutput, ManagedLaunch,
};
use crate::kinds::iam::role::{Role, RoleOutput};
use crate::names;

/// What ECS needs to launch instances. It takes them away by a role of its own (developer guide, "Using service-linked roles for
/// Amazon ECS Managed Instances").
const INFRASTRUCTURE: &str = "AmazonECSInfrastructureRolePolicyForManagedInstances";
/// The inline policy beside it.
const PASS_ROLE: &str = "pass-instance-role";

/// What a managed entry's provider is called, before the base. What ECS cannot change of one is in its name, and so is that it is
/// none of an Auto Scaling group: another one is another provider.
pub(super) fn managed_name(entry: &Ec2Capacity, managed: &ManagedInstances) -> String {
    let fixed = json!(["MANAGED_INSTANCES", option(managed), managed.fips_enabled]);
    format!("{}-{}", entry.name, content_hash(&fixed).get(..8).unwrap_or_default())
}

fn option(managed: &ManagedInstances) -> CapacityOptionType {
    managed.capacity_option_type.unwrap_or(CapacityOptionType::OnDemand)
}

impl Capacity<'_> {
    /// The provider of instances that ECS manages, by its name, with all that it takes. `None`: something must be asked first.
    pub(super) fn managed(
        &mut self,
        graph: &mut Graph,
        entry: &Ec2Capacity,
        managed: &ManagedInstances,
        cluster: &Id,
    ) -> Result<Option<Text>, Obstacle> {
        let Some(subnets) = self.known_subnets(entry)? else { return Ok(None) };
        let (security_group, way_out) = self.security_group(graph, entry)?;
        let (instance_profile, instance_role) = self.instance_profile(graph, entry, self.managed_role(entry))?;
        let infrastructure = self.infrastructure_role(entry, &instance_role);
        let key = format!("{}-infrastructure", entry.name);
        let infrastructure = graph.add(&key, infrastructure, at(entry), &[])?.out(RoleOutput::Arn);
        let provider = ManagedCapacityProvider {
            name: super::provider_name(&self.scope.base(), entry),
            cluster: self.cluster.to_owned(),
            infrastructure_role: infrastructure,
            launch: ManagedLaunch {
                instance_profile,
                subnets,
                security_groups: vec![security_group],
                capacity_option_type: option(managed),
                requirements: managed.instance_requirements.clone(),
                storage_size: managed.storage_configuration.map(|storage| storage.storage_size_gib),
                local_storage: managed.local_storage_configuration.is_some_and(|storage| storage.use_local_storage),
                monitoring: managed.monitoring.unwrap_or(ManagedMonitoring::Basic),
                fips_enabled: managed.fips_enabled,
                // Longshore's own tags have a slash, with which no instance would start.
                metadata_tags: false,
            },
            scale_in_after: managed.infrastructure_optimization.and_then(|it| it.scale_in_after),
            auto_repair: managed.auto_repair_configuration.map(|repair| repair.actions_status),
            propagate_tags: managed.propagate_tags.unwrap_or(PropagateManagedTags::CapacityProvider),
            tags: self.scope.tags(&entry.tags),
        };
        let provider = graph.add(&entry.name, provider, at(entry), &[cluster, &way_out])?;
        Ok(Some(provider.out(ManagedCapacityProviderOutput::Name)))
    }

    /// AWS's `AmazonECSInstanceRolePolicyForManagedInstances`, for this one cluster.
    fn managed_role(&self, entry: &Ec2Capacity) -> Role {
        let cluster = self.scope.arn("ecs", &format!("cluster/{}", self.cluster));
        let instances = self.scope.arn("ecs", &format!("container-instance/{}/*", self.cluster));
        let allow =
            |actions: &[&str], resource: &str| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
        let agent = [
            allow(&["ecs:DiscoverPollEndpoint"], "*"),
            allow(
                &["ecs:RegisterContainerInstance", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitTaskStateChange"],
                &cluster,
            ),
            allow(&["ecs:Poll", "ecs:PutSystemLogEvents", "ecs:StartTelemetrySession"], &instances),
        ];
        Role {
            description: self.describe(entry, "what ECS's agent may do on the instances"),
            inline: [(POLICY.to_owned(), policy(&agent))].into(),
            trust: trust(),
            ..self.role_of(entry, "instances")
        }
    }

    /// With AWS's own policy, which AWS extends as ECS grows. That passes roles of one name alone: a role with another needs a
    /// statement of its own (developer guide, "Amazon ECS Managed Instances instance profile", "Use a custom role name").
    fn infrastructure_role(&self, entry: &Ec2Capacity, instance_role: &Text) -> Role {
        let pass = json!({
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": instance_role,
            "Condition": {"StringLike": {"iam:PassedToService": "ec2.*"}},
        });
        Role {
            description: self.describe(entry, "what ECS may do to launch the instances"),
            inline: [(PASS_ROLE.to_owned(), policy(&[pass]))].into(),
            attached: [format!("arn:{}:iam::aws:policy/{INFRASTRUCTURE}", self.scope.partition())].into(),
            trust: infrastructure_trust(),
            ..self.role_of(entry, "infrastructure")
        }
    }

    fn describe(&self, entry: &Ec2Capacity, what: &str) -> String {
        format!("{}: {what} {}", self.scope.ownership().object, entry.name)
    }

    /// A role of an entry, without what it may do.
    pub(super) fn role_of(&self, entry: &Ec2Capacity, suffix: &str) -> Role {
        Role {
            name: names::part(&self.scope.base(), &format!("{}-{suffix}", entry.name)),
            path: self.scope.role_path(),
            permissions_boundary: self.scope.boundary(),
            tags: self.scope.tags(&entry.tags),
            ..Role::default()
        }
    }
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Developer guide, "Architect for Amazon ECS Managed Instances", "Capacity providers": "A capacity provider strategy can only
/// contain one capacity provider type". `strategy`: names, of which `managed` says whether they are of Managed Instances.
pub(in crate::desired) fn mixed<'a>(
    strategy: impl Iterator<Item = &'a str>,
    managed: impl Fn(&str) -> bool,
    field: &str,
) -> Option<Refusal> {
    let mut by_kind: BTreeMap<bool, &str> = BTreeMap::new();
    for name in strategy {
        by_kind.entry(managed(name)).or_insert(name);
    }
    let (of_managed, other) = (by_kind.get(&true)?, by_kind.get(&false)?);
    let message = format!(
        "{of_managed} is of instances that ECS manages, and {other} is not: ECS takes providers of one kind in a strategy; name \
         one kind, and use the other in another service"
    );
    Some(Refusal::new("MixedCapacity", field, message))
}
