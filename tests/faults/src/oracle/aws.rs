//! What is in AWS, and whose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use longshore_simulator::Simulator;
use serde_json::Value;

use super::{Want, balancing, capacity, names, registries, service, storage, triggers};
use crate::stage::{INSTALLATION, SOMEBODY};

/// A thing in AWS that is not gone.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) kind: &'static str,
    /// The ARN or the id.
    pub(super) id: String,
    pub(super) value: Value,
}

impl Thing {
    fn tag(&self, name: &str) -> &str {
        self.value["tags"][name].as_str().unwrap_or_default()
    }

    fn ownership(&self, name: &str) -> &str {
        self.tag(&format!("longshore.dev/{name}"))
    }

    /// `Kind/namespace/name` of the object that it was made for.
    pub(super) fn object(&self) -> &str {
        self.ownership("object")
    }

    /// Its name within that object, as the spec names it: what `KIND:KEY@HASH` has between its two signs.
    pub(super) fn key(&self) -> &str {
        let (_, key) = self.ownership("resource").split_once(':').unwrap_or_default();
        key.split('@').next().unwrap_or_default()
    }
}

/// Everything in AWS that was not there before Longshore.
pub(super) struct Account {
    pub(super) world: Value,
    pub(super) things: Vec<Thing>,
}

/// What is in the account of the examples before Longshore. Read once: every run begins by asking for it.
fn foreign() -> &'static BTreeSet<String> {
    static FOREIGN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let world = serde_json::to_value(longshore_simulator::world_file::seed()).unwrap();
        things(&world).into_iter().map(|thing| thing.id).collect()
    });
    &FOREIGN
}

impl Account {
    pub(super) fn of(simulator: &Simulator) -> Self {
        Self::new(simulator.with_world(|world| serde_json::to_value(&*world).unwrap()))
    }

    pub(super) fn new(world: Value) -> Self {
        let things = things(&world).into_iter().filter(|thing| !foreign().contains(&thing.id)).collect();
        Self { world, things }
    }

    /// What carries an object's tags.
    pub(super) fn of_object(&self, want: &Want, kind: &str) -> Vec<&Thing> {
        let tag = want.tag();
        self.things.iter().filter(|thing| thing.kind == kind && thing.ownership("object") == tag).collect()
    }

    /// How AWS differs from what an object asks for.
    pub(super) fn differences(&self, want: &Want) -> Vec<String> {
        let differences = match want.kind.as_str() {
            "EcsCluster" => self.cluster(want),
            "EcsService" => service::differences(self, want),
            "ApplicationLoadBalancer" => balancing::differences(self, want),
            "EfsFileSystem" => storage::differences(self, want),
            "EcsTaskTrigger" => triggers::differences(self, want),
            _ => vec![],
        };
        differences.into_iter().map(|difference| format!("AWS, {}: {difference}", want.tag())).collect()
    }

    fn cluster(&self, want: &Want) -> Vec<String> {
        let mut found = vec![];
        let Some(cluster) = self.only(want, "cluster", &mut found) else { return found };
        found.extend(capacity::differences(self, want, cluster));
        found
    }

    /// The EBS volumes that ECS has made.
    pub(super) fn volumes(&self) -> impl Iterator<Item = &Value> {
        self.world["ecs"]["volumes"].as_object().into_iter().flat_map(|volumes| volumes.values())
    }

    /// EBS volumes whose tasks have stopped: nobody deletes them any more.
    pub(super) fn leaked(&self) -> Vec<String> {
        let task = |volume: &Value| volume["task"].as_str().unwrap_or_default().to_owned();
        let stopped =
            |task: &String| self.world["ecs"]["tasks"][task].get("phase").is_none_or(|phase| phase == "STOPPED");
        self.volumes().map(task).filter(stopped).map(|task| format!("the volume of the task {task} is left")).collect()
    }

    /// The only thing of a kind that an object has.
    pub(super) fn only(&self, want: &Want, kind: &str, found: &mut Vec<String>) -> Option<&Thing> {
        let all = self.of_object(want, kind);
        let [thing] = all[..] else {
            found.push(format!("{} of kind {kind} instead of one", all.len()));
            return None;
        };
        for (name, value) in want.environment["tags"].as_object().into_iter().flatten() {
            differs(found, &format!("tag {name} of the {kind}"), &thing.value["tags"][name], value);
        }
        Some(thing)
    }

    /// What is there and should not be: of no object, without its tags, or of another installation. `forgotten`: what
    /// only the status had told of is known by its tags, reported, and never deleted by itself.
    pub(super) fn orphans(&self, wanted: &BTreeSet<String>, forgotten: bool) -> Vec<String> {
        let is_owned = |thing: &&Thing| {
            // Neither has tags of its own, and each goes with what it is a part of, or before it.
            matches!(thing.kind, "rule" | "mount target")
                || is_of_pipeline(thing)
                || (forgotten && is_replaceable(thing))
                || (thing.ownership("installation") == INSTALLATION
                    && !thing.ownership("resource").is_empty()
                    && wanted.contains(thing.ownership("object")))
        };
        let orphans = self.things.iter().filter(|thing| !is_owned(thing));
        orphans
            .map(|thing| format!("an orphan: {} {} of {:?}", thing.kind, thing.id, thing.ownership("object")))
            .collect()
    }

    /// Things with the same identity.
    pub(super) fn duplicates(&self) -> Vec<String> {
        let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let owned = self.things.iter().filter(|thing| !thing.ownership("resource").is_empty());
        owned
            .filter_map(|thing| {
                let other = seen.insert((thing.ownership("object"), thing.ownership("resource")), &thing.id)?;
                Some(format!("a duplicate: {} and {} are both {}", thing.id, other, thing.ownership("resource")))
            })
            .collect()
    }

    /// Entries of an object's inventory that are not there, and things that it has forgotten.
    pub(super) fn inventory(&self, key: &str, object: &Value, forgotten: bool) -> Vec<String> {
        let tag = |thing: &Thing| {
            let of = thing.ownership("object").to_lowercase();
            of.replacen('/', "s/", 1)
        };
        let resources = object["status"]["resources"].as_object().cloned().unwrap_or_default();
        let exists = |physical: &str| self.things.iter().any(|thing| physical.ends_with(&thing.id));
        let stale = resources
            .iter()
            // What a cluster has of providers has no id in AWS.
            .filter(|(id, _)| !id.starts_with("ecs/cluster-capacity-providers:"))
            .filter(|(_, entry)| !exists(entry["physical"].as_str().unwrap_or_default()))
            .map(|(id, entry)| format!("{key}: its inventory names {id}, which is not there ({})", entry["physical"]));
        let forgotten = self
            .things
            .iter()
            // Names of hosts that the spec had before: nothing but the status told of those.
            .filter(|thing| !(forgotten && (is_replaceable(thing) || thing.kind == "record")))
            .filter(|thing| tag(thing) == key.to_lowercase() && !resources.contains_key(thing.ownership("resource")))
            .map(|thing| format!("{key}: its inventory has forgotten {}", thing.id));
        stale.chain(forgotten).collect()
    }
}

/// What may have been replaced by another when the status was lost, and so is not in the spec any more.
fn is_replaceable(thing: &Thing) -> bool {
    let kinds = ["task definition", "role", "target group", "listener rule", "scalable target", registries::KIND];
    (kinds.contains(&thing.kind) || capacity::of_entry(thing)) && !thing.ownership("object").is_empty()
}

/// A revision that a pipeline has registered, which is its own to deregister.
pub(super) fn is_of_pipeline(thing: &Thing) -> bool {
    thing.value["registered_by"].as_str().is_some_and(|by| by.ends_with(SOMEBODY))
}

/// A difference, where there is one.
pub(super) fn differs(found: &mut Vec<String>, what: &str, is: &Value, shall: &Value) {
    if is != shall {
        found.push(format!("{what}: {is} instead of {shall}"));
    }
}

/// ECS goes on telling of what is gone; the default rule of a listener, which has no priority, is a part of it.
fn is_there(thing: &Value) -> bool {
    thing["active"] != false && thing["status"] != "INACTIVE" && thing.get("priority") != Some(&Value::Null)
}

/// Everything that is in AWS and not gone.
fn things(world: &Value) -> Vec<Thing> {
    let mut found = vec![];
    let mut add = |kind: &'static str, id: &str, all: &Value| {
        let all = all.as_object().into_iter().flat_map(|all| all.values());
        let there = all.filter(|thing| is_there(thing));
        found.extend(there.map(|thing| Thing {
            kind,
            id: thing[id].as_str().unwrap_or_default().to_owned(),
            value: thing.clone(),
        }));
    };
    add("role", "arn", &world["iam"]["roles"]);
    add("log group", "name", &world["logs"]["groups"]);
    add("security group", "id", &world["ec2"]["groups"]);
    add("file system", "id", &world["efs"]["file_systems"]);
    add("mount target", "id", &world["efs"]["mount_targets"]);
    add("access point", "id", &world["efs"]["access_points"]);
    add("cluster", "arn", &world["ecs"]["clusters"]);
    add("service", "arn", &world["ecs"]["services"]);
    add("load balancer", "arn", &world["elbv2"]["balancers"]);
    add("listener", "arn", &world["elbv2"]["listeners"]);
    add("listener rule", "arn", &world["elbv2"]["rules"]);
    add("target group", "arn", &world["elbv2"]["groups"]);
    add("scalable target", "arn", &world["autoscaling"]["targets"]);
    for group in world["ec2"]["groups"].as_object().into_iter().flat_map(|groups| groups.values()) {
        add("rule", "id", &group["rules"]);
    }
    for family in world["ecs"]["families"].as_object().into_iter().flat_map(|families| families.values()) {
        add("task definition", "arn", &family["revisions"]);
    }
    found.extend(capacity::things(world));
    found.extend(names::things(world));
    found.extend(registries::things(world));
    found.extend(triggers::things(world));
    found
}
