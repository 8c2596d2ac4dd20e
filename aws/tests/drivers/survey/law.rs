//! What many reads at once tell of a resource is what one read tells of it, less what they say that they did not read.

use longshore_aws::Cadence;
use longshore_planner::engine::{Glimpse, Id, Owner, Thing, Unread};
use serde_json::{Value, json};

use super::drift::DRIFTS;
use super::subject;
use crate::account::Account;
use crate::stack::Stack;

/// Kinds of the example that are never read as a whole.
const ONLY_THERE: &str = "ecs/task-definition";

/// With a task role, in a group of somebody else's, and with a name in Cloud Map.
pub(super) fn rich() -> Value {
    json!({
        "taskRole": {
            "policy": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]},
        },
        "networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["sg-0database"]}},
        "serviceRegistries": [{"registry": {"namespace": "shop.internal", "name": "hello"}}],
        "tags": [{"key": "Team", "value": "shop"}],
    })
}

#[tokio::test(start_paused = true)]
async fn many_reads_at_once_tell_what_one_read_tells() {
    for cadence in [Cadence::everything(), Cadence::new(1, 1_000_000_007)] {
        for drift in DRIFTS {
            let account = Account::new().await;
            let mut stack = Stack::converged_with(&account, &rich()).await;
            (drift.happens)(&account, &mut stack).await;
            let mut kinds = std::collections::BTreeSet::new();
            for object in [&stack.cluster, stack.service.as_ref().unwrap()] {
                let subject = subject(object);
                let world = object.look(&account, &subject.graph).await;
                let survey = account.session.survey(2, cadence);
                let glance = survey.glance(std::slice::from_ref(&subject)).await.remove(0);
                assert_eq!(glance.unknown, [].into(), "{}", drift.what);
                let wanted =
                    |(id, thing): &(&Id, &Thing)| subject.graph.get(id).is_some() || thing.owner == Owner::Stray;
                let there: Vec<&Id> = world.things.iter().filter(wanted).map(|(id, _)| id).collect();
                assert_eq!(glance.things.keys().collect::<Vec<_>>(), there, "{}", drift.what);
                for (id, glimpse) in &glance.things {
                    kinds.insert(id.kind.clone());
                    same(glimpse, &world.things[id], &format!("{}: {id}", drift.what));
                    let everything = cadence == Cadence::everything() && id.kind != ONLY_THERE;
                    assert!(!everything || glimpse.unread == Unread::Nothing, "{}: {id}", drift.what);
                }
            }
            assert!(kinds.len() >= 6, "{kinds:?}");
        }
    }
}

pub(crate) fn same(glimpse: &Glimpse, read: &Thing, what: &str) {
    let (mut some, mut all) = (glimpse.thing.clone(), read.clone());
    match glimpse.unread {
        Unread::Nothing => {}
        Unread::Value => {
            some.value = Value::Null;
            all.value = Value::Null;
            all.owner = some.owner.clone();
        }
        Unread::Members(names) => {
            for thing in [&mut some, &mut all] {
                thing.value.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
            }
            // Whose it is, tags say.
            if names.contains(&"tags") {
                all.owner = some.owner.clone();
            }
        }
    }
    assert_eq!(some, all, "{what}");
}
