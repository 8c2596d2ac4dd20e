//! `route53/record-set`, with the TXT record that says whose it is.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_route53::types::{AliasTarget, ResourceRecord, ResourceRecordSet, RrType};
use futures::future::{join_all, try_join_all};
use longshore_planner::engine::{Kind as _, LookUp, Owner, Ownership, Seen};
use longshore_planner::kinds::route53::record_set::{Alias, RecordSet, RecordSetOutput, RecordType};

use super::companion;
use super::sets::{CHANGE, Pair, Place, change, list, plain, swap};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed, already_exists};
use crate::fault::Fault;
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Tags};

/// How long resolvers may keep a companion, which none asks for.
const COMPANION_TTL_SECONDS: i64 = 300;

pub(crate) struct RecordSetDriver;

#[async_trait]
impl Driver for RecordSetDriver {
    type Kind = RecordSet;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<RecordSet>>, Fault> {
        let Some(place) = place(at) else { return Ok(None) };
        Ok(found(place, &place.read(aws).await?, ownership))
    }

    /// By lists of 300 of a zone, up to as many as there are records of ours in it: in a zone with more, the rest is read
    /// one by one.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<RecordSet>> {
        let mut of_zone: BTreeMap<&str, usize> = BTreeMap::new();
        for place in asks.iter().filter_map(|ask| place(ask.at)) {
            *of_zone.entry(place.zone).or_default() += 1;
        }
        let reads = asks.iter().map(|ask| async {
            let Some(place) = place(ask.at) else { return Ok(None) };
            let pages = of_zone.get(place.zone).copied().unwrap_or(1);
            let list = |zone: String| async move { list(survey.aws(), &zone, pages).await };
            let listed = survey.lists().records.get(place.zone.to_owned(), list).await?;
            let pair = match place.among(&listed) {
                Some(pair) => pair,
                None => place.read(survey.aws()).await?,
            };
            Ok(found(place, &pair, ask.ownership).map(Glimpsed::whole))
        });
        join_all(reads).await
    }

    /// The zones that the environment grants by their ids are listed whole, 300 records a call: names are ordered from
    /// their last label, so that companions do not stand together.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let zones = claims.hosted_zones.iter().map(|zone| async move {
            let listed = list(survey.aws(), zone, usize::MAX).await?;
            Ok(listed.found.values().filter_map(|set| ours(claims, zone, set)).collect::<Vec<Ours>>())
        });
        Ok(try_join_all(zones).await?.into_iter().flatten().collect())
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: RecordSet) -> Result<Option<String>, Fault> {
        put(aws, marks, &want, |owner| *owner == Owner::This).await?;
        Ok(Some(place_of(&want).id()))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: RecordSet,
        _: Seen<RecordSet>,
    ) -> Result<(), Fault> {
        put(aws, marks, &want, |owner| matches!(owner, Owner::This | Owner::Nobody)).await
    }

    /// Both at once, and only while the companion says what it said when it was judged.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<RecordSet>) -> Result<(), Fault> {
        let place = place_of(&seen.value);
        let there = place.read(&aws.reader()).await?;
        if Some(&companion::value(&companion::tags(there.companion.as_ref()))) != seen.outputs.get("companion") {
            let message = format!("what says whose {} is, changed meanwhile", place.name);
            return Err(Fault::wait(CHANGE, "Changed", message));
        }
        let mut changes = swap(there.record.as_ref(), None)?;
        changes.extend(swap(there.companion.as_ref(), None)?);
        change(aws, place.zone, changes).await
    }
}

/// Makes it as wanted, in one change: nobody ever sees the record without what says whose it is.
async fn put(aws: &Aws<Write>, marks: Marks<'_>, want: &RecordSet, may: fn(&Owner) -> bool) -> Result<(), Fault> {
    let place = place_of(want);
    let there = place.read(&aws.reader()).await?;
    let owner = marks.judge(&companion::tags(there.companion.as_ref()));
    let anothers = matches!(owner, Owner::OtherObject { .. } | Owner::OtherInstallation { .. });
    if anothers || (there.record.is_some() && !may(&owner)) {
        return Err(already_exists(CHANGE, place.name));
    }
    if there.record.as_ref().is_some_and(|record| record.set_identifier().is_some()) {
        return Err(Fault::fix(
            CHANGE,
            "Unsuitable",
            format!("{} has a routing policy, which chooses among several records", place.name),
            "take those records away first, or leave this host out of dns.hosts",
        ));
    }
    let mut changes = swap(there.record.as_ref(), Some(&record(want)?))?;
    changes.extend(swap(there.companion.as_ref(), Some(&companion_of(place, &marks.with(&Tags::new()))?))?);
    change(aws, place.zone, changes).await
}

/// What a companion says, of the record beside it, whether or not that is still there.
fn ours(claims: &Claims, zone: &str, set: &ResourceRecordSet) -> Option<Ours> {
    let companion = plain(set.name());
    let (name, record_type) = companion::record_of(&companion).filter(|_| *set.r#type() == RrType::Txt)?;
    let place = Place { zone, name: &name, record_type: record_type.as_str() };
    Ours::of(claims, RecordSet::NAME, &name, place.id(), &companion::tags(Some(set)))
}

fn place(at: &LookUp) -> Option<Place<'_>> {
    let record_type = at.member("recordType")?;
    Some(Place { zone: at.member("hostedZoneId")?, name: at.member("name")?, record_type })
}

fn place_of(value: &RecordSet) -> Place<'_> {
    Place { zone: &value.hosted_zone_id, name: &value.name, record_type: value.record_type.as_str() }
}

fn record(want: &RecordSet) -> Result<ResourceRecordSet, Fault> {
    let alias = want.alias.as_ref().map(|alias| {
        let target = AliasTarget::builder().hosted_zone_id(&alias.hosted_zone_id).dns_name(&alias.dns_name);
        target.evaluate_target_health(true).build().map_err(|error| Fault::unsent(CHANGE, &error))
    });
    let set = ResourceRecordSet::builder().name(&want.name).r#type(RrType::from(want.record_type.as_str()));
    set.set_alias_target(alias.transpose()?).build().map_err(|error| Fault::unsent(CHANGE, &error))
}

fn companion_of(place: Place<'_>, tags: &Tags) -> Result<ResourceRecordSet, Fault> {
    let value = ResourceRecord::builder()
        .value(companion::value(tags))
        .build()
        .map_err(|error| Fault::unsent(CHANGE, &error))?;
    let set = ResourceRecordSet::builder().name(place.companion()).r#type(RrType::Txt).ttl(COMPANION_TTL_SECONDS);
    set.resource_records(value).build().map_err(|error| Fault::unsent(CHANGE, &error))
}

fn found(place: Place<'_>, pair: &Pair, ownership: &Ownership) -> Option<Found<RecordSet>> {
    let set = pair.record.as_ref()?;
    let record_type = RecordType::ALL.into_iter().find(|known| known.as_str() == place.record_type)?;
    let alias = set
        .alias_target()
        .map(|alias| Alias { dns_name: plain(alias.dns_name()), hosted_zone_id: alias.hosted_zone_id().to_owned() });
    let value = RecordSet {
        hosted_zone_id: place.zone.to_owned(),
        name: plain(set.name()),
        record_type,
        alias,
        other: other(set),
    };
    let tags = companion::tags(pair.companion.as_ref());
    let seen = Seen::active(value)
        .with_output(RecordSetOutput::Id, place.id())
        .with_output(RecordSetOutput::Companion, companion::value(&tags));
    Some(Found::new(seen, ownership, &tags))
}

/// What Longshore never asks for.
fn other(set: &ResourceRecordSet) -> Vec<String> {
    let deaf = set.alias_target().is_some_and(|alias| !alias.evaluate_target_health());
    let values = set.resource_records().iter().map(|record| record.value().to_owned());
    let policy = set.set_identifier().map(|id| format!("setIdentifier: {id}"));
    let check = set.health_check_id().map(|id| format!("healthCheckId: {id}"));
    values.chain(policy).chain(check).chain(deaf.then(|| "evaluateTargetHealth: false".to_owned())).collect()
}
