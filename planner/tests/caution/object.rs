//! An object of two invented resources, its turns taken as the controller takes them, with hands on the clock.

use jiff::{SignedDuration, Timestamp};
use longshore_planner::caution::{Look, Record, asked};
use longshore_planner::desired::Said;
use longshore_planner::engine::{Action, Graph, Id, Plan, Step, Thing, plan};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::kinds::{self, Part};

pub(crate) struct Object {
    pub cloud: Cloud,
    pub record: Record,
    pub generation: i64,
    pub label: u8,
    pub now: Timestamp,
    /// Steps that were taken in the last turn.
    pub taken: Vec<Step>,
    /// What was corrected, and when.
    pub corrections: Vec<(String, Timestamp)>,
    /// So many looks show the leaf as it was before the last write.
    pub stale_looks: u8,
    before: Option<Thing>,
}

impl Object {
    /// One that has converged.
    pub(crate) fn settled() -> Self {
        let mut object = Self {
            cloud: Cloud::default(),
            record: Record::default(),
            generation: 1,
            label: 0,
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
            taken: vec![],
            corrections: vec![],
            stale_looks: 0,
            before: None,
        };
        assert!(object.turn().converged());
        object.corrections.clear();
        object
    }

    fn graph(&self) -> Graph {
        let part = |name: &str, label| (name.to_owned(), label);
        let mut graph = Graph::default();
        let (leaf, twig) = (part("leaf", self.label), part("twig", self.label));
        graph
            .add(
                "leaf",
                Part::<0> { name: leaf.0, label: leaf.1, mould: 0, base: vec![], links: vec![], level: 0 },
                "spec.leaf",
                &[],
            )
            .unwrap();
        graph
            .add(
                "twig",
                Part::<1> { name: twig.0, label: twig.1, mould: 0, base: vec![], links: vec![], level: 0 },
                "spec.twig",
                &[],
            )
            .unwrap();
        graph
    }

    pub(crate) fn id(&self, key: &str) -> Id {
        self.graph().iter().find(|(id, _)| id.key == key).unwrap().0.clone()
    }

    pub(crate) fn value(&mut self, key: &str) -> &mut Value {
        let id = self.id(key);
        &mut self.cloud.things.get_mut(&id).unwrap().value
    }

    /// Something else sets a field.
    pub(crate) fn meddle(&mut self, key: &str, field: &str, value: u8) {
        self.value(key)[field] = json!(value);
    }

    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
    }

    /// Rounds until nothing more can be done now, each with a record that was written down and read again in between.
    pub(crate) fn turn(&mut self) -> Plan {
        self.taken.clear();
        for _ in 0..20 {
            let graph = self.graph();
            let mut world = self.cloud.observe(&graph);
            if let (Some(before), 1..) = (&self.before, self.stale_looks) {
                world.things.insert(self.id("leaf"), before.clone());
                self.stale_looks -= 1;
            }
            let plan = plan(&graph, &self.cloud.inventory.ids(), &world, &kinds::all(), &self.cloud.options);
            self.cloud.inventory = self.cloud.inventory.with(&graph, &world, &plan);
            let asked = asked(self.generation, &self.cloud.options, Said::default());
            let look = Look { asked: &asked, graph: &graph, world: &world, plan: &plan, now: self.now };
            self.record = remembered(&self.record.after(&look));
            let plan = self.record.restrain(&look, &kinds::all());
            let steps: Vec<Step> = plan.runnable().cloned().collect();
            if steps.is_empty() {
                return plan;
            }
            let leaf = self.id("leaf");
            self.before = self.before.take().or_else(|| self.cloud.things.get(&leaf).cloned());
            for step in steps {
                if matches!(step.action, Action::Update { .. }) || self.cloud.things.contains_key(&step.id) {
                    self.corrections.push((step.id.key.clone(), self.now));
                }
                self.cloud.act(&step);
                self.record = remembered(&self.record.taken(&look, &step));
                self.taken.push(step);
            }
        }
        panic!("a turn ends");
    }
}

/// As the next process finds it.
fn remembered(record: &Record) -> Record {
    let mut stored = longshore_crds::status::Memory::default();
    record.write(&mut stored);
    let stored = serde_json::from_value(serde_json::to_value(stored).unwrap()).unwrap();
    Record::read(&stored)
}
