//! `EfsFileSystem`: a file system, a mount target in each zone, and its access points.

mod access_points;
mod rules;
mod status;

pub use access_points::*;
pub use status::*;

use crate::{
    lifecycle::{Adoption, AllowedNamespaces, DeletionPolicy, Mode},
    policy_document::PolicyDocument,
    rules::Rules,
    tag::Tag,
    words::words,
};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file system of Elastic File System.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "EfsFileSystem",
    plural = "efsfilesystems",
    shortname = "efs",
    category = "longshore",
    namespaced,
    status = "EfsFileSystemStatus",
    derive = "PartialEq",
    cel,
    doc = "A file system, with its mount targets, security groups and access points.",
    validation = crate::rules::NAME,
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "File system", type_ = "string", json_path = ".status.fileSystemId"),
    printcolumn(name = "Mounted by", type_ = "string", json_path = ".status.mountedBy", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(rules::FILE_SYSTEM))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct EfsFileSystemSpec {
    /// The AwsEnvironment; left out: the namespace's. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub aws_environment: Option<String>,
    /// Id of a file system that exists, to be taken over with adoption: Adopt; left out: one is made. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^fs-[0-9a-f]+$"))]
    pub file_system_id: Option<String>,
    /// Whether what is stored is encrypted; left out: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// ARN of the KMS key; left out: the account's key for EFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$"))]
    pub kms_key_id: Option<String>,
    /// Left out: generalPurpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_mode: Option<PerformanceMode>,
    /// Left out: bursting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput_mode: Option<ThroughputMode>,
    /// Mebibytes a second, with throughputMode: provisioned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10240))]
    pub provisioned_throughput_in_mibps: Option<i32>,
    /// When files that nobody reads become cheaper to keep; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// Whether AWS Backup keeps copies by its default plan; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<bool>,
    /// The file system's own IAM policy, as it is; left out: none, so that who reaches it may mount it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,
    /// Subnets of the mount targets, of which each zone gets one; left out: the environment's private subnets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub subnets: Vec<String>,
    /// Directories that services enter as a user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub access_points: Vec<AccessPoint>,
    /// Whose services may mount it; left out: those of the same namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// Tags of all that is made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// Left out: Manage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Left out: Never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// Left out: Retain. Delete waits until no service mounts it, and takes all that is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

impl crate::lifecycle::Managed for EfsFileSystemSpec {
    fn aws_environment(&self) -> Option<&str> {
        self.aws_environment.as_deref()
    }

    fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Manage)
    }

    fn adoption(&self) -> Adoption {
        self.adoption.unwrap_or(Adoption::Never)
    }

    /// It holds data: what does not say otherwise stays.
    fn deletion_policy(&self) -> Option<DeletionPolicy> {
        self.deletion_policy.or(Some(DeletionPolicy::Retain))
    }
}

words! {
    /// What a file system is made for: short waits, or very many clients at once.
    pub enum PerformanceMode { GeneralPurpose = "generalPurpose", MaxIo = "maxIO" }
}
words! {
    /// By what throughput goes: by size, by a number that is paid for, or by use.
    pub enum ThroughputMode { Bursting = "bursting", Provisioned = "provisioned", Elastic = "elastic" }
}
/// When files become cheaper to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// Days without a read after which a file moves to Infrequent Access.
    #[serde(rename = "transitionToIA", skip_serializing_if = "Option::is_none")]
    pub transition_to_ia: Option<AfterDays>,
    /// Days without a read after which it moves to Archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition_to_archive: Option<AfterDays>,
    /// Whether a read moves it back; left out: it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition_to_primary_storage_class: Option<AfterAccess>,
}

words! {
    /// After how many days.
    pub enum AfterDays {
        One = "AFTER_1_DAY",
        Seven = "AFTER_7_DAYS",
        Fourteen = "AFTER_14_DAYS",
        Thirty = "AFTER_30_DAYS",
        Sixty = "AFTER_60_DAYS",
        Ninety = "AFTER_90_DAYS",
        HundredEighty = "AFTER_180_DAYS",
        TwoHundredSeventy = "AFTER_270_DAYS",
        Year = "AFTER_365_DAYS",
    }
}
words! {
    /// At the first read.
    pub enum AfterAccess { First = "AFTER_1_ACCESS" }
}
