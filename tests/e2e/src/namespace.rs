//! A namespace of its own for each test, and what a user does in it with kubectl.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use longshore_control_plane::wait_for;
use serde_json::Value;

use crate::{Stack, condition, hello, text};

/// A rollout in the simulator takes seconds; a busy machine gets its time.
const READY: Duration = Duration::from_mins(5);

/// A namespace of the team `shop`, for which example 00 grants a few things.
#[derive(Debug)]
pub struct Namespace<'a> {
    /// What runs beneath.
    pub stack: &'a Stack,
    /// The namespace's name.
    pub name: String,
}

impl<'a> Namespace<'a> {
    /// A new one. The name says what the test is about; names are not reused within a stack.
    pub fn create(stack: &'a Stack, name: &str) -> Result<Self> {
        stack
            .apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{team: shop}}}}\n"))?;
        Ok(Self { stack, name: name.to_owned() })
    }

    /// One that exists.
    pub fn of(stack: &'a Stack, name: &str) -> Self {
        Self { stack, name: name.to_owned() }
    }

    /// A new one in which example 10 runs: its cluster main and its service hello are Ready.
    pub fn with_hello(stack: &'a Stack, name: &str) -> Result<Self> {
        let namespace = Self::create(stack, name)?;
        namespace.apply(&hello(name)?)?;
        namespace.wait_ready("ecsservice/hello")?;
        Ok(namespace)
    }

    /// `kubectl apply`; a refusal is an error with kubectl's words.
    pub fn apply(&self, text: &str) -> Result<String> {
        self.stack.apply(text)
    }

    /// What the API server says to an object that it must refuse.
    pub fn refusal(&self, text: &str) -> Result<String> {
        match self.stack.apply(text) {
            Ok(said) => bail!("this was accepted ({}):\n{text}", said.trim()),
            Err(refused) => Ok(refused.to_string()),
        }
    }

    /// kubectl in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.stack.plane.run(&[&["--namespace", &self.name], arguments].concat())
    }

    /// An object (`ecsservice/hello`) as it is now.
    pub fn get(&self, object: &str) -> Result<Value> {
        serde_json::from_str(&self.kubectl(&["get", object, "--output", "json"])?).context("kubectl printed no JSON")
    }

    /// `kubectl patch`, a merge patch.
    pub fn patch(&self, object: &str, patch: &Value) -> Result<()> {
        self.kubectl(&["patch", object, "--type", "merge", "--patch", &patch.to_string()]).map(drop)
    }

    /// `kubectl wait --for=condition=Ready`, as anybody's pipeline does.
    pub fn wait_ready(&self, object: &str) -> Result<()> {
        let limit = format!("--timeout={}s", READY.as_secs());
        self.kubectl(&["wait", "--for=condition=Ready", object, &limit]).with_context(|| self.report(object))?;
        Ok(())
    }

    /// Waits until `look` finds what it looks for in the object; its words say what is missing.
    pub fn wait_until<T>(
        &self,
        object: &str,
        what: &str,
        mut look: impl FnMut(&Value) -> Result<T, String>,
    ) -> Result<T> {
        wait_for(what, READY, || Ok(look(&self.get(object)?))).with_context(|| self.report(object))
    }

    /// Waits until the object is Ready for the spec that it has now.
    pub fn wait_settled(&self, object: &str) -> Result<Value> {
        self.wait_until(object, &format!("{object} to be Ready for its present spec"), |now| {
            let ready = condition(now, "Ready");
            let current = now["metadata"]["generation"].as_u64() == Some(ready.generation);
            if current && ready.status == "True" { Ok(now.clone()) } else { Err(format!("Ready is {ready}")) }
        })
    }

    /// Waits until `look` finds what it looks for, anywhere.
    pub fn wait_for<T>(&self, what: &str, look: impl FnMut() -> Result<Result<T, String>>) -> Result<T> {
        wait_for(what, READY, look).with_context(|| self.report("ecsservice/hello"))
    }

    /// The names that AWS knows this namespace's cluster main and service hello by, with the namespace's own: what a
    /// call about them mentions.
    pub fn aws_names(&self) -> Result<Vec<String>> {
        let mut names = vec![format!("/{}/", self.name)];
        for (found, member) in [
            (self.stack.aws.cluster_of(&self.name, "main")?, "/clusterName"),
            (self.stack.aws.service_of(&self.name, "hello")?, "/serviceName"),
        ] {
            let name = text(&found.with_context(|| format!("AWS holds nothing for {}", self.name))?, member);
            ensure!(!name.is_empty(), "what AWS holds has no {member}");
            names.push(name);
        }
        names.extend(self.stack.aws.roles_of(&format!("EcsService/{}/hello", self.name))?);
        names.extend(self.stack.aws.security_groups_of(&format!("EcsService/{}/hello", self.name))?);
        let revisions = self.stack.aws.task_definitions_of(&self.name, "hello")?;
        names.extend(revisions.last().map(|revision| text(revision, "/family")));
        Ok(names)
    }

    /// All that AWS holds for the cluster main and the service hello, by what it is; empty when nothing is left.
    pub fn holdings(&self) -> Result<BTreeMap<&'static str, Vec<String>>> {
        let mut all = self.stack.aws.holdings("EcsCluster", &self.name, "main")?;
        all.extend(self.stack.aws.holdings("EcsService", &self.name, "hello")?);
        Ok(all)
    }

    /// All that helps to understand why something did not come true.
    pub fn report(&self, object: &str) -> String {
        let asked = |arguments: &[&str]| self.kubectl(arguments).unwrap_or_else(|error| error.to_string());
        format!(
            "\n--- {object} in {}\n{}\n--- events\n{}\n--- the end of the controller's log\n{}",
            self.name,
            asked(&["get", object, "--output", "yaml"]),
            asked(&["get", "events", "--sort-by", ".metadata.creationTimestamp"]),
            self.stack.controller_tail(40),
        )
    }
}
