//! Secrets and parameters that containers name.

use longshore_crds::ContainerDefinition;
use longshore_crds::task_definition::Volume;

use crate::desired::scope::Scope;

/// What a container's `valueFrom` names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SecretSource {
    /// A secret of Secrets Manager, by ARN, without the JSON key, version stage and version id that may follow it.
    Secret(String),
    /// A parameter of Systems Manager, by ARN.
    Parameter(String),
}

/// Developer guide, "Pass sensitive data to an Amazon ECS container": a Secrets Manager ARN with up to three more
/// parts, or a parameter's ARN, or a parameter's name in the same region.
pub(crate) fn source(value_from: &str, scope: &Scope) -> SecretSource {
    let parts: Vec<&str> = value_from.split(':').collect();
    match parts.get(2) {
        Some(&"secretsmanager") => SecretSource::Secret(parts.get(..7).unwrap_or(&parts).join(":")),
        Some(&"ssm") => SecretSource::Parameter(value_from.to_owned()),
        _ => SecretSource::Parameter(scope.arn("ssm", &format!("parameter/{}", value_from.trim_start_matches('/')))),
    }
}

/// The credentials by which a volume is mounted (developer guide, "Use `FSx` for Windows File Server volumes with Amazon ECS": by
/// the execution role).
pub(crate) fn credentials(volume: &Volume) -> Option<&str> {
    let windows = volume.fsx_windows_file_server_volume_configuration.as_ref()?;
    Some(&windows.authorization_config.credentials_parameter)
}

/// Every `valueFrom` of a container: its variables, its log driver's options, its registry's credentials.
pub(crate) fn named(container: &ContainerDefinition) -> impl Iterator<Item = &str> {
    let log_options = container.log_configuration.iter().flat_map(|logs| &logs.secret_options);
    let registry =
        container.repository_credentials.iter().map(|credentials| credentials.credentials_parameter.as_str());
    container.secrets.iter().chain(log_options).map(|secret| secret.value_from.as_str()).chain(registry)
}
