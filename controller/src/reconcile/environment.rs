//! An `AwsEnvironment`: its account is verified, its subnets are resolved, what its services reach is opened, and it stays
//! while objects use it.

use kube::{Api, Resource, ResourceExt};
use longshore_aws::{Fault, Session, find};
use longshore_crds::aws_environment::Subnets;
use longshore_crds::{AwsEnvironment, AwsEnvironmentStatus};
use longshore_planner::caution::{Deletions, deletions_allowed, wave};
use longshore_planner::desired::{Fact, Need, Opening, Refusal};
use longshore_planner::report::{Situation, conditions};

use super::access::{Access, Ended, forgotten, scope_of};
use super::caution::pause_of;
use super::ledger::Fleet;
use super::outcome::Outcome;
use super::report::{json, set_conditions, tell_pause, tell_stall};
use super::{Reconciler, failure};
use crate::clock::Clock;
use crate::kubernetes::{FINALIZER, WriteError, pin, read, release, write_status};
use crate::object::Key;

/// Who uses an environment is told up to so many names.
const NAMED_USERS: usize = 10;

pub(super) async fn reconcile(shell: &Reconciler, key: &Key) -> Result<Outcome, WriteError> {
    let api: Api<AwsEnvironment> = Api::all(shell.client.clone());
    let Some(mut environment) = read(&api, &key.name).await? else { return Ok(Outcome::Gone) };
    if environment.meta().deletion_timestamp.is_some() {
        return Box::pin(delete(shell, &api, &environment)).await;
    }
    if !environment.finalizers().iter().any(|name| name == FINALIZER) {
        environment = pin(&api, &environment, &[]).await?;
    }
    let mut status = environment.status.clone().unwrap_or_default();
    let session = match look(shell, &environment, &mut status).await {
        Ok(session) => session,
        Err(fault) => {
            let (situation, outcome) = failure::situation(&fault);
            tell(shell, &api, &environment, status, &situation).await?;
            return Ok(outcome);
        }
    };
    let (situation, outcome) = verified(shell, &environment, &mut status);
    if pause_of(&environment, &shell.clock).is_ok_and(|pause| pause.is_none()) {
        let access = Access { shell, api: &api, session: &session, environment, status };
        let Ended { outcome: of_access, environment, status } = Box::pin(access.keep()).await?;
        tell(shell, &api, &environment, status, &situation).await?;
        let rests = |outcome: &Outcome| matches!(outcome, Outcome::Resting | Outcome::Due { .. });
        return Ok(if rests(&outcome) && of_access != Outcome::Resting { of_access } else { outcome });
    }
    tell(shell, &api, &environment, status, &situation).await?;
    Ok(outcome)
}

/// It stays while objects use it: what they own could not be deleted without it.
async fn delete(
    shell: &Reconciler,
    api: &Api<AwsEnvironment>,
    environment: &AwsEnvironment,
) -> Result<Outcome, WriteError> {
    let users = shell.stores.objects_in_environment(&environment.name_any());
    if users.is_empty() {
        return Box::pin(close(shell, api, environment.clone())).await;
    }
    let named: Vec<String> = users.iter().take(NAMED_USERS).map(ToString::to_string).collect();
    let more = users.len().saturating_sub(NAMED_USERS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("is being deleted, and waits: in use by {}{more}; delete them first", named.join(", "));
    let situation = Situation::Waiting { reason: "InUse".to_owned(), message };
    let status = environment.status.clone().unwrap_or_default();
    tell(shell, api, environment, status, &situation).await?;
    Ok(Outcome::Waiting)
}

/// What it opened for services goes first.
async fn close(
    shell: &Reconciler,
    api: &Api<AwsEnvironment>,
    environment: AwsEnvironment,
) -> Result<Outcome, WriteError> {
    let mut status = environment.status.clone().unwrap_or_default();
    let never_looked = !environment.finalizers().iter().any(|name| name == FINALIZER);
    if never_looked || (status.caller_arn.is_some() && status.access.is_empty() && status.resources.is_empty()) {
        release(api, &environment).await?;
        return Ok(Outcome::Gone);
    }
    if let Err(refusal) = no_pause(&environment, &shell.clock) {
        let situation = Situation::Waiting { reason: "Paused".to_owned(), message: refusal };
        tell(shell, api, &environment, status, &situation).await?;
        return Ok(Outcome::Waiting);
    }
    let session = match look(shell, &environment, &mut status).await {
        Ok(session) => session,
        Err(fault) => {
            let (situation, outcome) = failure::situation(&fault);
            tell(shell, api, &environment, status, &situation).await?;
            return Ok(outcome);
        }
    };
    let access = Access { shell, api, session: &session, environment, status };
    let Ended { outcome, environment, status } = Box::pin(access.keep()).await?;
    if status.access.is_empty() && status.resources.is_empty() {
        release(api, &environment).await?;
        return Ok(Outcome::Gone);
    }
    let open = status.access.iter().map(|entry| {
        let why = entry.refused.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{}{why}", Opening::told(entry))
    });
    let message = format!(
        "is being deleted, and waits until what it opened for services is closed: {}",
        open.collect::<Vec<_>>().join(", ")
    );
    tell(shell, api, &environment, status, &Situation::Waiting { reason: "InUse".to_owned(), message }).await?;
    Ok(outcome)
}

fn no_pause(environment: &AwsEnvironment, clock: &Clock) -> Result<(), String> {
    match pause_of(environment, clock) {
        Ok(None) => Ok(()),
        Ok(Some(pause)) => Err(format!("is being deleted, and waits: {pause}")),
        Err(refusal) => Err(format!("is being deleted, and waits: {refusal}")),
    }
}

/// Asks AWS whose account it is, and which subnets carry the tags; of one that was never looked at, or whose status was
/// lost, also what it has opened.
async fn look(
    shell: &Reconciler,
    environment: &AwsEnvironment,
    status: &mut AwsEnvironmentStatus,
) -> Result<Session, Fault> {
    let opened = shell.sessions.of(&environment.name_any(), &environment.spec).await?;
    if status.caller_arn.is_none() {
        status.access = forgotten(&opened.session.reader(), &scope_of(environment, &shell.installation)).await?;
    }
    status.caller_arn = Some(opened.caller_arn);
    // Resolved once per generation: a new subnet that happens to carry the tags must not move every service.
    let known = status.observed_generation == environment.meta().generation;
    let network = &environment.spec.network;
    for (subnets, ids) in [
        (&network.private_subnets, &mut status.private_subnet_ids),
        (&network.public_subnets, &mut status.public_subnet_ids),
    ] {
        if !known || ids.is_empty() {
            *ids = resolve(&opened.session, &network.vpc_id, subnets.as_ref()).await?;
        }
    }
    Ok(opened.session)
}

async fn resolve(session: &Session, vpc_id: &str, subnets: Option<&Subnets>) -> Result<Vec<String>, Fault> {
    match subnets {
        None => Ok(vec![]),
        Some(subnets) if subnets.tags.is_empty() => Ok(subnets.ids.clone()),
        Some(subnets) => {
            let need = Need::Subnets { vpc_id: vpc_id.to_owned(), tags: subnets.tags.clone() };
            let found = find(&session.reader(), &need).await?;
            let ids = if let Fact::Subnets(ids) = found { ids } else { vec![] };
            if ids.is_empty() {
                let message = format!("there are none: {need}");
                return Err(Fault::fix(
                    "ec2:DescribeSubnets",
                    "SubnetsNotFound",
                    message,
                    "correct spec.network, or tag them",
                ));
            }
            Ok(ids)
        }
    }
}

/// What there is to tell once the account is verified: what holds up all of its objects goes first.
fn verified(
    shell: &Reconciler,
    environment: &AwsEnvironment,
    status: &mut AwsEnvironmentStatus,
) -> (Situation<'static>, Outcome) {
    let stalled = |refusal: Refusal| {
        (Situation::Stalled { message: refusal.to_string(), reason: refusal.reason }, Outcome::Stalled)
    };
    let name = environment.name_any();
    let fleet = Fleet::of(shell.stores.members_of(&name));
    let deleting = fleet.deleting(environment, &name, &shell.clock);
    let deletions = Deletions::read(status.deletions.as_ref()).now(&deleting);
    let slots = fleet.current(status);
    (status.deletions, status.rollouts) = (deletions.write(), wave::write(&slots));
    let pause = match pause_of(environment, &shell.clock) {
        Err(refusal) => return stalled(refusal),
        Ok(pause) => pause,
    };
    let misread = deletions_allowed(deleting.allowed, deleting.now).err();
    if let Some(refusal) = misread.or_else(|| wave::stopped(&slots)).or_else(|| deletions.refusal(&deleting)) {
        return stalled(refusal);
    }
    if let Some(pause) = pause {
        let left = pause.left(deleting.now);
        return (Situation::Paused { message: pause.to_string() }, Outcome::Paused { left });
    }
    let who = status.caller_arn.as_deref().unwrap_or_default();
    let message = format!("account {} verified; Longshore acts as {who}", environment.spec.account_id);
    let outcome = deletions.left(deleting.now).map_or(Outcome::Resting, |left| Outcome::Due { left });
    (Situation::Ready { reason: "Verified".to_owned(), message }, outcome)
}

async fn tell(
    shell: &Reconciler,
    api: &Api<AwsEnvironment>,
    environment: &AwsEnvironment,
    mut status: AwsEnvironmentStatus,
    situation: &Situation<'_>,
) -> Result<(), WriteError> {
    let told = conditions(situation);
    set_conditions(&mut status, &told, environment.meta().generation, &shell.clock);
    let old = environment.status.clone().unwrap_or_default();
    if write_status(api, environment, &json(environment.status.as_ref()), &json(Some(&status))).await?.is_some() {
        let object = environment.object_ref(&());
        tell_pause(&shell.events, &object, &old, &told).await;
        tell_stall(&shell.events, &object, &old, &told).await;
    }
    Ok(())
}
