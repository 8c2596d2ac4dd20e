//! The simulator's own controls: what was called, what goes wrong, what time it is.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Aws;

/// The controls of a running simulator.
#[derive(Clone, Debug)]
pub struct Simulator(Aws);

impl Simulator {
    /// The controls of the simulator that answers as `aws`.
    pub fn of(aws: &Aws) -> Self {
        Self(aws.clone())
    }

    /// The number of the last call so far, to ask for later ones.
    pub fn last_call(&self) -> Result<u64> {
        self.0.plain("/_simulator/calls?since=999999999", None)?["last"].as_u64().context("calls have no last number")
    }

    /// Every call since the start, as recorded.
    pub fn recording(&self) -> Result<Value> {
        self.0.plain("/_simulator/calls", None)
    }

    /// Everything that exists.
    pub fn world(&self) -> Result<Value> {
        self.0.plain("/_simulator/world", None)
    }

    /// The calls after `since` that mention one of `texts` in their input.
    pub fn calls(&self, since: u64, texts: &[String]) -> Result<Vec<Value>> {
        self.recorded("", since, texts)
    }

    /// The writes after `since` that mention one of `texts` in their input.
    pub fn writes(&self, since: u64, texts: &[String]) -> Result<Vec<Value>> {
        self.recorded("write=true&", since, texts)
    }

    /// How often each write after `since` was made, as `CreateService: 1`, of those that mention one of `texts`.
    pub fn write_counts(&self, since: u64, texts: &[String]) -> Result<Vec<String>> {
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        for call in self.writes(since, texts)? {
            *counts.entry(call["operation"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        Ok(counts.into_iter().map(|(operation, count)| format!("{operation}: {count}")).collect())
    }

    fn recorded(&self, filter: &str, since: u64, texts: &[String]) -> Result<Vec<Value>> {
        let mut answer = self.0.plain(&format!("/_simulator/calls?{filter}since={since}"), None)?;
        let Value::Array(calls) = answer["calls"].take() else { return Ok(Vec::new()) };
        let mentions = |call: &Value| {
            let input = call["input"].to_string();
            texts.iter().any(|text| input.contains(text.as_str()))
        };
        Ok(calls.into_iter().filter(mentions).collect())
    }

    /// What becomes of an image: `{"missing": true}`, `{"exits": {"code": 1}}`, `{"unhealthy": true}`.
    pub fn image(&self, image: &str, behaviour: &Value) -> Result<()> {
        let mut body = behaviour.clone();
        body["image"] = json!(image);
        self.0.plain("/_simulator/images", Some(&body)).map(drop)
    }

    /// An event such as AWS's services tell: `{"source": "aws.s3", "detailType": "Object Created", "detail": {}}`.
    pub fn event(&self, event: &Value) -> Result<()> {
        self.0.plain("/_simulator/events", Some(event)).map(drop)
    }

    /// What comes of a request through a load balancer: `{"url": "https://NAME/", "host": "shop.example.com"}`.
    pub fn request(&self, question: &Value) -> Result<Value> {
        self.0.plain("/_simulator/request", Some(question))
    }

    /// Something to go wrong, once: `{"operation": "CreateService", "kind": "lost_reply"}`.
    pub fn fault(&self, rule: &Value) -> Result<()> {
        self.0.plain("/_simulator/faults", Some(rule)).map(drop)
    }
}
