//! Buses, and which a call means.

use serde_json::{Value, json};

use super::{DEFAULT_BUS, not_found};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// A page has a hundred at most (API reference, `ListEventBuses`).
const PAGE: usize = 100;

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let names = std::iter::once(DEFAULT_BUS).chain(world.eventbridge.buses.iter().map(String::as_str));
    let fits = |name: &&str| call.text("NamePrefix").is_none_or(|prefix| name.starts_with(prefix));
    let all: Vec<Value> = names
        .filter(fits)
        .map(|name| json!({"Name": name, "Arn": world.arn("events", &format!("event-bus/{name}"))}))
        .collect();
    let most = call.input.get("Limit").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let (page, next) = world.page(&all, most.unwrap_or(PAGE).min(PAGE), call.text("NextToken"))?;
    Ok(json!({"EventBuses": page, "NextToken": next}))
}

/// The bus that a call names by its name or ARN; it must be there.
pub(super) fn named(world: &World, given: Option<&str>) -> Result<String, Fault> {
    let given = given.unwrap_or(DEFAULT_BUS);
    let own = world.arn("events", "event-bus/");
    let name = given.strip_prefix(&own).unwrap_or(given);
    if name == DEFAULT_BUS || world.eventbridge.buses.contains(name) {
        return Ok(name.to_owned());
    }
    Err(not_found(format!("Event bus {name} does not exist.")))
}
