//! Secrets and parameters, looked up without their values; and what AWS's public parameters name.

use aws_sdk_secretsmanager::operation::describe_secret::builders::DescribeSecretInputBuilder;
use aws_sdk_ssm::operation::describe_parameters::builders::DescribeParametersInputBuilder;
use aws_sdk_ssm::operation::get_parameter::builders::GetParameterInputBuilder;
use aws_sdk_ssm::types::ParameterStringFilter;
use longshore_planner::desired::StoredFact;

use crate::access::{Aws, Read};
use crate::fault::{Absent, Fault};

/// The stage of the version that is read unless another is named (user guide, "Secret versions").
const CURRENT: &str = "AWSCURRENT";

const PARAMETERS: &str = "ssm:DescribeParameters";

/// `None`: there is no such secret.
pub(crate) async fn secret(aws: &Aws<Read>, arn: &str) -> Result<Option<StoredFact>, Fault> {
    let request = DescribeSecretInputBuilder::default().secret_id(arn);
    let Some(secret) = aws.read(request).await.absent_if(&["ResourceNotFoundException"])? else { return Ok(None) };
    let versions = secret.version_ids_to_stages.unwrap_or_default();
    let current = versions.into_iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT));
    Ok(Some(StoredFact {
        arn: secret.arn.unwrap_or_else(|| arn.to_owned()),
        key: secret.kms_key_id,
        version: current.map(|(id, _)| id).unwrap_or_default(),
    }))
}

/// `None`: there is no such parameter. A string that is not encrypted has no key.
pub(crate) async fn parameter(aws: &Aws<Read>, arn: &str) -> Result<Option<StoredFact>, Fault> {
    let names = ParameterStringFilter::builder().key("Name").option("Equals").set_values(Some(names(arn)));
    let names = names.build().map_err(|error| Fault::unsent(PARAMETERS, &error))?;
    let mut token = None;
    loop {
        let request = DescribeParametersInputBuilder::default().parameter_filters(names.clone()).set_next_token(token);
        let page = aws.read(request).await?;
        // A page may be empty though more follow (API reference, `DescribeParameters`).
        if let Some(found) = page.parameters.unwrap_or_default().into_iter().next() {
            let (key, version) = (found.key_id, found.version.to_string());
            return Ok(Some(StoredFact { arn: arn.to_owned(), key, version }));
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(None);
        }
    }
}

/// The image that a public parameter of AWS's names: none of those is secret. `None`: there is no such parameter, or it names
/// something else.
pub(crate) async fn machine_image(aws: &Aws<Read>, parameter: &str) -> Result<Option<String>, Fault> {
    let request = GetParameterInputBuilder::default().name(parameter);
    let found = aws.read(request).await.absent_if(&["ParameterNotFound", "ParameterVersionNotFound"])?;
    let value = found.and_then(|found| found.parameter?.value);
    Ok(value.filter(|value| value.starts_with("ami-")))
}

/// What a parameter of that ARN can be called: in a hierarchy names begin with a slash, which the ARN has not twice; a
/// name without one may begin with it or not (user guide, "Working with parameter hierarchies").
fn names(arn: &str) -> Vec<String> {
    let name = arn.split_once(":parameter/").map_or(arn, |(_, name)| name);
    let whole = format!("/{name}");
    if name.contains('/') { vec![whole] } else { vec![name.to_owned(), whole] }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_parameter_is_asked_for_by_the_names_that_its_arn_may_stand_for() {
        let arn = |name: &str| format!("arn:aws:ssm:eu-west-1:123456789012:parameter/{name}");
        assert_eq!(names(&arn("shop/key")), ["/shop/key"]);
        assert_eq!(names(&arn("key")), ["key", "/key"]);
    }
}
