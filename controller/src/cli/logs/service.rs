//! What the containers of a service write: of tasks that ECS tells of.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use kube::Client;
use longshore_aws::tasks::{LogDestination, LogSource, Tail, Task, log_sources, tasks};
use longshore_aws::{Aws, Read};
use longshore_crds::EcsService;

use super::{Tails, Wanted, writer};
use crate::cli::deployed::{Deployed, title};

/// Prints lines, the oldest first.
pub(super) async fn print(client: &Client, service: &EcsService, wanted: &Wanted) -> Result<()> {
    let deployed = Deployed::of(client, service).await?;
    let aws = deployed.session.reader();
    let mut reading = Reading::new(wanted, &deployed.session.config().region);
    loop {
        let all = tasks(&aws, &deployed.cluster, &deployed.name).await.context("cannot ask for its tasks")?;
        match reading.tasks(&all) {
            Ok(wanted) => reading.begin(&aws, &wanted).await?,
            // A service that has nothing running may have so in a moment.
            Err(_) if wanted.follow => {}
            Err(error) => return Err(error.context(title(service))),
        }
        if reading.tails.go_on(&aws, wanted, false).await?.is_break() {
            return Ok(());
        }
    }
}

/// What is read, and how far.
struct Reading<'a> {
    wanted: &'a Wanted,
    region: &'a str,
    /// By task definition.
    sources: BTreeMap<String, Vec<LogSource>>,
    tails: Tails,
    begun: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    fn new(wanted: &'a Wanted, region: &'a str) -> Self {
        let tails = Tails::new(wanted);
        Self { wanted, region, sources: BTreeMap::new(), tails, begun: BTreeSet::new() }
    }

    fn tasks<'t>(&self, all: &'t [Task]) -> Result<Vec<&'t Task>> {
        let wanted = |task: &Task| self.wanted.previous || task.last_status != "STOPPED";
        self.wanted.chosen.tasks(all, wanted)
    }

    /// Takes up the tasks that it does not know yet.
    async fn begin(&mut self, aws: &Aws<Read>, tasks: &[&Task]) -> Result<()> {
        for task in tasks {
            if !self.begun.insert(task.id.clone()) {
                continue;
            }
            if !self.sources.contains_key(&task.task_definition) {
                let found = log_sources(aws, &task.task_definition).await;
                let found = found.with_context(|| format!("cannot ask where {} logs", task.task_definition))?;
                self.sources.insert(task.task_definition.clone(), found);
            }
            self.take_up(task);
        }
        Ok(())
    }

    fn take_up(&mut self, task: &Task) {
        let sources = self.sources.get(&task.task_definition).into_iter().flatten();
        for source in sources.filter(|source| self.wanted.chosen.means(&source.container)) {
            match here(source, self.region) {
                Ok(to) => {
                    let tail = |since, last| Tail::new(to, &source.container, &task.id, since, last);
                    self.tails.take_up(writer(&source.container, &task.id), tail);
                }
                Err(place) => self.tails.elsewhere(&source.container, place),
            }
        }
    }
}

/// Where a container's output can be read; else where it goes.
fn here<'s>(source: &'s LogSource, region: &str) -> Result<&'s LogDestination, String> {
    match &source.destination {
        Ok(to) if to.region == region || to.region.is_empty() => Ok(to),
        Ok(to) => Err(format!("to the log group {} in {}, another region", to.group(), to.region)),
        Err(place) => Err(place.clone()),
    }
}
