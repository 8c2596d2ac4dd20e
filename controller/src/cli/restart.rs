//! `longshore restart`: a new deployment of the same revision.

use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use longshore_crds::EcsService;
use longshore_planner::desired::ROLL_BACK;
use serde_json::json;

use super::change::{change, follow};
use super::deployed::{OfService, title};
use super::git;
use crate::clock::Clock;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OfService,
}

/// Sets `spec.restartedAt`, and says what comes of it.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let (client, service) = arguments.of.read().await?;
    let now = Clock::wall().timestamp().to_string();
    // A restart tries again what was rolled back: what asked for that has served its time.
    let patch = json!({"spec": {"restartedAt": now}, "metadata": {"annotations": {ROLL_BACK: null}}});
    change(client, &service, &patch).await?;
    writeln!(std::io::stdout().lock(), "{}", words(&service, &now)).context("cannot write to standard output")
}

fn words(service: &EcsService, now: &str) -> String {
    let mut said = vec![
        format!(
            "{}: spec.restartedAt is {now}: every task is replaced, as fast as the deployment configuration lets it.",
            title(service)
        ),
        follow(service),
    ];
    said.extend(git::source(service).map(|source| {
        format!("It comes from {source}: if Git says spec.restartedAt, write it there too, or the next sync takes this back.")
    }));
    said.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::deployed::tests::service;

    #[test]
    fn a_restart_says_what_happens_and_what_git_must_say() {
        let by_hand = words(&service(&json!({}), &json!({})), "2026-11-28T12:00:00Z");
        assert!(by_hand.contains("EcsService/shop/hello") && by_hand.contains("2026-11-28T12:00:00Z"), "{by_hand}");
        assert!(!by_hand.contains("Git"), "{by_hand}");
        let flux = service(&json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}), &json!({}));
        let flux = words(&flux, "2026-11-28T12:00:00Z");
        assert!(flux.contains("Flux's Kustomization apps"), "{flux}");
    }
}
