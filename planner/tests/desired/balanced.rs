//! Example 20's service behind its load balancer, less its volume and its scaling.

use std::collections::BTreeMap;

use longshore_crds::application_load_balancer::ListenerProtocol;
use longshore_crds::{ApplicationLoadBalancerSpec, EcsServiceSpec};
use longshore_planner::desired::{
    Desired, Fact, Facts, ListenerReference, Memory, Need, Obstacle, Reference, References, Scope, TakenPriority,
    application_load_balancer, ecs_service,
};
use serde_json::{Value, json};

use crate::objects::{cluster, environment, merge, opened, scope, spec, with_host_namespaces};

pub(crate) const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/public/1/2";
pub(crate) const OTHER_LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/theirs/1/2";

/// The load balancer of example 20.
pub(crate) fn public(patch: &Value) -> ApplicationLoadBalancerSpec {
    spec("../examples/20-load-balancer.yaml", "ApplicationLoadBalancer", patch)
}

pub(crate) fn orders(patch: &Value) -> EcsServiceSpec {
    let web = json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [
        {"containerPort": 8080}, {"containerPort": 9090}, {"containerPort": 8443}]});
    let mut all = json!({"autoscaling": null, "task": {"volumes": null, "containerDefinitions": [web]}});
    merge_keeping_nulls(&mut all, patch);
    spec("20-shop-orders.yaml", "EcsService", &all)
}

/// Two patches, one after the other, as one.
fn merge_keeping_nulls(target: &mut Value, patch: &Value) {
    let (Some(members), Some(of)) = (patch.as_object(), target.as_object_mut()) else {
        *target = patch.clone();
        return;
    };
    for (name, value) in members {
        merge_keeping_nulls(of.entry(name).or_insert(Value::Null), value);
    }
}

/// Its one entry, with more members.
pub(crate) fn entry(more: &Value) -> Value {
    let mut entry = json!({
        "name": "web", "loadBalancer": {"name": "public"}, "listener": "https", "containerName": "web",
        "containerPort": 8080, "rules": [{"hosts": ["shop.example.com"], "paths": ["/orders", "/orders/*"]}],
    });
    merge(&mut entry, more);
    entry
}

pub(crate) fn behind(more: &Value) -> Value {
    json!({"loadBalancers": [entry(more)]})
}

pub(crate) fn listener() -> ListenerReference {
    ListenerReference {
        listener_arn: LISTENER.into(),
        security_group_id: "sg-0public".into(),
        protocol: Some(ListenerProtocol::Https),
        address: None,
        hosts: Some(vec!["*.example.com".into()]),
        claims: vec![],
    }
}

/// A service, and all that its graph is made of.
pub(crate) struct Asked {
    pub(crate) scope: Scope,
    pub(crate) spec: EcsServiceSpec,
    pub(crate) references: References,
    pub(crate) facts: Facts,
    pub(crate) memory: Memory,
}

impl Asked {
    pub(crate) fn orders(patch: &Value) -> Self {
        let mut scope = scope(with_host_namespaces());
        scope.name = "orders".into();
        let mut references = References::to_cluster(cluster());
        references.listeners = BTreeMap::from([("web".to_owned(), Reference::Ready(listener()))]);
        let mut asked = Self { scope, spec: orders(patch), references, facts: Facts::new(), memory: Memory::default() };
        asked.taken(&[]);
        asked
    }

    /// What the listener's rules are.
    pub(crate) fn taken(&mut self, taken: &[TakenPriority]) {
        for arn in [LISTENER, OTHER_LISTENER] {
            let need = Need::ListenerRules { listener_arn: arn.into() };
            self.facts.insert(need, Fact::ListenerRules(taken.to_vec()));
        }
    }

    pub(crate) fn change(&mut self, patch: &Value) {
        self.spec = orders(patch);
    }

    pub(crate) fn listener(mut self, change: impl FnOnce(&mut ListenerReference)) -> Self {
        let mut listener = listener();
        change(&mut listener);
        self.references.listeners.insert("web".to_owned(), Reference::Ready(listener));
        self
    }

    /// No listener of ours is known.
    pub(crate) fn foreign(mut self) -> Self {
        self.references.listeners.clear();
        self
    }

    pub(crate) fn desire(&self) -> Result<Desired, Obstacle> {
        let references = References { access: opened(&self.spec), ..self.references.clone() };
        ecs_service(&self.scope, &self.spec, &self.facts, &references, &self.memory)
    }

    pub(crate) fn desired(&self) -> Desired {
        self.desire().unwrap()
    }

    /// The reasons and fields for which it is refused.
    pub(crate) fn refused(&self) -> Vec<(String, String)> {
        match self.desire() {
            Ok(_) => vec![],
            Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0)).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }
}

pub(crate) fn load_balancer_scope() -> Scope {
    let mut scope = scope(environment(&json!({})));
    (scope.object_kind, scope.name) = ("ApplicationLoadBalancer", "public".into());
    scope
}

/// The address ranges of the VPC.
pub(crate) fn vpc() -> Facts {
    let need = Need::VpcCidrs { vpc_id: "vpc-0a1b2c3d".into() };
    [(need, Fact::VpcCidrs(vec!["10.0.0.0/16".into(), "2a05:d018::/56".into()]))].into()
}

pub(crate) fn balance(patch: &Value, facts: &Facts) -> Result<Desired, Obstacle> {
    application_load_balancer(&load_balancer_scope(), &public(patch), facts)
}
