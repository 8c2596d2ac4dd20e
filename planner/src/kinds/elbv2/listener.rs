//! `elbv2/listener`: a port of a load balancer.

use longshore_crds::application_load_balancer::{
    ContentType, FixedResponse, ListenerProtocol, MutualAuthentication, RedirectStatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A listener, with its certificates, and without its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// ARN of the load balancer.
    pub load_balancer: Text,
    /// The port; no two listeners of a load balancer have the same.
    pub port: i32,
    /// What clients speak.
    pub protocol: ListenerProtocol,
    /// What is done with requests that no rule takes.
    pub default_action: DefaultAction,
    /// ARNs, the default one first; the order of the others has no meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Versions and ciphers of TLS; always said for HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// `None`: clients are asked for no certificate (AWS's mode `off`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_authentication: Option<MutualAuthentication>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What is done with requests that no rule takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultAction {
    /// The client is sent elsewhere.
    Redirect(RedirectTo),
    /// An answer without a service.
    FixedResponse(FixedResponse),
    /// What Longshore never asks for, as AWS tells it: only ever seen, and a difference.
    Other(Value),
}

/// Where a client is sent, in AWS's own form: each part is said, `#{...}` keeps what was asked for (API reference,
/// `RedirectActionConfig`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedirectTo {
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    #[serde(default = "keep_protocol")]
    pub protocol: String,
    /// A number, or `#{port}`.
    #[serde(default = "keep_port")]
    pub port: String,
    /// A host, or `#{host}`.
    #[serde(default = "keep_host")]
    pub host: String,
    /// A path, or `/#{path}`.
    #[serde(default = "keep_path")]
    pub path: String,
    /// A query, or `#{query}`.
    #[serde(default = "keep_query")]
    pub query: String,
    /// Permanent or for now.
    pub status_code: RedirectStatusCode,
}

fn keep_protocol() -> String {
    "#{protocol}".to_owned()
}

fn keep_port() -> String {
    "#{port}".to_owned()
}

fn keep_host() -> String {
    "#{host}".to_owned()
}

fn keep_path() -> String {
    "/#{path}".to_owned()
}

fn keep_query() -> String {
    "#{query}".to_owned()
}

outputs! {
    /// What others refer to.
    ListenerOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for Listener {
    const NAME: &'static str = "elbv2/listener";
    const TEARDOWN: u8 = teardown::LISTENER;
    const FIXED: &'static [&'static str] = &["loadBalancer"];
    const ADDRESS: &'static [&'static str] = &["loadBalancer", "port"];
    // API reference, `DeleteLoadBalancer`: a load balancer goes with its listeners.
    const PART_OF: Option<&'static str> = Some("loadBalancer");
    const CHANGED_BY: &'static [&'static str] = &[
        "ModifyListener",
        "AddListenerCertificates",
        "RemoveListenerCertificates",
        "AddTags",
        "RemoveTags",
        "DeleteListener",
    ];
    type Output = ListenerOutput;

    fn normalise(mut self) -> Self {
        if let Some((default, others)) = self.certificates.split_first() {
            let mut others: Vec<String> = others.iter().filter(|arn| *arn != default).cloned().collect();
            others.sort();
            others.dedup();
            self.certificates = std::iter::once(default.clone()).chain(others).collect();
        }
        if let DefaultAction::FixedResponse(response) = &mut self.default_action {
            response.content_type.get_or_insert(ContentType::Plain);
            response.message_body = response.message_body.take().filter(|body| !body.is_empty());
        }
        if let Some(mutual) = &mut self.mutual_authentication {
            for flag in [&mut mutual.ignore_client_certificate_expiry, &mut mutual.advertise_trust_store_ca_names] {
                *flag = flag.filter(|on| *on);
            }
        }
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
