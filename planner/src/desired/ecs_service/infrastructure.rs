//! The infrastructure role: what ECS itself may do in the account for the service.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::ServiceLoadBalancer;
use serde_json::{Value, json};

use super::Builder;
use crate::engine::{Graph, GraphError, Text};
use crate::kinds::iam::role::{Role, RoleOutput};

/// The key of the role.
pub(in crate::desired) const INFRASTRUCTURE_KEY: &str = "infrastructure-role";
/// What ECS needs to have certificates issued for Service Connect, and to keep them.
const FOR_TLS: &str = "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity";
/// What ECS needs to make, attach and delete EBS volumes.
const FOR_VOLUMES: &str = "service-role/AmazonECSInfrastructureRolePolicyForVolumes";
/// What ECS needs to shift traffic between two target groups. Its path is not that of the others.
const FOR_TRAFFIC: &str = "AmazonECSInfrastructureRolePolicyForLoadBalancers";

impl Builder<'_> {
    /// One for everything of the service that needs it and names none, with AWS's own policies for that (developer guide,
    /// "Amazon ECS infrastructure IAM role"): AWS extends them as ECS grows.
    pub(super) fn infrastructure_role(&self, graph: &mut Graph) -> Result<Option<Text>, GraphError> {
        let attached = self.infrastructure_policies();
        if attached.is_empty() {
            return Ok(None);
        }
        let role =
            Role { attached, trust: trust(), ..self.role("infra", "what ECS may do in the account for the service") };
        let handle = graph.add(INFRASTRUCTURE_KEY, role, "spec", &[])?;
        // By it ECS deletes the volumes of tasks that stop; nobody else would.
        graph.uphold(&handle.id);
        Ok(Some(handle.out(RoleOutput::Arn)))
    }

    fn infrastructure_policies(&self) -> BTreeSet<String> {
        let volumes = self.spec.volume_configurations.iter().filter_map(|volume| volume.managed_ebs_volume.as_ref());
        let for_volumes = volumes.into_iter().any(|volume| volume.role_arn.is_none()).then_some(FOR_VOLUMES);
        let connect = self.spec.service_connect_configuration.iter().filter(|connect| connect.enabled);
        let tls = connect.flat_map(|connect| &connect.services).filter_map(|offer| offer.tls.as_ref());
        let for_tls = tls.into_iter().any(|tls| tls.role_arn.is_none()).then_some(FOR_TLS);
        let named = |entry: &ServiceLoadBalancer| {
            entry.advanced_configuration.as_ref().is_some_and(|one| one.role_arn.is_some())
        };
        let shifts = self.shifts_traffic() && self.spec.load_balancers.iter().any(|entry| !named(entry));
        let for_traffic = shifts.then_some(FOR_TRAFFIC);
        let arn = |name: &str| format!("arn:{}:iam::aws:policy/{name}", self.scope.partition());
        for_volumes.into_iter().chain(for_tls).chain(for_traffic).map(arn).collect()
    }
}

/// As the guide has it, without conditions: it names none that ECS would meet.
pub(in crate::desired) fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    })
}
