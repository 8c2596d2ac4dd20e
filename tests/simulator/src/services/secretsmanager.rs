//! Secrets Manager: the secrets that come with the world, all but their values.
//!
//! Source: Secrets Manager API reference, `DescribeSecret`, `PutSecretValue`.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::foreign::Stored;
use crate::world::World;

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "DescribeSecret" => describe(world, call),
        "PutSecretValue" => put(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

fn missing() -> Fault {
    Fault::bad_request("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// The ARN of the secret that is meant by its name or ARN.
fn meant(world: &World, call: &Call) -> Result<String, Fault> {
    let id = call.text("SecretId").ok_or_else(missing)?;
    let arn = if id.starts_with("arn:") { id.to_owned() } else { world.arn("secretsmanager", &format!("secret:{id}")) };
    world.foreign.resolve(&arn).map(str::to_owned).ok_or_else(missing)
}

/// A new value, which is the current one from now on.
fn put(world: &mut World, call: &Call) -> Answer {
    let arn = meant(world, call)?;
    world.foreign.store(&arn);
    Ok(json!({"ARN": arn, "VersionStages": ["AWSCURRENT"]}))
}

fn describe(world: &World, call: &Call) -> Answer {
    let arn = &meant(world, call)?;
    let stored = world.foreign.stored(arn).ok_or_else(missing)?;
    let name = arn.rsplit_once(':').and_then(|(_, name)| name.rsplit_once('-')).map_or(arn.as_str(), |(name, _)| name);
    let mut answer = json!({
        "ARN": arn,
        "Name": name,
        "CreatedDate": wire_time(crate::clock::EPOCH),
        "VersionIdsToStages": versions(arn, stored),
    });
    // Left out for the account's own key, `aws/secretsmanager`.
    if let (Some(members), Some(key)) = (answer.as_object_mut(), &stored.key) {
        members.insert("KmsKeyId".to_owned(), json!(key));
    }
    Ok(answer)
}

/// The current version, and the one before it.
fn versions(arn: &str, stored: &Stored) -> Value {
    let id = |changes: u64| format!("{:08x}-0000-4000-8000-{changes:012}", arn.len());
    let mut versions = serde_json::Map::new();
    versions.insert(id(stored.changes), json!(["AWSCURRENT"]));
    if let Some(before) = stored.changes.checked_sub(1) {
        versions.insert(id(before), json!(["AWSPREVIOUS"]));
    }
    Value::Object(versions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Service;

    fn describe_secret(world: &mut World, id: &str) -> Answer {
        let call = Call {
            service: Service::SecretsManager,
            operation: "DescribeSecret".to_owned(),
            input: json!({"SecretId": id}),
            region: world.region.clone(),
            access_key: String::new(),
            account_id: world.account_id.clone(),
            time: world.now,
        };
        world.call(&call)
    }

    #[test]
    fn a_secret_is_described_by_name_or_arn_with_its_key_and_its_versions() {
        let mut world = crate::world_file::seed();
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";
        let described = describe_secret(&mut world, "shop/orders-db").unwrap();
        assert_eq!((&described["ARN"], described.get("KmsKeyId")), (&json!(arn), None));
        let before = described["VersionIdsToStages"].clone();
        assert!(world.foreign.store(arn));
        world.foreign.secrets.get_mut(arn).unwrap().key = Some("alias/shop".to_owned());
        let after = describe_secret(&mut world, arn).unwrap();
        assert_eq!(after["KmsKeyId"], "alias/shop");
        let (old, _) = before.as_object().unwrap().iter().next().unwrap();
        assert_eq!(after["VersionIdsToStages"][old], json!(["AWSPREVIOUS"]));
        assert_eq!(describe_secret(&mut world, "other").unwrap_err().code, "ResourceNotFoundException");
    }
}
