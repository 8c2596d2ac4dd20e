//! Which requests reach a service, and what is done with them before.

use super::rules;
use crate::{rules::Rules, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Requests that are sent to a service: those that match all of the members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::RULE_CONDITION, rules::ONE_AUTHENTICATION]))]
#[serde(rename_all = "camelCase")]
pub struct ListenerRule {
    /// Host names; * and ? are wildcards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub hosts: Vec<String>,
    /// Paths; * and ? are wildcards. /orders/* does not match /orders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub paths: Vec<String>,
    /// Methods, as GET.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), inner(length(max = 40), regex(pattern = r"^[A-Z_-]+$")), extend("x-kubernetes-list-type" = "set"))]
    pub methods: Vec<String>,
    /// Headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub headers: Vec<HeaderCondition>,
    /// Keys and values of the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    pub query_strings: Vec<QueryStringCondition>,
    /// Address ranges of clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), inner(length(max = 43), regex(pattern = r"^[0-9a-fA-F:.]+/[0-9]{1,3}$")), extend("x-kubernetes-list-type" = "set"))]
    pub source_ips: Vec<String>,
    /// Lower is asked first; left out: by how specific the rule is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50000))]
    pub priority: Option<i32>,
    /// Users log in first, by OIDC (HTTPS listeners only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticate_oidc: Option<AuthenticateOidc>,
    /// Users log in first, by Amazon Cognito (HTTPS listeners only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticate_cognito: Option<AuthenticateCognito>,
    /// What the request becomes before it is sent on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
}

/// A header of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeaderCondition {
    /// Its name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// One of these; * and ? are wildcards.
    #[schemars(length(min = 1, max = 5), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub values: Vec<String>,
}

/// A part of a query; * and ? are wildcards.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryStringCondition {
    /// Left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub key: Option<String>,
    /// Its value.
    #[schemars(length(max = 128))]
    pub value: String,
}

/// A log-in by OIDC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateOidc {
    /// The provider's URL.
    #[schemars(length(min = 1, max = 2048))]
    pub issuer: String,
    /// URL of its authorization endpoint.
    #[schemars(length(min = 1, max = 2048))]
    pub authorization_endpoint: String,
    /// URL of its token endpoint.
    #[schemars(length(min = 1, max = 2048))]
    pub token_endpoint: String,
    /// URL of its endpoint for user information.
    #[schemars(length(min = 1, max = 2048))]
    pub user_info_endpoint: String,
    /// Id of the client.
    #[schemars(length(min = 1, max = 1024))]
    pub client_id: String,
    /// ARN of the client's secret in Secrets Manager.
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$"))]
    pub client_secret_arn: String,
    /// How long a log-in holds, and what of it is asked for.
    #[serde(flatten)]
    pub session: AuthenticationSession,
}

/// A log-in by Amazon Cognito.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateCognito {
    /// ARN of the user pool.
    #[schemars(length(min = 1, max = 2048))]
    pub user_pool_arn: String,
    /// Id of the client.
    #[schemars(length(min = 1, max = 1024))]
    pub user_pool_client_id: String,
    /// Prefix of the user pool's domain, or its own domain.
    #[schemars(length(min = 1, max = 1024))]
    pub user_pool_domain: String,
    /// How long a log-in holds, and what of it is asked for.
    #[serde(flatten)]
    pub session: AuthenticationSession,
}

/// How long a log-in holds, and what of it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationSession {
    /// Cookie that holds it; left out: `AWSELBAuthSessionCookie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub session_cookie_name: Option<String>,
    /// Claims that are asked for; left out: openid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub scope: Option<String>,
    /// Seconds that it holds; left out: 604800, a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub session_timeout: Option<i64>,
    /// Further parameters for the provider.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 10))]
    pub authentication_request_extra_params: BTreeMap<String, String>,
    /// What becomes of who has not logged in; left out: authenticate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_unauthenticated_request: Option<OnUnauthenticatedRequest>,
}

words! {
    /// What becomes of who has not logged in.
    pub enum OnUnauthenticatedRequest { Deny = "deny", Allow = "allow", Authenticate = "authenticate" }
}
/// What a request becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::REWRITE]))]
#[serde(rename_all = "camelCase")]
pub struct Rewrite {
    /// Of its host header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<RegexRewrite>,
    /// Of its path and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<RegexRewrite>,
}

/// A text that is found and replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegexRewrite {
    /// A regular expression.
    #[schemars(length(min = 1, max = 1024))]
    pub regex: String,
    /// What stands in its place; may name groups, as $1.
    #[schemars(length(max = 1024))]
    pub replace: String,
}
