//! An invented cloud. It refuses what AWS would: a create that refers to nothing, a change of what cannot change,
//! a delete of what is used. A refusal is a failed test.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use longshore_planner::engine::{
    Action, Graph, Id, Inventory, LookUp, Options, Owner, Plan, State, Step, Thing, Unreadable, Verified, World, plan,
};
use serde_json::{Value, json};

use crate::kinds;

#[derive(Clone, Default)]
pub(crate) struct Cloud {
    pub things: BTreeMap<Id, Thing>,
    /// How many looks a new thing takes to become ready.
    pub settling: u8,
    pub unreadable: BTreeSet<Id>,
    pub inventory: Inventory,
    pub options: Options,
    pub writes: usize,
    /// What is relied on, where anything is.
    pub verified: Option<Verified>,
    /// Each round takes a second.
    pub now: Timestamp,
    pub reads: usize,
    looks: BTreeMap<Id, u8>,
    made: usize,
}

impl Cloud {
    /// One whose looks are relied on.
    pub(crate) fn relied_on() -> Self {
        Self { verified: Some(Verified::default()), ..Self::default() }
    }

    pub(crate) fn observe(&mut self, graph: &Graph) -> World {
        let mut world = self.verified.as_ref().map(|verified| verified.recall(graph, self.now)).unwrap_or_default();
        for look_up in self.inventory.look_ups(graph, &World::default()) {
            if world.get(&look_up.id).is_some() {
                continue;
            }
            self.reads += 1;
            if self.unreadable.contains(&look_up.id) {
                world.unknown.insert(look_up.id.clone(), Unreadable { why: "access denied".to_owned(), passes: false });
            } else if let Some(thing) = self.find(&look_up) {
                world.things.insert(look_up.id.clone(), plain(thing));
            }
        }
        for (id, left) in &mut self.looks {
            *left = left.saturating_sub(1);
            if let Some(thing) = self.things.get_mut(id) {
                thing.detail["settling"] = json!(*left > 0);
            }
        }
        world
    }

    /// By what the cloud gave it, or else by its own name.
    fn find(&self, look_up: &LookUp) -> Option<&Thing> {
        let physical = look_up.entry.physical.as_ref();
        self.things
            .values()
            .find(|thing| Some(&thing.outputs["arn"]) == physical)
            .or_else(|| self.things.get(&look_up.id))
    }

    /// One round: observe, plan, write ahead. The caller acts.
    pub(crate) fn round(&mut self, graph: &Graph) -> Plan {
        let world = self.observe(graph);
        let plan = plan(graph, &self.inventory.ids(), &world, &kinds::all(), &self.options);
        self.inventory = self.inventory.with(graph, &world, &plan);
        self.verified = self.verified.take().map(|verified| verified.after(graph, &world, &plan, self.now));
        self.now += SignedDuration::from_secs(1);
        plan
    }

    /// The steps of a round, which change what was seen.
    pub(crate) fn take_of(&mut self, graph: &Graph, steps: &[Step]) {
        if let Some(verified) = &mut self.verified {
            verified.touch(graph, steps.iter().map(|step| &step.id), self.now);
        }
        self.take(steps);
    }

    pub(crate) fn take(&mut self, steps: &[Step]) {
        for step in steps {
            self.act(step);
        }
    }

    pub(crate) fn act(&mut self, step: &Step) {
        self.writes += 1;
        match &step.action {
            Action::Create { want } => self.create(&step.id, want),
            Action::Update { want, .. } => self.update(&step.id, want),
            Action::Delete => self.delete(&step.id),
            Action::Wait | Action::Blocked => unreachable!("not a change"),
        }
    }

    /// Rounds until nothing is to be done; how many of them changed something.
    pub(crate) fn converge(&mut self, graph: &Graph) -> usize {
        let mut busy = 0;
        for _ in 0..200 {
            let plan = self.round(graph);
            if plan.converged() {
                return busy;
            }
            let steps: Vec<Step> = plan.runnable().cloned().collect();
            busy += usize::from(!steps.is_empty());
            self.take_of(graph, &steps);
        }
        let plan = self.round(graph);
        panic!("does not converge: {:#?}", plan.steps);
    }

    /// What there is, without the ids that the cloud chose.
    pub(crate) fn contents(&self) -> BTreeSet<(String, String)> {
        let name = |arn: &str| {
            let owner = self.things.iter().find(|(_, thing)| thing.outputs["arn"] == arn);
            owner.map_or_else(|| arn.to_owned(), |(id, _)| id.to_string())
        };
        self.things.iter().map(|(id, thing)| (id.to_string(), rename(&thing.value, &name).to_string())).collect()
    }

    fn create(&mut self, id: &Id, want: &Value) {
        assert!(!self.things.contains_key(id), "{id} is made a second time");
        self.check_references(id, want);
        self.made += 1;
        let thing = Thing {
            value: want.clone(),
            state: State::Active,
            owner: Owner::This,
            outputs: BTreeMap::from([
                ("arn".to_owned(), format!("arn:test:{}", self.made)),
                ("revision".to_owned(), self.made.to_string()),
            ]),
            mentions: vec![],
            detail: json!({"broken": false, "settling": self.settling > 0}),
        };
        assert!(self.inventory.0.contains_key(id), "{id} is made before the inventory names it");
        self.looks.insert(id.clone(), self.settling);
        self.things.insert(id.clone(), thing);
    }

    fn update(&mut self, id: &Id, want: &Value) {
        self.check_references(id, want);
        let thing = self.things.get_mut(id).expect("only what exists is changed");
        for member in ["mould", "base"] {
            assert_eq!(thing.value[member], want[member], "{member} of {id} cannot be changed");
        }
        thing.value = want.clone();
    }

    fn delete(&mut self, id: &Id) {
        let gone = self.things.remove(id).expect("only what exists is deleted");
        let arn = gone.outputs["arn"].clone();
        let user = self.things.iter().find(|(_, thing)| arns(&thing.value).contains(&arn));
        assert!(user.is_none(), "{id} is deleted while {} uses it", user.unwrap().0);
    }

    fn check_references(&self, id: &Id, want: &Value) {
        for arn in arns(want) {
            let known = self.things.values().any(|thing| thing.outputs["arn"] == arn);
            assert!(known, "{id} refers to {arn}, which does not exist");
        }
    }
}

/// Nothing is told of what is well.
fn plain(thing: &Thing) -> Thing {
    let told = ["broken", "settling"].iter().any(|name| thing.detail[*name] == json!(true));
    Thing { detail: if told { thing.detail.clone() } else { Value::Null }, ..thing.clone() }
}

fn arns(value: &Value) -> Vec<String> {
    ["base", "links"]
        .iter()
        .filter_map(|member| value.get(member)?.as_array())
        .flatten()
        .map(|text| text.as_str().expect("what is acted on is resolved").to_owned())
        .collect()
}

fn rename(value: &Value, name: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(name(text)),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| rename(item, name)).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), rename(member, name))).collect(),
        other => other.clone(),
    }
}
