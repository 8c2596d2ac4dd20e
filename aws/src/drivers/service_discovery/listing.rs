//! Lists of services, and what they tell of one.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_servicediscovery::operation::list_services::builders::ListServicesInputBuilder;
use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsRecord, FilterCondition, Service, ServiceFilter, ServiceFilterName, ServiceSummary,
};

use crate::access::Core;
use crate::drivers::lists::Listed;
use crate::fault::Fault;

/// The most of a page (API reference, `ListServices`).
pub(super) const PAGE: i32 = 100;
const LIST: &str = "servicediscovery:ListServices";

/// What is told of a service in a list as well as alone: in a list its namespace is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) records: Vec<DnsRecord>,
}

impl From<Service> for Described {
    fn from(service: Service) -> Self {
        Self {
            id: service.id.unwrap_or_default(),
            arn: service.arn.unwrap_or_default(),
            name: service.name.unwrap_or_default(),
            description: service.description.unwrap_or_default(),
            records: records(service.dns_config),
        }
    }
}

impl From<ServiceSummary> for Described {
    fn from(service: ServiceSummary) -> Self {
        Self {
            id: service.id.unwrap_or_default(),
            arn: service.arn.unwrap_or_default(),
            name: service.name.unwrap_or_default(),
            description: service.description.unwrap_or_default(),
            records: records(service.dns_config),
        }
    }
}

fn records(config: Option<DnsConfig>) -> Vec<DnsRecord> {
    config.map(|config| config.dns_records).unwrap_or_default()
}

/// The services of each namespace, by its id. Cloud Map filters what it has listed, so that a page may have none of them
/// (API reference, `ListServices.NextToken`).
pub(crate) async fn of_namespaces(
    core: Arc<Core>,
    namespaces: Vec<String>,
) -> Result<HashMap<String, Arc<Vec<Described>>>, Fault> {
    let mut found = HashMap::new();
    for id in namespaces {
        let filter = ServiceFilter::builder().name(ServiceFilterName::NamespaceId).condition(FilterCondition::Eq);
        let filter = filter.values(&id).build().map_err(|error| Fault::unsent(LIST, &error))?;
        let (services, _) = pages(&core, ListServicesInputBuilder::default().filters(filter), usize::MAX).await?;
        found.insert(id, Arc::new(services));
    }
    Ok(found)
}

/// Those of the account by ARN, at most so many pages of them: others may have more than are asked for.
pub(super) async fn all(core: &Core, most: usize) -> Result<Listed<Described>, Fault> {
    let (services, whole) = pages(core, ListServicesInputBuilder::default(), most).await?;
    Ok(Listed { found: services.into_iter().map(|one| (one.arn.clone(), one)).collect(), whole })
}

async fn pages(core: &Core, request: ListServicesInputBuilder, most: usize) -> Result<(Vec<Described>, bool), Fault> {
    let request = request.max_results(PAGE);
    let (mut found, mut token) = (vec![], None);
    for _ in 0..most.max(1) {
        let page = core.send(request.clone().set_next_token(token)).await?;
        found.extend(page.services.unwrap_or_default().into_iter().map(Described::from));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}
