//! Namespaces, which are somebody else's.

use aws_sdk_servicediscovery::operation::get_namespace::builders::GetNamespaceInputBuilder;
use aws_sdk_servicediscovery::operation::list_namespaces::builders::ListNamespacesInputBuilder;
use aws_sdk_servicediscovery::types::{FilterCondition, NamespaceFilter, NamespaceFilterName, NamespaceType};
use longshore_planner::desired::CloudMapNamespace;

use super::listing::PAGE;
use crate::access::{Aws, Read};
use crate::fault::{Absent, Fault};

const LIST: &str = "servicediscovery:ListNamespaces";

/// Those of a name, or the one of an ARN.
pub(crate) async fn namespaces(aws: &Aws<Read>, named: &str) -> Result<Vec<CloudMapNamespace>, Fault> {
    if !named.starts_with("arn:") {
        return of_name(aws, named).await;
    }
    let request = GetNamespaceInputBuilder::default().id(named);
    let found = aws.read(request).await.absent_if(&["NamespaceNotFound"])?.and_then(|found| found.namespace);
    Ok(found.and_then(|one| namespace(one.arn, one.r#type.as_ref())).into_iter().collect())
}

async fn of_name(aws: &Aws<Read>, name: &str) -> Result<Vec<CloudMapNamespace>, Fault> {
    let filter = NamespaceFilter::builder().name(NamespaceFilterName::Name).condition(FilterCondition::Eq).values(name);
    let filter = filter.build().map_err(|error| Fault::unsent(LIST, &error))?;
    let request = ListNamespacesInputBuilder::default().filters(filter).max_results(PAGE);
    let (mut found, mut token) = (vec![], None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        let namespaces = page.namespaces.unwrap_or_default().into_iter();
        found.extend(namespaces.filter_map(|one| namespace(one.arn, one.r#type.as_ref())));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn namespace(arn: Option<String>, of: Option<&NamespaceType>) -> Option<CloudMapNamespace> {
    Some(CloudMapNamespace { arn: arn?, http: of == Some(&NamespaceType::Http) })
}
