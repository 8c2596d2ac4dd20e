//! `efs/file-system`, with its lifecycle, backups and policy.

use longshore_crds::efs_file_system::{Lifecycle, PerformanceMode, ThroughputMode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Kind, Ready, Replacement, Seen};
use crate::kinds::iam::policy::canonical;
use crate::kinds::{Tags, outputs, teardown};

/// A file system, without its mount targets and access points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSystem {
    /// By which AWS knows two requests for one: 1 to 64 characters, unique in account and region (API reference,
    /// `CreateFileSystem`). It is found by it, too.
    pub creation_token: String,
    /// The id of one that is taken over, in place of the token by which somebody else made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_system_id: Option<String>,
    /// Whether what is stored is encrypted.
    pub encrypted: bool,
    /// ARN of the KMS key; `None`: the account's key for EFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// What it is made for.
    pub performance_mode: PerformanceMode,
    /// By what its throughput goes.
    pub throughput_mode: ThroughputMode,
    /// Mebibytes a second, where it is provisioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput_in_mibps: Option<i32>,
    /// When files become cheaper to keep.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Whether AWS Backup keeps copies by its default plan.
    pub backup: bool,
    /// Its own policy; `None`: whoever reaches it may mount it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    FileSystemOutput {
        /// `fs-...`.
        Id = "id",
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for FileSystem {
    const NAME: &'static str = "efs/file-system";
    const TEARDOWN: u8 = teardown::FILE_SYSTEM;
    const FIXED: &'static [&'static str] = &["fileSystemId", "encrypted", "kmsKeyId", "performanceMode"];
    const ADDRESS: &'static [&'static str] = &["creationToken", "fileSystemId"];
    // Another file system is an empty one.
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &[
        "UpdateFileSystem",
        "PutLifecycleConfiguration",
        "PutBackupPolicy",
        "PutFileSystemPolicy",
        "DeleteFileSystemPolicy",
        "TagResource",
        "UntagResource",
        "DeleteFileSystem",
    ];
    type Output = FileSystemOutput;

    fn normalise(mut self) -> Self {
        self.policy = self.policy.as_ref().map(canonical);
        self
    }

    fn disown(&self, seen: &mut Self) {
        // One that is taken over was found by its id and keeps its token, as one that was made keeps its id.
        seen.file_system_id.clone_from(&self.file_system_id);
        if self.file_system_id.is_some() {
            seen.creation_token.clone_from(&self.creation_token);
        }
        // Which key is the account's own is AWS's to say.
        if self.kms_key_id.is_none() {
            seen.kms_key_id = None;
        }
    }

    /// The driver tells `creating` and `updating` as states that pass (API reference, `FileSystemDescription`).
    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
