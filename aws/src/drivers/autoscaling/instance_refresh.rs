//! Instances are replaced by ones from another version of the launch template.

use aws_sdk_autoscaling::operation::describe_instance_refreshes::builders::DescribeInstanceRefreshesInputBuilder;
use aws_sdk_autoscaling::operation::start_instance_refresh::builders::StartInstanceRefreshInputBuilder;
use aws_sdk_autoscaling::types::{
    DesiredConfiguration, RefreshPreferences, RefreshStrategy, ScaleInProtectedInstances,
};
use longshore_planner::kinds::autoscaling::auto_scaling_group::{AutoScalingGroup, InstanceRefresh};

use super::mixed::{policy, template, types};
use crate::access::{Aws, Read, Write};
use crate::fault::Fault;

/// New instances come before old ones go, so that tasks have where to move to, and at most a third of the group at once:
/// a zone's worth of three. Percent of the wanted capacity (API reference, `RefreshPreferences`: the two differ by at most
/// 100, and with 100 and more of the one instances are launched first).
const MIN_HEALTHY: i32 = 100;
const MAX_HEALTHY: i32 = 134;

/// The newest one, if there was any in the last six weeks.
pub(super) async fn newest(aws: &Aws<Read>, group: &str) -> Result<Option<InstanceRefresh>, Fault> {
    let request = DescribeInstanceRefreshesInputBuilder::default().auto_scaling_group_name(group).max_records(1);
    let newest = aws.read(request).await?.instance_refreshes.unwrap_or_default().into_iter().next();
    Ok(newest.map(|refresh| {
        let wanted = refresh.desired_configuration();
        let mixed =
            wanted.and_then(|wanted| wanted.mixed_instances_policy()).and_then(|policy| policy.launch_template());
        let template = wanted.and_then(|wanted| wanted.launch_template());
        let template = template.or(mixed.and_then(|mixed| mixed.launch_template_specification()));
        InstanceRefresh {
            id: refresh.instance_refresh_id().unwrap_or_default().to_owned(),
            status: refresh.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: refresh.status_reason().map(str::to_owned),
            percentage: refresh.percentage_complete(),
            version: template.and_then(|template| template.version()).map(str::to_owned),
            instance_types: types(mixed),
        }
    }))
}

pub(super) async fn start(aws: &Aws<Write>, want: &AutoScalingGroup) -> Result<(), Fault> {
    // Instances with tasks are protected by ECS: without a word a refresh waits for them for an hour, and fails.
    let preferences = RefreshPreferences::builder()
        .min_healthy_percentage(MIN_HEALTHY)
        .max_healthy_percentage(MAX_HEALTHY)
        .scale_in_protected_instances(ScaleInProtectedInstances::Refresh)
        .skip_matching(true)
        .build();
    let wanted = match &want.mixed {
        Some(mixed) => DesiredConfiguration::builder().mixed_instances_policy(policy(want, mixed)),
        None => DesiredConfiguration::builder().launch_template(template(want)),
    };
    let request = StartInstanceRefreshInputBuilder::default()
        .auto_scaling_group_name(&want.name)
        .strategy(RefreshStrategy::Rolling)
        .desired_configuration(wanted.build())
        .preferences(preferences);
    aws.write(request).await.map(drop)
}
