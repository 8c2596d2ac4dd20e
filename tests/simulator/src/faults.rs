//! Faults on demand, at points that are named: an operation, what its input mentions, the n-th time.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Service};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The call is refused as too fast; nothing happens.
    Throttle,
    /// The call fails with this error; nothing happens.
    Error {
        /// The error code.
        code: String,
        /// The HTTP status.
        #[serde(default = "server_error")]
        status: u16,
        /// The message.
        #[serde(default)]
        message: String,
    },
    /// The call takes effect, but its reply never arrives: the connection breaks.
    LostReply,
    /// The reply comes late.
    Delay {
        /// By how much, in milliseconds.
        ms: u64,
    },
    /// A read answers as of before the last write, as an eventually consistent service may.
    Stale,
}

fn server_error() -> u16 {
    500
}

/// Where and how often something goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only calls of this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Only calls of this operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only calls whose input, as JSON text, contains this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// From the n-th matching call on, counting from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// For so many matching calls.
    #[serde(default = "one")]
    pub times: u32,
    /// What goes wrong.
    pub kind: Kind,
    /// Matching calls so far; kept by the simulator.
    #[serde(default)]
    pub seen: u32,
}

fn one() -> u32 {
    1
}

impl Rule {
    fn matches(&self, call: &Call) -> bool {
        self.service.is_none_or(|service| service == call.service)
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.resource.as_ref().is_none_or(|text| call.input.to_string().contains(text.as_str()))
            && (self.kind != Kind::Stale || call.is_read())
    }

    /// Whether the rule has nothing left to do.
    fn spent(&self) -> bool {
        self.seen >= self.last()
    }

    fn last(&self) -> u32 {
        self.nth.saturating_sub(1).saturating_add(self.times)
    }
}

/// The rules in force.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    /// Adds a rule.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Removes all rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules, spent ones included.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What goes wrong with this call: every matching rule counts it, those that are due fire.
    pub fn due(&mut self, call: &Call) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for rule in self.rules.iter_mut().filter(|rule| rule.matches(call)) {
            rule.seen = rule.seen.saturating_add(1);
            if rule.seen >= rule.nth && rule.seen <= rule.last() {
                kinds.push(rule.kind.clone());
            }
        }
        kinds
    }

    /// Whether a stale read may still be asked for, so that the world before each write must be kept.
    pub fn stale_pending(&self) -> bool {
        self.rules.iter().any(|rule| rule.kind == Kind::Stale && !rule.spent())
    }
}
