//! Records as Route 53 lists and changes them.

use aws_sdk_route53::operation::change_resource_record_sets::builders::ChangeResourceRecordSetsInputBuilder;
use aws_sdk_route53::operation::list_resource_record_sets::ListResourceRecordSetsOutput;
use aws_sdk_route53::operation::list_resource_record_sets::builders::ListResourceRecordSetsInputBuilder;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};

use super::companion;
use crate::access::{Aws, Read, Write};
use crate::drivers::Listed;
use crate::fault::{Absent, Fault};

pub(super) const CHANGE: &str = "route53:ChangeResourceRecordSets";

/// The hosted zone is not there: nor is what would be in it.
const GONE: &[&str] = &["NoSuchHostedZone"];

/// A record and its companion, as they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Pair {
    pub(super) record: Option<ResourceRecordSet>,
    pub(super) companion: Option<ResourceRecordSet>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) zone: &'a str,
    pub(super) name: &'a str,
    pub(super) record_type: &'a str,
}

impl Place<'_> {
    /// Both, by a call each.
    pub(super) async fn read(self, aws: &Aws<Read>) -> Result<Pair, Fault> {
        let record = one(aws, self.zone, self.name, self.record_type).await?;
        let companion = one(aws, self.zone, &self.companion(), RrType::Txt.as_str()).await?;
        Ok(Pair { record, companion })
    }

    /// Both of a list, if that tells.
    pub(super) fn among(self, listed: &Listed<ResourceRecordSet>) -> Option<Pair> {
        let find = |name: &str, record_type: &str| listed.found.get(&key(name, record_type)).cloned();
        let record = find(self.name, self.record_type);
        let companion = find(&self.companion(), RrType::Txt.as_str());
        (listed.whole || (record.is_some() && companion.is_some())).then_some(Pair { record, companion })
    }

    pub(super) fn id(self) -> String {
        format!("{}/{}/{}", self.zone, self.name, self.record_type)
    }

    pub(super) fn companion(self) -> String {
        companion::name(self.name, self.record_type)
    }
}

fn key(name: &str, record_type: &str) -> String {
    format!("{}/{record_type}", plain(name))
}

/// As it is written in specs: Route 53 puts a dot at the end, and a code in place of the star (developer guide, "DNS
/// domain name format").
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*").to_ascii_lowercase()
}

/// Lists start at a name and type, whether or not there is such a record (API reference, `ListResourceRecordSets`).
async fn one(aws: &Aws<Read>, zone: &str, name: &str, record_type: &str) -> Result<Option<ResourceRecordSet>, Fault> {
    let request = ListResourceRecordSetsInputBuilder::default()
        .hosted_zone_id(zone)
        .start_record_name(name)
        .start_record_type(RrType::from(record_type))
        .max_items(1);
    let listed = aws.read(request).await.absent_if(GONE)?;
    let first = listed.and_then(|listed| listed.resource_record_sets.into_iter().next());
    Ok(first.filter(|set| key(set.name(), set.r#type().as_str()) == key(name, record_type)))
}

/// Up to so many pages of a zone's records.
pub(super) async fn list(aws: &Aws<Read>, zone: &str, pages: usize) -> Result<Listed<ResourceRecordSet>, Fault> {
    let mut listed = Listed::default();
    let mut request = ListResourceRecordSetsInputBuilder::default().hosted_zone_id(zone);
    for _ in 0..pages {
        let Some(page) = aws.read(request.clone()).await.absent_if(GONE)? else {
            return Ok(Listed { whole: true, ..listed });
        };
        request = next(request, &page);
        let sets = page.resource_record_sets.into_iter();
        listed.found.extend(sets.map(|set| (key(set.name(), set.r#type().as_str()), set)));
        if !page.is_truncated {
            return Ok(Listed { whole: true, ..listed });
        }
    }
    Ok(listed)
}

fn next(
    request: ListResourceRecordSetsInputBuilder,
    page: &ListResourceRecordSetsOutput,
) -> ListResourceRecordSetsInputBuilder {
    request
        .set_start_record_name(page.next_record_name.clone())
        .set_start_record_type(page.next_record_type.clone())
        .set_start_record_identifier(page.next_record_identifier.clone())
}

/// What makes one record of another. What is there is deleted as it was read, and what comes is created: where either is
/// not as it was read any more, Route 53 refuses the whole (API reference, `ChangeResourceRecordSets`), so that nothing
/// is overwritten that was not looked at.
pub(super) fn swap(there: Option<&ResourceRecordSet>, want: Option<&ResourceRecordSet>) -> Result<Vec<Change>, Fault> {
    if there.zip(want).is_some_and(|(there, want)| is_same(there, want)) {
        return Ok(vec![]);
    }
    let delete = there.map(|set| (ChangeAction::Delete, set));
    let create = want.map(|set| (ChangeAction::Create, set));
    let changes = delete.into_iter().chain(create).map(|(action, set)| {
        Change::builder()
            .action(action)
            .resource_record_set(set.clone())
            .build()
            .map_err(|error| Fault::unsent(CHANGE, &error))
    });
    changes.collect()
}

/// But for how the names are written.
fn is_same(there: &ResourceRecordSet, want: &ResourceRecordSet) -> bool {
    let mut written = there.clone();
    written.name = plain(there.name());
    if let Some(alias) = &mut written.alias_target {
        alias.dns_name = plain(&alias.dns_name);
    }
    written == *want
}

pub(super) async fn change(aws: &Aws<Write>, zone: &str, changes: Vec<Change>) -> Result<(), Fault> {
    if changes.is_empty() {
        return Ok(());
    }
    let batch =
        ChangeBatch::builder().set_changes(Some(changes)).build().map_err(|error| Fault::unsent(CHANGE, &error))?;
    aws.write(ChangeResourceRecordSetsInputBuilder::default().hosted_zone_id(zone).change_batch(batch)).await.map(drop)
}
