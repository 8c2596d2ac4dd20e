//! What a service is configured with: parsed from the input, merged on update, and as it reads back.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::call::Fault;
use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::{capacity_providers, invalid, strategy};
use crate::world::World;

/// The deployment configuration of a service, every member known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct DeploymentConfiguration {
    pub(super) minimum_healthy_percent: u32,
    pub(super) maximum_percent: u32,
    pub(super) breaker: Breaker,
    /// `alarms`, `strategy`, `bakeTimeInMinutes`, `lifecycleHooks` ...: kept as given.
    others: Map<String, Value>,
}

/// The circuit breaker's settings (API reference, `DeploymentCircuitBreaker`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Breaker {
    pub(super) enable: bool,
    pub(super) rollback: bool,
    pub(super) reset_on_healthy_task: Option<bool>,
    pub(super) threshold: Option<Threshold>,
}

/// How many failures trip it (API reference, `ThresholdConfiguration`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Threshold {
    pub(super) kind: String,
    pub(super) value: u32,
}

const OFF: Breaker = Breaker { enable: false, rollback: false, reset_on_healthy_task: None, threshold: None };

impl DeploymentConfiguration {
    /// What ECS takes when nothing is given: 100 and 200 percent for replicas, 0 and 100 for daemons.
    pub(super) fn defaults(daemon: bool) -> Self {
        let (minimum_healthy_percent, maximum_percent) = if daemon { (0, 100) } else { (100, 200) };
        let others =
            Map::from_iter([("strategy".to_owned(), json!("ROLLING")), ("bakeTimeInMinutes".to_owned(), json!(0))]);
        Self { minimum_healthy_percent, maximum_percent, breaker: OFF, others }
    }

    /// With what the input gives in place of what was: members left out stay, an empty circuit breaker turns it off.
    pub(super) fn merged(&self, input: Option<&Value>) -> Result<Self, Fault> {
        let mut merged = self.clone();
        for (member, value) in input.and_then(Value::as_object).into_iter().flatten() {
            match member.as_str() {
                "minimumHealthyPercent" => merged.minimum_healthy_percent = percent(value)?,
                "maximumPercent" => merged.maximum_percent = percent(value)?,
                "deploymentCircuitBreaker" => merged.breaker = breaker(value)?,
                _ => drop(merged.others.insert(member.clone(), value.clone())),
            }
        }
        if let Some(given) = input.and_then(Value::as_object) {
            strategy::check_given(given, &merged.others)?;
        }
        strategy::complete(&mut merged.others);
        strategy::check(&merged.others)?;
        merged.check()?;
        Ok(merged)
    }

    /// What is kept as it was given, such as the strategy and what belongs to it.
    pub(super) fn others(&self) -> &Map<String, Value> {
        &self.others
    }

    /// The CloudWatch alarms that watch deployments, where there are any.
    pub(super) fn alarms(&self) -> Option<&Value> {
        self.others.get("alarms").filter(|alarms| alarms.is_object())
    }

    fn check(&self) -> Result<(), Fault> {
        if self.minimum_healthy_percent == 100 && self.maximum_percent == 100 {
            return Err(invalid(
                "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
            ));
        }
        if self.maximum_percent < self.minimum_healthy_percent {
            return Err(invalid("maximumPercent must be at least minimumHealthyPercent."));
        }
        if self.breaker.rollback && !self.breaker.enable {
            return Err(invalid("Rollback cannot be enabled when deployment circuit breaker is disabled."));
        }
        Ok(())
    }

    /// As it reads back.
    pub(super) fn view(&self) -> Value {
        let threshold = self.breaker.threshold.as_ref();
        let mut view = json!({
            "minimumHealthyPercent": self.minimum_healthy_percent,
            "maximumPercent": self.maximum_percent,
            "deploymentCircuitBreaker": {
                "enable": self.breaker.enable,
                "rollback": self.breaker.rollback,
                "resetOnHealthyTask": self.breaker.reset_on_healthy_task,
                "thresholdConfiguration": threshold.map(|threshold| json!({"type": threshold.kind, "value": threshold.value})),
            },
        });
        if let Some(members) = view.as_object_mut() {
            members.extend(self.others.clone());
        }
        view
    }
}

fn percent(value: &Value) -> Result<u32, Fault> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| invalid("Deployment percentages must be non-negative."))
}

fn breaker(value: &Value) -> Result<Breaker, Fault> {
    let flag = |member: &str| value.get(member).and_then(Value::as_bool);
    let threshold = value.get("thresholdConfiguration").filter(|given| given.is_object()).map(threshold).transpose()?;
    Ok(Breaker {
        enable: flag("enable").unwrap_or_default(),
        rollback: flag("rollback").unwrap_or_default(),
        reset_on_healthy_task: flag("resetOnHealthyTask"),
        threshold,
    })
}

fn threshold(value: &Value) -> Result<Threshold, Fault> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    if !["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"].contains(&kind) {
        return Err(invalid(format!("Invalid threshold type: {kind}")));
    }
    let number = value.get("value").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    let value = number.filter(|number| *number > 0).ok_or_else(|| invalid("The threshold value must be positive."))?;
    Ok(Threshold { kind: kind.to_owned(), value })
}

/// What a service revision fixes: a change of any of these is a new deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Revision {
    pub(super) task_definition: String,
    pub(super) launch_type: Option<String>,
    pub(super) strategy: Vec<Value>,
    pub(super) platform_version: Option<String>,
    pub(super) network: Option<Value>,
    /// `loadBalancers`, `serviceRegistries`, `serviceConnectConfiguration`, `volumeConfigurations`,
    /// `vpcLatticeConfigurations`, where given.
    pub(super) attached: Map<String, Value>,
}

/// The members of [`Revision::attached`].
pub(super) const ATTACHED: [&str; 5] = [
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

impl Revision {
    /// Whether tasks of it run on Fargate: by launch type, or by a strategy, whose providers are all of one kind.
    pub(super) fn on_fargate(&self) -> bool {
        on_fargate(self.launch_type.as_deref(), &self.strategy)
    }

    /// How tasks of it are shown to run (API reference, `Task.launchType`).
    pub(super) fn launch_type_of_tasks(&self, world: &World) -> String {
        let managed = |item: &Value| names_managed(world, item);
        match &self.launch_type {
            _ if self.on_fargate() => "FARGATE".to_owned(),
            None if self.strategy.iter().any(managed) => "MANAGED_INSTANCES".to_owned(),
            given => given.clone().unwrap_or_else(|| "EC2".to_owned()),
        }
    }

    /// Refuses a task definition that was not checked to fit where its tasks are to run.
    pub(super) fn check_definition(&self, world: &World, definition: &Definition) -> Result<(), Fault> {
        check_definition(world, self.launch_type.as_deref(), &self.strategy, definition)
    }

    /// What `LATEST` resolves to, or the version given.
    pub(super) fn resolved_platform(&self) -> Option<&str> {
        let given = self.platform_version.as_deref()?;
        Some(if given == "LATEST" { "1.4.0" } else { given })
    }

    /// The operating system family, on Fargate.
    pub(super) fn platform_family(&self) -> Option<&'static str> {
        self.on_fargate().then_some("Linux")
    }

    /// Members that every view of a revision has.
    pub(super) fn view(&self) -> Map<String, Value> {
        let strategy = (!self.strategy.is_empty()).then(|| self.strategy.clone());
        let view = json!({
            "taskDefinition": self.task_definition,
            "launchType": self.launch_type,
            "capacityProviderStrategy": strategy,
            "platformVersion": self.resolved_platform(),
            "platformFamily": self.platform_family(),
            "networkConfiguration": self.network,
        });
        match view {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// The capacity provider for one more task, by the strategy's bases and weights, when so many of each run.
    pub(super) fn next_provider(&self, running: impl Fn(&str) -> u32) -> Option<String> {
        let items: Vec<(&str, u32, u32)> = self.strategy.iter().filter_map(strategy_item).collect();
        let below_base = items.iter().find(|(name, base, _)| running(name) < *base);
        let lightest = || {
            let loaded = |name: &str, base: u32| running(name).saturating_sub(base);
            let weighted = items.iter().filter(|(_, _, weight)| *weight > 0);
            // Compares (a+1)/weight by cross-multiplication: the provider furthest below its share.
            weighted.min_by(|one, other| {
                let share =
                    |item: &(&str, u32, u32), over: u32| u64::from(loaded(item.0, item.1) + 1) * u64::from(over);
                share(one, other.2).cmp(&share(other, one.2))
            })
        };
        below_base.or_else(lightest).or(items.first()).map(|(name, _, _)| (*name).to_owned())
    }
}

fn names_managed(world: &World, item: &Value) -> bool {
    item.get("capacityProvider").and_then(Value::as_str).is_some_and(|it| capacity_providers::is_managed(world, it))
}

/// The same of a launch type and a strategy.
pub(super) fn check_definition(
    world: &World,
    launch_type: Option<&str>,
    strategy: &[Value],
    definition: &Definition,
) -> Result<(), Fault> {
    let managed = strategy.iter().any(|item| names_managed(world, item));
    let missing = match (on_fargate(launch_type, strategy), managed) {
        (true, _) if !definition.supports("FARGATE") => "FARGATE",
        (_, true) if !definition.supports("MANAGED_INSTANCES") => "MANAGED_INSTANCES",
        _ => return Ok(()),
    };
    Err(invalid(format!("Task definition does not support launch_type {missing}.")))
}

/// The same of a launch type and a strategy.
pub(super) fn on_fargate(launch_type: Option<&str>, strategy: &[Value]) -> bool {
    let provider =
        |item: &Value| item.get("capacityProvider").and_then(Value::as_str).map(capacity_providers::is_fargate);
    launch_type == Some("FARGATE") || strategy.iter().any(|item| provider(item) == Some(true))
}

fn strategy_item(item: &Value) -> Option<(&str, u32, u32)> {
    let number = |member: &str| {
        item.get(member).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    };
    Some((item.get("capacityProvider")?.as_str()?, number("base"), number("weight")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_spread_over_providers_by_base_and_weight() {
        let strategy = vec![
            json!({"capacityProvider": "FARGATE", "base": 2, "weight": 1}),
            json!({"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3}),
        ];
        let revision = Revision {
            task_definition: String::new(),
            launch_type: None,
            strategy,
            platform_version: None,
            network: None,
            attached: Map::new(),
        };
        let (mut on_demand, mut spot) = (0, 0);
        for _ in 0..10 {
            match revision.next_provider(|name| if name == "FARGATE" { on_demand } else { spot }).as_deref() {
                Some("FARGATE") => on_demand += 1,
                _ => spot += 1,
            }
        }
        assert_eq!((on_demand, spot), (4, 6), "2 as base, then 1 : 3");
    }
}
