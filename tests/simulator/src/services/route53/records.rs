//! Records of a zone: what one is, how they are listed, what a name resolves to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Zone, most, zone_id};
use crate::call::{Answer, Call};
use crate::world::World;

/// A set of records as a change gives it (API reference, `ResourceRecordSet`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecordSet {
    pub(super) name: String,
    pub(super) r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) set_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<i64>,
    #[serde(default, rename = "TTL", skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) resource_records: Vec<RecordValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alias_target: Option<AliasTarget>,
}

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecordValue {
    pub(super) value: String,
}

/// What an alias stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AliasTarget {
    pub(super) hosted_zone_id: String,
    #[serde(rename = "DNSName")]
    pub(super) dns_name: String,
    pub(super) evaluate_target_health: bool,
}

/// A record set of a zone, and since when every name server has it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Record {
    pub(super) set: RecordSet,
    pub(super) in_sync_at: i64,
}

/// A name as Route 53 keeps it: in small letters, with its last dot, a star by its code.
pub(super) fn full_name(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('*', "\\052");
    if name.ends_with('.') { name } else { format!("{name}.") }
}

impl RecordSet {
    /// With its names as Route 53 keeps them.
    pub(super) fn canonical(mut self) -> Self {
        self.name = full_name(&self.name);
        if let Some(alias) = &mut self.alias_target {
            alias.dns_name = full_name(&alias.dns_name);
        }
        self
    }

    /// Its place in the zone; names are sorted from their ends.
    pub(super) fn key(&self) -> String {
        let backwards = self.name.rsplit('.').collect::<Vec<_>>().join(".");
        format!("{backwards}/{}/{}", self.r#type, self.set_identifier.as_deref().unwrap_or_default())
    }
}

/// `ListResourceRecordSets`: in order, from a name and type on.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let id = zone_id(world, call)?;
    let start = call.text("StartRecordName").map(|name| {
        let backwards = full_name(name).rsplit('.').map(str::to_owned).collect::<Vec<_>>().join(".");
        format!("{backwards}/{}/", call.text("StartRecordType").unwrap_or_default())
    });
    let zone = world.route53.zones.get(&id);
    let all: Vec<&RecordSet> = zone
        .into_iter()
        .flat_map(|zone: &Zone| zone.records.range(start.clone().unwrap_or_default()..))
        .map(|(_, record)| &record.set)
        .collect();
    let size = most(call, 300)?;
    let next = all.get(size);
    let shown: Vec<Value> = all.iter().take(size).map(|set| json!(set)).collect();
    Ok(json!({
        "ResourceRecordSets": shown,
        "IsTruncated": next.is_some(),
        "NextRecordName": next.map(|set| &set.name),
        "NextRecordType": next.map(|set| &set.r#type),
        "MaxItems": size.to_string(),
    }))
}

/// What a name stands for in the end, by aliases and CNAMEs that are in effect: a name that no zone knows.
pub fn resolve(world: &World, name: &str) -> String {
    let mut name = full_name(name);
    // A chain longer than this goes round in circles.
    for _ in 0..8 {
        let records = world.route53.zones.values().flat_map(|zone| zone.records.values());
        let mut in_effect = records.filter(|record| record.set.name == name && world.now >= record.in_sync_at);
        let next = in_effect.find_map(|record| match (&record.set.alias_target, record.set.r#type.as_str()) {
            (Some(alias), _) => Some(alias.dns_name.clone()),
            (None, "CNAME") => record.set.resource_records.first().map(|record| full_name(&record.value)),
            _ => None,
        });
        match next {
            Some(next) => name = next,
            None => break,
        }
    }
    let plain = name.trim_end_matches('.');
    plain.strip_prefix("dualstack.").unwrap_or(plain).to_owned()
}
