//! Blue/green, linear and canary: ECS shifts traffic between two target groups of an entry, by the weights of one rule.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::{DeploymentStrategy, LifecycleHookTarget, ServiceLoadBalancer};
use serde_json::json;

use super::Builder;
use super::infrastructure::trust;
use super::listener_rules::{HASH, Made, Traffic};
use crate::desired::obstacle::{Fact, ListenerReference, Need, Refusal};
use crate::engine::{FieldPath, Graph, GraphError, Id, Kind, Text};
use crate::kinds::ecs::service::TrafficShift;
use crate::kinds::elbv2::listener_rule::{ListenerRule, Weight};
use crate::kinds::iam::role::{Role, RoleOutput};

/// What the key of an entry's second target group ends in: no name of an entry can.
pub(crate) const ALTERNATE: &str = ".alternate";

/// All of the traffic.
const ALL: i32 = 100;

impl Builder<'_> {
    /// Whether deployments shift traffic from one target group to another.
    pub(super) fn shifts_traffic(&self) -> bool {
        let strategy = self.spec.deployment_configuration.as_ref().and_then(|one| one.strategy);
        strategy.is_some_and(|strategy| strategy != DeploymentStrategy::Rolling)
    }

    /// What cannot be, of an entry whose traffic is shifted, or was until now.
    pub(super) fn check_shift(&self, entry: &ServiceLoadBalancer, at: &FieldPath) -> Vec<Refusal> {
        if self.shifts_traffic() { unshiftable(entry, at) } else { self.unready(entry, at) }
    }

    /// Without shifting there is one target group, the first: the tasks must be behind it.
    fn unready(&self, entry: &ServiceLoadBalancer, at: &FieldPath) -> Vec<Refusal> {
        let mut refusals = vec![];
        if self.memory.live.contains_key(&entry.name) && entry.load_balancer.is_some() {
            let message = format!(
                "the tasks of {} are behind its second target group, which a rolling update does not leave without an outage: \
                 write the strategy as it was, set restartedAt, which brings them behind the first one, and then change it",
                entry.name
            );
            let at = "spec.deploymentConfiguration.strategy";
            refusals.push(Refusal::new("SecondTargetGroupLive", at, message));
        }
        if entry.advanced_configuration.is_some() || entry.test_rule.is_some() {
            let message = "advancedConfiguration and testRule belong to strategy: BLUE_GREEN, LINEAR or CANARY; take them out, or \
                           write deploymentConfiguration.strategy";
            refusals.push(Refusal::new("NothingShifts", at.clone(), message));
        }
        refusals
    }

    /// Of an entry whose target groups are somebody else's.
    pub(super) fn foreign_shift(
        &self,
        entry: &ServiceLoadBalancer,
        infrastructure: Option<&Text>,
    ) -> Option<TrafficShift> {
        let given = entry.advanced_configuration.as_ref().filter(|_| self.shifts_traffic())?;
        Some(TrafficShift {
            alternate_target_group_arn: given.alternate_target_group_arn.as_deref()?.into(),
            production_listener_rule: given.production_listener_rule.as_deref()?.into(),
            test_listener_rule: given.test_listener_rule.as_deref().map(Text::from),
            role_arn: role(entry, infrastructure)?,
        })
    }

    /// What a rule that is made anew does: all goes to the group that the tasks are behind.
    pub(super) fn weights(&self, entry: &ServiceLoadBalancer, group: &Text, alternate: &Text) -> Vec<Weight> {
        let live = if self.memory.live.contains_key(&entry.name) { alternate } else { group };
        let weight = |one: &Text| Weight { target_group: one.clone(), weight: if one == live { ALL } else { 0 } };
        vec![weight(group), weight(alternate)]
    }

    /// The key of the rule that the entry has already, under whatever conditions; a new one's are in its key. Where the
    /// memory was lost the listener tells.
    pub(super) fn kept_key(
        &self,
        entry: &ServiceLoadBalancer,
        (traffic, listener): (Traffic, &ListenerReference),
        hash: &str,
        identity: impl Fn(&str) -> Result<Id, GraphError>,
    ) -> Result<String, GraphError> {
        let prefix = match traffic {
            Traffic::Production => format!("{}-", entry.name),
            Traffic::Test => format!("{}.test-", entry.name),
        };
        let own = format!("{prefix}{hash}");
        let remembered = self.memory.priorities.keys().filter_map(|id| id.parse().ok());
        let known: BTreeSet<Id> = remembered.chain(self.own_rules(listener)).collect();
        let is_hash = |text: &str| text.len() == HASH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_its = |id: &&Id| id.kind == ListenerRule::NAME && id.key.strip_prefix(&prefix).is_some_and(is_hash);
        for id in known.iter().filter(is_its).filter(|id| id.key == own).chain(known.iter().filter(is_its)) {
            if identity(&id.key)? == *id {
                return Ok(id.key.clone());
            }
        }
        Ok(own)
    }

    /// The rules of this object that are on a listener, as far as that was asked.
    fn own_rules(&self, listener: &ListenerReference) -> Vec<Id> {
        let need = Need::ListenerRules { listener_arn: listener.listener_arn.clone() };
        let Some(Fact::ListenerRules(taken)) = self.facts.get(&need) else { return vec![] };
        let object = self.scope.ownership().object;
        let own = taken.iter().filter(|one| one.object.as_ref() == Some(&object));
        own.filter_map(|one| one.resource.clone()).collect()
    }

    /// With which ECS calls the functions of hooks that name no role (developer guide, "Permissions required for Lambda
    /// functions in Amazon ECS blue/green deployments").
    pub(super) fn hook_role(&self, graph: &mut Graph) -> Result<Option<Text>, GraphError> {
        let hooks = self.spec.deployment_configuration.iter().flat_map(|one| &one.lifecycle_hooks);
        let called =
            hooks.filter(|hook| hook.target_type != Some(LifecycleHookTarget::Pause) && hook.role_arn.is_none());
        let functions: BTreeSet<&String> = called.filter_map(|hook| hook.hook_target_arn.as_ref()).collect();
        if functions.is_empty() {
            return Ok(None);
        }
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": functions}],
        });
        let role = Role {
            inline: [("hooks".to_owned(), policy)].into(),
            trust: trust(),
            ..self.role("hooks", "which functions ECS may call while it deploys")
        };
        let at = "spec.deploymentConfiguration.lifecycleHooks";
        let handle = graph.add("hook-role", role, at, &[])?;
        graph.uphold(&handle.id);
        Ok(Some(handle.out(RoleOutput::Arn)))
    }
}

/// The role that the entry names, or the service's.
fn role(entry: &ServiceLoadBalancer, infrastructure: Option<&Text>) -> Option<Text> {
    let named = entry.advanced_configuration.as_ref().and_then(|given| given.role_arn.as_deref());
    named.map(Text::from).or_else(|| infrastructure.cloned())
}

fn unshiftable(entry: &ServiceLoadBalancer, at: &FieldPath) -> Vec<Refusal> {
    let mut refusals = vec![];
    let given = entry.advanced_configuration.clone().unwrap_or_default();
    let whole = given.alternate_target_group_arn.is_some() && given.production_listener_rule.is_some();
    if entry.target_group_arn.is_some() && !whole {
        let message = "to shift traffic ECS needs a second target group and the listener rule: write \
                       alternateTargetGroupArn and productionListenerRule, or loadBalancer in place of targetGroupArn, \
                       for which they are made";
        refusals.push(Refusal::new("NeedsSecondTargetGroup", at.member("advancedConfiguration"), message));
    }
    if entry.rules.len() > 1 {
        let message = "ECS shifts the traffic of one listener rule for each entry: put hosts and paths together into one \
                       rule, or write an entry of its own for each";
        refusals.push(Refusal::new("OneRuleShifts", at.member("rules"), message));
    }
    // Developer guide, "Application Load Balancer resources for blue/green, linear, and canary deployments": such a
    // deployment fails.
    let logs_in = |rule: &longshore_crds::ecs_service::ListenerRule| {
        rule.authenticate_oidc.is_some() || rule.authenticate_cognito.is_some()
    };
    if entry.rules.iter().chain(&entry.test_rule).any(logs_in) {
        let message =
            "ECS shifts no traffic by a rule that logs users in: take the log-in out, or write strategy: ROLLING";
        refusals.push(Refusal::new("NoLogInWhileShifting", at.member("rules"), message));
    }
    refusals
}

/// Of an entry whose target groups and rules are made.
pub(super) fn shift(
    entry: &ServiceLoadBalancer,
    alternate: Text,
    made: &[Made],
    infrastructure: Option<&Text>,
) -> Option<TrafficShift> {
    let rule = |traffic| made.iter().find(|made| made.entry == entry.name && made.traffic == traffic);
    Some(TrafficShift {
        alternate_target_group_arn: alternate,
        production_listener_rule: rule(Traffic::Production)?.arn.clone(),
        test_listener_rule: rule(Traffic::Test).map(|made| made.arn.clone()),
        role_arn: role(entry, infrastructure)?,
    })
}
