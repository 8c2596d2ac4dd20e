//! `longshore logs`: what the containers of a service write.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use longshore_aws::tasks::{LogDestination, LogEvent, LogSource, Tail, Task, log_sources, tasks};
use longshore_aws::{Aws, Read};

use super::deployed::{Deployed, OfService, title};
use super::duration;
use super::running::Chosen;
use crate::clock::Clock;

/// How often it is asked whether there is more.
const INTERVAL: Duration = Duration::from_secs(2);
/// How many lines of each container there are unless somebody says how far back to go.
const LINES: i32 = 100;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OfService,
    #[command(flatten)]
    chosen: Chosen,
    /// Goes on until it is stopped, with the tasks that come meanwhile
    #[arg(long, short)]
    follow: bool,
    /// Not older than this, such as 10m
    #[arg(long, value_parser = duration::parse)]
    since: Option<Duration>,
    /// The last lines of each container; left out: 100, or all that --since asks for
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    tail: Option<i32>,
    /// Of tasks that have stopped, too, for as long as ECS tells of them (an hour)
    #[arg(long, short)]
    previous: bool,
    /// Each line begins with its time
    #[arg(long)]
    timestamps: bool,
}

/// Prints lines, the oldest first.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let (client, service) = arguments.of.read().await?;
    let deployed = Deployed::of(&client, &service).await?;
    let aws = deployed.session.reader();
    let mut reading = Reading::new(arguments, &deployed.session.config().region);
    loop {
        let all = tasks(&aws, &deployed.cluster, &deployed.name).await.context("cannot ask for its tasks")?;
        match reading.tasks(&all) {
            Ok(wanted) => reading.begin(&aws, &wanted).await?,
            // A service that has nothing running may have so in a moment.
            Err(_) if arguments.follow => {}
            Err(error) => return Err(error.context(title(&service))),
        }
        let lines = reading.read(&aws).await?;
        print(&lines, arguments.timestamps)?;
        if !arguments.follow {
            return reading.explain(&lines);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// A line, and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    event: LogEvent,
    writer: String,
}

fn print(lines: &[Line], timestamps: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for Line { event, writer } in lines {
        let at = Timestamp::from_millisecond(event.at).map(|at| format!("{at} ")).unwrap_or_default();
        let at = if timestamps { at } else { String::new() };
        writeln!(out, "{at}[{writer}] {}", event.message).context("cannot write to standard output")?;
    }
    Ok(())
}

/// What is read, and how far.
struct Reading<'a> {
    arguments: &'a Arguments,
    region: &'a str,
    since: Option<i64>,
    /// By task definition.
    sources: BTreeMap<String, Vec<LogSource>>,
    /// By who writes.
    tails: BTreeMap<String, Tail>,
    begun: BTreeSet<String>,
    /// Containers whose output is elsewhere, and where.
    elsewhere: BTreeMap<String, String>,
}

impl<'a> Reading<'a> {
    fn new(arguments: &'a Arguments, region: &'a str) -> Self {
        let back = arguments.since.and_then(|since| SignedDuration::try_from(since).ok());
        let since = back.and_then(|back| Clock::wall().timestamp().checked_sub(back).ok());
        Self {
            arguments,
            region,
            since: since.map(Timestamp::as_millisecond),
            sources: BTreeMap::new(),
            tails: BTreeMap::new(),
            begun: BTreeSet::new(),
            elsewhere: BTreeMap::new(),
        }
    }

    fn tasks<'t>(&self, all: &'t [Task]) -> Result<Vec<&'t Task>> {
        let wanted = |task: &Task| self.arguments.previous || task.last_status != "STOPPED";
        self.arguments.chosen.tasks(all, wanted)
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
        for source in sources.filter(|source| self.arguments.chosen.means(&source.container)) {
            match here(source, self.region) {
                Ok(to) => {
                    let last = self.arguments.tail.or_else(|| self.since.is_none().then_some(LINES));
                    let tail = Tail::new(to, &source.container, &task.id, self.since, last);
                    self.tails.insert(writer(task, &source.container), tail);
                }
                Err(place) => drop(self.elsewhere.insert(source.container.clone(), place)),
            }
        }
    }

    async fn read(&mut self, aws: &Aws<Read>) -> Result<Vec<Line>> {
        let mut lines = vec![];
        for (writer, tail) in &mut self.tails {
            let events = tail.read(aws).await.with_context(|| format!("cannot read the log of {writer}"))?;
            lines.extend(events.into_iter().map(|event| Line { event, writer: writer.clone() }));
        }
        lines.sort();
        Ok(lines)
    }

    /// Why there is nothing to see.
    fn explain(&self, lines: &[Line]) -> Result<()> {
        for (container, place) in &self.elsewhere {
            eprintln!("longshore: container {container} writes {place}");
        }
        if lines.is_empty() && self.tails.is_empty() && self.elsewhere.is_empty() {
            bail!("there is no such container");
        }
        if lines.is_empty() && !self.tails.is_empty() {
            eprintln!("longshore: nothing was written; --previous looks into tasks that have stopped");
        }
        Ok(())
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

/// `web/8d3f2c1a`: enough of the id to tell tasks apart.
fn writer(task: &Task, container: &str) -> String {
    let id: String = task.id.chars().take(8).collect();
    format!("{container}/{id}")
}
