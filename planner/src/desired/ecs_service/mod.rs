//! `EcsService` -> graph: log group, roles, security group and rules, task definition, service.

mod images;
mod logs;
mod network;
mod roles;
mod secrets;
mod service;
mod task;
mod unsupported;
mod warnings;

pub(crate) use secrets::{SecretSource, named, source};

use longshore_crds::ecs_service::LaunchType;
use longshore_crds::{ClusterRef, EcsServiceSpec};

use super::grants::authorise;
use super::memory::Memory;
use super::obstacle::{ClusterReference, Desired, Facts, Obstacle, Reference, Refusal};
use super::scope::Scope;
use crate::engine::{Graph, Text};
use crate::report::RolledBack;

/// The key of the service in its object's graph.
pub const SERVICE_KEY: &str = "service";
/// The key of the task definition in its object's graph.
pub const TASK_KEY: &str = "task";

/// What an `EcsService` wants. A graph that comes out is authorised: nothing in it is outside of the grants.
pub fn ecs_service(
    scope: &Scope,
    spec: &EcsServiceSpec,
    facts: &Facts,
    cluster: &Reference<ClusterReference>,
    memory: &Memory,
) -> Result<Desired, Obstacle> {
    let refusals = unsupported::refusals(spec);
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    check_cluster(scope, &spec.cluster)?;
    let cluster = match cluster {
        Reference::Ready(cluster) => cluster,
        Reference::Waiting { reason, message } => {
            return Err(Obstacle::Waiting { reason: reason.clone(), message: message.clone() });
        }
    };
    let builder = Builder { scope, spec, base: scope.base() };
    let desired = builder.build(facts, cluster, memory)?;
    let refusals = authorise(&desired.graph, scope);
    if refusals.is_empty() { Ok(desired) } else { Err(Obstacle::Refused(refusals)) }
}

/// A cluster by ARN must be in the environment's account and region: nothing reaches across.
fn check_cluster(scope: &Scope, cluster: &ClusterRef) -> Result<(), Refusal> {
    let here = scope.arn("ecs", "cluster/");
    match &cluster.arn {
        Some(arn) if !arn.starts_with(&here) => Err(Refusal::new(
            "OtherEnvironment",
            "spec.cluster.arn",
            format!(
                "{arn} is not in the account and region of the AwsEnvironment {}: its clusters start with {here}",
                scope.environment_name
            ),
        )),
        _ => Ok(()),
    }
}

/// What every part of the graph is built from.
struct Builder<'a> {
    scope: &'a Scope,
    spec: &'a EcsServiceSpec,
    base: String,
}

impl Builder<'_> {
    fn build(&self, facts: &Facts, cluster: &ClusterReference, memory: &Memory) -> Result<Desired, Obstacle> {
        let mut graph = Graph::default();
        let log_group = self.log_group(&mut graph)?;
        let execution_role = self.execution_role(&mut graph, log_group.as_ref())?;
        let task_role = self.task_role(&mut graph)?;
        let network = self.network(&mut graph, facts)?;
        let restarted_at = self.spec.restarted_at.as_deref();
        let revision = self.task_definition(&mut graph, task_role, execution_role, log_group.as_ref(), |hash| {
            memory.rejects(hash, restarted_at).is_some()
        })?;
        let rejected = memory.rejects(&revision.id.fixed, restarted_at);
        let (task_definition, rolled_back) = match (rejected, &memory.last_good) {
            (Some(rejected), Some(good)) => (
                Text::from(good.arn.clone()),
                Some(RolledBack { revision: short(&rejected.arn).to_owned(), why: rejected.reason.clone() }),
            ),
            _ => (revision.arn.clone(), None),
        };
        self.service(&mut graph, cluster, task_definition, network)?;
        Ok(Desired { graph, warnings: warnings::warnings(self.spec), rolled_back })
    }

    fn fargate(&self) -> bool {
        is_fargate(self.spec)
    }
}

/// Whether the tasks run on Fargate. With neither a launch type nor a strategy the cluster's default decides, and
/// clusters have only Fargate capacity so far.
fn is_fargate(spec: &EcsServiceSpec) -> bool {
    let fargate_provider = |name: &str| matches!(name, "FARGATE" | "FARGATE_SPOT");
    match spec.launch_type {
        Some(launch_type) => launch_type == LaunchType::Fargate,
        None => spec.capacity_provider_strategy.iter().all(|item| fargate_provider(&item.capacity_provider)),
    }
}

/// `hello:4` of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
