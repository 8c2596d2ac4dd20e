//! The listener rules of an entry of `loadBalancers`, and their priorities.

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::application_load_balancer::ListenerProtocol;
use longshore_crds::ecs_service::{ListenerRule as Spec, ServiceLoadBalancer};
use serde_json::json;

use super::Builder;
use crate::desired::claims::{conditions, contested, unclaimable};
use crate::desired::obstacle::{Fact, ListenerReference, Need, Refusal};
use crate::desired::priorities::{HIGHEST, TakenPriority, choose, is, precedes};
use crate::engine::{FieldPath, Graph, GraphError, Id, Text, content_hash};
use crate::kinds::elbv2::listener_rule::{ListenerRule, ListenerRuleOutput};

/// Elastic Load Balancing quotas: condition values of a rule.
const MOST_VALUES: usize = 5;

/// So many characters of a hash tell the rules of an entry apart.
pub(super) const HASH: usize = 8;

/// The priorities that are given out in one graph.
pub(super) struct Priorities {
    /// By listener: what is taken, as far as it is known.
    taken: BTreeMap<String, Vec<TakenPriority>>,
    pub(super) needs: BTreeSet<Need>,
    pub(super) refusals: Vec<Refusal>,
}

impl Priorities {
    pub(super) fn new(builder: &Builder<'_>) -> Self {
        let rules = builder.facts.iter().filter_map(|(need, fact)| match (need, fact) {
            (Need::ListenerRules { listener_arn }, Fact::ListenerRules(taken)) => {
                Some((listener_arn.clone(), taken.clone()))
            }
            _ => None,
        });
        Self { taken: rules.collect(), needs: BTreeSet::new(), refusals: vec![] }
    }

    /// What the object remembers of a rule, which may not be made yet: no other of its rules takes it.
    fn remember(&mut self, builder: &Builder<'_>, draft: &Draft<'_>) {
        if let Some(priority) = builder.memory.priorities.get(&draft.id.to_string()) {
            self.take(builder, draft, *priority);
        }
    }

    fn take(&mut self, builder: &Builder<'_>, draft: &Draft<'_>, priority: i32) {
        let object = Some(builder.scope.ownership().object);
        let mine = TakenPriority { priority, object, resource: Some(draft.id.clone()) };
        self.taken.entry(draft.listener.clone()).or_default().push(mine);
    }

    /// The priority of a rule: given or chosen. What the memory does not know yet is settled only once the listener was
    /// read; until then the answer is a guess.
    fn of(&mut self, builder: &Builder<'_>, draft: &Draft<'_>) -> i32 {
        let remembered = builder.memory.priorities.get(&draft.id.to_string()).copied();
        let chosen = match draft.spec.priority {
            Some(given) => self.given(builder, draft, given),
            None => self.chosen(builder, draft, remembered),
        };
        // One that is given, and not had yet because a predecessor has it still, is looked at until it is free.
        let settled = remembered == Some(chosen) && draft.spec.priority.is_none_or(|given| given == chosen);
        let need = Need::ListenerRules { listener_arn: draft.listener.clone() };
        if !settled && !builder.facts.contains_key(&need) {
            self.needs.insert(need);
        }
        self.take(builder, draft, chosen);
        chosen
    }

    fn chosen(&mut self, builder: &Builder<'_>, draft: &Draft<'_>, remembered: Option<i32>) -> i32 {
        let (object, known) = (builder.scope.ownership().object, self.known(draft));
        choose(&draft.rule.conditions, &object, &draft.id, remembered, known).unwrap_or_else(|| {
            let message = "every priority of a rule as specific as this one is taken; give it one that is free";
            self.refusals.push(Refusal::new("NoPriorityLeft", draft.at.member("rules.priority"), message));
            1
        })
    }

    /// As the spec says, unless it is somebody else's. A predecessor of its own keeps it until it goes; its successor
    /// comes right after it meanwhile.
    fn given(&mut self, builder: &Builder<'_>, draft: &Draft<'_>, given: i32) -> i32 {
        let (object, known) = (builder.scope.ownership().object, self.known(draft));
        let Some(other) = known.iter().find(|one| one.priority == given && !is(one, &object, &draft.id)) else {
            return given;
        };
        if precedes(other, &object, &draft.id) {
            let free =
                |candidate: &i32| !known.iter().any(|one| one.priority == *candidate && !is(one, &object, &draft.id));
            return (given + 1..=HIGHEST).find(free).unwrap_or(given);
        }
        let refusal = taken_already(given, other, &draft.at);
        self.refusals.push(refusal);
        given
    }

    fn known(&self, draft: &Draft<'_>) -> &[TakenPriority] {
        self.taken.get(&draft.listener).map_or(&[], Vec::as_slice)
    }
}

/// A rule of the spec, all but its priority.
pub(super) struct Draft<'a> {
    /// ARN.
    listener: String,
    key: String,
    id: Id,
    rule: ListenerRule,
    spec: &'a Spec,
    at: FieldPath,
    entry: &'a str,
    traffic: Traffic,
}

/// Whose requests a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    /// Everybody's.
    Production,
    /// Those of who looks at a new revision before everybody does.
    Test,
}

/// The listeners of an entry.
pub(super) struct Listeners {
    pub(super) production: ListenerReference,
    /// The same one, unless the entry names another.
    pub(super) test: ListenerReference,
}

impl Listeners {
    fn of(&self, traffic: Traffic) -> &ListenerReference {
        match traffic {
            Traffic::Production => &self.production,
            Traffic::Test => &self.test,
        }
    }
}

/// A rule that is wanted.
pub(super) struct Made {
    pub(super) id: Id,
    pub(super) arn: Text,
    /// The name of its entry.
    pub(super) entry: String,
    pub(super) traffic: Traffic,
}

fn taken_already(priority: i32, by: &TakenPriority, at: &FieldPath) -> Refusal {
    let whose = match (&by.object, &by.resource) {
        (Some(object), Some(rule)) => format!("{object}'s ({})", rule.key),
        _ => "a rule's that Longshore did not make".to_owned(),
    };
    let message = format!("priority {priority} of this listener is {whose}; give another one, or leave it out");
    Refusal::new("PriorityTaken", at.member("rules.priority"), message)
}

impl Builder<'_> {
    /// One rule for each in the spec. A rule has no name there: its conditions are its key, so that taking one out does
    /// not make another of those after it.
    pub(super) fn drafts<'a>(
        &self,
        graph: &Graph,
        entry: &'a ServiceLoadBalancer,
        listeners: &Listeners,
        (target_group, alternate): (&Text, Option<&Text>),
        at: &FieldPath,
    ) -> Result<Vec<Draft<'a>>, GraphError> {
        let draft = |(spec, traffic): (&'a Spec, Traffic)| {
            let listener = listeners.of(traffic);
            let conditions = conditions(spec).normalise();
            let hash = content_hash(&json!(conditions));
            let hash = hash.get(..HASH).unwrap_or(&hash);
            let rule = ListenerRule {
                listener: listener.listener_arn.as_str().into(),
                priority: 0,
                conditions,
                target_groups: vec![target_group.clone()],
                alternate: alternate.cloned(),
                weights: alternate.map(|alternate| self.weights(entry, target_group, alternate)).unwrap_or_default(),
                authenticate_oidc: spec.authenticate_oidc.clone(),
                authenticate_cognito: spec.authenticate_cognito.clone(),
                rewrite: spec.rewrite.clone(),
                other: vec![],
                tags: self.scope.tags(&self.spec.tags),
            };
            let key = match alternate {
                // ECS knows the rule by its ARN: other conditions are given to the one that is there.
                Some(_) => self.kept_key(entry, (traffic, listener), hash, |key| graph.identity(key, &rule))?,
                None => format!("{}-{hash}", entry.name),
            };
            let id = graph.identity(&key, &rule)?;
            let listener = listener.listener_arn.clone();
            Ok(Draft { listener, key, id, rule, spec, at: at.clone(), entry: &entry.name, traffic })
        };
        let production = entry.rules.iter().map(|rule| (rule, Traffic::Production));
        production.chain(entry.test_rule.iter().map(|rule| (rule, Traffic::Test))).map(draft).collect()
    }

    /// Adds the rules. What is remembered comes first, so that no rule takes what another has.
    pub(super) fn listener_rules(
        &self,
        graph: &mut Graph,
        drafts: Vec<Draft<'_>>,
        priorities: &mut Priorities,
    ) -> Result<Vec<Made>, GraphError> {
        for draft in &drafts {
            priorities.remember(self, draft);
        }
        let mut made = vec![];
        for draft in drafts {
            let priority = priorities.of(self, &draft);
            let handle = graph.add(&draft.key, ListenerRule { priority, ..draft.rule }, draft.at, &[])?;
            let arn = handle.out(ListenerRuleOutput::Arn);
            made.push(Made { id: handle.id, arn, entry: draft.entry.to_owned(), traffic: draft.traffic });
        }
        Ok(made)
    }

    /// Whether the rules of an entry may be what they are on their listeners.
    pub(super) fn check_rules(
        &self,
        entry: &ServiceLoadBalancer,
        listeners: &Listeners,
        at: &FieldPath,
    ) -> Vec<Refusal> {
        let object = self.scope.ownership().object;
        let Listeners { production, test } = listeners;
        let rules = at.member("rules");
        let mut refusals: Vec<Refusal> =
            entry.rules.iter().flat_map(|rule| self.check_rule(rule, production, &rules)).collect();
        refusals.extend(entry.test_rule.iter().flat_map(|rule| self.check_rule(rule, test, &at.member("testRule"))));
        refusals.extend(contested(&object, &production.claims, &rules));
        if test.listener_arn != production.listener_arn {
            refusals.extend(contested(&object, &test.claims, &at.member("testRule")));
        }
        refusals
    }

    fn check_rule(&self, rule: &Spec, listener: &ListenerReference, at: &FieldPath) -> Vec<Refusal> {
        let hosts = at.member("hosts");
        let mut refusals = unclaimable(rule, listener.hosts.as_deref(), &self.scope.namespace, &hosts);
        let values = conditions(rule).normalise().values();
        if values > MOST_VALUES {
            let message =
                format!("a rule can have {MOST_VALUES} values in all, this one has {values}; write more rules");
            refusals.push(Refusal::new("TooManyConditions", at.clone(), message));
        }
        let logs_in = rule.authenticate_oidc.is_some() || rule.authenticate_cognito.is_some();
        if logs_in && listener.protocol == Some(ListenerProtocol::Http) {
            let message = "users can log in only where the listener's protocol is HTTPS; name such a listener";
            refusals.push(Refusal::new("NeedsHttps", at.clone(), message));
        }
        refusals
    }
}
