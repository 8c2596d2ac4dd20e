//! What an object says of itself.

use serde_json::Value;

const READY: &str = "Ready";
const STALLED: &str = "Stalled";
const RECONCILING: &str = "Reconciling";

/// Whether it says that all is well with its present generation.
pub(super) fn claims_ready(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_null() && is_observed(object) && status(object, READY) == "True"
}

/// Where conditions contradict each other.
pub(super) fn contradictions(object: &Value) -> Vec<String> {
    let holds = |condition| status(object, condition) == "True";
    let mut found = vec![];
    for (one, other) in [(STALLED, RECONCILING), (READY, STALLED), (READY, RECONCILING)] {
        if holds(one) && holds(other) {
            found.push(format!("{one} and {other} at once"));
        }
    }
    if object["status"]["observedGeneration"].as_i64() > object["metadata"]["generation"].as_i64() {
        found.push("it has observed a generation that does not exist".to_owned());
    }
    found
}

/// How it differs from an object that has arrived: ready, or stalled for the expected reason.
pub(super) fn differences(object: &Value, stalled: Option<&str>) -> Vec<String> {
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return vec![format!("it is still there: {}", told(object))];
    }
    let arrived = match stalled {
        None => status(object, READY) == "True" && object["status"]["pending"].as_array().is_none_or(Vec::is_empty),
        Some(reason) => {
            let stalled = condition(object, STALLED);
            let says = stalled["message"].as_str().is_some_and(|message| !message.is_empty());
            stalled["status"] == "True" && stalled["reason"] == reason && says && status(object, READY) == "False"
        }
    };
    if arrived && is_observed(object) {
        return vec![];
    }
    vec![format!("it is not {}: {}", stalled.unwrap_or("ready"), told(object))]
}

fn is_observed(object: &Value) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

fn condition<'a>(object: &'a Value, type_: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions.and_then(|all| all.iter().find(|condition| condition["type"] == type_)).unwrap_or(&Value::Null)
}

fn status<'a>(object: &'a Value, type_: &str) -> &'a str {
    condition(object, type_)["status"].as_str().unwrap_or_default()
}

/// All conditions that are true, in one line.
fn told(object: &Value) -> String {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let is_true = conditions.filter(|condition| condition["status"] == "True");
    let said: Vec<String> = is_true.map(|c| format!("{} ({}: {})", c["type"], c["reason"], c["message"])).collect();
    let observed = format!(
        "generation {} observed of {}",
        object["status"]["observedGeneration"], object["metadata"]["generation"]
    );
    format!("{}; {observed}", said.join(", "))
}
