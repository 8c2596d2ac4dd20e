//! Target tracking policies, and the metrics that they follow.

use aws_sdk_applicationautoscaling::types as api;
use longshore_crds::ecs_service::{CustomizedMetric, MetricDataQuery, MetricDimension, MetricOf, MetricStat};
use longshore_planner::kinds::application_autoscaling::scaling_policy::{Predefined, TargetTracking};

use super::policies::PUT;
use super::word;
use crate::fault::Fault;

pub(super) fn sent(policy: &TargetTracking) -> Result<api::TargetTrackingScalingPolicyConfiguration, Fault> {
    let predefined = policy.predefined_metric_specification.as_ref().map(|metric| {
        api::PredefinedMetricSpecification::builder()
            .predefined_metric_type(api::MetricType::from(metric.predefined_metric_type.as_str()))
            .set_resource_label(metric.resource_label.as_ref().map(ToString::to_string))
            .build()
            .map_err(|_| Fault::unexpected(PUT, "PredefinedMetricSpecification"))
    });
    let customized = policy.customized_metric_specification.as_ref().map(customized);
    api::TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(policy.target_value)
        .set_predefined_metric_specification(predefined.transpose()?)
        .set_customized_metric_specification(customized.transpose()?)
        .set_scale_in_cooldown(policy.scale_in_cooldown)
        .set_scale_out_cooldown(policy.scale_out_cooldown)
        .disable_scale_in(policy.disable_scale_in)
        .build()
        .map_err(|_| Fault::unexpected(PUT, "TargetTrackingScalingPolicyConfiguration"))
}

fn customized(metric: &CustomizedMetric) -> Result<api::CustomizedMetricSpecification, Fault> {
    let dimension = |one: &MetricDimension| {
        let built = api::MetricDimension::builder().name(&one.name).value(&one.value).build();
        built.map_err(|_| Fault::unexpected(PUT, "MetricDimension"))
    };
    let dimensions: Vec<_> = metric.dimensions.iter().map(dimension).collect::<Result<_, _>>()?;
    let metrics: Vec<_> = metric.metrics.iter().map(query).collect::<Result<_, _>>()?;
    Ok(api::CustomizedMetricSpecification::builder()
        .set_metric_name(metric.metric_name.clone())
        .set_namespace(metric.namespace.clone())
        .set_dimensions(Some(dimensions).filter(|all| !all.is_empty()))
        .set_statistic(metric.statistic.map(|statistic| api::MetricStatistic::from(statistic.as_str())))
        .set_unit(metric.unit.clone())
        .set_metrics(Some(metrics).filter(|all| !all.is_empty()))
        .build())
}

fn query(query: &MetricDataQuery) -> Result<api::TargetTrackingMetricDataQuery, Fault> {
    api::TargetTrackingMetricDataQuery::builder()
        .id(&query.id)
        .set_expression(query.expression.clone())
        .set_label(query.label.clone())
        .set_metric_stat(query.metric_stat.as_ref().map(stat).transpose()?)
        .set_return_data(query.return_data)
        .build()
        .map_err(|_| Fault::unexpected(PUT, "TargetTrackingMetricDataQuery"))
}

fn stat(stat: &MetricStat) -> Result<api::TargetTrackingMetricStat, Fault> {
    let dimension = |one: &MetricDimension| {
        let built = api::TargetTrackingMetricDimension::builder().name(&one.name).value(&one.value).build();
        built.map_err(|_| Fault::unexpected(PUT, "TargetTrackingMetricDimension"))
    };
    let dimensions: Vec<_> = stat.metric.dimensions.iter().map(dimension).collect::<Result<_, _>>()?;
    let metric = api::TargetTrackingMetric::builder()
        .set_metric_name(stat.metric.metric_name.clone())
        .set_namespace(stat.metric.namespace.clone())
        .set_dimensions(Some(dimensions).filter(|all| !all.is_empty()))
        .build();
    api::TargetTrackingMetricStat::builder()
        .metric(metric)
        .stat(&stat.stat)
        .set_unit(stat.unit.clone())
        .build()
        .map_err(|_| Fault::unexpected(PUT, "TargetTrackingMetricStat"))
}

/// `None`: of a metric that Longshore has no word for.
pub(super) fn seen(policy: &api::TargetTrackingScalingPolicyConfiguration) -> Option<TargetTracking> {
    let predefined = policy.predefined_metric_specification().map(|metric| {
        let predefined_metric_type = word(metric.predefined_metric_type().as_str())?;
        Some(Predefined { predefined_metric_type, resource_label: metric.resource_label().map(Into::into) })
    });
    Some(TargetTracking {
        predefined_metric_specification: match predefined {
            Some(metric) => Some(metric?),
            None => None,
        },
        customized_metric_specification: policy.customized_metric_specification().map(seen_customized),
        target_value: policy.target_value(),
        scale_in_cooldown: policy.scale_in_cooldown(),
        scale_out_cooldown: policy.scale_out_cooldown(),
        disable_scale_in: policy.disable_scale_in().unwrap_or(false),
    })
}

fn seen_customized(metric: &api::CustomizedMetricSpecification) -> CustomizedMetric {
    let dimension =
        |one: &api::MetricDimension| MetricDimension { name: one.name().to_owned(), value: one.value().to_owned() };
    CustomizedMetric {
        metric_name: metric.metric_name().map(ToOwned::to_owned),
        namespace: metric.namespace().map(ToOwned::to_owned),
        dimensions: metric.dimensions().iter().map(dimension).collect(),
        statistic: metric.statistic().and_then(|statistic| word(statistic.as_str())),
        unit: metric.unit().map(ToOwned::to_owned),
        metrics: metric.metrics().iter().map(seen_query).collect(),
    }
}

fn seen_query(query: &api::TargetTrackingMetricDataQuery) -> MetricDataQuery {
    MetricDataQuery {
        id: query.id().to_owned(),
        expression: query.expression().map(ToOwned::to_owned),
        label: query.label().map(ToOwned::to_owned),
        metric_stat: query.metric_stat().map(seen_stat),
        return_data: query.return_data(),
    }
}

fn seen_stat(stat: &api::TargetTrackingMetricStat) -> MetricStat {
    let dimension = |one: &api::TargetTrackingMetricDimension| MetricDimension {
        name: one.name().to_owned(),
        value: one.value().to_owned(),
    };
    let metric = stat.metric().map(|metric| MetricOf {
        metric_name: metric.metric_name().map(ToOwned::to_owned),
        namespace: metric.namespace().map(ToOwned::to_owned),
        dimensions: metric.dimensions().iter().map(dimension).collect(),
    });
    MetricStat {
        metric: metric.unwrap_or_default(),
        stat: stat.stat().to_owned(),
        unit: stat.unit().map(ToOwned::to_owned),
    }
}
