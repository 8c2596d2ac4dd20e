//! Tasks as a target: what EventBridge Scheduler and rules of EventBridge make of it, and when they try again.
//!
//! Source: API references of both, `Target`, `EcsParameters` and `RetryPolicy`, which are alike.

use serde_json::{Map, Value, json};

use crate::call::Fault;

/// The first wait before a start that failed is tried again, and the longest; "with exponential backoff" (user guide of
/// Scheduler, "Configuring a dead-letter queue"; of EventBridge, "How EventBridge retries delivering events").
const FIRST_WAIT: i64 = 60_000;
const LONGEST_WAIT: i64 = 3_600_000;

/// The members of `RunTask` that a target makes; `overrides`: what is passed to it, as JSON.
pub(super) fn request(target: &Value, started_by: &str, overrides: Option<&str>) -> Result<Value, Fault> {
    let mut input = Map::new();
    input.insert("cluster".to_owned(), target.get("Arn").cloned().unwrap_or_default());
    input.insert("startedBy".to_owned(), json!(started_by));
    for (name, value) in target.get("EcsParameters").and_then(Value::as_object).into_iter().flatten() {
        let name = match name.as_str() {
            "TaskDefinitionArn" => "taskDefinition".to_owned(),
            "TaskCount" => "count".to_owned(),
            "EnableECSManagedTags" => "enableECSManagedTags".to_owned(),
            other => lower_first(other),
        };
        input.insert(name, if value.is_object() { lowered(value) } else { value.clone() });
    }
    if let Some(text) = overrides {
        let overrides: Value = serde_json::from_str(text)
            .map_err(|_| Fault::bad_request("InvalidParameterException", "Input is not the JSON of overrides."))?;
        input.insert("overrides".to_owned(), overrides);
    }
    Ok(Value::Object(input))
}

/// When a start that failed at `now` for the time `due` is tried again, after `retries` already. `None`: it is given up.
pub(super) fn again(target: &Value, retries: i64, due: i64, now: i64) -> Option<i64> {
    let number = |pointer: &str| target.pointer(pointer).and_then(Value::as_i64);
    let most = number("/RetryPolicy/MaximumRetryAttempts").unwrap_or(185);
    let age = number("/RetryPolicy/MaximumEventAgeInSeconds").unwrap_or(86_400) * 1000;
    let doublings = u32::try_from(retries.min(6)).unwrap_or_default();
    let again = now + (FIRST_WAIT << doublings).min(LONGEST_WAIT);
    (retries < most && again <= due + age).then_some(again)
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// ECS writes members with a small letter where these write them with a capital.
fn lowered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (lower_first(name), lowered(value))).collect())
        }
        other => other.clone(),
    }
}
