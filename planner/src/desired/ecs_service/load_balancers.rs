//! How traffic reaches the tasks: target groups, listener rules, and the port that is open for the load balancer.

use std::collections::BTreeMap;

use longshore_crds::ContainerDefinition;
use longshore_crds::ecs_service::ServiceLoadBalancer;
use longshore_crds::task_definition::TransportProtocol;
use serde::Deserialize;

use super::Builder;
use super::dns::{Names, check_dns, dns_entry, records};
use super::listener_rules::{Listeners, Priorities};
use super::network::ServiceNetwork;
use super::shifting::shift;
use crate::desired::obstacle::{ListenerReference, Need, Obstacle, Reference, Refusal};
use crate::engine::{FieldPath, Graph, GraphError, Id, Text};
use crate::kinds::ec2::security_group_rule::{Peer, SecurityGroupRule};
use crate::kinds::ecs::service::ServiceTarget;
use crate::kinds::elbv2::target_group::TargetGroupOutput;

/// What the service is behind.
#[derive(Default)]
pub(super) struct Attached {
    pub(super) targets: Vec<ServiceTarget>,
    /// By entry: the ends of the ARNs of its load balancer and its target group, as metrics name the two.
    pub(super) resource_labels: BTreeMap<String, Text>,
    /// The listener rules that must be there before the service.
    pub(super) rules: Vec<Id>,
    /// What must be asked before the rules have their priorities.
    pub(super) needs: Vec<Need>,
    /// Hosts that external-dns is asked to lead to a name.
    pub(super) endpoints: BTreeMap<String, String>,
}

/// Whether an entry names an ApplicationLoadBalancer.
pub(super) fn is_named(entry: &ServiceLoadBalancer) -> bool {
    entry.load_balancer.as_ref().is_some_and(|reference| reference.name.is_some())
}

/// The listener that an entry names by its ARN.
pub(super) fn listener_arn(entry: &ServiceLoadBalancer) -> Option<&String> {
    entry.load_balancer.as_ref()?.listener_arn.as_ref()
}

impl Builder<'_> {
    pub(super) fn load_balancers(
        &self,
        graph: &mut Graph,
        network: &mut ServiceNetwork,
        infrastructure: Option<&Text>,
    ) -> Result<Attached, Obstacle> {
        let mut attached = Attached::default();
        let mut priorities = Priorities::new(self);
        let mut refusals = vec![];
        let mut waiting = None;
        let (mut drafts, mut hosts, mut shifts) = (vec![], vec![], vec![]);
        for entry in &self.spec.load_balancers {
            let at = FieldPath::from("spec.loadBalancers").item(&entry.name);
            refusals.extend(self.check_entry(entry, &at));
            refusals.extend(self.check_shift(entry, &at));
            if let Some(arn) = &entry.target_group_arn {
                let shift = self.foreign_shift(entry, infrastructure);
                attached
                    .targets
                    .push(ServiceTarget { advanced_configuration: shift, ..target(entry, arn.as_str().into()) });
                continue;
            }
            match self.listeners(entry, &at) {
                Reference::Waiting { reason, message } => {
                    waiting = waiting.or(Some(Obstacle::Waiting { reason, message }));
                }
                Reference::Ready(listeners) => {
                    refusals.extend(self.check_rules(entry, &listeners, &at));
                    let listener = &listeners.production;
                    let handle = self.target_group(graph, entry, &at)?;
                    let label = resource_label(&listener.listener_arn, handle.out(TargetGroupOutput::ArnSuffix));
                    attached.resource_labels.extend(label.map(|label| (entry.name.clone(), label)));
                    let group = handle.out(TargetGroupOutput::Arn);
                    let alternate = if self.shifts_traffic() {
                        Some(self.alternate_target_group(graph, entry, &at)?.out(TargetGroupOutput::Arn))
                    } else {
                        None
                    };
                    drafts.extend(self.drafts(graph, entry, &listeners, (&group, alternate.as_ref()), &at)?);
                    attached.targets.push(target(entry, group));
                    shifts.extend(alternate.map(|alternate| (attached.targets.len() - 1, entry, alternate)));
                    self.open_ports(graph, entry, listener, network, &at)?;
                    refusals.extend(check_dns(entry, &at));
                    match dns_entry(entry, listener, &at) {
                        Reference::Ready(entries) => hosts.extend(entries),
                        Reference::Waiting { reason, message } => {
                            waiting = waiting.or(Some(Obstacle::Waiting { reason, message }));
                        }
                    }
                }
            }
        }
        let made = self.listener_rules(graph, drafts, &mut priorities)?;
        for (index, entry, alternate) in shifts {
            let shift = shift(entry, alternate, &made, infrastructure);
            if let (Some(target), Some(shift)) = (attached.targets.get_mut(index), shift) {
                target.advanced_configuration = Some(shift);
            }
        }
        attached.rules = made.into_iter().map(|made| made.id).collect();
        refusals.extend(priorities.refusals);
        let names = Names::of(hosts);
        refusals.extend(names.refusals);
        records(graph, &names.in_zones, &attached.rules)?;
        attached.endpoints = names.endpoints;
        attached.needs = priorities.needs.into_iter().collect();
        match (refusals.is_empty(), waiting) {
            (false, _) => Err(Obstacle::Refused(refusals)),
            (true, Some(waiting)) => Err(waiting),
            (true, None) => Ok(attached),
        }
    }

    fn listeners(&self, entry: &ServiceLoadBalancer, at: &FieldPath) -> Reference<Listeners> {
        let test = self.references.test_listeners.get(&entry.name).cloned();
        match (self.listener(entry, at), test) {
            (Reference::Waiting { reason, message }, _) | (_, Some(Reference::Waiting { reason, message })) => {
                Reference::Waiting { reason, message }
            }
            (Reference::Ready(production), Some(Reference::Ready(test))) => {
                Reference::Ready(Listeners { production, test })
            }
            (Reference::Ready(production), None) => {
                Reference::Ready(Listeners { test: production.clone(), production })
            }
        }
    }

    /// The listener that an entry names.
    fn listener(&self, entry: &ServiceLoadBalancer, at: &FieldPath) -> Reference<ListenerReference> {
        if let Some(known) = self.references.listeners.get(&entry.name) {
            return known.clone();
        }
        let reference = entry.load_balancer.clone().unwrap_or_default();
        match (reference.listener_arn, reference.security_group_id) {
            (Some(listener_arn), Some(security_group_id)) => Reference::Ready(ListenerReference {
                listener_arn,
                security_group_id,
                protocol: None,
                address: None,
                hosts: None,
                claims: vec![],
            }),
            _ => Reference::Waiting {
                reason: "LoadBalancerNotFound".to_owned(),
                message: format!(
                    "{at}.loadBalancer: there is no ApplicationLoadBalancer {} in namespace {}; make it, or correct the \
                     name",
                    reference.name.unwrap_or_default(),
                    reference.namespace.as_ref().unwrap_or(&self.scope.namespace)
                ),
            },
        }
    }

    /// What an entry says of things elsewhere, and of its container.
    fn check_entry(&self, entry: &ServiceLoadBalancer, at: &FieldPath) -> Vec<Refusal> {
        let shift = entry.advanced_configuration.as_ref();
        let arns = [
            (entry.target_group_arn.as_ref(), "targetGroupArn", "targetgroup/"),
            (listener_arn(entry), "loadBalancer.listenerArn", "listener/"),
            (
                shift.and_then(|shift| shift.alternate_target_group_arn.as_ref()),
                "advancedConfiguration.alternateTargetGroupArn",
                "targetgroup/",
            ),
            (
                shift.and_then(|shift| shift.production_listener_rule.as_ref()),
                "advancedConfiguration.productionListenerRule",
                "listener",
            ),
            (
                shift.and_then(|shift| shift.test_listener_rule.as_ref()),
                "advancedConfiguration.testListenerRule",
                "listener",
            ),
        ];
        let elsewhere = arns.into_iter().filter_map(|(arn, member, resource)| {
            let here = self.scope.arn("elasticloadbalancing", resource);
            let arn = arn.filter(|arn| !arn.starts_with(&here))?;
            let message = format!(
                "{arn} is not in the account and region of the AwsEnvironment {}: it would start with {here}",
                self.scope.environment_name
            );
            Some(Refusal::new("OtherEnvironment", at.member(member), message))
        });
        let container = self.spec.task.container_definitions.iter().find(|one| one.name == entry.container_name);
        let unmapped = container.filter(|container| !maps(container, entry.container_port)).map(|container| {
            let message = format!(
                "the container {} has no port mapping for {}; add it to its portMappings, or correct containerPort",
                container.name, entry.container_port
            );
            Refusal::new("PortNotMapped", at.member("containerPort"), message)
        });
        elsewhere.chain(unmapped).collect()
    }

    /// Lets the load balancer's group in on the tasks' port, and on that of its checks, and nothing wider.
    fn open_ports(
        &self,
        graph: &mut Graph,
        entry: &ServiceLoadBalancer,
        listener: &ListenerReference,
        network: &mut ServiceNetwork,
        at: &FieldPath,
    ) -> Result<(), GraphError> {
        let Some(group) = network.interfaces.as_ref().map(|interfaces| interfaces.group.clone()) else {
            return Ok(());
        };
        let check = entry.health_check.as_ref().and_then(|check| check.port.as_ref()?.parse().ok());
        let check = check.filter(|port| *port != entry.container_port);
        let ports = [("traffic", Some(entry.container_port)), ("check", check)];
        for (what, port) in ports.into_iter().filter_map(|(what, port)| Some((what, port?))) {
            let peer = Peer::Group(listener.security_group_id.as_str().into());
            let rule = self.let_in(group.clone(), TransportProtocol::Tcp, (port, port), peer);
            // Two entries behind one load balancer may have one port: AWS has one rule for both.
            let known = network.rules.iter().find(|id| graph.get(id).is_some_and(|node| is_same(&node.want, &rule)));
            if known.is_none() {
                let key = format!("{what}-{}", entry.name);
                network.rules.push(self.add_rule(graph, &key, rule, at.clone())?);
            }
        }
        Ok(())
    }
}

fn is_same(want: &serde_json::Value, rule: &SecurityGroupRule) -> bool {
    SecurityGroupRule::deserialize(want).is_ok_and(|other| other.same_tuple(rule))
}

fn maps(container: &ContainerDefinition, port: i32) -> bool {
    container.port_mappings.iter().any(|mapping| mapping.container_port == Some(port))
}

fn target(entry: &ServiceLoadBalancer, group: Text) -> ServiceTarget {
    ServiceTarget {
        target_group_arn: group,
        container_name: entry.container_name.clone(),
        container_port: entry.container_port,
        advanced_configuration: None,
    }
}

/// `app/NAME/ID/targetgroup/NAME/ID` (API reference, `PredefinedMetricSpecification`), of a listener's ARN, which ends in
/// `listener/app/NAME/ID/LISTENER`. None for a Network Load Balancer, which has no such metric.
fn resource_label(listener_arn: &str, group: Text) -> Option<Text> {
    let (_, listener) = listener_arn.split_once(":listener/")?;
    let (balancer, _) = listener.rsplit_once('/')?;
    balancer.starts_with("app/").then(|| Text::from(format!("{balancer}/")).then(group))
}
