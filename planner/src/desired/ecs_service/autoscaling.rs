//! How many tasks there are, where that follows metrics.

use longshore_crds::ecs_service::{PredefinedMetric, TargetTracking};

use super::Builder;
use super::load_balancers::Attached;
use crate::desired::obstacle::{ClusterReference, Obstacle, Refusal};
use crate::engine::{FieldPath, Graph, Id, Text};
use crate::kinds::application_autoscaling::scalable_target::{ScalableTarget, ScalingPolicy};

/// The field that asks for it.
const AT: &str = "spec.autoscaling";
/// The resource's key in the graph.
const KEY: &str = "scaling";

impl Builder<'_> {
    /// The service as a scalable target. Its bounds can be changed in the middle of a deployment, and are then: who
    /// raises them under load does not wait until a rollout ends.
    pub(super) fn autoscaling(
        &self,
        graph: &mut Graph,
        cluster: &ClusterReference,
        service: (&str, &Id),
        attached: &Attached,
    ) -> Result<(), Obstacle> {
        let Some(scaling) = &self.spec.autoscaling else { return Ok(()) };
        let policies = scaling.target_tracking.iter().map(|tracking| {
            let policy = target_tracking(tracking, attached)?;
            Ok((tracking.name.clone(), policy))
        });
        let (name, service) = service;
        let target = ScalableTarget {
            resource_id: format!("service/{}/{name}", cluster.name),
            min_capacity: scaling.min_capacity,
            max_capacity: scaling.max_capacity,
            policies: policies.collect::<Result<_, Refusal>>()?,
            tags: self.scope.tags(&self.spec.tags),
        };
        let target = graph.add(KEY, target, AT, &[])?;
        graph.put_beside(&target.id, service)?;
        Ok(())
    }
}

fn target_tracking(tracking: &TargetTracking, attached: &Attached) -> Result<ScalingPolicy, Refusal> {
    let resource_label = match tracking.predefined_metric_type {
        PredefinedMetric::Requests => Some(resource_label(tracking, attached)?),
        PredefinedMetric::Cpu | PredefinedMetric::Memory => None,
    };
    Ok(ScalingPolicy::TargetTracking {
        metric: tracking.predefined_metric_type,
        resource_label,
        target_value: tracking.target_value,
        scale_in_cooldown: tracking.scale_in_cooldown,
        scale_out_cooldown: tracking.scale_out_cooldown,
        disable_scale_in: tracking.disable_scale_in.unwrap_or(false),
    })
}

/// The load balancer and the target group whose requests are counted. It names the group that there is: where that is
/// replaced, the policy moves to its successor before it goes.
fn resource_label(tracking: &TargetTracking, attached: &Attached) -> Result<Text, Refusal> {
    let entry = tracking.load_balancer.as_deref().unwrap_or_default();
    attached.resource_labels.get(entry).cloned().ok_or_else(|| {
        let at = FieldPath::from(AT).member("targetTracking").item(&tracking.name).member("loadBalancer");
        let message = format!(
            "ALBRequestCountPerTarget counts the requests of a load balancer and a target group, and the entry {entry} of \
             spec.loadBalancers names a target group alone, by its ARN; name the listener or the ApplicationLoadBalancer \
             there, or scale by CPU or memory"
        );
        Refusal::new("NoRequestMetric", at, message)
    })
}
