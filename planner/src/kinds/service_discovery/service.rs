//! `service-discovery/service`: a name in a Cloud Map namespace, under which ECS registers tasks.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::RegistryRecordType;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A service of Cloud Map, without its instances: those are ECS's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryService {
    /// The namespace, by id.
    pub namespace: String,
    /// Unique in the namespace, also where only its case differs.
    pub name: String,
    /// What DNS has of each instance; in an HTTP namespace nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub record_types: BTreeSet<RegistryRecordType>,
    /// Seconds that resolvers may keep those; `None` without records, or where they are kept for different times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<i64>,
    /// Says whose it is, and what is listed is told by it from what others made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What the description of one that Longshore made begins with.
pub const DESCRIBED: &str = "Longshore: ";

outputs! {
    /// What others refer to.
    DiscoveryServiceOutput {
        /// `srv-...`.
        Id = "id",
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for DiscoveryService {
    const NAME: &'static str = "service-discovery/service";
    const TEARDOWN: u8 = teardown::DISCOVERY_SERVICE;
    // API reference, `ServiceChange`, has no name and no namespace; `DnsConfig.DnsRecords`: "The record type of a service
    // specified in a `DnsRecord` object can't be updated".
    const FIXED: &'static [&'static str] = &["namespace", "name", "recordTypes"];
    const ADDRESS: &'static [&'static str] = &["namespace", "name"];
    const CHANGED_BY: &'static [&'static str] = &["UpdateService", "TagResource", "UntagResource", "DeleteService"];
    const RESTS: bool = true;
    type Output = DiscoveryServiceOutput;

    fn normalise(self) -> Self {
        self
    }

    fn disown(&self, seen: &mut Self) {
        // API reference, `UpdateService`: nothing can be changed "when the service is associated with an HTTP namespace".
        if self.record_types.is_empty() {
            seen.description.clone_from(&self.description);
        }
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
