//! Tags of services.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Service, invalid};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// API reference, `TooManyTagsException`.
const MOST: usize = 50;

/// The tags of an input.
pub(super) fn given(input: &Value) -> Result<BTreeMap<String, String>, Fault> {
    let list = input.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let pair = |tag: &Value| {
        let text = |member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
        Some((text("Key").filter(|key| !key.is_empty())?, text("Value")?))
    };
    let tags: Option<BTreeMap<String, String>> = list.map(pair).collect();
    fit(tags.ok_or_else(|| invalid("A tag must have a Key and a Value."))?)
}

fn fit(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    if tags.len() <= MOST {
        return Ok(tags);
    }
    Err(Fault::bad_request("TooManyTagsException", format!("A resource can have at most {MOST} tags.")))
}

pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let added = given(&call.input)?;
    let service = of(world, call)?;
    service.tags = fit(service.tags.clone().into_iter().chain(added).collect())?;
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let keys = call.texts("TagKeys");
    of(world, call)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let tags = of(world, call)?.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    Ok(json!({"Tags": tags.collect::<Vec<_>>()}))
}

fn of<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Service, Fault> {
    let arn = call.text("ResourceARN").unwrap_or_default();
    let missing = || Fault::bad_request("ResourceNotFoundException", format!("Resource not found: {arn}"));
    world.servicediscovery.services.get_mut(arn).ok_or_else(missing)
}
