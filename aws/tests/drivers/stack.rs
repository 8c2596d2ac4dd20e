//! Examples 00 and 10 as a whole: a cluster, and a service in it.

use longshore_planner::engine::World;
use serde_json::{Value, json};

use crate::account::Account;
use crate::object::{Object, cluster_of, words};

/// Both objects. The service is there once its cluster is.
pub(crate) struct Stack {
    pub(crate) cluster: Object,
    pub(crate) service: Option<Object>,
    patch: Value,
}

impl Stack {
    /// Example 10, its service patched; nothing is made yet.
    pub(crate) fn new(patch: &Value) -> Self {
        Self::of(Object::cluster(&json!({})), patch)
    }

    /// Example 10's service, patched, in a cluster.
    pub(crate) fn of(cluster: Object, patch: &Value) -> Self {
        Self { cluster, service: None, patch: patch.clone() }
    }

    /// Example 10 as it is, converged.
    pub(crate) async fn converged(account: &Account) -> Self {
        Self::converged_with(account, &json!({})).await
    }

    /// Example 10, its service patched, converged.
    pub(crate) async fn converged_with(account: &Account, patch: &Value) -> Self {
        let mut stack = Self::new(patch);
        stack.converge(account).await;
        stack
    }

    /// The cluster converges, and the service is written.
    pub(crate) async fn begin(&mut self, account: &Account) {
        let cluster = self.cluster.converge(account).await;
        let reference = cluster_of(&cluster);
        self.service.get_or_insert_with(|| Object::service("hello", &reference, &self.patch));
    }

    /// The last look at the service.
    pub(crate) async fn converge(&mut self, account: &Account) -> World {
        self.begin(account).await;
        self.service().converge(account).await
    }

    /// The service's spec is edited.
    pub(crate) fn change(&mut self, patch: &Value) {
        self.service().change(patch);
    }

    pub(crate) fn service(&mut self) -> &mut Object {
        self.service.as_mut().expect("it was made")
    }

    /// Both objects are deleted, and gone.
    pub(crate) async fn remove(&mut self, account: &Account) {
        if let Some(service) = &mut self.service {
            service.remove(account).await;
        }
        self.cluster.remove(account).await;
    }

    /// The steps of another look at both.
    pub(crate) async fn steps(&mut self, account: &Account) -> Vec<String> {
        let mut steps = vec![];
        for object in [Some(&mut self.cluster), self.service.as_mut()].into_iter().flatten() {
            let (_, plan) = object.planned(account).await;
            steps.extend(plan.steps.iter().map(words));
        }
        steps
    }
}
