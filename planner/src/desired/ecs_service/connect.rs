//! How other services find this one by Service Connect.

use longshore_crds::ecs_service::{ServiceConnectService, ServiceConnectTls};
use longshore_crds::task_definition::PortMapping;

use super::Builder;
use crate::desired::obstacle::Refusal;
use crate::engine::{FieldPath, Text};
use crate::kinds::ecs::service::{ConnectService, ConnectTls, ServiceConnect};

impl Builder<'_> {
    /// As ECS takes it, each offer with encryption by the role that it names or the one that is made.
    pub(super) fn service_connect(&self, made: Option<&Text>) -> Result<Option<ServiceConnect>, Vec<Refusal>> {
        let Some(asked) = self.spec.service_connect_configuration.as_ref().filter(|asked| asked.enabled) else {
            return Ok(None);
        };
        let refusals: Vec<Refusal> = asked.services.iter().filter_map(|offer| self.unnamed(offer)).collect();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let tls = |tls: &ServiceConnectTls| ConnectTls {
            role_arn: tls.role_arn.clone().map(Text::from).or_else(|| made.cloned()),
            tls: tls.clone(),
        };
        let offer =
            |offer: &ServiceConnectService| ConnectService { tls: offer.tls.as_ref().map(tls), service: offer.clone() };
        Ok(Some(ServiceConnect {
            enabled: true,
            namespace: asked.namespace.clone(),
            services: asked.services.iter().map(offer).collect(),
            log_configuration: asked.log_configuration.clone(),
            access_log_configuration: asked.access_log_configuration.clone(),
            container_configurations: asked.container_configurations.clone(),
        }))
    }

    /// `CreateService` refuses a name that no port mapping has.
    fn unnamed(&self, offer: &ServiceConnectService) -> Option<Refusal> {
        let mappings = self.spec.task.container_definitions.iter().flat_map(|container| &container.port_mappings);
        let names: Vec<&str> = mappings.filter_map(|mapping: &PortMapping| mapping.name.as_deref()).collect();
        if names.contains(&offer.port_name.as_str()) {
            return None;
        }
        let known =
            if names.is_empty() { "none has a name".to_owned() } else { format!("they are {}", names.join(", ")) };
        let message = format!(
            "no port mapping of task.containerDefinitions has the name {} ({known}); name one so, or correct portName",
            offer.port_name
        );
        let at = FieldPath::from("spec.serviceConnectConfiguration.services").item(&offer.port_name);
        Some(Refusal::new("PortNotNamed", at.member("portName"), message))
    }
}
