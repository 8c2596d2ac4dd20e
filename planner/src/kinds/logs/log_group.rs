//! `logs/log-group`.

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Replacement, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A log group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// At most 512 characters (API reference, `CreateLogGroup`).
    pub name: String,
    /// Days; one of the values that `PutRetentionPolicy` takes. `None`: events never expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<i32>,
    /// ARN of the key that encrypts it; `None`: CloudWatch Logs' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

outputs! {
    /// What others refer to.
    LogGroupOutput {
        /// Without the `:*` that `DescribeLogGroups` appends to `arn`.
        Arn = "arn",
        /// The name.
        Name = "name",
    }
}

impl Kind for LogGroup {
    const NAME: &'static str = "logs/log-group";
    const TEARDOWN: u8 = teardown::LOG_GROUP;
    const FIXED: &'static [&'static str] = &["name"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &[
        "PutRetentionPolicy",
        "DeleteRetentionPolicy",
        "AssociateKmsKey",
        "DisassociateKmsKey",
        "TagResource",
        "UntagResource",
        "DeleteLogGroup",
    ];
    type Output = LogGroupOutput;

    fn normalise(self) -> Self {
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
