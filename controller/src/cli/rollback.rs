//! `longshore rollback`: back to the revision that ran before, until Git says something new.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Args;
use longshore_crds::EcsService;
use longshore_crds::status::GoodRevision;
use longshore_planner::desired::ROLL_BACK;
use serde_json::json;

use super::change::{change, follow};
use super::deployed::{OfService, title};
use super::git;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OfService,
    /// Says what would be done, and does nothing
    #[arg(long)]
    dry_run: bool,
}

/// Annotates the service with the revision to go back from, and says what comes of it.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let (client, service) = arguments.of.read().await?;
    let way = Way::of(&service)?;
    let mut said = vec![way.words(&service)];
    if !arguments.dry_run {
        change(client, &service, &json!({"metadata": {"annotations": {ROLL_BACK: way.from}}})).await?;
        said.push(follow(&service));
    }
    writeln!(std::io::stdout().lock(), "{}", said.join("\n")).context("cannot write to standard output")
}

/// From which revision to which, as `FAMILY:REVISION`.
#[derive(Debug, PartialEq, Eq)]
struct Way {
    from: String,
    to: String,
}

impl Way {
    /// From what runs, or is on its way, to what succeeded before it.
    fn of(service: &EcsService) -> Result<Self> {
        let status = service.status.as_ref();
        let deployment = status.and_then(|status| status.deployment.as_ref());
        let Some(from) = deployment.and_then(|deployment| deployment.revision.clone()) else {
            bail!("{} has no deployment yet: there is nothing to go back from", title(service));
        };
        let memory = status.and_then(|status| status.memory.as_ref());
        if let Some(rejected) = memory.and_then(|memory| memory.rejected.as_ref()) {
            bail!(
                "{} has gone back to {from} already, from {}: {}. A change of the spec, or longshore restart, tries again",
                title(service),
                short(&rejected.task_definition_arn),
                rejected.reason
            );
        }
        let good = memory.into_iter().flat_map(|memory| memory.last_good.iter().chain(&memory.good_before));
        let to =
            good.map(|revision: &GoodRevision| short(&revision.task_definition_arn)).find(|revision| *revision != from);
        match to {
            Some(to) => Ok(Self { to: to.to_owned(), from }),
            None => {
                bail!("{}: no revision but {from} is known to have worked; change the spec instead", title(service))
            }
        }
    }

    fn words(&self, service: &EcsService) -> String {
        let Self { from, to } = self;
        let title = title(service);
        let source = git::source(service).map(|source| format!(" It comes from {source}: correct it in Git."));
        format!(
            "{title} goes back from {from} to {to}. The spec still asks for {from}, so this holds until the spec changes, \
             and the object is not Ready meanwhile.{}",
            source.unwrap_or_else(
                || " Change the spec to what is to run, or longshore restart tries it again.".to_owned()
            )
        )
    }
}

/// `hello:4` of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::deployed::tests::service;
    use serde_json::Value;

    fn revision(number: u8) -> Value {
        let arn = format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:{number}");
        json!({"contentHash": "h", "taskDefinitionArn": arn, "reason": "no such image"})
    }

    #[test]
    fn it_goes_back_to_what_worked_before_what_there_is() {
        let cases = [
            ("hello:3", json!({"lastGood": revision(3), "goodBefore": revision(2)}), Ok("hello:2")),
            ("hello:4", json!({"lastGood": revision(3), "goodBefore": revision(2)}), Ok("hello:3")),
            ("hello:1", json!({"lastGood": revision(1)}), Err("no revision but hello:1")),
            ("hello:3", json!({"lastGood": revision(3), "rejected": revision(4)}), Err("from hello:4: no such image")),
        ];
        for (runs, memory, expected) in cases {
            let status = json!({"deployment": {"revision": runs}, "memory": memory});
            match (Way::of(&service(&json!({}), &status)), expected) {
                (Ok(way), Ok(to)) => assert_eq!((way.from.as_str(), way.to.as_str()), (runs, to)),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, _) => panic!("{runs}: {found:?}"),
            }
        }
        assert!(Way::of(&service(&json!({}), &json!({}))).is_err());
    }

    #[test]
    fn it_says_that_git_must_follow() {
        let way = Way { from: "hello:3".to_owned(), to: "hello:2".to_owned() };
        let argo = service(
            &json!({"annotations": {"argocd.argoproj.io/tracking-id": "shop:ecs/EcsService:shop/hello"}}),
            &json!({}),
        );
        for word in ["from hello:3 to hello:2", "Argo CD's Application shop", "correct it in Git"] {
            assert!(way.words(&argo).contains(word), "{}", way.words(&argo));
        }
        assert!(way.words(&service(&json!({}), &json!({}))).contains("Change the spec"));
    }
}
