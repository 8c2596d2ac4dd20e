//! The charts, installed by the real Helm on a real API server. Nothing runs pods here: the controller is a process with
//! the Deployment's command line and the service account's token.

#![cfg(test)]

mod gitops;
mod lifecycle;
mod quick_start;
mod rights;
mod selected;
mod templates;

use anyhow::{Context, Result};
use longshore_e2e::{Helm, Provider, Rights, Stack, StackOptions, scratch};
use serde_json::Value;

/// A stack without a controller, and without the charts; `name` tells the stacks of these tests apart.
fn bare(name: &str, provider: Provider) -> Result<Stack> {
    let dir = scratch()?.join(name);
    Stack::start(&StackOptions { provider, dir, controller: false, rights: Rights::None, say: |_| {} })
}

fn helm(stack: &Stack) -> Result<Helm<'_>> {
    Helm::on(&stack.plane, stack.dir())
}

fn deployment(stack: &Stack, namespace: &str, name: &str) -> Result<Value> {
    let text = stack.plane.run(&["--namespace", namespace, "get", "deployment", name, "--output", "json"])?;
    serde_json::from_str(&text).context("kubectl printed no JSON")
}
