//! How many tasks there are, where that follows metrics.

use std::collections::BTreeMap;

use longshore_crds::ecs_service::{Autoscaling, PredictiveScaling as Predictive, TargetTracking as Tracking};

use super::Builder;
use super::load_balancers::Attached;
use crate::desired::obstacle::{ClusterReference, Obstacle, Refusal};
use crate::engine::{FieldPath, Graph, Id, Text};
use crate::kinds::application_autoscaling::scalable_target::{ScalableTarget, Suspended};
use crate::kinds::application_autoscaling::scaling_policy::{
    Predefined, PredictiveMetric, PredictiveScaling, ScalingPolicy, StepScaling, TargetTracking,
};
use crate::kinds::application_autoscaling::scheduled_action::ScheduledAction;

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
        self.check_metrics(scaling)?;
        let (name, service) = service;
        let target = ScalableTarget {
            resource_id: format!("service/{}/{name}", cluster.name),
            min_capacity: scaling.min_capacity,
            max_capacity: scaling.max_capacity,
            suspended_state: suspended(scaling),
            policies: policies(scaling, attached)?,
            scheduled_actions: scheduled_actions(scaling),
            tags: self.scope.tags(&self.spec.tags),
        };
        let target = graph.add(KEY, target, AT, &[])?;
        graph.put_beside(&target.id, service)?;
        Ok(())
    }
}

impl Builder<'_> {
    /// The label of such a metric names one of two target groups; after a shift it falls to 0 (developer guide, "Service
    /// auto scaling").
    fn check_metrics(&self, scaling: &Autoscaling) -> Result<(), Refusal> {
        let tracking = scaling.target_tracking.iter().map(|one| ("targetTracking", &one.name, &one.load_balancer));
        let predictive =
            scaling.predictive_scaling.iter().map(|one| ("predictiveScaling", &one.name, &one.load_balancer));
        let mut counting = tracking.chain(predictive).filter(|(_, _, balancer)| balancer.is_some());
        let Some((list, name, _)) = counting.next().filter(|_| self.shifts_traffic()) else { return Ok(()) };
        let message = "requests are counted for one target group, and deployments shift them to another: scale by CPU or memory, or \
                       write deploymentConfiguration.strategy: ROLLING";
        Err(Refusal::new("NoRequestMetric", FieldPath::from(AT).member(list).item(name), message))
    }
}

fn suspended(scaling: &Autoscaling) -> Suspended {
    let asked = scaling.suspended_state.unwrap_or_default();
    Suspended {
        dynamic_scaling_in_suspended: asked.dynamic_scaling_in_suspended.unwrap_or(false),
        dynamic_scaling_out_suspended: asked.dynamic_scaling_out_suspended.unwrap_or(false),
        scheduled_scaling_suspended: asked.scheduled_scaling_suspended.unwrap_or(false),
    }
}

fn policies(scaling: &Autoscaling, attached: &Attached) -> Result<BTreeMap<String, ScalingPolicy>, Refusal> {
    let tracking = scaling.target_tracking.iter().map(|one| Ok((one.name.clone(), target_tracking(one, attached)?)));
    let predictive = scaling.predictive_scaling.iter().map(|one| Ok((one.name.clone(), predictive(one, attached)?)));
    let step = scaling.step_scaling.iter().map(|one| {
        let policy = StepScaling {
            adjustment_type: one.adjustment_type,
            step_adjustments: one.step_adjustments.clone(),
            min_adjustment_magnitude: one.min_adjustment_magnitude,
            cooldown: one.cooldown,
            metric_aggregation_type: one.metric_aggregation_type,
        };
        Ok((one.name.clone(), ScalingPolicy::Step(policy)))
    });
    tracking.chain(predictive).chain(step).collect()
}

fn target_tracking(tracking: &Tracking, attached: &Attached) -> Result<ScalingPolicy, Refusal> {
    let at = FieldPath::from(AT).member("targetTracking").item(&tracking.name);
    let label = resource_label(tracking.load_balancer.as_deref(), attached, &at)?;
    let predefined = tracking
        .predefined_metric_type
        .map(|metric| Predefined { predefined_metric_type: metric, resource_label: label });
    Ok(ScalingPolicy::TargetTracking(TargetTracking {
        predefined_metric_specification: predefined,
        customized_metric_specification: tracking.customized_metric_specification.clone(),
        target_value: tracking.target_value,
        scale_in_cooldown: tracking.scale_in_cooldown,
        scale_out_cooldown: tracking.scale_out_cooldown,
        disable_scale_in: tracking.disable_scale_in.unwrap_or(false),
    }))
}

fn predictive(predictive: &Predictive, attached: &Attached) -> Result<ScalingPolicy, Refusal> {
    let at = FieldPath::from(AT).member("predictiveScaling").item(&predictive.name);
    let resource_label = resource_label(predictive.load_balancer.as_deref(), attached, &at)?;
    let pair = Predefined { predefined_metric_type: predictive.predefined_metric_type.clone(), resource_label };
    Ok(ScalingPolicy::Predictive(PredictiveScaling {
        metric_specifications: vec![PredictiveMetric {
            target_value: predictive.target_value,
            predefined_metric_pair_specification: Some(pair),
        }],
        mode: predictive.mode,
        scheduling_buffer_time: predictive.scheduling_buffer_time,
        max_capacity_breach_behavior: predictive.max_capacity_breach_behavior,
        max_capacity_buffer: predictive.max_capacity_buffer,
    }))
}

fn scheduled_actions(scaling: &Autoscaling) -> BTreeMap<String, ScheduledAction> {
    let actions = scaling.scheduled_actions.iter().map(|one| {
        let action = ScheduledAction {
            schedule: one.schedule.clone(),
            timezone: one.timezone.clone(),
            start_time: one.start_time.clone(),
            end_time: one.end_time.clone(),
            min_capacity: one.min_capacity,
            max_capacity: one.max_capacity,
        };
        (one.name.clone(), action)
    });
    actions.collect()
}

/// The load balancer and the target group whose requests are counted, where an entry of `loadBalancers` is named. It names
/// the group that there is: where that is replaced, the policy moves to its successor before it goes.
fn resource_label(entry: Option<&str>, attached: &Attached, at: &FieldPath) -> Result<Option<Text>, Refusal> {
    let Some(entry) = entry else { return Ok(None) };
    attached.resource_labels.get(entry).cloned().map(Some).ok_or_else(|| {
        let message = format!(
            "requests are counted of a load balancer and a target group, and the entry {entry} of spec.loadBalancers names a \
             target group alone, by its ARN; name the listener or the ApplicationLoadBalancer there, or scale by CPU or memory"
        );
        Refusal::new("NoRequestMetric", at.member("loadBalancer"), message)
    })
}
