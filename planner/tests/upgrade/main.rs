//! What earlier versions made needs no write: an upgrade deploys nothing anew.
//!
//! `worlds/VERSION/CASE.json` is what that version saw of a settled service in AWS (written by `aws/tests/drivers`),
//! with the status that it had written. A version's files stay as they are once it is released.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use longshore_crds::{AwsEnvironmentSpec, EcsServiceSpec};
use longshore_planner::desired::{
    ClusterReference, Facts, Memory, Reference, References, Said, Scope, ecs_service, learn,
};
use longshore_planner::engine::{Id, Inventory, Options, Plan, World, plan};
use longshore_planner::kinds;
use serde_json::Value;

fn worlds() -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let all = below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade/worlds"));
    let mut files: Vec<PathBuf> = all.iter().flat_map(|version| below(version)).collect();
    files.sort();
    files
}

/// One recorded service: what its status remembers, and what AWS has.
#[derive(Clone)]
struct Recorded {
    name: String,
    spec: EcsServiceSpec,
    cluster: ClusterReference,
    memory: Memory,
    inventory: Inventory,
    world: World,
}

impl Recorded {
    fn read(file: &Path) -> Self {
        let recorded: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let text = |pointer: &str| recorded.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        let stored = serde_json::from_value(recorded["memory"].clone()).unwrap();
        Self {
            name: file.display().to_string(),
            spec: serde_json::from_value(recorded["spec"].clone()).unwrap(),
            cluster: ClusterReference {
                arn: text("/cluster/arn"),
                name: text("/cluster/name"),
                ..ClusterReference::default()
            },
            memory: Memory::read(Option::as_ref(&stored)),
            inventory: serde_json::from_value(recorded["inventory"].clone()).unwrap(),
            world: serde_json::from_value(recorded["world"].clone()).unwrap(),
        }
    }

    /// What this version would do about it.
    fn plan(&self) -> Plan {
        let (scope, references) = (scope(), References::to_cluster(Reference::Ready(self.cluster.clone())));
        let desired = |memory: &Memory| ecs_service(&scope, &self.spec, &Facts::new(), &references, memory).unwrap();
        let memory = learn(
            &self.memory,
            &desired(&self.memory).graph,
            &self.world,
            Said { restarted_at: self.spec.restarted_at.as_deref(), ..Said::default() },
        );
        plan(&desired(&memory).graph, &self.inventory.ids(), &self.world, &kinds::all(), &Options::default())
    }

    /// The same, as a version would have written it whose normaliser came to other hashes.
    fn with_other_hashes(mut self) -> Self {
        let other =
            |id: &Id| Id { fixed: if id.fixed.is_empty() { String::new() } else { reversed(&id.fixed) }, ..id.clone() };
        self.inventory = Inventory(self.inventory.0.iter().map(|(id, entry)| (other(id), entry.clone())).collect());
        self.world.things = self.world.things.iter().map(|(id, thing)| (other(id), thing.clone())).collect();
        if let Some(rejected) = &mut self.memory.rejected {
            rejected.content_hash = reversed(&rejected.content_hash);
        }
        if let Some(good) = &mut self.memory.last_good {
            good.content_hash = reversed(&good.content_hash);
        }
        self
    }
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

fn scope() -> Scope {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/00-environment.yaml");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(example).unwrap()).unwrap();
    let environment: AwsEnvironmentSpec = serde_json::from_value(documents[0]["spec"].clone()).unwrap();
    Scope {
        installation: "installation-1".into(),
        environment_name: "default".into(),
        environment,
        namespace: "shop".into(),
        namespace_labels: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        object_kind: "EcsService",
        name: "hello".into(),
        base: None,
    }
}

#[test]
fn what_earlier_versions_made_needs_nothing() {
    let worlds = worlds();
    assert!(worlds.len() >= 3, "the recorded worlds are there: {worlds:?}");
    for file in worlds {
        let recorded = Recorded::read(&file);
        assert_eq!(recorded.plan().steps, [], "{}", recorded.name);
    }
}

#[test]
fn what_a_version_made_whose_normaliser_came_to_other_hashes_needs_nothing() {
    for file in worlds() {
        let recorded = Recorded::read(&file).with_other_hashes();
        let plan = recorded.plan();
        assert_eq!(plan.steps, [], "{}", recorded.name);
        assert!(!plan.known_as.is_empty(), "{}: the fields decided", recorded.name);
    }
}

#[test]
fn a_world_that_was_changed_needs_something() {
    for file in worlds() {
        let mut recorded = Recorded::read(&file);
        let service = recorded.world.things.values_mut().find(|thing| thing.value.get("desiredCount").is_some());
        service.unwrap().value["desiredCount"] = 77.into();
        assert_ne!(recorded.plan().steps, [], "{}", recorded.name);
    }
}
