//! `route53/record-set`: a name that leads to a load balancer.

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen};
use crate::kinds::{outputs, teardown};

/// A record of a hosted zone, of one name and type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordSet {
    /// The hosted zone.
    pub hosted_zone_id: String,
    /// The name, in lower case and without a dot at its end.
    pub name: String,
    /// What clients ask for.
    pub record_type: RecordType,
    /// What it leads to; `None` only of one that leads elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
    /// What Longshore never asks for, in words: only ever seen, and a difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
}

/// What clients ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordType {
    /// An address of IPv4.
    A,
    /// An address of IPv6.
    #[serde(rename = "AAAA")]
    Aaaa,
}

impl RecordType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::Aaaa];

    /// As DNS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        }
    }
}

/// A load balancer, as Route 53 knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alias {
    /// Its name.
    pub dns_name: String,
    /// The hosted zone of that name, which is AWS's.
    pub hosted_zone_id: String,
}

outputs! {
    /// What others refer to.
    RecordSetOutput {
        /// Zone, name and type: Route 53 gives it no id.
        Id = "id",
        /// What stands beside it and says whose it is.
        Companion = "companion",
    }
}

impl Kind for RecordSet {
    const NAME: &'static str = "route53/record-set";
    const TEARDOWN: u8 = teardown::RECORD_SET;
    const FIXED: &'static [&'static str] = &["hostedZoneId", "name", "recordType"];
    const ADDRESS: &'static [&'static str] = &["hostedZoneId", "name", "recordType"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &["ChangeResourceRecordSets"];
    type Output = RecordSetOutput;

    /// Route 53 takes no notice of case, and of a dot at the end (developer guide, "DNS domain name format").
    fn normalise(mut self) -> Self {
        self.name = plain(&self.name);
        if let Some(alias) = &mut self.alias {
            alias.dns_name = plain(&alias.dns_name);
        }
        self
    }

    /// What is asked for a record is answered by the new one within 60 seconds (API reference, `GetChange`), which
    /// nothing here waits for.
    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
