//! Strategies that shift traffic: what they are configured with, and what the API asks of that.
//!
//! API reference, `DeploymentConfiguration`, `LinearConfiguration`, `CanaryConfiguration`, `DeploymentLifecycleHook` and
//! `AdvancedConfiguration`. The words of refusals are the simulator's own.

use serde_json::{Map, Value, json};

use crate::call::{Fault, texts};
use crate::services::ecs::invalid;

/// A day.
const MOST_MINUTES: i64 = 1440;

const MINUTE: i64 = 60_000;

/// One shift of production traffic: to how many thousandths, and how long that is looked at, in milliseconds.
pub(super) type Step = (u32, i64);

/// Whether traffic is shifted between two target groups.
pub(super) fn shifts(configuration: &Map<String, Value>) -> bool {
    word(configuration) != "ROLLING"
}

fn word(configuration: &Map<String, Value>) -> &str {
    configuration.get("strategy").and_then(Value::as_str).unwrap_or("ROLLING")
}

/// The shifts of production traffic; after the last nothing is waited for.
pub(super) fn steps(configuration: &Map<String, Value>) -> Vec<Step> {
    let number = |at: &str, member: &str| configuration.get(at).and_then(|one| one.get(member)).cloned();
    let minutes = |at: &str, member: &str| number(at, member).and_then(|one| one.as_i64()).unwrap_or_default() * MINUTE;
    let share = |at: &str, member: &str| number(at, member).and_then(|one| thousandths(&one)).unwrap_or(1000);
    match word(configuration) {
        "LINEAR" => {
            let step = share("linearConfiguration", "stepPercent").max(1);
            let bake = minutes("linearConfiguration", "stepBakeTimeInMinutes");
            let below = (1..).map(|count| count * step).take_while(|share| *share < 1000);
            below.map(|share| (share, bake)).chain([(1000, 0)]).collect()
        }
        "CANARY" => {
            let canary = share("canaryConfiguration", "canaryPercent");
            vec![(canary, minutes("canaryConfiguration", "canaryBakeTimeInMinutes")), (1000, 0)]
        }
        _ => vec![(1000, 0)],
    }
}

/// How long both revisions run after the shift, in milliseconds.
pub(super) fn bake(configuration: &Map<String, Value>) -> i64 {
    configuration.get("bakeTimeInMinutes").and_then(Value::as_i64).unwrap_or_default() * MINUTE
}

/// The share in thousandths, where it is a multiple of a tenth of a percent.
fn thousandths(percent: &Value) -> Option<u32> {
    let tenths = percent.as_f64()? * 10.0;
    (0..=1000_u32).find(|whole| (f64::from(*whole) - tenths).abs() < 1e-6)
}

/// Fills in what is left out, and drops what belongs to another strategy.
pub(super) fn complete(configuration: &mut Map<String, Value>) {
    let strategy = word(configuration).to_owned();
    let members = [
        ("LINEAR", "linearConfiguration", json!({"stepPercent": 10.0, "stepBakeTimeInMinutes": 6})),
        ("CANARY", "canaryConfiguration", json!({"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10})),
    ];
    for (of, member, defaults) in members {
        let given = configuration.remove(member).unwrap_or_default();
        if strategy == of {
            let mut whole = defaults;
            if let (Some(whole), Some(given)) = (whole.as_object_mut(), given.as_object()) {
                whole.extend(given.clone());
            }
            configuration.insert(member.to_owned(), whole);
        }
    }
}

/// Checks what an input gives.
pub(super) fn check_given(given: &Map<String, Value>, whole: &Map<String, Value>) -> Result<(), Fault> {
    let strategy = word(whole);
    if !["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"].contains(&strategy) {
        return Err(invalid(format!("Invalid deployment strategy: {strategy}")));
    }
    for (of, member) in [("LINEAR", "linearConfiguration"), ("CANARY", "canaryConfiguration")] {
        if given.get(member).is_some_and(|value| !value.is_null()) && strategy != of {
            return Err(invalid(format!("{member} is only valid with the deployment strategy {of}.")));
        }
    }
    // "You must provide this parameter when you use the BLUE_GREEN deployment strategy."
    if strategy == "BLUE_GREEN" && given.contains_key("strategy") && !given.contains_key("bakeTimeInMinutes") {
        return Err(invalid("bakeTimeInMinutes must be specified for the deployment strategy BLUE_GREEN."));
    }
    Ok(())
}

/// Checks the configuration as a whole.
pub(super) fn check(whole: &Map<String, Value>) -> Result<(), Fault> {
    let minutes = [
        whole.get("bakeTimeInMinutes"),
        whole.get("linearConfiguration").and_then(|one| one.get("stepBakeTimeInMinutes")),
        whole.get("canaryConfiguration").and_then(|one| one.get("canaryBakeTimeInMinutes")),
    ];
    for given in minutes.into_iter().flatten() {
        if !given.as_i64().is_some_and(|minutes| (0..=MOST_MINUTES).contains(&minutes)) {
            return Err(invalid(format!("A bake time must be between 0 and {MOST_MINUTES} minutes.")));
        }
    }
    let shares = [("linearConfiguration", "stepPercent", 30), ("canaryConfiguration", "canaryPercent", 1)];
    for (at, member, least) in shares {
        let given = whole.get(at).and_then(|one| one.get(member));
        if given.is_some_and(|given| thousandths(given).is_none_or(|share| share < least)) {
            return Err(invalid(format!("{member} must be a multiple of 0.1 within its bounds.")));
        }
    }
    whole.get("lifecycleHooks").and_then(Value::as_array).into_iter().flatten().try_for_each(check_hook)
}

fn check_hook(hook: &Value) -> Result<(), Fault> {
    const STAGES: [&str; 8] = [
        "RECONCILE_SERVICE",
        "PRE_SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
    ];
    let text = |member: &str| hook.get(member).and_then(Value::as_str).unwrap_or_default();
    let stages = texts(hook.get("lifecycleStages"));
    if stages.is_empty() || stages.iter().any(|stage| !STAGES.contains(&stage.as_str())) {
        return Err(invalid("lifecycleStages must name at least one stage that hooks can be used at."));
    }
    let pauses = match text("targetType") {
        "" | "AWS_LAMBDA" => false,
        "PAUSE" => true,
        other => return Err(invalid(format!("Invalid target type of a lifecycle hook: {other}"))),
    };
    if pauses && stages.iter().any(|stage| ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"].contains(&stage.as_str()))
    {
        return Err(invalid("PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT."));
    }
    if pauses != text("hookTargetArn").is_empty() {
        return Err(invalid("A hook of type AWS_LAMBDA needs a hookTargetArn, one of type PAUSE has none."));
    }
    if !pauses && text("roleArn").is_empty() {
        return Err(invalid("A hook of type AWS_LAMBDA needs a roleArn."));
    }
    let timeout = hook.pointer("/timeoutConfiguration/timeoutInMinutes");
    if timeout.is_some_and(|given| !given.as_i64().is_some_and(|minutes| (1..=20_160).contains(&minutes))) {
        return Err(invalid("timeoutInMinutes must be between 1 and 20160."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_shifted_in_the_steps_of_the_strategy() {
        let steps_of = |configuration: Value| {
            let mut whole = configuration.as_object().unwrap().clone();
            complete(&mut whole);
            steps(&whole)
        };
        let shares = |configuration| steps_of(configuration).into_iter().map(|(share, _)| share).collect::<Vec<_>>();
        assert_eq!(shares(json!({"strategy": "BLUE_GREEN"})), [1000]);
        let linear = json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40.0}});
        assert_eq!(steps_of(linear), [(400, 360_000), (800, 360_000), (1000, 0)]);
        assert_eq!(shares(json!({"strategy": "LINEAR"})).len(), 10);
        let canary = json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 2.5}});
        assert_eq!(steps_of(canary), [(25, 600_000), (1000, 0)]);
    }
}
