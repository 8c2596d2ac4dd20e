//! An AWS of the real kinds, as far as plans go: it makes, changes and deletes what steps say, and refuses what ELB and
//! ECS would, or what would cost traffic. A refusal is a failed test.

use std::collections::BTreeMap;

use longshore_planner::desired::{Fact, Need, Said, TakenPriority, learn};
use longshore_planner::engine::{
    Action, Graph, Id, Inventory, Kind, Options, Owner, Plan, State, Step, Thing, World, plan,
};
use longshore_planner::kinds;
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use longshore_planner::kinds::ecs::service::{Deployment, RolloutState, Service, ServiceDetail};
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use serde_json::{Value, json};

use crate::balanced::{Asked, LISTENER, OTHER_LISTENER};

#[derive(Default)]
pub(crate) struct Cloud {
    pub(crate) things: BTreeMap<Id, Thing>,
    inventory: Inventory,
    pub(crate) options: Options,
    /// Whether deployments wait until they are told to end.
    pub(crate) slow: bool,
    /// What the service was while its deployment is under way: its tasks are still there.
    before: Option<Service>,
    made: usize,
    pub(crate) log: Vec<String>,
    /// In the order in which they went.
    pub(crate) deleted: Vec<Id>,
}

impl Cloud {
    pub(crate) fn world(&self) -> World {
        World { things: self.things.clone(), ..World::default() }
    }

    pub(crate) fn plan(&self, graph: &Graph) -> Plan {
        plan(graph, &self.inventory.ids(), &self.world(), &kinds::all(), &self.options)
    }

    pub(crate) fn count<K: Kind>(&self) -> usize {
        self.things.keys().filter(|id| id.kind == K::NAME).count()
    }

    /// Observe, plan, write down, act; whether anything was done.
    pub(crate) fn round(&mut self, graph: &Graph) -> bool {
        let plan = self.plan(graph);
        assert_eq!(plan.blocked().collect::<Vec<_>>(), Vec::<&Step>::new());
        self.inventory = self.inventory.with(graph, &self.world(), &plan);
        let steps: Vec<Step> = plan.runnable().cloned().collect();
        for step in &steps {
            self.act(step);
        }
        !steps.is_empty()
    }

    /// Until nothing can be done now; what is waited for then.
    pub(crate) fn settle(&mut self, graph: &Graph) -> Vec<Step> {
        for _ in 0..50 {
            if !self.round(graph) {
                return self.plan(graph).steps;
            }
        }
        panic!("does not settle: {:#?}", self.plan(graph).steps);
    }

    pub(crate) fn converge(&mut self, graph: &Graph) {
        let left = self.settle(graph);
        assert_eq!(left, vec![], "nothing is left to wait for");
    }

    /// The same of a service, whose memory and facts follow.
    pub(crate) fn settle_service(&mut self, asked: &mut Asked) -> Vec<Step> {
        let object = asked.scope.ownership().object;
        let rules = self.things.iter().filter(|(id, _)| id.kind == ListenerRule::NAME);
        let rules: Vec<(String, TakenPriority)> = rules
            .map(|(id, thing)| {
                let rule = thing.typed::<ListenerRule>().unwrap().value;
                let (object, resource) = (Some(object.clone()), Some(id.clone()));
                (rule.listener.to_string(), TakenPriority { priority: rule.priority, object, resource })
            })
            .collect();
        for listener in [LISTENER, OTHER_LISTENER] {
            let of = rules.iter().filter(|(arn, _)| arn == listener).map(|(_, taken)| taken.clone()).collect();
            asked.facts.insert(Need::ListenerRules { listener_arn: listener.into() }, Fact::ListenerRules(of));
        }
        let graph = asked.desired().graph;
        asked.memory = learn(&asked.memory, &graph, &self.world(), Said::default());
        self.settle(&asked.desired().graph)
    }

    /// The deployment under way completes: only the new tasks are left.
    pub(crate) fn finish(&mut self) {
        self.before = None;
        let service = self.things.iter_mut().find(|(id, _)| id.kind == Service::NAME).unwrap().1;
        service.detail["deployments"][0]["rolloutState"] = json!("COMPLETED");
    }

    fn act(&mut self, step: &Step) {
        match &step.action {
            Action::Create { want } => {
                self.check(&step.id, want);
                self.log.push(format!("create {}", step.id.key));
                self.made += 1;
                let thing = Thing {
                    value: want.clone(),
                    state: State::Active,
                    owner: Owner::This,
                    outputs: outputs(&step.id, self.made),
                    mentions: vec![],
                    detail: Value::Null,
                };
                assert!(self.inventory.0.contains_key(&step.id), "{} is written down before", step.id);
                assert!(self.things.insert(step.id.clone(), thing).is_none(), "{} is made twice", step.id);
                self.deploy(&step.id, None);
            }
            Action::Update { want, .. } => {
                self.check(&step.id, want);
                self.log.push(format!("update {}", step.id.key));
                let thing = self.things.get_mut(&step.id).unwrap();
                let before = std::mem::replace(&mut thing.value, want.clone());
                if step.id.kind == Service::NAME && want["network"].is_null() {
                    // ECS keeps what it is not given.
                    thing.value["network"] = before["network"].clone();
                }
                self.deploy(&step.id, Some(before));
            }
            Action::Delete => self.delete(&step.id),
            Action::Wait | Action::Blocked => unreachable!("not a change"),
        }
    }

    fn deploy(&mut self, id: &Id, before: Option<Value>) {
        if id.kind != Service::NAME {
            return;
        }
        let thing = self.things.get_mut(id).unwrap();
        let deployment = Deployment {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            task_definition: thing.value["taskDefinition"].as_str().unwrap().into(),
            rollout_state: Some(if self.slow { RolloutState::InProgress } else { RolloutState::Completed }),
            ..Deployment::default()
        };
        thing.detail = json!(ServiceDetail { deployments: vec![deployment], ..ServiceDetail::default() });
        self.before = before.filter(|_| self.slow).map(|before| serde_json::from_value(before).unwrap());
    }

    fn service(&self) -> Option<Service> {
        let service = self.things.iter().find(|(id, _)| id.kind == Service::NAME)?.1;
        Some(service.typed::<Service>().unwrap().value)
    }

    fn rules(&self) -> Vec<ListenerRule> {
        let rules = self.things.iter().filter(|(id, _)| id.kind == ListenerRule::NAME);
        rules.map(|(_, thing)| thing.typed::<ListenerRule>().unwrap().value).collect()
    }

    fn check(&self, id: &Id, want: &Value) {
        assert!(!want.to_string().contains("$parts") && !want.to_string().contains(" of "), "{id} is resolved: {want}");
        if id.kind == Service::NAME {
            let service: Service = serde_json::from_value(want.clone()).unwrap();
            for target in &service.load_balancers {
                let attached = self.rules().iter().any(|rule| rule.target_groups.contains(&target.target_group_arn));
                assert!(attached, "ECS: {} does not have an associated load balancer", target.target_group_arn);
            }
        }
        if id.kind == ListenerRule::NAME {
            let rule: ListenerRule = serde_json::from_value(want.clone()).unwrap();
            let others = self.things.iter().filter(|(other, _)| other.kind == ListenerRule::NAME && *other != id);
            let mut others = others.map(|(_, thing)| thing.typed::<ListenerRule>().unwrap().value);
            let same = |other: &ListenerRule| (&other.listener, other.priority) == (&rule.listener, rule.priority);
            assert!(!others.any(|other| same(&other)), "PriorityInUse");
        }
    }

    /// What serves tasks, those of the revision before too, must stay.
    fn delete(&mut self, id: &Id) {
        self.log.push(format!("delete {}", id.key));
        self.deleted.push(id.clone());
        let gone = self.things.remove(id).expect("only what exists is deleted");
        let services: Vec<Service> = self.service().into_iter().chain(self.before.clone()).collect();
        let targets = services.iter().flat_map(|service| &service.load_balancers);
        if id.kind == TargetGroup::NAME {
            let arn = gone.outputs["arn"].as_str();
            let leads = |rule: &ListenerRule| {
                rule.target_groups.iter().chain(&rule.alternate).any(|group| *group == arn.into())
            };
            assert!(!self.rules().iter().any(leads), "ELB: ResourceInUse");
            assert!(!targets.clone().any(|target| target.target_group_arn == arn.into()), "tasks are registered in it");
            let shifts = targets.clone().filter_map(|target| target.advanced_configuration.as_ref());
            assert!(
                !shifts.clone().any(|shift| shift.alternate_target_group_arn == arn.into()),
                "ECS shifts traffic to it"
            );
        }
        if id.kind == ListenerRule::NAME {
            for target in targets.clone() {
                let led_to = self.rules().iter().any(|rule| rule.target_groups.contains(&target.target_group_arn));
                assert!(led_to, "no rule leads to the tasks any more");
            }
        }
        if id.kind == SecurityGroup::NAME {
            let rules = self.things.iter().filter(|(id, _)| id.kind == SecurityGroupRule::NAME);
            let id_of = gone.outputs["id"].as_str();
            let parts = rules.filter(|(_, rule)| rule.value["group"] == id_of).map(|(id, _)| id.clone());
            // DeleteSecurityGroup: a group goes with its rules.
            for part in parts.collect::<Vec<_>>() {
                self.things.remove(&part);
            }
            let uses = |service: &Service| {
                service.network.iter().any(|network| network.security_groups.contains(&id_of.into()))
            };
            assert!(!self.before.as_ref().is_some_and(uses), "DependencyViolation: tasks are in it");
        }
        if id.kind == SecurityGroupRule::NAME {
            let rule = serde_json::from_value::<SecurityGroupRule>(gone.value).unwrap();
            let mut ports = targets.map(|target| target.container_port);
            assert!(!ports.any(|port| port == rule.from_port), "a task's port is closed before it is gone");
        }
    }
}

fn outputs(id: &Id, number: usize) -> BTreeMap<String, String> {
    let short = id.kind.rsplit('/').next().unwrap();
    let given = match short {
        "security-group" => format!("sg-{number}"),
        other => format!("{other}-{number}"),
    };
    let pairs = [
        ("id", given),
        ("arn", format!("arn:made:{short}/{number}")),
        ("name", id.key.clone()),
        ("revision", number.to_string()),
        ("dnsName", format!("{number}.elb.amazonaws.com")),
        ("hostedZoneId", "Z1".to_owned()),
        ("arnSuffix", format!("app/{number}")),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}
