//! `ec2/security-group`.

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A security group, without its rules: those are resources of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    /// Unique in its VPC; at most 255 characters (API reference, `CreateSecurityGroup`).
    pub name: String,
    /// The VPC.
    pub vpc_id: String,
    /// At most 255 characters of `a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`.
    pub description: String,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    SecurityGroupOutput {
        /// `sg-...`.
        Id = "id",
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for SecurityGroup {
    const NAME: &'static str = "ec2/security-group";
    const TEARDOWN: u8 = teardown::SECURITY_GROUP;
    const FIXED: &'static [&'static str] = &["name", "vpcId", "description"];
    const ADDRESS: &'static [&'static str] = &["name", "vpcId"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &["CreateTags", "DeleteTags", "DeleteSecurityGroup"];
    type Output = SecurityGroupOutput;

    fn normalise(self) -> Self {
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
