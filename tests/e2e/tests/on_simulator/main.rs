//! What Longshore promises, on a real API server and the simulated AWS. One stack serves all tests here, each in a
//! namespace of its own, side by side.

#![cfg(test)]

mod argo_cd;
mod capacity;
mod caution;
mod changes;
mod command_line;
mod connect;
mod deletion;
mod drift;
mod examples;
mod failures;
mod field_managers;
mod grants;
mod instances;
mod names;
mod requests;
mod shifting;
mod storage;
mod tasks;
mod traffic;
mod triggers;

use std::sync::LazyLock;

use longshore_e2e::{Provider, Stack, StackOptions};

/// Fast enough that a rollout takes seconds, slow enough that it is not over before anybody looked.
const PROVIDER: Provider = Provider::Simulator { speed: 20 };

/// The stack that all tests here share; it ends with the test program.
fn stack() -> &'static Stack {
    static STACK: LazyLock<Stack> = LazyLock::new(|| {
        let start = || {
            let stack = Stack::start(&StackOptions::for_tests(PROVIDER)?)?;
            stack.furnish(&PROVIDER)?;
            // All tests share it, and together they delete more than what its budget allows without a word.
            let allowed = format!("ecs.longshore.dev/allow-deletions-until={}", caution::later()?);
            stack.plane.run(&["annotate", "awsenvironment", "default", &allowed])?;
            anyhow::Ok(stack)
        };
        start().unwrap_or_else(|error| panic!("the stack did not start: {error:#}"))
    });
    &STACK
}
