//! `service-discovery/service`, without its instances.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_servicediscovery::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_servicediscovery::operation::delete_service::builders::DeleteServiceInputBuilder;
use aws_sdk_servicediscovery::operation::get_service::builders::GetServiceInputBuilder;
use aws_sdk_servicediscovery::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsConfigChange, DnsRecord, HealthCheckCustomConfig, RecordType, RoutingPolicy, Service, ServiceChange,
};
use futures::future::join_all;
use longshore_crds::ecs_service::RegistryRecordType;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, Unread};
use longshore_planner::kinds::service_discovery::service::{DESCRIBED, DiscoveryService, DiscoveryServiceOutput};

use super::listing::{self, Described};
use super::{retag, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::lists::Listed;
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed, already_exists};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const CREATE: &str = "servicediscovery:CreateService";
const UPDATE: &str = "servicediscovery:UpdateService";
const DELETE: &str = "servicediscovery:DeleteService";
const GONE: &[&str] = &["ServiceNotFound"];

pub(crate) struct DiscoveryServiceDriver;

#[async_trait]
impl Driver for DiscoveryServiceDriver {
    type Kind = DiscoveryService;

    /// By its ARN, or by its name among its namespace's.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<DiscoveryService>>, Fault> {
        let Some(namespace) = at.member("namespace") else { return Ok(None) };
        let known = match at.entry.physical.as_deref() {
            Some(arn) => get(aws, id_of(arn)).await?.map(Described::from),
            None => None,
        };
        let found = match (known, at.member("name")) {
            (None, Some(name)) => named(aws, namespace, |other| other == name).await?,
            (known, _) => known,
        };
        let Some(described) = found else { return Ok(None) };
        whole(aws, namespace, &described, ownership).await
    }

    /// All are listed, a hundred a call. Tags, and so whose one is, cost a call each and are read once a day: each one's in
    /// one of the day's surveys.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<DiscoveryService>> {
        let daily = survey.cadence().daily(asks.iter().filter_map(|ask| ask.at.entry.physical.as_deref()));
        let reads = asks.iter().map(|ask| async {
            let listed = all(survey).await?;
            let known = ask.at.entry.physical.as_deref().and_then(|arn| listed.found.get(arn));
            let (Some(described), Some(namespace)) = (known, ask.at.member("namespace")) else {
                return Ok(self.read(survey.aws(), ask.ownership, ask.at).await?.map(Glimpsed::whole));
            };
            if daily.contains(described.arn.as_str()) {
                return Ok(whole(survey.aws(), namespace, described, ask.ownership).await?.map(Glimpsed::whole));
            }
            let found = Found::untagged(seen(namespace, described, Tags::new()));
            Ok(Some(Glimpsed { found, unread: Unread::Members(&["tags"]) }))
        });
        join_all(reads).await
    }

    /// Tags are asked for only where no object knows one whose description says that it is Longshore's: Service Connect makes
    /// a service for each name that is offered.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let listed = listing::all(&survey.aws().core(), usize::MAX).await?;
        let mut ours = vec![];
        for (arn, one) in listed.found.iter().filter(|(arn, _)| !claims.known.contains(*arn)) {
            if one.description.starts_with(DESCRIBED) {
                let tags = tags_of(survey.aws(), arn).await?.unwrap_or_default();
                ours.extend(Ours::of(claims, DiscoveryService::NAME, &one.name, arn, &tags));
            }
        }
        Ok(ours)
    }

    async fn create(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: DiscoveryService,
    ) -> Result<Option<String>, Fault> {
        let request = CreateServiceInputBuilder::default()
            .name(&want.name)
            .namespace_id(&want.namespace)
            .description(&want.description)
            .set_dns_config(dns_config(&want)?)
            .health_check_custom_config(health_by_ecs())
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        if let Some(made) = aws.write(request).await.absent_if(&["ServiceAlreadyExists"])? {
            return Ok(made.service.and_then(|service| service.arn));
        }
        let reader = aws.reader();
        let there = named(&reader, &want.namespace, |other| other.eq_ignore_ascii_case(&want.name)).await?;
        let tags = match &there {
            Some(there) => tags_of(&reader, &there.arn).await?,
            None => None,
        };
        match there.zip(tags) {
            Some((there, tags)) if marks.judge(&tags) == Owner::This => made_before(&want, there).map(Some),
            Some(_) => Err(already_exists(CREATE, &want.name)),
            None => {
                let message = format!("{} exists, and Cloud Map does not show it yet", want.name);
                Err(Fault::wait(CREATE, "NotVisibleYet", message))
            }
        }
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: DiscoveryService,
        seen: Seen<DiscoveryService>,
    ) -> Result<(), Fault> {
        let output = |name: &str| seen.outputs.get(name).map_or("", String::as_str);
        let differs = want.ttl_seconds != seen.value.ttl_seconds || want.description != seen.value.description;
        if differs && !want.record_types.is_empty() {
            // What is left out is taken away, somebody else's health check too (API reference, `UpdateService`).
            let check = get(&aws.reader(), output("id")).await?.and_then(|service| service.health_check_config);
            let records = DnsConfigChange::builder().set_dns_records(Some(records(&want)?)).build();
            let change = ServiceChange::builder()
                .description(&want.description)
                .dns_config(records.map_err(|error| Fault::unsent(UPDATE, &error))?)
                .set_health_check_config(check)
                .build();
            aws.write(UpdateServiceInputBuilder::default().id(output("id")).service(change)).await?;
        }
        retag(aws, output("arn"), Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    /// Once nothing is registered in it: until then Cloud Map refuses it.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<DiscoveryService>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let Some(service) = get(&aws.reader(), id).await? else { return Ok(()) };
        let instances = service.instance_count().unwrap_or_default();
        if instances > 0 {
            let message =
                format!("{instances} tasks are still registered in {}: it goes once they stop", seen.value.name);
            return Err(Fault::wait(DELETE, "ResourceInUse", message));
        }
        aws.write(DeleteServiceInputBuilder::default().id(id)).await.absent_if(GONE).map(drop)
    }
}

/// An earlier create of ours made it: fine if its records are the wanted ones.
fn made_before(want: &DiscoveryService, there: Described) -> Result<String, Fault> {
    let types = record_types(&there.records);
    if types == want.record_types {
        return Ok(there.arn);
    }
    let words = |types: &BTreeSet<RegistryRecordType>| {
        if types.is_empty() {
            return "no records".to_owned();
        }
        let words: Vec<&str> = types.iter().map(|one| one.as_str()).collect();
        format!("records of the type {}", words.join(" and "))
    };
    Err(Fault::fix(
        CREATE,
        "RecordTypesFixed",
        format!(
            "{} has {}, and cannot have {}: Cloud Map changes no types of records",
            want.name,
            words(&types),
            words(&want.record_types)
        ),
        "give serviceRegistries[].registry another name, too; or take the entry out, and write it again once the name is gone",
    ))
}

async fn get(aws: &Aws<Read>, id: &str) -> Result<Option<Service>, Fault> {
    let answer = aws.read(GetServiceInputBuilder::default().id(id)).await.absent_if(GONE)?;
    Ok(answer.and_then(|answer| answer.service))
}

async fn named(
    aws: &Aws<Read>,
    namespace: &str,
    is_it: impl Fn(&str) -> bool + Send,
) -> Result<Option<Described>, Fault> {
    let there = aws.joins().discovery_services.get((), namespace.to_owned()).await?.unwrap_or_default();
    Ok(there.iter().find(|one| is_it(&one.name)).cloned())
}

/// Those of the account, by ARN, in as many calls at most as there are objects that are looked at.
async fn all(survey: &Survey) -> Result<Arc<Listed<Described>>, Fault> {
    let list = |()| async move { listing::all(&survey.aws().core(), survey.objects()).await };
    survey.lists().discovery_services.get((), list).await
}

async fn whole(
    aws: &Aws<Read>,
    namespace: &str,
    described: &Described,
    ownership: &Ownership,
) -> Result<Option<Found<DiscoveryService>>, Fault> {
    let Some(tags) = tags_of(aws, &described.arn).await? else { return Ok(None) };
    Ok(Some(Found::new(seen(namespace, described, managed(&tags)), ownership, &tags)))
}

fn seen(namespace: &str, described: &Described, tags: Tags) -> Seen<DiscoveryService> {
    let mut ttls = described.records.iter().map(DnsRecord::ttl);
    let first = ttls.next();
    let value = DiscoveryService {
        namespace: namespace.to_owned(),
        name: described.name.clone(),
        record_types: record_types(&described.records),
        ttl_seconds: first.filter(|first| ttls.all(|ttl| ttl == *first)),
        description: described.description.clone(),
        tags,
    };
    Seen::active(value)
        .with_output(DiscoveryServiceOutput::Id, &described.id)
        .with_output(DiscoveryServiceOutput::Arn, &described.arn)
}

/// Of those that Longshore asks for; a CNAME is nobody's that ECS registers.
fn record_types(records: &[DnsRecord]) -> BTreeSet<RegistryRecordType> {
    let is = |record: &DnsRecord, word: &str| record.r#type().as_str() == word;
    let of = |record| RegistryRecordType::ALL.iter().copied().find(|one| is(record, one.as_str()));
    records.iter().filter_map(of).collect()
}

fn records(want: &DiscoveryService) -> Result<Vec<DnsRecord>, Fault> {
    let record = |one: &RegistryRecordType| {
        let record = DnsRecord::builder().r#type(RecordType::from(one.as_str()));
        record.ttl(want.ttl_seconds.unwrap_or_default()).build().map_err(|error| Fault::unsent(CREATE, &error))
    };
    want.record_types.iter().map(record).collect()
}

/// Up to eight tasks are answered with, which ones changes (API reference, `DnsConfig.RoutingPolicy`).
fn dns_config(want: &DiscoveryService) -> Result<Option<DnsConfig>, Fault> {
    if want.record_types.is_empty() {
        return Ok(None);
    }
    let config = DnsConfig::builder().routing_policy(RoutingPolicy::Multivalue).set_dns_records(Some(records(want)?));
    config.build().map(Some).map_err(|error| Fault::unsent(CREATE, &error))
}

/// ECS says which tasks are healthy (developer guide, "Use service discovery to connect Amazon ECS services with DNS names").
#[expect(deprecated, reason = "it is always 1, and what has no member may be taken for nothing")]
fn health_by_ecs() -> HealthCheckCustomConfig {
    HealthCheckCustomConfig::builder().failure_threshold(1).build()
}

/// The end of an ARN.
fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
