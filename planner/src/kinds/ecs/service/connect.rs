//! Service Connect: names by which services reach each other.

use longshore_crds::ecs_service::{
    ServiceConnectAccessLog, ServiceConnectContainer, ServiceConnectService, ServiceConnectTls,
};
use longshore_crds::task_definition::{LogConfiguration, Switch};
use serde::{Deserialize, Serialize};

use crate::engine::Text;

/// ECS's `ServiceConnectConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnect {
    /// Whether it is on.
    pub enabled: bool,
    /// Name or ARN of the Cloud Map namespace; `None`: the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What the service offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ConnectService>,
    /// Where the proxy's output goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// The proxy's access log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_configuration: Option<ServiceConnectAccessLog>,
    /// Settings of the proxy's container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_configurations: Vec<ServiceConnectContainer>,
}

/// ECS's `ServiceConnectService`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectService {
    /// Encryption between proxies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ConnectTls>,
    /// Everything else. The encryption in it is not used.
    #[serde(flatten)]
    pub service: ServiceConnectService,
}

/// ECS's `ServiceConnectTlsConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectTls {
    /// ARN of the role with which ECS asks for certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<Text>,
    /// Everything else. The role in it is not used.
    #[serde(flatten)]
    pub tls: ServiceConnectTls,
}

impl ServiceConnect {
    /// Fills in what ECS takes where nothing is said (API reference, `ServiceConnectService` and
    /// `ServiceConnectAccessLogConfiguration`), and sorts what has no order.
    pub(super) fn normalise(&mut self) {
        for ConnectService { tls, service } in &mut self.services {
            service.tls = None;
            service.discovery_name.get_or_insert_with(|| service.port_name.clone());
            if let Some(tls) = tls {
                tls.tls.role_arn = None;
            }
        }
        self.services.sort_by(|a, b| a.service.port_name.cmp(&b.service.port_name));
        if let Some(log) = &mut self.log_configuration {
            log.secret_options.sort_by(|a, b| a.name.cmp(&b.name));
        }
        if let Some(log) = &mut self.access_log_configuration {
            log.include_query_parameters = log.include_query_parameters.filter(|on| *on != Switch::Disabled);
        }
    }

    /// Without a namespace the cluster's was taken when the service was made. A name may read back as the ARN of what it
    /// names, as a cluster's does.
    pub(super) fn disown(&self, seen: &mut Self) {
        let is_arn = |namespace: &String| namespace.starts_with("arn:");
        let named = self.namespace.as_ref().is_none_or(|name| !is_arn(name));
        if self.namespace.is_none() || (named && seen.namespace.as_ref().is_some_and(is_arn)) {
            seen.namespace.clone_from(&self.namespace);
        }
    }
}
