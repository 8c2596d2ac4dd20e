//! A simulated account, and Longshore's session in it.

use std::collections::BTreeMap;

use longshore_aws::{Edge, Session, SessionConfig};
use longshore_sdk_connector::edge;
use longshore_simulator::Simulator;
use longshore_simulator::call::{Call, Service};
use longshore_simulator::faults::{Kind, Rule};
use longshore_simulator::recording::Entry;
use serde_json::Value;

/// An account, as one process sees it.
pub(crate) struct Account {
    pub(crate) simulator: Simulator,
    pub(crate) session: Session,
}

impl Account {
    /// The account of the examples.
    pub(crate) async fn new() -> Self {
        Self::of(Simulator::seeded()).await
    }

    async fn of(simulator: Simulator) -> Self {
        let edge = edge(&simulator);
        Self::through(edge, simulator).await
    }

    /// An account as a process sees it whose way to AWS is special.
    pub(crate) async fn through(edge: Edge, simulator: Simulator) -> Self {
        let session = Session::open(&config(), &edge).await.unwrap();
        Self { simulator, session }
    }

    /// The same account, seen by another process: nothing is remembered.
    pub(crate) async fn after_a_crash(self) -> Self {
        Self::of(self.simulator).await
    }

    /// What somebody else asks of ECS, such as a pipeline, or the agent of an instance.
    pub(crate) fn asks(&self, operation: &str, input: &Value) -> Value {
        self.asks_of("ecs", operation, input)
    }

    /// The same of another service, by the name that signatures have.
    pub(crate) fn asks_of(&self, service: &str, operation: &str, input: &Value) -> Value {
        self.simulator.with_world(|world| {
            let call = Call {
                service: Service::from_scope(service).unwrap(),
                operation: operation.to_owned(),
                input: input.clone(),
                region: world.region.clone(),
                access_key: "AKIAANOTHER".to_owned(),
                account_id: world.account_id.clone(),
                time: world.now,
            };
            world.call(&call).unwrap()
        })
    }

    /// Something goes wrong with so many calls of an operation, from the n-th on.
    pub(crate) fn breaks(&self, operation: &str, nth: u32, times: u32, kind: Kind) {
        let operation = Some(operation.to_owned());
        let rule = Rule { service: None, operation, resource: None, nth, times, kind, seen: 0 };
        self.simulator.with_world(|world| world.faults.add(rule));
    }

    /// The number of the last call: those after it are counted by what follows.
    pub(crate) fn now(&self) -> u64 {
        self.simulator.with_world(|world| world.recording.last())
    }

    pub(crate) fn calls(&self, since: u64) -> Vec<Entry> {
        self.simulator.with_world(|world| world.recording.calls(since, None))
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, since: u64, operation: &str) -> usize {
        self.calls(since).iter().filter(|call| call.operation == operation).count()
    }

    /// How often each operation was called that changes something.
    pub(crate) fn writes(&self, since: u64) -> BTreeMap<String, u32> {
        let mut writes = BTreeMap::new();
        for call in self.calls(since).into_iter().filter(|call| call.write) {
            *writes.entry(call.operation).or_default() += 1;
        }
        writes
    }

    /// Everything that carries Longshore's tags and is not gone: what it is, and what its name, key or content is; and every record.
    pub(crate) fn ours(&self) -> Vec<String> {
        let world = self.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
        let mut found = vec![];
        let mut add = |kind: &str, things: &Value| {
            let things = things.as_object().into_iter().flat_map(|things| things.values());
            for thing in things.filter(|thing| exists(thing) && tag(thing, "installation").is_some()) {
                let name = thing["name"].as_str().or(thing["family"].as_str()).unwrap_or_default();
                found.push(format!("{kind} {name} {}", tag(thing, "resource").unwrap_or_default()));
            }
        };
        add("role", &world["iam"]["roles"]);
        add("instance profile", &world["iam"]["instance_profiles"]);
        add("launch template", &world["ec2"]["templates"]);
        add("Auto Scaling group", &world["ec2_auto_scaling"]["groups"]);
        add("capacity provider", &world["ecs"]["providers"]);
        add("log group", &world["logs"]["groups"]);
        add("security group", &world["ec2"]["groups"]);
        add("cluster", &world["ecs"]["clusters"]);
        add("service", &world["ecs"]["services"]);
        add("file system", &world["efs"]["file_systems"]);
        add("access point", &world["efs"]["access_points"]);
        add("load balancer", &world["elbv2"]["balancers"]);
        add("listener", &world["elbv2"]["listeners"]);
        add("listener rule", &world["elbv2"]["rules"]);
        add("target group", &world["elbv2"]["groups"]);
        add("scalable target", &world["autoscaling"]["targets"]);
        add("event rule", &world["eventbridge"]["rules"]);
        add("Cloud Map service", &world["servicediscovery"]["services"]);
        for group in world["ec2"]["groups"].as_object().unwrap().values() {
            add("rule", &group["rules"]);
        }
        for family in world["ecs"]["families"].as_object().unwrap().values() {
            add("task definition", &family["revisions"]);
        }
        for zone in world["route53"]["zones"].as_object().unwrap().values() {
            let records = zone["records"].as_object().unwrap().values();
            found.extend(records.map(|record| format!("record {} {}", record["set"]["Name"], record["set"]["Type"])));
        }
        for (name, schedule) in world["scheduler"]["schedules"].as_object().unwrap() {
            let ours = schedule["input"]["Description"].as_str().is_some_and(|it| it.contains("longshore.dev/object="));
            found.extend(ours.then(|| format!("schedule {name}")));
        }
        found.sort();
        found
    }
}

/// A group of Auto Scaling says of each tag whether instances get it.
fn tag<'a>(thing: &'a Value, name: &str) -> Option<&'a str> {
    let tag = &thing["tags"][format!("longshore.dev/{name}")];
    tag.as_str().or(tag[0].as_str())
}

/// ECS goes on telling of what is gone.
fn exists(thing: &Value) -> bool {
    thing["status"].as_str().is_none_or(|status| status != "INACTIVE")
        && thing["active"] != false
        && thing["inactive"] != true
}

pub(crate) fn config() -> SessionConfig {
    SessionConfig {
        environment: "default".into(),
        account_id: "123456789012".into(),
        region: "eu-west-1".into(),
        assume_role: None,
        session_name: "longshore".into(),
    }
}
