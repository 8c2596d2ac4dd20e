//! What a service that others find by name must have in AWS.

use serde_json::{Value, json};

use super::aws::{Account, Thing, differs};
use super::{Want, balancing};

fn list(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Service Connect as the spec says, and every name that is offered answered by the tasks that run, on the container's
/// port.
pub(super) fn of_service(account: &Account, want: &Want, service: &Thing, found: &mut Vec<String>) {
    let shall = &want.spec["serviceConnectConfiguration"];
    let is = &service.value["revision"]["attached"]["serviceConnectConfiguration"];
    let is_on = is["enabled"] == true;
    differs(found, "Service Connect", &json!(is_on), &json!(shall["enabled"] == true));
    if !is_on {
        return;
    }
    differs(found, "namespace", &is["namespace"], &shall["namespace"]);
    let names: Vec<&Value> = list(&is["services"]).map(|offer| &offer["clientAliases"]).collect();
    let wanted: Vec<&Value> = list(&shall["services"]).map(|offer| &offer["clientAliases"]).collect();
    differs(found, "names that clients use", &json!(names), &json!(wanted));
    for offer in list(&shall["services"]) {
        let name = text(&offer["discoveryName"]);
        let known = account.world["servicediscovery"]["services"].as_object().into_iter().flat_map(|all| all.values());
        let mut known = known.filter(|service| service["name"] == name && !service["offered_by"].is_null());
        let instances = known.next().map(|service| service["instances"].as_object().map_or(0, serde_json::Map::len));
        differs(found, &format!("tasks that answer to {name}"), &json!(instances), &running(account, service));
    }
}

pub(super) fn running(account: &Account, service: &Thing) -> Value {
    let tasks = list(&service.value["tasks"]).filter_map(Value::as_str);
    let running = tasks.filter(|id| account.world["ecs"]["tasks"][id]["phase"] == "RUNNING");
    json!(running.count())
}

/// Which ports of a service's group are open for other services, and for addresses. A service that has no group yet no rule
/// can name: this one does not wait for it.
pub(super) fn let_in(account: &Account, want: &Want) -> impl Iterator<Item = Value> {
    list(&want.spec["networkConfiguration"]["allowFrom"]).filter_map(|allowed| {
        if allowed["cidr"].is_string() {
            return Some(balancing::into(allowed["port"].as_i64(), &json!({"Ipv4": allowed["cidr"]})));
        }
        let of = format!("EcsService/{}/{}", want.namespace, text(&allowed["service"]["name"]));
        let group = account.things.iter().find(|thing| thing.kind == "security group" && thing.object() == of)?;
        Some(balancing::into(allowed["port"].as_i64(), &json!({"Group": group.id})))
    })
}
