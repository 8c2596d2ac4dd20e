//! Who may assume a role, and the sessions of those who did.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::{Decision, Document, Purpose, Request, Requester};
use super::roles::DEFAULT_SESSION_SECONDS;
use crate::world::World;

/// Temporary credentials that `AssumeRole` gave out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session name>`.
    pub arn: String,
    /// `<role id>:<session name>`.
    pub user_id: String,
    /// The account that the role lies in.
    pub account_id: String,
}

/// A role that its caller can't assume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such role, or its trust policy doesn't let the caller in: STS doesn't tell which.
    AccessDenied,
    /// The session is to last longer than the role allows.
    TooLong,
}

/// Whether a service (`ecs-tasks.amazonaws.com`) can assume the role at `now`: it exists, trusts the service, and has
/// existed for the propagation time (IAM User Guide, "Changes that I make are not always immediately visible"). The
/// error says why not, for people.
///
/// The request carries `aws:SourceAccount` and `aws:SourceArn` as ECS sends them; the guide ("Amazon ECS task IAM
/// role") says that the ARN can't name a cluster, so only a wildcard fits it.
pub fn assumable(world: &World, role_arn: &str, service_principal: &str, now: i64) -> Result<(), String> {
    assumable_for(world, role_arn, service_principal, &world.arn("ecs", "*"), now)
}

/// The same for another service, which sends the ARN of what it acts for.
pub fn assumable_for(
    world: &World,
    role_arn: &str,
    service_principal: &str,
    source_arn: &str,
    now: i64,
) -> Result<(), String> {
    let role = world.iam.by_arn(role_arn).ok_or_else(|| format!("the role {role_arn} does not exist"))?;
    let context = BTreeMap::from([
        ("aws:sourceaccount".to_owned(), world.account_id.clone()),
        ("aws:sourcearn".to_owned(), source_arn.to_owned()),
    ]);
    let requester = Some(Requester::Service(service_principal));
    let request = Request { action: "sts:AssumeRole", resource: None, requester, context };
    let decision =
        Document::parse(&role.trust, Purpose::Trust).map_or(Decision::Silent, |document| document.decide(&request));
    if decision != Decision::Allow {
        return Err(format!("the trust policy of the role {role_arn} does not let {service_principal} assume it"));
    }
    if now < role.created + world.settings.role_propagation {
        return Err(format!("the role {role_arn} was created a moment ago and is not known everywhere yet"));
    }
    Ok(())
}

/// The account that an access key acts in: that of its session, else the world's own.
pub fn account_of<'a>(world: &'a World, access_key: &str) -> &'a str {
    world.iam.sessions.get(access_key).map_or(&world.account_id, |session| &session.account_id)
}

/// The ARN, account and unique id of the holder of an access key. A key that no session knows belongs to the
/// account's user `longshore`.
pub(in crate::services) fn caller_arn(world: &World, access_key: &str) -> (String, String, String) {
    if let Some(session) = world.iam.sessions.get(access_key) {
        return (session.arn.clone(), session.account_id.clone(), session.user_id.clone());
    }
    let account = world.account_id.clone();
    (format!("arn:aws:iam::{account}:user/longshore"), account, "AIDALONGSHORESIMULATE".to_owned())
}

/// Begins a session: the access key and what it stands for.
pub(in crate::services) fn assume(
    world: &mut World,
    access_key: &str,
    role_arn: &str,
    session_name: &str,
    external_id: Option<&str>,
    seconds: i64,
) -> Result<(String, Session), Refused> {
    let (caller, account, _) = caller_arn(world, access_key);
    // Callers in a role's session are meant by the role's own ARN in a trust policy.
    let principal = world.iam.roles.values().find(|role| caller.contains(&format!(":assumed-role/{}/", role.name)));
    let principal = principal.map_or(caller.clone(), |role| role.arn.clone());
    let (trust, longest, role_id) = match world.iam.by_arn(role_arn) {
        Some(role) => (role.trust.clone(), role.max_session_seconds, role.id.clone()),
        None => match world.iam.foreign_roles.get(role_arn) {
            Some(trust) => (trust.clone(), DEFAULT_SESSION_SECONDS, "AROAOFANOTHERACCOUNT".to_owned()),
            None => return Err(Refused::AccessDenied),
        },
    };
    let context = external_id.map(|id| ("sts:externalid".to_owned(), id.to_owned())).into_iter().collect();
    let requester = Some(Requester::Aws { arn: &principal, account: &account });
    let request = Request { action: "sts:AssumeRole", resource: None, requester, context };
    let decision =
        Document::parse(&trust, Purpose::Trust).map_or(Decision::Silent, |document| document.decide(&request));
    if decision != Decision::Allow {
        return Err(Refused::AccessDenied);
    }
    if seconds > longest {
        return Err(Refused::TooLong);
    }
    let account_id = role_arn.split(':').nth(4).unwrap_or_default().to_owned();
    let role_name = role_arn.rsplit('/').next().unwrap_or_default();
    let session = Session {
        arn: format!("arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}"),
        user_id: format!("{role_id}:{session_name}"),
        account_id,
    };
    let mut key = world.ids.unique("ASIA");
    key.truncate(20);
    world.iam.sessions.insert(key.clone(), session.clone());
    Ok((key, session))
}
