//! `elbv2/listener-rule`: which requests are sent to which target group.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::{
    AuthenticateCognito, AuthenticateOidc, AuthenticationSession, HeaderCondition, OnUnauthenticatedRequest,
    QueryStringCondition, Rewrite,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A rule of a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerRule {
    /// ARN of the listener.
    pub listener: Text,
    /// 1 to 50,000, unique in its listener; lower is asked first (API reference, `CreateRule`).
    pub priority: i32,
    /// Which requests.
    pub conditions: Conditions,
    /// ARNs of the target groups that they are sent to. Order has no meaning.
    pub target_groups: Vec<Text>,
    /// ARN of the group between which and the first ECS shifts traffic, as it needs. Which of the two is live is ECS's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate: Option<Text>,
    /// What share each gets, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<Weight>,
    /// A log-in that comes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticate_oidc: Option<AuthenticateOidc>,
    /// A log-in that comes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticate_cognito: Option<AuthenticateCognito>,
    /// What a request becomes before it is sent on (AWS's transforms).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
    /// Conditions and actions that Longshore never asks for, as AWS tells them: only ever seen, and a difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<Value>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// The share of a target group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weight {
    /// Its ARN.
    pub target_group: Text,
    /// 0 to 999.
    pub weight: i32,
}

/// What a request must be: all that is said. Order has no meaning anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conditions {
    /// One of these hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// One of these paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// One of these methods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Each of these headers, with one of its values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderCondition>,
    /// One of these in the query.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query_strings: Vec<QueryStringCondition>,
    /// One of these address ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_ips: Vec<String>,
}

impl Conditions {
    /// Sorted, without doubles; hosts and names of headers in lower case, since their case does not count (API
    /// reference, `HostHeaderConditionConfig` and `HttpHeaderConditionConfig`).
    pub fn normalise(mut self) -> Self {
        for host in &mut self.hosts {
            host.make_ascii_lowercase();
        }
        for header in &mut self.headers {
            header.name.make_ascii_lowercase();
            sort(&mut header.values);
        }
        sort(&mut self.hosts);
        sort(&mut self.paths);
        sort(&mut self.methods);
        sort(&mut self.headers);
        sort(&mut self.query_strings);
        sort(&mut self.source_ips);
        self
    }

    /// How many values it has, of which a rule can have five (Elastic Load Balancing quotas).
    pub fn values(&self) -> usize {
        let headers: usize = self.headers.iter().map(|header| header.values.len()).sum();
        let lists = [&self.hosts, &self.paths, &self.methods, &self.source_ips];
        lists.into_iter().map(Vec::len).sum::<usize>() + headers + self.query_strings.len()
    }

    /// Whether anything is said beside hosts and paths.
    pub fn has_further(&self) -> bool {
        let further = [self.methods.is_empty(), self.headers.is_empty(), self.query_strings.is_empty()];
        further.contains(&false) || !self.source_ips.is_empty()
    }
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

outputs! {
    /// What others refer to.
    ListenerRuleOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for ListenerRule {
    const NAME: &'static str = "elbv2/listener-rule";
    const TEARDOWN: u8 = teardown::LISTENER_RULE;
    // Target groups could be modified. But a service moves from one to another slowly: until it has, the rule to the
    // old one must stay, and ECS wants the new one attached before. A log-in's secret is nothing that AWS ever tells,
    // so that its change would not be seen otherwise.
    const FIXED: &'static [&'static str] = &["listener", "targetGroups", "authenticateOidc"];
    const ADDRESS: &'static [&'static str] = &["listener", "priority"];
    // API reference, `DeleteListener`: a listener goes with its rules.
    const PART_OF: Option<&'static str> = Some("listener");
    const CHANGED_BY: &'static [&'static str] =
        &["ModifyRule", "SetRulePriorities", "AddTags", "RemoveTags", "DeleteRule"];
    type Output = ListenerRuleOutput;

    fn normalise(mut self) -> Self {
        self.conditions = self.conditions.normalise();
        sort(&mut self.target_groups);
        if self.target_groups.len() < 2 && self.alternate.is_none() {
            self.weights.clear();
        }
        sort(&mut self.weights);
        if let Some(oidc) = &mut self.authenticate_oidc {
            fill(&mut oidc.session);
        }
        if let Some(cognito) = &mut self.authenticate_cognito {
            fill(&mut cognito.session);
        }
        self.rewrite = self.rewrite.filter(|rewrite| rewrite.host.is_some() || rewrite.url.is_some());
        self
    }

    fn disown(&self, seen: &mut Self) {
        // Whoever shifts traffic between several groups, what each gets is not said here, at rest neither.
        if self.target_groups.len() > 1 {
            seen.weights.clone_from(&self.weights);
        }
        let pair: BTreeSet<&Text> = self.target_groups.iter().chain(&self.alternate).collect();
        if self.alternate.is_some() && seen.target_groups.iter().collect::<BTreeSet<_>>() == pair {
            seen.target_groups.clone_from(&self.target_groups);
            seen.alternate.clone_from(&self.alternate);
            seen.weights.clone_from(&self.weights);
        }
        if let (Some(want), Some(seen)) = (&self.authenticate_oidc, &mut seen.authenticate_oidc) {
            seen.client_secret_arn.clone_from(&want.client_secret_arn);
        }
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

/// The defaults of API reference, `AuthenticateOidcActionConfig` and `AuthenticateCognitoActionConfig`.
fn fill(session: &mut AuthenticationSession) {
    session.session_cookie_name.get_or_insert_with(|| "AWSELBAuthSessionCookie".to_owned());
    session.scope.get_or_insert_with(|| "openid".to_owned());
    session.session_timeout.get_or_insert(604_800);
    session.on_unauthenticated_request.get_or_insert(OnUnauthenticatedRequest::Authenticate);
}
