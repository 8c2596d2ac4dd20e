//! Policy documents: what IAM refuses in them, and what they decide.
//!
//! Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::condition::Condition;
use super::variables::fill;
use crate::services::wildcard;

/// What a document is attached to: it decides which elements are allowed in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Permissions of a role, inline or managed: no principal, but resources.
    Permissions,
    /// Who may assume a role: principals, but no resources.
    Trust,
    /// A resource's own: principals, and resources where it says so.
    Resource,
}

/// A policy document, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Only the newer language has variables ("IAM JSON policy elements: Version").
    has_variables: bool,
    statements: Vec<Statement>,
}

/// Who asks to assume a role.
#[derive(Clone, Debug)]
pub(super) enum Requester<'a> {
    /// An AWS service, by its principal (`ecs-tasks.amazonaws.com`).
    Service(&'a str),
    /// A user or role, by ARN and account.
    Aws { arn: &'a str, account: &'a str },
    /// Nobody in particular: whom only `*` names.
    Anyone,
}

/// What is asked of a document. Condition keys are in lower case.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) action: &'a str,
    pub(super) resource: Option<&'a str>,
    pub(super) requester: Option<Requester<'a>>,
    pub(super) context: BTreeMap<String, String>,
}

/// What documents say to a request; the greatest of several decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    /// Not mentioned, which is a refusal.
    Silent,
    Allow,
    Deny,
}

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    actions: Names,
    resources: Option<Names>,
    principals: Option<Principals>,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug)]
struct Names {
    negated: bool,
    patterns: Vec<String>,
}

impl Names {
    fn cover(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern)) != self.negated
    }
}

#[derive(Clone, Debug)]
struct Principals {
    negated: bool,
    anyone: bool,
    services: Vec<String>,
    aws: Vec<String>,
}

impl Document {
    /// Takes a document apart; the error is the message of IAM's `MalformedPolicyDocument`.
    pub(super) fn parse(text: &str, purpose: Purpose) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|_| "This policy contains invalid Json".to_owned())?;
        let members = value.as_object().ok_or_else(syntax)?;
        known_only(members, &["Version", "Id", "Statement"])?;
        match members.get("Version").map(Value::as_str) {
            None | Some(Some("2012-10-17" | "2008-10-17")) => {}
            Some(_) => return Err(syntax()),
        }
        let statements = match members.get("Statement") {
            Some(Value::Array(items)) if !items.is_empty() => items.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(syntax()),
        };
        unique_sids(&statements)?;
        let statements = statements.into_iter().map(|value| Statement::parse(value, purpose));
        let has_variables = members.get("Version").and_then(Value::as_str) == Some("2012-10-17");
        Ok(Self { has_variables, statements: statements.collect::<Result<_, _>>()? })
    }

    /// What the document says to a request.
    pub(super) fn decide(&self, request: &Request<'_>) -> Decision {
        let applying = self.statements.iter().filter(|statement| statement.applies(request, self.has_variables));
        let decisions = applying.map(|statement| if statement.allow { Decision::Allow } else { Decision::Deny });
        decisions.max().unwrap_or(Decision::Silent)
    }

    /// The ARNs of users and roles that the document names as principals.
    pub(super) fn aws_principals(&self) -> impl Iterator<Item = &str> {
        self.statements
            .iter()
            .filter_map(|statement| statement.principals.as_ref())
            .flat_map(|principals| &principals.aws)
            .map(String::as_str)
    }
}

impl Statement {
    fn parse(value: &Value, purpose: Purpose) -> Result<Self, String> {
        let members = value.as_object().ok_or_else(syntax)?;
        let elements = [
            "Sid",
            "Effect",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Principal",
            "NotPrincipal",
            "Condition",
        ];
        known_only(members, &elements)?;
        let allow = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(syntax()),
        };
        let actions = names(members, "Action", "NotAction")?.ok_or("Policy statement must contain actions.")?;
        check_actions(&actions, purpose)?;
        let resources = names(members, "Resource", "NotResource")?;
        let principals = Principals::parse(members)?;
        match purpose {
            Purpose::Permissions if principals.is_some() => {
                return Err("Policy document should not specify a principal.".into());
            }
            Purpose::Permissions => check_resources(resources.as_ref())?,
            Purpose::Trust if resources.is_some() => return Err("Has prohibited field Resource".into()),
            Purpose::Trust | Purpose::Resource if principals.is_none() => {
                return Err("Missing required field Principal".into());
            }
            Purpose::Trust | Purpose::Resource => {}
        }
        let conditions = members.get("Condition").map(Condition::parse_all).transpose()?.unwrap_or_default();
        Ok(Self { allow, actions, resources, principals, conditions })
    }

    fn applies(&self, request: &Request<'_>, has_variables: bool) -> bool {
        let filled = |text: &str| if has_variables { fill(text, &request.context) } else { Some(text.to_owned()) };
        let action = request.action.to_ascii_lowercase();
        let resource = request.resource.unwrap_or("*");
        self.actions.cover(|pattern| wildcard::matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.as_ref().is_none_or(|names| {
                names.cover(|text| filled(text).is_some_and(|text| wildcard::covers(&text, resource)))
            })
            && self.principals.as_ref().is_none_or(|principals| principals.include(request.requester.as_ref()))
            && self.conditions.iter().all(|condition| condition.holds(&request.context, filled))
    }
}

impl Principals {
    fn parse(members: &Map<String, Value>) -> Result<Option<Self>, String> {
        let (negated, value) = match (members.get("Principal"), members.get("NotPrincipal")) {
            (None, None) => return Ok(None),
            (Some(value), None) => (false, value),
            (None, Some(value)) => (true, value),
            (Some(_), Some(_)) => return Err(syntax()),
        };
        let mut principals = Self { negated, anyone: false, services: Vec::new(), aws: Vec::new() };
        match value {
            Value::String(text) if text == "*" => principals.anyone = true,
            Value::Object(kinds) => {
                known_only(kinds, &["AWS", "Service", "Federated", "CanonicalUser"])?;
                principals.services = kinds.get("Service").map(texts).transpose()?.unwrap_or_default();
                principals.aws = kinds.get("AWS").map(texts).transpose()?.unwrap_or_default();
            }
            _ => return Err(syntax()),
        }
        let foreign =
            |service: &&String| !service.ends_with(".amazonaws.com") && !service.ends_with(".amazonaws.com.cn");
        match principals.services.iter().find(foreign) {
            Some(service) => Err(format!("Invalid principal in policy: \"SERVICE\":\"{service}\"")),
            None => Ok(Some(principals)),
        }
    }

    fn include(&self, requester: Option<&Requester<'_>>) -> bool {
        let included = match requester {
            Some(Requester::Service(service)) => self.services.iter().any(|name| name == service),
            Some(Requester::Aws { arn, account }) => {
                self.anyone || self.aws.iter().any(|name| is_caller(name, arn, account))
            }
            Some(Requester::Anyone) => self.anyone || self.aws.iter().any(|name| name == "*"),
            None => false,
        };
        included != self.negated
    }
}

/// Whether a principal names a caller: itself, anyone, or its whole account.
fn is_caller(principal: &str, arn: &str, account: &str) -> bool {
    principal == "*" || principal == arn || principal == account || principal == format!("arn:aws:iam::{account}:root")
}

fn names(members: &Map<String, Value>, name: &str, not_name: &str) -> Result<Option<Names>, String> {
    match (members.get(name), members.get(not_name)) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some(Names { negated: false, patterns: texts(value)? })),
        (None, Some(value)) => Ok(Some(Names { negated: true, patterns: texts(value)? })),
        (Some(_), Some(_)) => Err(syntax()),
    }
}

fn check_actions(actions: &Names, purpose: Purpose) -> Result<(), String> {
    if actions.patterns.is_empty() {
        return Err("Policy statement must contain actions.".into());
    }
    if actions.patterns.iter().any(|action| action != "*" && !action.contains(':')) {
        return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into());
    }
    if purpose == Purpose::Trust
        && actions.patterns.iter().any(|action| !action.to_ascii_lowercase().starts_with("sts:"))
    {
        return Err("AssumeRole policy may only specify STS AssumeRole actions.".into());
    }
    Ok(())
}

fn check_resources(resources: Option<&Names>) -> Result<(), String> {
    let patterns = resources.map(|names| names.patterns.as_slice()).unwrap_or_default();
    if patterns.is_empty() {
        return Err("Policy statement must contain resources.".into());
    }
    let is_arn = |text: &str| text == "*" || (text.starts_with("arn:") && text.split(':').count() >= 6);
    match patterns.iter().find(|pattern| !is_arn(pattern)) {
        Some(pattern) => Err(format!("Resource {pattern} must be in ARN format or \"*\".")),
        None => Ok(()),
    }
}

fn unique_sids(statements: &[&Value]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for sid in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let sid = sid.as_str().ok_or_else(syntax)?;
        if !sid.chars().all(|character| character.is_ascii_alphanumeric()) {
            return Err("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*".into());
        }
        if !sid.is_empty() && !seen.insert(sid) {
            return Err("Statement IDs (SID) in a single policy must be unique.".into());
        }
    }
    Ok(())
}

fn known_only(members: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    if members.keys().all(|key| names.contains(&key.as_str())) { Ok(()) } else { Err(syntax()) }
}

/// One text or a list of them, as documents have them everywhere.
pub(super) fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(syntax)).collect(),
        _ => Err(syntax()),
    }
}

pub(super) fn syntax() -> String {
    "Syntax errors in policy.".to_owned()
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
