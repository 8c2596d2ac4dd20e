//! Tasks that AWS starts by itself: looked at in each turn, and stopped when their object goes.

use std::time::Duration;

use longshore_aws::{Aws, Read, Write, stop_task, triggered_tasks};
use longshore_crds::ecs_task_trigger::TriggeredRun;
use longshore_planner::one_off::is_live;
use longshore_planner::triggered::Watch;

use super::halt::Halt;
use super::one_off::STOPPING;
use super::outcome::Outcome;
use super::pass::{Pass, Work};
use crate::object::Object;

impl<O: Object> Pass<'_, O> {
    /// What is to be told of them. `None`: it starts none, or they could not be looked at, which is no news.
    pub(super) async fn look_at_triggered(&self, work: &Work) -> Option<Vec<TriggeredRun>> {
        let watch = work.desired.watch.as_ref()?;
        let known = self.object.triggered();
        let arns: Vec<String> = known.iter().map(|run| run.task_arn.clone()).collect();
        match triggered_tasks(&work.reader, watch, &arns).await {
            Ok(seen) => Some(watch.told(known, &seen)),
            Err(error) => {
                tracing::debug!(object = %self.key(), %error, "the tasks that AWS started could not be looked at");
                None
            }
        }
    }

    /// When there is something to see of them again, where the object has converged: by its status as this turn wrote it. What
    /// was due in the meantime is looked at now.
    pub(super) fn watched(&self, outcome: Outcome) -> Outcome {
        let now = self.shell.clock.timestamp();
        match (outcome, self.object.due_at(now)) {
            (Outcome::Resting, Some(at)) => {
                Outcome::Due { left: Duration::try_from(at.duration_since(now)).unwrap_or_default() }
            }
            (outcome, _) => outcome,
        }
    }

    /// Those that have not ended, of an object that goes.
    pub(super) async fn still_running(&self, watch: &Watch, reader: &Aws<Read>) -> Result<Vec<String>, Halt> {
        let known: Vec<String> = self.object.triggered().iter().map(|run| run.task_arn.clone()).collect();
        let seen = triggered_tasks(reader, watch, &known).await.map_err(|fault| Halt::fault(&fault))?;
        let live = seen.into_iter().map(|seen| seen.record).filter(is_live);
        Ok(live.filter(|task| !STOPPING.contains(&task.last_status.as_str())).map(|task| task.task_arn).collect())
    }

    /// Stops them.
    pub(super) async fn stop_triggered(
        &self,
        watch: &Watch,
        tasks: &[String],
        writer: &Aws<Write>,
    ) -> Result<(), Halt> {
        for task in tasks {
            let stopped = stop_task(writer, &watch.cluster, task, "its EcsTaskTrigger was deleted").await;
            stopped.map_err(|fault| Halt::fault(&fault))?;
        }
        Ok(())
    }
}
