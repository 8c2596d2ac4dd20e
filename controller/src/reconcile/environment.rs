//! An `AwsEnvironment`: its account is verified, its subnets are resolved, and it stays while objects use it.

use kube::{Api, Resource, ResourceExt};
use longshore_aws::{Fault, Session, find};
use longshore_crds::aws_environment::Subnets;
use longshore_crds::{AwsEnvironment, AwsEnvironmentStatus};
use longshore_planner::caution::{Deletions, deletions_allowed, wave};
use longshore_planner::desired::{Fact, Need, Refusal};
use longshore_planner::report::{Situation, conditions};

use super::caution::pause_of;
use super::ledger::Fleet;
use super::outcome::Outcome;
use super::report::{json, set_conditions, tell_pause, tell_stall};
use super::{Reconciler, failure};
use crate::kubernetes::{FINALIZER, WriteError, pin, read, release, write_status};
use crate::object::Key;

/// Who uses an environment is told up to so many names.
const NAMED_USERS: usize = 10;

pub(super) async fn reconcile(shell: &Reconciler, key: &Key) -> Result<Outcome, WriteError> {
    let api: Api<AwsEnvironment> = Api::all(shell.client.clone());
    let Some(mut environment) = read(&api, &key.name).await? else { return Ok(Outcome::Gone) };
    if environment.meta().deletion_timestamp.is_some() {
        return delete(shell, &api, &environment).await;
    }
    if !environment.finalizers().iter().any(|name| name == FINALIZER) {
        environment = pin(&api, &environment, &[]).await?;
    }
    let mut status = environment.status.clone().unwrap_or_default();
    let (situation, outcome) = match look(shell, &environment, &mut status).await {
        Ok(()) => verified(shell, &environment, &mut status),
        Err(fault) => failure::situation(&fault),
    };
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
        release(api, environment).await?;
        return Ok(Outcome::Gone);
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

/// Asks AWS whose account it is, and which subnets carry the tags.
async fn look(
    shell: &Reconciler,
    environment: &AwsEnvironment,
    status: &mut AwsEnvironmentStatus,
) -> Result<(), Fault> {
    let opened = shell.sessions.of(&environment.name_any(), &environment.spec).await?;
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
    Ok(())
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
    (Situation::Ready { reason: "Verified".to_owned(), message }, Outcome::Resting)
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
