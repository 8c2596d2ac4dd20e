//! What a service's status tells of its template while something cannot be read.

use longshore_crds::ecs_service::{EcsServiceStatus, TemplateStatus};
use longshore_planner::engine::{Kind, Unreadable, World};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::report::{Pace, fill_service};
use serde_json::json;

use crate::objects::desired;

#[test]
fn a_template_of_another_revision_is_not_told_while_the_service_cannot_be_read() {
    let graph = desired(&json!({})).graph;
    let of = |kind: &str| graph.iter().map(|(id, _)| id).find(|id| id.kind == kind).unwrap().clone();
    let unread = World { unknown: [(of(Service::NAME), Unreadable::for_now("a time-out"))].into(), ..World::default() };
    let template = TemplateStatus { task_definition_arn: "hello:2".to_owned(), ..TemplateStatus::default() };
    for (known, told) in [(Some("hello:2"), true), (Some("hello:3"), false), (None, false)] {
        let entry = known.map(|arn| {
            let entry = serde_json::from_value(json!({"physical": arn})).unwrap();
            (of(TaskDefinition::NAME).to_string(), entry)
        });
        let mut status = EcsServiceStatus {
            template: Some(template.clone()),
            resources: entry.into_iter().collect(),
            ..EcsServiceStatus::default()
        };
        fill_service(&mut status, &graph, &unread, None, Pace::default());
        assert_eq!(status.template.is_some(), told, "{known:?}");
    }
}
