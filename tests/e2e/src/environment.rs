//! The objects that tests apply: the project's own examples, and nothing else where it can be helped.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::project;

/// The namespace of the examples.
pub const SHOP: &str = "shop";

/// The text of an example, as it stands in the project.
pub fn example(name: &str) -> Result<String> {
    let path = project("examples").join(name);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Example 10, in another namespace: an `EcsCluster` called main and an `EcsService` called hello.
pub fn hello(namespace: &str) -> Result<String> {
    Ok(example("10-fargate-web.yaml")?.replace(&format!("namespace: {SHOP}"), &format!("namespace: {namespace}")))
}

/// Example 20, in another namespace: an `ApplicationLoadBalancer` called public and an `EcsService` behind it called
/// orders.
pub fn balanced(namespace: &str) -> Result<String> {
    Ok(example("20-load-balancer.yaml")?.replace(&format!("namespace: {SHOP}"), &format!("namespace: {namespace}")))
}

/// The load balancer of example 20 alone.
pub fn balancer(namespace: &str) -> Result<String> {
    let all = balanced(namespace)?;
    let found = all.split("---\n").find(|text| text.contains("kind: ApplicationLoadBalancer"));
    found.map(ToOwned::to_owned).context("example 20 has a load balancer")
}

/// Example 00 on an AWS that has other ids than the example's, as `furnish.py` reports them.
pub(crate) fn environment_on(furniture: &Value) -> Result<String> {
    let mut environment = example("00-environment.yaml")?;
    for (written, real) in furniture.as_object().context("furnish.py reports an object")? {
        environment = environment.replace(written.as_str(), real.as_str().context("ids are texts")?);
    }
    Ok(environment)
}
