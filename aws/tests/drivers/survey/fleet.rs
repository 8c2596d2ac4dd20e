//! A thousand services, converged, at the least cost: nothing is read that is known to be missing.

use futures::future::join_all;
use longshore_aws::{act, observe};
use longshore_planner::desired::ClusterReference;
use longshore_planner::engine::{Kind, LookUp, Subject, World, plan};
use longshore_planner::kinds;
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use serde_json::json;

use super::subject;
use crate::account::Account;
use crate::object::{Object, cluster_of};

/// As deep as the graph, and some more for roles that AWS does not know yet.
const ROUNDS: usize = 30;
/// At the same time: many enough for reads to join, few enough for the rate limits' patience.
const AT_ONCE: usize = 10;

/// A cluster and its services.
pub(super) struct Fleet {
    pub(super) account: Account,
    /// The cluster first.
    pub(super) objects: Vec<Object>,
    cluster: ClusterReference,
}

impl Fleet {
    /// Example 10's cluster with so many of its services, all running.
    pub(super) async fn of(services: usize) -> Self {
        let account = Account::new().await;
        account.simulator.with_world(|world| world.settings.roles_per_account = 5000);
        let mut cluster = Object::cluster(&json!({}));
        let seen = cluster.converge(&account).await;
        let reference = cluster_of(&seen);
        let mut fleet = Self { account, objects: vec![cluster], cluster: reference };
        fleet.grow(services).await;
        fleet
    }

    /// So many services more.
    pub(super) async fn grow(&mut self, services: usize) {
        let first = self.objects.len() - 1;
        let service = |n: usize| Object::service(&format!("hello-{n:04}"), &self.cluster, &json!({}));
        let mut more: Vec<Object> = (first..first + services).map(service).collect();
        for some in more.chunks_mut(AT_ONCE) {
            join_all(some.iter_mut().map(|object| make(&self.account, object))).await;
        }
        self.objects.extend(more);
        // Until every task runs.
        tokio::time::sleep(std::time::Duration::from_mins(10)).await;
    }

    /// What the sweep is told of them.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        self.objects.iter().map(subject).collect()
    }

    /// Another process looks after it.
    pub(super) async fn after_a_crash(self) -> Self {
        Self { account: self.account.after_a_crash().await, ..self }
    }
}

/// Makes an object whose resources do not exist. After the last round its service rolls out by itself.
async fn make(account: &Account, object: &mut Object) {
    let (graph, ownership) = (object.graph(), object.scope.ownership());
    let (reader, writer) = (account.session.reader(), account.session.writer());
    let mut world = World::default();
    for _ in 0..ROUNDS {
        let next = plan(&graph, &object.inventory.ids(), &world, &kinds::all(), &object.options);
        object.inventory = object.inventory.with(&graph, &world, &next);
        let steps: Vec<_> = next.runnable().collect();
        if steps.is_empty() {
            return;
        }
        let acts = steps.iter().map(|step| {
            let at = object.at(&step.id);
            let (writer, ownership, world) = (&writer, &ownership, &world);
            async move { (step.id.clone(), act(writer, ownership, step, world, &at).await) }
        });
        let mut made = vec![];
        for (id, outcome) in join_all(acts).await {
            match outcome {
                Ok(physical) => {
                    object.inventory.0.get_mut(&id).unwrap().physical = physical;
                    made.push(id);
                }
                // AWS needs a while to know a new role.
                Err(_) => tokio::time::sleep(std::time::Duration::from_secs(2)).await,
            }
        }
        // A new group comes with a rule.
        let rule = |at: &LookUp| at.id.kind == SecurityGroupRule::NAME && at.member("group").is_some();
        for _ in 0..2 {
            let look_ups: Vec<LookUp> = object.inventory.look_ups(&graph, &world);
            let look_ups: Vec<LookUp> = look_ups
                .into_iter()
                .filter(|at| world.get(&at.id).is_none() && (made.contains(&at.id) || rule(at)))
                .collect();
            let more = observe(&reader, &ownership, &look_ups).await;
            assert_eq!(more.unknown, [].into());
            world.things.extend(more.things);
        }
    }
    panic!("{} is not made after {ROUNDS} rounds", ownership.object);
}
