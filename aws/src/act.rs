//! One step of a plan, taken.

use longshore_planner::engine::{Action, LookUp, Owner, Ownership, Step, Thing, World};

use crate::access::{Aws, Write};
use crate::drivers;
use crate::fault::Fault;
use crate::tags::Marks;

/// Takes a step: creates, updates or deletes. `world` is what the plan was made from; what is changed or deleted
/// must carry this object's tags in it. The answer is the ARN or id of what was made, where AWS told it.
pub async fn act(
    aws: &Aws<Write>,
    ownership: &Ownership,
    step: &Step,
    world: &World,
    at: &LookUp,
) -> Result<Option<String>, Fault> {
    let Some(driver) = drivers::of(&step.id.kind) else {
        return Err(refused(step, "this version of Longshore has no driver for this kind"));
    };
    let marks = Marks { ownership, id: &step.id };
    let outcome = match &step.action {
        Action::Create { want } => driver.create(aws, marks, want).await,
        Action::Update { want, .. } => {
            let thing = thing_of(step, world, at)?;
            let ours = matches!(thing.owner, Owner::This | Owner::Parent | Owner::Nobody);
            if !ours {
                return Err(refused(step, "it is not this object's"));
            }
            driver.update(aws, marks, want, thing).await.map(|()| None)
        }
        Action::Delete => {
            let thing = thing_of(step, world, at)?;
            if !thing.is_ours() && thing.owner != Owner::Stray {
                return Err(refused(step, "it is not this object's"));
            }
            driver.delete(aws, thing).await.map(|()| None)
        }
        Action::Wait | Action::Blocked => Ok(None),
    };
    match &outcome {
        Ok(_) => tracing::info!(resource = %step.id, object = ownership.object, reason = step.reason, "acted"),
        Err(fault) => tracing::warn!(resource = %step.id, object = ownership.object, %fault, "could not act"),
    }
    outcome
}

/// What the step is about: under its identity, or under an older one of the same place that AWS gave the same
/// ARN or id.
fn thing_of<'a>(step: &Step, world: &'a World, at: &LookUp) -> Result<&'a Thing, Fault> {
    let known_as = || {
        let physical = at.entry.physical.as_ref()?;
        let same = |thing: &Thing| ["arn", "id"].iter().any(|name| thing.outputs.get(*name) == Some(physical));
        world.things.iter().find(|(id, thing)| id.same_place(&step.id) && same(thing)).map(|(_, thing)| thing)
    };
    world.get(&step.id).or_else(known_as).ok_or_else(|| refused(step, "it was not seen in this round"))
}

fn refused(step: &Step, why: &str) -> Fault {
    Fault::fix(
        "longshore:Act",
        "Refused",
        format!("{} is not touched: {why}", step.id),
        "report this if it stays so: it is a defect in Longshore",
    )
}
