//! `ec2/launch-template`: what an Auto Scaling group launches, as the template's default version says.

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A launch template by its default version. Versions cannot be changed: a change is a new version, which becomes the
/// default one (API reference, `CreateLaunchTemplateVersion` and `ModifyLaunchTemplate`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchTemplate {
    /// 3 to 128 characters, unique in account and region.
    pub name: String,
    /// What instances boot from.
    pub image: MachineImage,
    /// Such as `m7g.large`; `None`: the group that launches it says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// ARN of the instance profile.
    pub instance_profile: Text,
    /// The groups of instances, by id; order has no meaning.
    pub security_groups: Vec<Text>,
    /// Run at the first boot; not encoded.
    pub user_data: String,
    /// Who may ask for the role's credentials.
    pub metadata: MetadataOptions,
    /// The disk that instances boot from.
    pub root_volume: RootVolume,
    /// Tags of instances and their volumes.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub instance_tags: Tags,
    /// What Longshore never asks for, by the names of members: only ever seen, and a difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
    /// Users' tags of the template itself.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// An image, and why it is this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineImage {
    /// `ami-...`.
    pub id: String,
    /// The parameter that named it; it stands in the version's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Whether another image that the same parameter named earlier is as good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
}

impl MachineImage {
    /// Whether one that is there is as good: a parameter of AWS's names another image every few weeks, and one that is pinned
    /// stays, though it be forgotten which one that was.
    pub fn accepts(&self, seen: &Self) -> bool {
        self.pinned && self.parameter == seen.parameter && !seen.id.is_empty()
    }
}

/// The instance metadata service (API reference, `LaunchTemplateInstanceMetadataOptionsRequest`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataOptions {
    /// Whether version 2 alone is answered.
    pub tokens_required: bool,
    /// How many hops an answer goes: 1 does not reach containers behind a bridge.
    pub hop_limit: i32,
}

/// The disk that instances boot from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootVolume {
    /// Such as `/dev/xvda`.
    pub device_name: String,
    /// GiB; `None`: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i32>,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

outputs! {
    /// What others refer to.
    LaunchTemplateOutput {
        /// `lt-...`.
        Id = "id",
        /// The number of the default version.
        Version = "version",
    }
}

impl Kind for LaunchTemplate {
    const NAME: &'static str = "ec2/launch-template";
    const TEARDOWN: u8 = teardown::LAUNCH_TEMPLATE;
    const FIXED: &'static [&'static str] = &["name"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const CHANGED_BY: &'static [&'static str] =
        &["CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "DeleteLaunchTemplate", "CreateTags", "DeleteTags"];
    type Output = LaunchTemplateOutput;

    fn normalise(mut self) -> Self {
        self.security_groups.sort();
        self.security_groups.dedup();
        self.other.sort();
        self
    }

    /// Instances are not replaced for an image that is as good as the one that they have, nor for a type that a group with
    /// types of its own does not ask for.
    fn disown(&self, seen: &mut Self) {
        if self.image.accepts(&seen.image) {
            seen.image.id.clone_from(&self.image.id);
        }
        seen.image.pinned = self.image.pinned;
        if self.instance_type.is_none() {
            seen.instance_type = None;
        }
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
