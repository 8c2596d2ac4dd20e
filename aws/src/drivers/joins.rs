//! The reads that AWS answers for many things at once, joined.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ec2::operation::describe_security_group_rules::builders::DescribeSecurityGroupRulesInputBuilder;
use aws_sdk_ec2::operation::describe_security_groups::builders::DescribeSecurityGroupsInputBuilder;
use aws_sdk_ec2::types::{Filter, SecurityGroup, SecurityGroupRule};
use aws_sdk_ecs::operation::describe_clusters::builders::DescribeClustersInputBuilder;
use aws_sdk_ecs::operation::describe_services::builders::DescribeServicesInputBuilder;
use aws_sdk_ecs::types::{CapacityProvider, Cluster, ClusterField, Failure, Service, ServiceField};
use aws_sdk_efs::types::{AccessPointDescription, FileSystemDescription, MountTargetDescription};
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, TargetGroup};

use super::application_autoscaling as scaling;
use super::ecs::capacity_provider::describe as describe_providers;
use super::efs::joins as efs;
use super::elbv2::joins as elb;
use super::service_discovery::listing::{self as discovery, Described};
use crate::access::{Aws, Core};
use crate::fault::Fault;
use crate::joined::Joined;
use crate::tags::Tags;

/// "You may specify up to 10 services to describe in a single operation", API reference of `DescribeServices`.
const SERVICES: usize = 10;
/// "A list of up to 100 cluster names", API reference of `DescribeClusters`.
const CLUSTERS: usize = 100;
/// "Up to `100` capacity providers can be described in an action", API reference of `DescribeCapacityProviders`.
const PROVIDERS: usize = 100;
/// A filter takes 200 values ("List and filter using the CLI and API", Amazon EC2 User Guide).
const GROUPS: usize = 200;

/// One for each kind of joined read.
#[derive(Debug)]
pub(crate) struct Joins {
    /// By cluster, then by name.
    pub(crate) services: Joined<String, String, Arc<Service>>,
    /// By name.
    pub(crate) clusters: Joined<(), String, Arc<Cluster>>,
    /// By name; FARGATE and FARGATE_SPOT too.
    pub(crate) capacity_providers: Joined<(), String, Arc<CapacityProvider>>,
    /// By id.
    pub(crate) groups: Joined<(), String, Arc<SecurityGroup>>,
    /// By VPC, then by name.
    pub(crate) named_groups: Joined<String, String, Arc<SecurityGroup>>,
    /// By the group's id: all of its rules; a group without any is left out.
    pub(crate) rules: Joined<(), String, Arc<Vec<SecurityGroupRule>>>,
    /// By name.
    pub(crate) load_balancers: Joined<(), String, Arc<LoadBalancer>>,
    /// By name.
    pub(crate) target_groups: Joined<(), String, Arc<TargetGroup>>,
    /// By the load balancer's ARN: all of its listeners.
    pub(crate) listeners: Joined<(), String, Arc<Vec<Listener>>>,
    /// By the listener's ARN: all of its rules.
    pub(crate) listener_rules: Joined<(), String, Arc<Vec<Rule>>>,
    /// By the ARN of what Elastic Load Balancing has tags of.
    pub(crate) elb_tags: Joined<(), String, Arc<Tags>>,
    /// By resource id: services that are scaled.
    pub(crate) scalable_targets: Joined<(), String, Arc<ScalableTarget>>,
    /// By id, or by the token that it was made with.
    pub(crate) file_systems: Joined<(), String, Arc<FileSystemDescription>>,
    /// By the file system's id: all of its mount targets.
    pub(crate) mount_targets: Joined<(), String, Arc<Vec<MountTargetDescription>>>,
    /// By the file system's id: all of its access points.
    pub(crate) access_points: Joined<(), String, Arc<Vec<AccessPointDescription>>>,
    /// By the Cloud Map namespace's id: all of its services.
    pub(crate) discovery_services: Joined<(), String, Arc<Vec<Described>>>,
}

impl Joins {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        let (services, clusters, groups, named, rules) =
            (Arc::clone(core), Arc::clone(core), Arc::clone(core), Arc::clone(core), Arc::clone(core));
        let (balancers, targets, listeners, listener_rules, tags) =
            (Arc::clone(core), Arc::clone(core), Arc::clone(core), Arc::clone(core), Arc::clone(core));
        let (scaled, providers) = (Arc::clone(core), Arc::clone(core));
        let (file_systems, mount_targets, access_points) = (Arc::clone(core), Arc::clone(core), Arc::clone(core));
        let discovered = Arc::clone(core);
        Self {
            services: Joined::new("ecs:DescribeServices", SERVICES, move |cluster, names| {
                read_services(Arc::clone(&services), cluster, names)
            }),
            clusters: Joined::new("ecs:DescribeClusters", CLUSTERS, move |(), names| {
                read_clusters(Arc::clone(&clusters), names)
            }),
            capacity_providers: Joined::new("ecs:DescribeCapacityProviders", PROVIDERS, move |(), names| {
                let core = Arc::clone(&providers);
                async move { describe_providers(&core, Some(names), None).await }
            }),
            groups: Joined::new("ec2:DescribeSecurityGroups", GROUPS, move |(), ids| {
                let filters = vec![filter("group-id", ids)];
                read_groups(Arc::clone(&groups), filters, SecurityGroup::group_id)
            }),
            named_groups: Joined::new("ec2:DescribeSecurityGroups", GROUPS, move |vpc, names| {
                let filters = vec![filter("vpc-id", vec![vpc]), filter("group-name", names)];
                read_groups(Arc::clone(&named), filters, SecurityGroup::group_name)
            }),
            rules: Joined::new("ec2:DescribeSecurityGroupRules", GROUPS, move |(), ids| {
                read_rules(Arc::clone(&rules), ids)
            }),
            load_balancers: Joined::new(
                "elasticloadbalancing:DescribeLoadBalancers",
                elb::AT_ONCE,
                move |(), names| elb::read_load_balancers(Arc::clone(&balancers), names),
            ),
            target_groups: Joined::new("elasticloadbalancing:DescribeTargetGroups", elb::AT_ONCE, move |(), names| {
                elb::read_target_groups(Arc::clone(&targets), names)
            }),
            listeners: Joined::new("elasticloadbalancing:DescribeListeners", 1, move |(), arns| {
                elb::read_listeners(Arc::clone(&listeners), arns)
            }),
            listener_rules: Joined::new("elasticloadbalancing:DescribeRules", 1, move |(), arns| {
                elb::read_rules(Arc::clone(&listener_rules), arns)
            }),
            elb_tags: Joined::new("elasticloadbalancing:DescribeTags", elb::AT_ONCE, move |(), arns| {
                elb::read_tags(Arc::clone(&tags), arns)
            }),
            scalable_targets: Joined::new(
                "application-autoscaling:DescribeScalableTargets",
                scaling::AT_ONCE,
                move |(), ids| scaling::read_scalable_targets(Arc::clone(&scaled), ids),
            ),
            file_systems: Joined::new("elasticfilesystem:DescribeFileSystems", 1, move |(), names| {
                efs::read_file_systems(Arc::clone(&file_systems), names)
            }),
            mount_targets: Joined::new("elasticfilesystem:DescribeMountTargets", 1, move |(), ids| {
                efs::read_mount_targets(Arc::clone(&mount_targets), ids)
            }),
            access_points: Joined::new("elasticfilesystem:DescribeAccessPoints", 1, move |(), ids| {
                efs::read_access_points(Arc::clone(&access_points), ids)
            }),
            discovery_services: Joined::new("servicediscovery:ListServices", 1, move |(), ids| {
                discovery::of_namespaces(Arc::clone(&discovered), ids)
            }),
        }
    }
}

async fn read_services(
    core: Arc<Core>,
    cluster: String,
    names: Vec<String>,
) -> Result<HashMap<String, Arc<Service>>, Fault> {
    const OPERATION: &str = "ecs:DescribeServices";
    let request =
        DescribeServicesInputBuilder::default().cluster(cluster).set_services(Some(names)).include(ServiceField::Tags);
    let answer = match core.send(request).await {
        Ok(answer) => answer,
        // Without its cluster there is no service.
        Err(fault) if fault.is("ClusterNotFoundException") => return Ok(HashMap::new()),
        Err(fault) => return Err(fault),
    };
    only_missing(OPERATION, answer.failures())?;
    let services = answer.services.unwrap_or_default().into_iter();
    Ok(services.filter_map(|service| Some((service.service_name()?.to_owned(), Arc::new(service)))).collect())
}

async fn read_clusters(core: Arc<Core>, names: Vec<String>) -> Result<HashMap<String, Arc<Cluster>>, Fault> {
    const OPERATION: &str = "ecs:DescribeClusters";
    let request = DescribeClustersInputBuilder::default()
        .set_clusters(Some(names))
        .include(ClusterField::Tags)
        .include(ClusterField::Settings)
        .include(ClusterField::Configurations);
    let answer = core.send(request).await?;
    only_missing(OPERATION, answer.failures())?;
    let clusters = answer.clusters.unwrap_or_default().into_iter();
    Ok(clusters.filter_map(|cluster| Some((cluster.cluster_name()?.to_owned(), Arc::new(cluster)))).collect())
}

/// ECS answers 200 with a list of failures; `MISSING` is "not there", anything else is a failure of the read.
pub(crate) fn only_missing(operation: &str, failures: &[Failure]) -> Result<(), Fault> {
    let Some(failure) = failures.iter().find(|failure| failure.reason() != Some("MISSING")) else { return Ok(()) };
    let message = format!("{}: {}", failure.arn().unwrap_or_default(), failure.detail().unwrap_or("no further detail"));
    Err(Fault::answered(operation, failure.reason().unwrap_or("Failure"), &message, 500))
}

async fn read_groups(
    core: Arc<Core>,
    filters: Vec<Filter>,
    key: fn(&SecurityGroup) -> Option<&str>,
) -> Result<HashMap<String, Arc<SecurityGroup>>, Fault> {
    let request = DescribeSecurityGroupsInputBuilder::default().set_filters(Some(filters)).max_results(1000);
    let mut found = HashMap::new();
    let mut token = None;
    loop {
        let page = core.send(request.clone().set_next_token(token)).await?;
        for group in page.security_groups.unwrap_or_default() {
            if let Some(key) = key(&group).map(ToOwned::to_owned) {
                found.insert(key, Arc::new(group));
            }
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

impl<A> Aws<A> {
    /// Every group that passes these filters.
    pub(crate) async fn security_groups(
        &self,
        filters: Vec<Filter>,
        key: fn(&SecurityGroup) -> Option<&str>,
    ) -> Result<HashMap<String, Arc<SecurityGroup>>, Fault> {
        read_groups(self.core(), filters, key).await
    }

    /// Every rule that passes these filters.
    pub(crate) async fn security_group_rules(&self, filters: Vec<Filter>) -> Result<Vec<SecurityGroupRule>, Fault> {
        list_rules(&self.core(), filters).await
    }
}

async fn read_rules(core: Arc<Core>, ids: Vec<String>) -> Result<HashMap<String, Arc<Vec<SecurityGroupRule>>>, Fault> {
    let mut found: HashMap<String, Vec<SecurityGroupRule>> = HashMap::new();
    for rule in list_rules(&core, vec![filter("group-id", ids)]).await? {
        if let Some(group) = rule.group_id().map(ToOwned::to_owned) {
            found.entry(group).or_default().push(rule);
        }
    }
    Ok(found.into_iter().map(|(group, rules)| (group, Arc::new(rules))).collect())
}

async fn list_rules(core: &Core, filters: Vec<Filter>) -> Result<Vec<SecurityGroupRule>, Fault> {
    let request = DescribeSecurityGroupRulesInputBuilder::default().set_filters(Some(filters)).max_results(1000);
    let mut found = vec![];
    let mut token = None;
    loop {
        let page = core.send(request.clone().set_next_token(token)).await?;
        found.extend(page.security_group_rules.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

pub(crate) fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}
