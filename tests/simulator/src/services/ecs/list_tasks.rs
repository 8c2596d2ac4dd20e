//! `DescribeTasks` and `ListTasks`

use serde_json::json;

use crate::call::{Answer, Call};
use crate::services::ecs::services::{self, Status};
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{clusters, invalid, names, tags};
use crate::world::World;

/// `DescribeTasks`: at most a hundred; those unknown to the cluster are failures.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let given = call.texts("tasks");
    if given.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if given.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in given {
        let id = names::task_id(&given);
        match world.ecs.tasks.get(id).filter(|task| task.cluster == cluster) {
            Some(task) => found.push(task.view(tags::wanted(call))),
            None => {
                failures.push(json!({"arn": world.arn("ecs", &format!("task/{cluster}/{id}")), "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"tasks": found, "failures": failures}))
}

/// `ListTasks`: those meant to run, unless stopped ones are asked for.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let wanted_status = call.text("desiredStatus").unwrap_or("RUNNING");
    let service = if call.text("serviceName").is_some() {
        let key = services::named(world, call, "serviceName")?;
        if world.ecs.services.get(&key).is_some_and(|service| service.status == Status::Inactive) {
            return Err(names::service_not_found());
        }
        Some(key)
    } else {
        None
    };
    let family = |task: &Task| {
        let name = names::of_arn(world, &task.definition, "task-definition").unwrap_or_default();
        name.split(':').next().unwrap_or_default().to_owned()
    };
    let wanted = |task: &&Task| {
        task.cluster == cluster
            && task.desired_status() == wanted_status
            && service.as_ref().is_none_or(|key| task.service.as_ref() == Some(key))
            && call.text("family").is_none_or(|wanted| family(task) == wanted)
            && call.text("startedBy").is_none_or(|by| task.started_by.as_deref() == Some(by))
            && call.text("launchType").is_none_or(|launch_type| task.launch_type == launch_type)
    };
    let arns: Vec<String> = world.ecs.tasks.values().filter(wanted).map(|task| task.arn.clone()).collect();
    let (page, next) = world.page(&arns, names::page_size(call, 100)?, call.text("nextToken"))?;
    Ok(json!({"taskArns": page, "nextToken": next}))
}
