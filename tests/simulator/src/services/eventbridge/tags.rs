//! Tags of rules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Rule, invalid, not_found, rules};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// API reference, `TagResource`.
const MOST: usize = 50;

/// The tags of an input.
pub(super) fn given(input: &Value) -> Result<BTreeMap<String, String>, Fault> {
    let list = input.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let pair = |tag: &Value| {
        let text = |member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
        Some((text("Key").filter(|key| !key.is_empty())?, text("Value")?))
    };
    let tags: Option<BTreeMap<String, String>> = list.map(pair).collect();
    let tags = tags.ok_or_else(|| invalid("A tag must have a Key and a Value."))?;
    if tags.len() > MOST { Err(invalid(format!("At most {MOST} tags."))) } else { Ok(tags) }
}

pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let tags = given(&call.input)?;
    let rule = of(world, call)?;
    rules::own(rule)?;
    rule.tags.extend(tags);
    if rule.tags.len() > MOST { Err(invalid(format!("At most {MOST} tags."))) } else { Ok(json!({})) }
}

pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let keys = call.texts("TagKeys");
    let rule = of(world, call)?;
    rules::own(rule)?;
    rule.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let rule = of(world, call)?;
    let tags: Vec<Value> = rule.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tags": tags}))
}

fn of<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Rule, Fault> {
    let arn = call.text("ResourceARN").unwrap_or_default();
    let missing = || not_found(format!("Rule {} does not exist.", arn.rsplit('/').next().unwrap_or(arn)));
    world.eventbridge.rules.get_mut(arn).ok_or_else(missing)
}
