//! Systems Manager: the parameters that come with the world, which are only looked up, and those that AWS has for everybody,
//! whose values can be read.
//!
//! Source: Systems Manager API reference, `DescribeParameters`.

use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Fault, texts};
use crate::clock::wire_time;
use crate::foreign::Stored;
use crate::world::World;

/// The most of a page, and as many as one has unless told.
const MOST: usize = 50;

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "DescribeParameters" => describe(world, call),
        "GetParameter" => get(world, call),
        "GetParameters" => Ok(get_several(world, call)),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// `GetParameter`, of the parameters that AWS has for everybody.
fn get(world: &World, call: &Call) -> Answer {
    let name = call.text("Name").unwrap_or_default();
    let found = public(world, name).ok_or_else(|| Fault::bad_request("ParameterNotFound", String::new()))?;
    Ok(json!({"Parameter": found}))
}

fn get_several(world: &World, call: &Call) -> Value {
    let names = texts(call.input.get("Names"));
    let (known, unknown): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| public(world, name).is_some());
    let found: Vec<Value> = known.iter().filter_map(|name| public(world, name)).collect();
    json!({"Parameters": found, "InvalidParameters": unknown})
}

fn public(world: &World, name: &str) -> Option<Value> {
    let value = world.foreign.public_parameters.get(name)?;
    let arn = format!("arn:aws:ssm:{}::parameter{name}", world.region);
    let at = wire_time(crate::clock::EPOCH);
    Some(
        json!({"Name": name, "Type": "String", "Value": value, "Version": 1, "LastModifiedDate": at, "ARN": arn, "DataType": "text"}),
    )
}

fn describe(world: &World, call: &Call) -> Answer {
    let names = names(call)?;
    let found = world.foreign.parameters.iter().map(|(arn, stored)| (name(arn), arn, stored));
    let found = found.filter(|(name, ..)| names.as_ref().is_none_or(|names| names.contains(name)));
    let views: Vec<Value> = found.map(|(name, arn, stored)| view(&name, arn, stored)).collect();
    let wanted = call.input.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let wanted = wanted.unwrap_or(MOST);
    if !(1..=MOST).contains(&wanted) {
        return Err(Fault::bad_request("ValidationException", "MaxResults must be between 1 and 50"));
    }
    let page = world.page(&views, wanted, call.text("NextToken"));
    let (page, next) = page.map_err(|_| Fault::bad_request("InvalidNextToken", "The specified token isn't valid."))?;
    let mut answer = Map::from_iter([("Parameters".to_owned(), json!(page))]);
    answer.extend(next.map(|next| ("NextToken".to_owned(), json!(next))));
    Ok(Value::Object(answer))
}

/// The names that are asked for; the simulator has no other filter.
fn names(call: &Call) -> Result<Option<Vec<String>>, Fault> {
    let mut names = None;
    for filter in call.input.get("ParameterFilters").and_then(Value::as_array).into_iter().flatten() {
        let text = |member: &str| filter.get(member).and_then(Value::as_str);
        if text("Key") != Some("Name") || text("Option").is_some_and(|option| option != "Equals") {
            return Err(Fault::bad_request("InvalidFilterKey", "The simulator filters by names that are equal."));
        }
        names = Some(texts(filter.get("Values")));
    }
    Ok(names)
}

/// In a hierarchy a name begins with a slash, which its ARN has not twice.
fn name(arn: &str) -> String {
    let name = arn.split_once(":parameter/").map_or(arn, |(_, name)| name);
    if name.contains('/') { format!("/{name}") } else { name.to_owned() }
}

fn view(name: &str, arn: &str, stored: &Stored) -> Value {
    let mut view = json!({
        "Name": name,
        "ARN": arn,
        "Type": if stored.key.is_some() { "SecureString" } else { "String" },
        "LastModifiedDate": wire_time(crate::clock::EPOCH),
        "Version": stored.changes + 1,
        "Tier": "Standard",
        "DataType": "text",
    });
    if let (Some(members), Some(key)) = (view.as_object_mut(), &stored.key) {
        members.insert("KeyId".to_owned(), json!(key));
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Service;

    #[test]
    fn a_parameter_is_described_by_its_name_with_its_key_and_its_version() {
        let mut world = crate::world_file::seed();
        let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/log-level";
        let described = |world: &mut World, name: &str| {
            let filter = json!({"Key": "Name", "Option": "Equals", "Values": [name]});
            let call = Call {
                service: Service::Ssm,
                operation: "DescribeParameters".to_owned(),
                input: json!({"ParameterFilters": [filter]}),
                region: world.region.clone(),
                access_key: String::new(),
                account_id: world.account_id.clone(),
                time: world.now,
            };
            world.call(&call).unwrap()["Parameters"].clone()
        };
        let before = described(&mut world, "/shop/log-level");
        assert_eq!((&before[0]["Type"], &before[0]["Version"]), (&json!("String"), &json!(1)));
        world.foreign.parameters.get_mut(arn).unwrap().key = Some("alias/shop".to_owned());
        assert!(world.foreign.store(arn));
        let after = described(&mut world, "/shop/log-level");
        assert_eq!((&after[0]["KeyId"], &after[0]["Version"]), (&json!("alias/shop"), &json!(2)));
        assert_eq!(described(&mut world, "shop/log-level"), json!([]));
    }
}
