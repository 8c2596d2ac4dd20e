//! Under which names of Cloud Map the tasks of a service must be found.

use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};
use super::connect::running;

/// A service of Cloud Map.
pub(super) const KIND: &str = "registry";

/// Those that ECS makes for what is offered by Service Connect are ECS's.
pub(super) fn things(world: &Value) -> Vec<Thing> {
    let all = world["servicediscovery"]["services"].as_object().into_iter().flat_map(|all| all.values());
    let made = all.filter(|service| service["offered_by"].is_null());
    let thing = |service: &Value| Thing {
        kind: KIND,
        id: service["arn"].as_str().unwrap_or_default().to_owned(),
        value: service.clone(),
    };
    made.map(thing).collect()
}

/// One for each entry that asks for one, in the namespace and under the name that it says, with its records, in which all
/// tasks are that run.
pub(super) fn of_service(account: &Account, want: &Want, service: &Thing, found: &mut Vec<String>) {
    let entries = want.spec["serviceRegistries"].as_array().cloned().unwrap_or_default();
    let asked: Vec<&Value> = entries.iter().filter(|entry| entry["registry"].is_object()).collect();
    let [entry] = asked[..] else {
        // A predecessor may be left of a status that was lost.
        let left = account.of_object(want, KIND).len();
        if asked.len() != left && !want.forgotten {
            found.push(format!("{left} names in Cloud Map instead of {}", asked.len()));
        }
        return;
    };
    let registry = &entry["registry"];
    let mine = account.of_object(want, KIND);
    let mut named = mine.iter().filter(|thing| thing.value["name"] == registry["name"]);
    let Some(thing) = named.next() else {
        found.push(format!("nothing is found under {}", registry["name"]));
        return;
    };
    if mine.len() > 1 && !want.forgotten {
        found.push(format!("{} names in Cloud Map instead of 1", mine.len()));
    }
    let namespace =
        &account.world["servicediscovery"]["namespaces"][thing.value["namespace"].as_str().unwrap_or_default()];
    differs(found, "the namespace of the name", &namespace["name"], &registry["namespace"]);
    let kind = if entry["port"].is_null() && entry["containerPort"].is_null() { "A" } else { "SRV" };
    let ttl = registry["ttlSeconds"].as_i64().unwrap_or(60);
    differs(found, "records of the name", &thing.value["records"], &json!([{"kind": kind, "ttl": ttl}]));
    let attached = &service.value["revision"]["attached"]["serviceRegistries"];
    differs(found, "where tasks are registered", &attached[0]["registryArn"], &json!(thing.id));
    let instances = thing.value["instances"].as_object().map_or(0, serde_json::Map::len);
    differs(found, "tasks that are found by name", &json!(instances), &running(account, service));
}
