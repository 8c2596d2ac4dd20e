//! One Kubernetes object's life, as the controller leads it: observe, learn, plan, write down, act.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use longshore_aws::{Class, Fault, act, find, observe};
use longshore_planner::desired::{
    ClusterReference, Desired, Facts, Memory, Obstacle, Reference, References, Said, Scope, learn,
};
use longshore_planner::desired::{ecs_cluster, ecs_service};
use longshore_planner::engine::{Action, Entry, Graph, Id, Inventory, LookUp, Options, Plan, Step, Thing, World, plan};
use longshore_planner::kinds;
use longshore_planner::report::{Failure, Remedy};
use serde_json::Value;

use crate::account::Account;
use crate::examples;

/// Between two looks, when there is nothing to do but wait.
const PAUSE: Duration = Duration::from_secs(20);
/// An hour of looks.
const MOST: usize = 180;

type Desire = Box<dyn Fn(&Scope, &Memory, &Facts) -> Result<Desired, Obstacle>>;

/// An object. What survives a crash is its status: the inventory and the memory.
pub(crate) struct Object {
    pub(crate) scope: Scope,
    desire: Desire,
    /// What AWS was asked for at the last look.
    facts: Facts,
    /// What a service is in.
    cluster: Option<ClusterReference>,
    restarted_at: Option<String>,
    /// The deployment that is to go on, though paused.
    pub(crate) proceed: Option<String>,
    pub(crate) inventory: Inventory,
    pub(crate) memory: Memory,
    pub(crate) options: Options,
    /// The status as it was last written.
    written: (Inventory, Memory),
}

/// One look, and what came of it.
pub(crate) struct Round {
    pub(crate) plan: Plan,
    pub(crate) world: World,
    pub(crate) faults: Vec<(Id, Fault)>,
    progress: bool,
}

impl Object {
    /// One that wants what a function says.
    pub(crate) fn of(scope: Scope, desire: impl Fn(&Scope, &Memory) -> Desired + 'static) -> Self {
        Self::needing(scope, move |scope, memory, _| Ok(desire(scope, memory)))
    }

    /// One that wants what a function says of facts that it needs.
    pub(crate) fn needing(
        scope: Scope,
        desire: impl Fn(&Scope, &Memory, &Facts) -> Result<Desired, Obstacle> + 'static,
    ) -> Self {
        Self {
            scope,
            desire: Box::new(desire),
            facts: Facts::new(),
            cluster: None,
            restarted_at: None,
            proceed: None,
            inventory: Inventory::default(),
            memory: Memory::default(),
            options: Options::default(),
            written: Default::default(),
        }
    }

    /// Example 10's cluster, patched.
    pub(crate) fn cluster(patch: &Value) -> Self {
        let spec = examples::cluster(patch);
        Self::of(examples::scope("EcsCluster", "main"), move |scope, memory| {
            ecs_cluster(scope, &spec, &Facts::new(), memory).unwrap()
        })
    }

    /// Example 10's service, patched.
    pub(crate) fn service(name: &str, cluster: &ClusterReference, patch: &Value) -> Self {
        let mut object = Self::of(examples::scope("EcsService", name), |_, _| Desired::default());
        object.cluster = Some(cluster.clone());
        object.change(patch);
        object
    }

    /// A service's spec is edited.
    pub(crate) fn change(&mut self, patch: &Value) {
        let spec = examples::service(patch);
        let cluster = Reference::Ready(self.cluster.clone().expect("a service is in a cluster"));
        self.restarted_at.clone_from(&spec.restarted_at);
        let references = References::to_cluster(cluster);
        self.desire = Box::new(move |scope, memory, facts| ecs_service(scope, &spec, facts, &references, memory));
    }

    /// It wants something else from now on.
    pub(crate) fn desires(&mut self, desire: impl Fn(&Scope, &Memory) -> Desired + 'static) {
        self.desire = Box::new(move |scope, memory, _| Ok(desire(scope, memory)));
    }

    /// The object is deleted.
    pub(crate) fn delete(&mut self) {
        self.options.deleting = true;
        self.desire = Box::new(|_, _, _| Ok(Desired::default()));
    }

    pub(crate) fn graph(&self) -> Graph {
        (self.desire)(&self.scope, &self.memory, &self.facts).unwrap().graph
    }

    /// Reads everything; addresses that only another resource tells are looked up once that is known.
    pub(crate) async fn look(&self, account: &Account, graph: &Graph) -> World {
        let (reader, ownership) = (account.session.reader(), self.scope.ownership());
        let mut world = World::default();
        let mut asked: BTreeMap<Id, Entry> = BTreeMap::new();
        loop {
            let mut look_ups = self.inventory.look_ups(graph, &world);
            look_ups.retain(|at| asked.get(&at.id) != Some(&at.entry));
            if look_ups.is_empty() {
                return world;
            }
            asked.extend(look_ups.iter().map(|at| (at.id.clone(), at.entry.clone())));
            let more = observe(&reader, &ownership, &look_ups).await;
            for at in &look_ups {
                world.unknown.remove(&at.id);
            }
            world.things.extend(more.things);
            world.unknown.extend(more.unknown);
        }
    }

    /// Asks AWS afresh for what the graph depends on.
    async fn ask(&mut self, account: &Account) {
        self.facts.clear();
        while let Err(Obstacle::Needs(needs)) = (self.desire)(&self.scope, &self.memory, &self.facts) {
            for need in needs {
                let fact = find(&account.session.reader(), &need).await.unwrap();
                self.facts.insert(need, fact);
            }
        }
        self.memory.pins = (self.desire)(&self.scope, &self.memory, &self.facts).unwrap().pins;
    }

    /// A look and a plan, and nothing else.
    pub(crate) async fn planned(&mut self, account: &Account) -> (World, Plan) {
        self.ask(account).await;
        let world = self.look(account, &self.graph()).await;
        if !self.options.deleting {
            let (restarted_at, proceed) = (self.restarted_at.as_deref(), self.proceed.as_deref());
            let said = Said { restarted_at, proceed, ..Said::default() };
            self.memory = learn(&self.memory, &self.graph(), &world, said);
        }
        let plan = plan(&self.graph(), &self.inventory.ids(), &world, &kinds::all(), &self.options);
        (world, plan)
    }

    /// One round: what can be done now is done, side by side.
    pub(crate) async fn round(&mut self, account: &Account) -> Round {
        let (world, plan) = self.planned(account).await;
        self.inventory = self.inventory.with(&self.graph(), &world, &plan);
        self.written = (self.inventory.clone(), self.memory.clone());
        let (writer, ownership) = (account.session.writer(), self.scope.ownership());
        let acts = plan.runnable().map(|step| {
            let at = self.at(&step.id);
            let (writer, ownership, world) = (&writer, &ownership, &world);
            async move { (step.id.clone(), act(writer, ownership, step, world, &at).await) }
        });
        let (mut faults, mut progress) = (vec![], false);
        for (id, result) in join_all(acts).await {
            match result {
                Ok(physical) => {
                    progress = true;
                    if let (Some(physical), Some(entry)) = (physical, self.inventory.0.get_mut(&id)) {
                        entry.physical = Some(physical);
                    }
                }
                Err(fault) => faults.push((id, fault)),
            }
        }
        let failure = |(id, fault): &(Id, Fault)| Failure {
            id: id.clone(),
            remedy: Remedy::Retry,
            reason: fault.code.clone(),
            message: fault.to_string(),
        };
        let failures: Vec<Failure> = faults.iter().map(failure).collect();
        self.memory = std::mem::take(&mut self.memory).after(&failures);
        Round { plan, world, faults, progress }
    }

    /// Rounds until nothing is to be done or waited for: the last look.
    pub(crate) async fn converge(&mut self, account: &Account) -> World {
        let (mut last, mut refused) = (vec![], vec![]);
        for _ in 0..MOST {
            let round = self.round(account).await;
            if round.plan.converged() {
                return round.world;
            }
            if let Some((id, fault)) = round.faults.iter().find(|(_, fault)| fault.class == Class::Fix) {
                panic!("{id}: {fault}");
            }
            last = round.plan.steps;
            refused = round.faults;
            if !round.progress {
                tokio::time::sleep(PAUSE).await;
            }
        }
        let last = last.iter().map(words).collect::<Vec<_>>();
        panic!("does not converge within an hour: {last:#?} {refused:?}");
    }

    /// Deletes it, and waits until nothing is left.
    pub(crate) async fn remove(&mut self, account: &Account) {
        self.delete();
        self.converge(account).await;
        assert_eq!(self.inventory, Inventory::default());
    }

    /// The process dies: what it learnt since it last wrote is lost.
    pub(crate) fn crash(&mut self) {
        (self.inventory, self.memory) = self.written.clone();
    }

    /// Where a resource is looked for.
    pub(crate) fn at(&self, id: &Id) -> LookUp {
        LookUp { id: id.clone(), entry: self.inventory.0.get(id).cloned().unwrap_or_default() }
    }
}

/// A step in one line.
pub(crate) fn words(step: &Step) -> String {
    let verb = match step.action {
        Action::Create { .. } => "create",
        Action::Update { .. } => "update",
        Action::Delete => "delete",
        Action::Wait => "wait for",
        Action::Blocked => "blocked:",
    };
    format!("{verb} {}:{} ({})", step.id.kind, step.id.key, step.reason)
}

/// The cluster that an `EcsCluster` has made, for those that run in it.
pub(crate) fn cluster_of(world: &World) -> ClusterReference {
    let output = |name: &str| thing(world, "cluster").outputs[name].clone();
    ClusterReference { arn: output("arn"), name: output("name"), ..ClusterReference::default() }
}

/// What was seen under a key.
pub(crate) fn thing<'a>(world: &'a World, key: &str) -> &'a Thing {
    world.things.iter().find(|(id, _)| id.key == key).map(|(_, thing)| thing).expect("it exists")
}
