//! Account settings: kept and shown; the long ARN format is always on.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::services::ecs::{invalid, names};
use crate::world::World;

/// The settings and their values for an account that changed none (API reference, `PutAccountSetting`).
const DEFAULTS: [(&str, &str); 10] = [
    ("awsvpcTrunking", "disabled"),
    ("containerInsights", "disabled"),
    ("containerInstanceLongArnFormat", "enabled"),
    ("defaultLogDriverMode", "non-blocking"),
    ("dualStackIPv6", "enabled"),
    ("fargateTaskRetirementWaitPeriod", "7"),
    ("guardDutyActivate", "off"),
    ("serviceLongArnFormat", "enabled"),
    ("tagResourceAuthorization", "on"),
    ("taskLongArnFormat", "enabled"),
];

/// `ListAccountSettings`: what was set, or with `effectiveSettings` what holds.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let effective = call.input.get("effectiveSettings").and_then(Value::as_bool).unwrap_or_default();
    let principal = principal(world);
    let mut settings: Vec<Value> = Vec::new();
    for (name, default) in DEFAULTS {
        let set = world.ecs.account_settings.get(name);
        if call.text("name").is_none_or(|wanted| wanted == name) && (effective || set.is_some()) {
            let value = set.map_or(default, String::as_str);
            settings.push(json!({"name": name, "value": value, "principalArn": principal, "type": "user"}));
        }
    }
    let (page, next) = world.page(&settings, names::page_size(call, 10)?, call.text("nextToken"))?;
    Ok(json!({"settings": page, "nextToken": next}))
}

/// `PutAccountSetting` and `PutAccountSettingDefault`
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let (name, value) = (call.text("name").unwrap_or_default(), call.text("value").unwrap_or_default());
    if !DEFAULTS.iter().any(|(known, _)| *known == name) {
        return Err(invalid(format!("Invalid setting name: {name}")));
    }
    world.ecs.account_settings.insert(name.to_owned(), value.to_owned());
    Ok(json!({"setting": {"name": name, "value": value, "principalArn": principal(world), "type": "user"}}))
}

fn principal(world: &World) -> String {
    format!("arn:aws:iam::{}:root", world.account_id)
}
