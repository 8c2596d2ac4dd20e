//! How rules get into a schema, and those that several kinds have.

use schemars::{Schema, transform::Transform};
use serde_json::{Value, json};

/// A CEL rule, and what to write instead.
pub(crate) type RuleText = (&'static str, &'static str);

/// The rules of one type, put into its schema.
///
/// kube's `KubeSchema` does the same, but derives a hidden copy of each struct for it.
pub(crate) struct Rules(pub(crate) &'static [RuleText]);

impl Transform for Rules {
    fn transform(&mut self, schema: &mut Schema) {
        let rules = self.0.iter().map(|(rule, message)| json!({ "rule": rule, "message": message }));
        schema.insert("x-kubernetes-validations".to_owned(), Value::Array(rules.collect()));
    }
}

/// Rules of another type that hold here only where a condition (in CEL) does; they are added to what [`Rules`] puts there.
pub(crate) struct RulesWith(pub(crate) &'static str, pub(crate) &'static [RuleText]);

impl Transform for RulesWith {
    fn transform(&mut self, schema: &mut Schema) {
        let Self(condition, rules) = self;
        let rules = rules
            .iter()
            .map(|(rule, message)| json!({ "rule": format!("!({condition}) || ({rule})"), "message": message }));
        let of_type = schema.ensure_object().entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Value::Array(of_type) = of_type {
            of_type.extend(rules);
        }
    }
}

/// Names in AWS, labels and security-group descriptions are made from the object's name.
pub(crate) const NAME: RuleText = (
    "!self.metadata.name.contains('.') && self.metadata.name.size() <= 63",
    "metadata.name must have no dots and at most 63 characters: it becomes part of names in AWS",
);

/// Of whatever runs in a cluster.
pub(crate) const CLUSTER_FIXED: RuleText = (
    "self.cluster == oldSelf.cluster",
    "cluster can't be changed: make another object, and delete this one when the other is ready",
);

/// What was made in one account and region cannot be moved to another.
pub(crate) const ENVIRONMENT_FIXED: RuleText = (
    "has(self.awsEnvironment) == has(oldSelf.awsEnvironment) && \
     (!has(self.awsEnvironment) || self.awsEnvironment == oldSelf.awsEnvironment)",
    "awsEnvironment can't be changed: make another object, and delete this one when the other is ready",
);

/// API reference, `CapacityProviderStrategyItem`: of several providers at least one must have a weight above 0, and at
/// most one a base.
macro_rules! weights {
    ($field:literal) => {
        (
            concat!(
                "!has(self.",
                $field,
                ") || self.",
                $field,
                ".size() <= 1 || (self.",
                $field,
                ".exists(p, has(p.weight) && p.weight > 0) && self.",
                $field,
                ".filter(p, has(p.base) && p.base > 0).size() <= 1)"
            ),
            concat!($field, ": of several providers give at least one a weight above 0, and at most one a base"),
        )
    };
}

/// Developer guide, "Amazon ECS capacity providers": Fargate and other providers cannot share a strategy.
macro_rules! unmixed {
    ($field:literal) => {
        (
            concat!(
                "!has(self.",
                $field,
                ") || self.",
                $field,
                ".all(p, p.capacityProvider in ['FARGATE', 'FARGATE_SPOT'])",
                " || self.",
                $field,
                ".all(p, !(p.capacityProvider in ['FARGATE', 'FARGATE_SPOT']))"
            ),
            concat!($field, ": FARGATE and FARGATE_SPOT can't be mixed with other providers: make two services"),
        )
    };
}

pub(crate) const STRATEGY_WEIGHTS: RuleText = weights!("capacityProviderStrategy");
pub(crate) const STRATEGY_MIX: RuleText = unmixed!("capacityProviderStrategy");
pub(crate) const DEFAULT_STRATEGY_WEIGHTS: RuleText = weights!("defaultCapacityProviderStrategy");
pub(crate) const DEFAULT_STRATEGY_MIX: RuleText = unmixed!("defaultCapacityProviderStrategy");
