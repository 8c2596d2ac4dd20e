"""The faults that tests/planted/run plants: each is what a person could get wrong, and a named test catches it.

`old` stands once in `file`; `new` takes its place. Then the test whose name contains `test`, of the test program
`program` (`lib`: the package's unit tests), must fail.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    what: str
    file: str
    old: str
    new: str
    program: str
    test: str


ENGINE = "planner/src/engine/"

FAULTS = [
    Fault(
        "a delete too early: before the successor is ready",
        ENGINE + "prune.rs",
        'self.unready_successor(id).or_else(whole)',
        'whole()',
        "engine",
        "a_predecessor_stays_until_its_successor_is_ready",
    ),
    Fault(
        "relying on what was seen when something else was wanted",
        ENGINE + "verified.rs",
        'want.open.is_empty() && content_hash(&want.value) == sight.want',
        'want.open.is_empty()',
        "engine",
        "verified::",
    ),
    Fault(
        "relying on what was just written",
        ENGINE + "verified.rs",
        ' && !busy.contains(id) && !doubted(id)',
        ' && !busy.contains(id)',
        "engine",
        "verified::",
    ),
    Fault(
        "a delete of what is still used",
        ENGINE + "uses.rs",
        'user.mentions.iter().any(|text| names(text, output)) || anywhere(&user.value, output)',
        'anywhere(&user.value, output)',
        "engine",
        "what_is_still_mentioned_outside_its_users_value_stays",
    ),
    Fault(
        "teardown ranks that nobody heeds",
        ENGINE + "prune.rs",
        '.or_else(|| self.lower_rank(id, rules))',
        '',
        "engine",
        "laws::",
    ),
    Fault(
        "an update without the tag check",
        ENGINE + "plan.rs",
        'Owner::This | Owner::Parent | Owner::Shared | Owner::Stray => return Ok(()),',
        'Owner::This | Owner::Parent | Owner::Shared | Owner::Stray | Owner::OtherObject { .. } => return Ok(()),',
        "engine",
        "something_of_that_name_that_is_not_ours_is_never_touched",
    ),
    Fault(
        "a delete by the inventory alone, without our tags",
        ENGINE + "prune.rs",
        '        if !thing.is_ours() {\n            return Fate::Gone;\n        }\n',
        '',
        "engine",
        "something_of_that_name_that_is_not_ours_is_never_touched",
    ),
    Fault(
        "a diff that ignores what was taken out",
        ENGINE + "diff.rs",
        'from.keys().chain(to.keys()).collect();\n        for name in names {\n            let below',
        'to.keys().collect();\n        for name in names {\n            let below',
        "lib",
        "the_fields_that_differ_are_named",
    ),
    Fault(
        "a step that does not wait for what it needs",
        ENGINE + "step.rs",
        'self.changes_aws() && self.needs.is_empty()',
        'self.changes_aws()',
        "engine",
        "laws::",
    ),
    Fault(
        "hashes instead of fields after an upgrade",
        ENGINE + "plan.rs",
        'if !want.open.is_empty() || node.rules.fixed.is_empty() {',
        'if true {',
        "upgrade",
        "what_a_version_made_whose_normaliser_came_to_other_hashes_needs_nothing",
    ),
    Fault(
        "a rolled-back revision that is tried again",
        "planner/src/desired/memory.rs",
        'rejected.content_hash == content_hash && rejected',
        'false && rejected.content_hash == content_hash && rejected',
        "desired",
        "a_rejected_revision_is_kept_marked_and_not_deployed",
    ),
    Fault(
        "a grant that covers every secret",
        "planner/src/desired/grants/glob.rs",
        "glob.get(g..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))",
        "glob.get(g..).is_some()",
        "desired",
        "what_is_granted_is_allowed_and_the_rest_refused_by_field",
    ),
    Fault(
        "order without meaning that counts as a change",
        "planner/src/kinds/ecs/service/mod.rs",
        '            network.subnets.sort();\n',
        '',
        "kinds",
        "a_service_that_is_read_back_is_the_one_that_was_created",
    ),
    Fault(
        "a create that takes a stranger's log group for its own",
        "aws/src/drivers/logs/log_group.rs",
        'Owner::This => Ok(()),\n        _ =>',
        'Owner::This | Owner::Nobody => Ok(()),\n        _ =>',
        "drivers",
        "what_somebody_made_by_hand_under_the_same_name_is_left_alone",
    ),
    Fault(
        "a missing write-ahead: what a call makes is not in the status before it",
        "controller/src/reconcile/rounds.rs",
        'inventory::read(status.resources()) != work.inventory || Memory::read(status.memory()) != work.memory',
        'false && (inventory::read(status.resources()) != work.inventory || '
        'Memory::read(status.memory()) != work.memory)',
        "faults",
        "what_goes_wrong_at_a_call_is_put_right",
    ),
    Fault(
        "a stale index: a cluster's users that are being deleted count as gone",
        "controller/src/kubernetes/dependants.rs",
        'cluster_named(&service.spec.cluster, service).as_ref() == Some(cluster)',
        'service.metadata.deletion_timestamp.is_none() && cluster_named(&service.spec.cluster, service).as_ref() == Some(cluster)',
        "faults",
        "what_goes_wrong_at_a_call_is_put_right",
    ),
    Fault(
        "fighting a schedule for the bounds that it has set",
        "planner/src/kinds/application_autoscaling/scalable_target.rs",
        "action.min_capacity == Some(lowest)",
        "action.min_capacity == Some(lowest + 1)",
        "desired",
        "bounds_that_a_schedule_has_set_are_no_drift_and_others_are",
    ),
    Fault(
        "most tasks taken away at once because nobody was asked",
        "planner/src/caution/scale_in.rs",
        "most * 2 < count",
        "most * 4 < count",
        "caution",
        "bounds_that_take_more_than_half_of_the_tasks_away_wait_for_consent",
    ),
    Fault(
        "a task that starts and fails again and again taken for progress",
        "planner/src/report/progress.rs",
        "furthest.max(primary.running)",
        "primary.running",
        "lib",
        "what_starts_and_fails_again_and_again_is_no_progress",
    ),
]
