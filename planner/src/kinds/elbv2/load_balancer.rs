//! `elbv2/load-balancer`: an Application Load Balancer.

use longshore_crds::application_load_balancer::{IpAddressType, Scheme};
use serde::{Deserialize, Serialize};

use super::{Attributes, disown_attributes};
use crate::engine::{Kind, Ready, Replacement, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A load balancer, with its attributes and its web ACL, and without its listeners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// At most 32 letters, digits and hyphens, unique in account and region (API reference, `CreateLoadBalancer`).
    pub name: String,
    /// Who can reach it.
    pub scheme: Scheme,
    /// Which addresses it has.
    pub ip_address_type: IpAddressType,
    /// Of at least two zones; order has no meaning.
    pub subnets: Vec<String>,
    /// Order has no meaning.
    pub security_groups: Vec<Text>,
    /// Those that are Longshore's to set, by AWS's names (API reference, `LoadBalancerAttribute`).
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// ARN of the web ACL of WAF that is associated with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_acl_arn: Option<String>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    LoadBalancerOutput {
        /// The ARN.
        Arn = "arn",
        /// The name by which clients reach it.
        DnsName = "dnsName",
        /// The hosted zone of that name, for alias records.
        HostedZoneId = "hostedZoneId",
        /// The end of the ARN, as metrics name it: `app/NAME/ID`.
        ArnSuffix = "arnSuffix",
    }
}

impl Kind for LoadBalancer {
    const NAME: &'static str = "elbv2/load-balancer";
    const TEARDOWN: u8 = teardown::LOAD_BALANCER;
    const FIXED: &'static [&'static str] = &["name", "scheme"];
    // A web ACL that was once asked for is asked about from then on, so that one taken out of the spec goes; what others
    // associate with a load balancer that never had one here is theirs.
    const ADDRESS: &'static [&'static str] = &["name", "webAclArn"];
    // Another load balancer has another DNS name: clients would have to follow.
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    const CHANGED_BY: &'static [&'static str] = &[
        "SetSubnets",
        "SetSecurityGroups",
        "SetIpAddressType",
        "ModifyLoadBalancerAttributes",
        "AssociateWebACL",
        "DisassociateWebACL",
        "AddTags",
        "RemoveTags",
        "DeleteLoadBalancer",
    ];
    type Output = LoadBalancerOutput;

    fn normalise(mut self) -> Self {
        self.subnets.sort();
        self.subnets.dedup();
        self.security_groups.sort();
        self
    }

    fn disown(&self, seen: &mut Self) {
        disown_attributes(&self.attributes, &mut seen.attributes);
    }

    /// The driver tells `provisioning` as a state that passes (API reference, `LoadBalancerState`).
    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
