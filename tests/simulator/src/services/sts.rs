//! Security Token Service: who am I, and sessions in roles. Its state, the sessions, lies with IAM's.

use serde_json::json;

use super::iam::{self, Refused};
use crate::call::{Answer, Call, Fault};
use crate::protocol::query;
use crate::world::World;

/// When credentials are said to end. Simulated sessions never do: SDKs judge this by their own clock, which knows
/// nothing of simulated time, and would throw away credentials that look expired to it.
const NEVER: &str = "2099-12-31T23:59:59Z";

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "GetCallerIdentity" => Ok(caller_identity(world, call)),
        "AssumeRole" => assume_role(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

fn caller_identity(world: &World, call: &Call) -> serde_json::Value {
    let (arn, account, user_id) = iam::caller_arn(world, &call.access_key);
    json!({"Arn": arn, "Account": account, "UserId": user_id})
}

fn assume_role(world: &mut World, call: &Call) -> Answer {
    let required = |member: &str| call.text(member).ok_or_else(|| invalid(member, "null", "not be null"));
    let role_arn = required("RoleArn")?;
    let session_name = required("RoleSessionName")?;
    check_session_name(session_name)?;
    let seconds = query::number(&call.input, "DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(invalid("durationSeconds", &seconds.to_string(), "have value between 900 and 43200"));
    }
    let external_id = call.text("ExternalId");
    let (access_key, session) = iam::assume(world, &call.access_key, role_arn, session_name, external_id, seconds)
        .map_err(|refused| refusal(world, call, role_arn, refused))?;
    Ok(json!({
        "Credentials": {
            "AccessKeyId": access_key,
            "SecretAccessKey": "simulated-secret-of-no-use-elsewhere-000",
            "SessionToken": format!("simulated-session-{access_key}"),
            "Expiration": NEVER,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        "PackedPolicySize": 0,
    }))
}

fn refusal(world: &World, call: &Call, role_arn: &str, refused: Refused) -> Fault {
    match refused {
        Refused::AccessDenied => {
            let (caller, ..) = iam::caller_arn(world, &call.access_key);
            let who = if caller.contains(":user/") || caller.contains(":assumed-role/") { "User: " } else { "" };
            let message = format!("{who}{caller} is not authorized to perform: sts:AssumeRole on resource: {role_arn}");
            Fault::forbidden("AccessDenied", message)
        }
        Refused::TooLong => {
            let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            Fault::bad_request("ValidationError", message)
        }
    }
}

fn check_session_name(name: &str) -> Result<(), Fault> {
    if !(2..=64).contains(&name.len()) {
        return Err(invalid("roleSessionName", name, "have length between 2 and 64"));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)) {
        return Err(invalid("roleSessionName", name, "satisfy regular expression pattern: [\\w+=,.@-]*"));
    }
    Ok(())
}

fn invalid(member: &str, value: &str, constraint: &str) -> Fault {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    );
    Fault::bad_request("ValidationError", message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::call::Service;

    fn ask(world: &mut World, access_key: &str, operation: &str, input: Value) -> Answer {
        let (operation, region, access_key) = (operation.to_owned(), world.region.clone(), access_key.to_owned());
        let account_id = iam::account_of(world, &access_key).to_owned();
        let asked = Call { service: Service::Sts, operation, input, region, access_key, account_id, time: world.now };
        call(world, &asked)
    }

    fn world() -> World {
        let mut world = World::new("123456789012", "eu-west-1");
        let trust = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "k8s-prod"}},
        }});
        for arn in ["arn:aws:iam::123456789012:role/longshore", "arn:aws:iam::210987654321:role/other"] {
            iam::add_role(&mut world, arn, &trust.to_string(), &[], &BTreeMap::new()).unwrap();
        }
        world
    }

    #[test]
    fn a_key_of_no_session_is_the_accounts_user() {
        let answer = ask(&mut world(), "AKIA", "GetCallerIdentity", json!({})).unwrap();
        assert_eq!(
            (&answer["Account"], &answer["Arn"]),
            (&json!("123456789012"), &json!("arn:aws:iam::123456789012:user/longshore"))
        );
    }

    #[test]
    fn an_assumed_role_acts_in_its_own_account() {
        for (role, account) in [
            ("arn:aws:iam::123456789012:role/longshore", "123456789012"),
            ("arn:aws:iam::210987654321:role/other", "210987654321"),
        ] {
            let mut world = world();
            let input = json!({"RoleArn": role, "RoleSessionName": "tests", "ExternalId": "k8s-prod", "DurationSeconds": "900"});
            let session = ask(&mut world, "AKIA", "AssumeRole", input).unwrap();
            let key = session["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
            let identity = ask(&mut world, &key, "GetCallerIdentity", json!({})).unwrap();
            assert_eq!(identity["Account"], account);
            assert_eq!(identity["Arn"], session["AssumedRoleUser"]["Arn"]);
            assert_eq!(iam::account_of(&world, &key), account);
        }
    }

    #[test]
    fn a_role_is_refused_with_stss_codes() {
        let role = "arn:aws:iam::123456789012:role/longshore";
        let cases = [
            ("no external id", json!({"RoleArn": role, "RoleSessionName": "tests"}), "AccessDenied"),
            (
                "a wrong external id",
                json!({"RoleArn": role, "RoleSessionName": "tests", "ExternalId": "xx"}),
                "AccessDenied",
            ),
            (
                "no such role",
                json!({"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "tests"}),
                "AccessDenied",
            ),
            (
                "too long a session",
                json!({"RoleArn": role, "RoleSessionName": "tests", "ExternalId": "k8s-prod", "DurationSeconds": 7200}),
                "ValidationError",
            ),
            ("no session name", json!({"RoleArn": role}), "ValidationError"),
            ("a bad session name", json!({"RoleArn": role, "RoleSessionName": "a b"}), "ValidationError"),
        ];
        for (name, input, code) in cases {
            let fault = ask(&mut world(), "AKIA", "AssumeRole", input).unwrap_err();
            assert_eq!(fault.code, code, "{name}: {fault}");
        }
    }
}
