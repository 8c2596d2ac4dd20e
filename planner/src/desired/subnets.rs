//! The subnets that an environment offers.

use longshore_crds::aws_environment::Subnets;

use super::obstacle::{Fact, Facts, Need, Obstacle, Refusal};
use super::scope::Scope;
use crate::engine::FieldPath;

/// The environment's public subnets, or its private ones. `asks` is who could name subnets of its own, at `at`.
pub(super) fn of_environment(
    scope: &Scope,
    public: bool,
    asks: &str,
    at: &str,
    facts: &Facts,
) -> Result<Vec<String>, Obstacle> {
    let network = &scope.environment.network;
    let (which, subnets) =
        if public { ("publicSubnets", &network.public_subnets) } else { ("privateSubnets", &network.private_subnets) };
    match subnets {
        Some(subnets) if !subnets.ids.is_empty() => Ok(subnets.ids.clone()),
        Some(subnets) => by_tags(scope, subnets, which, at, facts),
        None => {
            let message = format!(
                "the AwsEnvironment {} names no spec.network.{which}, and the {asks} no subnets; name them in either",
                scope.environment_name
            );
            Err(Refusal::new("NoSubnets", at, message).into())
        }
    }
}

fn by_tags(scope: &Scope, subnets: &Subnets, which: &str, at: &str, facts: &Facts) -> Result<Vec<String>, Obstacle> {
    let need = Need::Subnets { vpc_id: scope.environment.network.vpc_id.clone(), tags: subnets.tags.clone() };
    match facts.get(&need) {
        Some(Fact::Subnets(ids)) if !ids.is_empty() => Ok(ids.clone()),
        Some(Fact::Subnets(_)) => {
            let message = format!(
                "{need} are none; correct spec.network.{which} of the AwsEnvironment {}",
                scope.environment_name
            );
            Err(Refusal::new("NoSubnets", FieldPath::from(at), message).into())
        }
        _ => Err(Obstacle::Needs(vec![need])),
    }
}
