//! `longshore logs`: what the containers of a service, of a one-off task or of a trigger's tasks write.

mod run;
mod service;

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use longshore_aws::tasks::{LogEvent, Tail};
use longshore_aws::{Aws, Read};
use longshore_crds::{EcsTask, EcsTaskTrigger};

use super::deployed::read;
use super::duration;
use super::place::Place;
use super::running::Chosen;
use super::target::Target;
use crate::clock::Clock;

/// How often it is asked whether there is more.
const INTERVAL: Duration = Duration::from_secs(2);
/// How many lines of each container there are unless somebody says how far back to go.
const LINES: i32 = 100;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What writes: ecssvc/NAME, ecstask/NAME or ecstrig/NAME
    of: Target,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wanted: Wanted,
}

/// Which lines.
#[derive(Debug, Default, Args)]
struct Wanted {
    #[command(flatten)]
    chosen: Chosen,
    /// Goes on with the tasks that come meanwhile, until it is stopped; of an EcsTask until that has ended
    #[arg(long, short)]
    follow: bool,
    /// Not older than this, such as 10m
    #[arg(long, value_parser = duration::parse)]
    since: Option<Duration>,
    /// The last lines of each container; left out: 100, or all that --since asks for
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    tail: Option<i32>,
    /// Earlier ones too: a service's tasks that have stopped, for as long as ECS tells of them (an hour); an EcsTask's
    /// attempt before; a trigger's runs that its status tells
    #[arg(long, short)]
    previous: bool,
    /// Each line begins with its time
    #[arg(long)]
    timestamps: bool,
}

/// Prints lines, the oldest first.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { of, place, wanted } = arguments;
    let client = place.client().await?;
    let namespace = place.namespace(&client).to_owned();
    match of.resource.kind.as_str() {
        "EcsService" => service::print(&client, &read(&client, &namespace, &of.name).await?, wanted).await,
        "EcsTask" => Box::pin(run::print::<EcsTask>(&client, &namespace, &of.name, wanted)).await,
        "EcsTaskTrigger" => Box::pin(run::print::<EcsTaskTrigger>(&client, &namespace, &of.name, wanted)).await,
        kind => bail!("nothing of an {kind} writes: name ecssvc/NAME, ecstask/NAME or ecstrig/NAME"),
    }
}

/// A line, and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    event: LogEvent,
    writer: String,
}

fn show(lines: &[Line], timestamps: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for Line { event, writer } in lines {
        let at = Timestamp::from_millisecond(event.at).map(|at| format!("{at} ")).unwrap_or_default();
        let at = if timestamps { at } else { String::new() };
        writeln!(out, "{at}[{writer}] {}", event.message).context("cannot write to standard output")?;
    }
    Ok(())
}

/// The streams that are read, and how far.
struct Tails {
    since: Option<i64>,
    last: Option<i32>,
    by_writer: BTreeMap<String, Tail>,
    /// Containers whose output is elsewhere, and where.
    elsewhere: BTreeMap<String, String>,
}

impl Tails {
    fn new(wanted: &Wanted) -> Self {
        let back = wanted.since.and_then(|since| SignedDuration::try_from(since).ok());
        let since = back.and_then(|back| Clock::wall().timestamp().checked_sub(back).ok());
        Self {
            since: since.map(Timestamp::as_millisecond),
            last: wanted.tail.or_else(|| since.is_none().then_some(LINES)),
            by_writer: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
        }
    }

    /// One that is known already is read on.
    fn take_up(&mut self, writer: String, tail: impl FnOnce(Option<i64>, Option<i32>) -> Tail) {
        let (since, last) = (self.since, self.last);
        self.by_writer.entry(writer).or_insert_with(|| tail(since, last));
    }

    fn elsewhere(&mut self, container: &str, place: String) {
        self.elsewhere.insert(container.to_owned(), place);
    }

    /// Prints what there is by now. Who follows goes on after a moment, unless nothing is to come.
    async fn go_on(&mut self, aws: &Aws<Read>, wanted: &Wanted, ended: bool) -> Result<ControlFlow<()>> {
        let lines = self.read(aws).await?;
        show(&lines, wanted.timestamps)?;
        if !wanted.follow || ended {
            self.explain(&lines, wanted)?;
            return Ok(ControlFlow::Break(()));
        }
        tokio::time::sleep(INTERVAL).await;
        Ok(ControlFlow::Continue(()))
    }

    async fn read(&mut self, aws: &Aws<Read>) -> Result<Vec<Line>> {
        let mut lines = vec![];
        for (writer, tail) in &mut self.by_writer {
            let events = tail.read(aws).await.with_context(|| format!("cannot read the log of {writer}"))?;
            lines.extend(events.into_iter().map(|event| Line { event, writer: writer.clone() }));
        }
        lines.sort();
        Ok(lines)
    }

    /// Why there is nothing to see.
    fn explain(&self, lines: &[Line], wanted: &Wanted) -> Result<()> {
        for (container, place) in &self.elsewhere {
            eprintln!("longshore: container {container} writes {place}");
        }
        if lines.is_empty() && self.by_writer.is_empty() && self.elsewhere.is_empty() {
            bail!("there is no such container");
        }
        if lines.is_empty() && !self.by_writer.is_empty() && !wanted.follow {
            eprintln!("longshore: nothing was written; --previous looks into earlier tasks");
        }
        Ok(())
    }
}

/// `web/8d3f2c1a`: enough of a task's id to tell tasks apart.
fn writer(container: &str, task: &str) -> String {
    let id: String = task.chars().take(8).collect();
    format!("{container}/{id}")
}
