//! The rule of a trigger: on which events `EventBridge` starts tasks, and what of an event they are told.

use std::collections::BTreeMap;

use longshore_crds::EcsTaskTriggerSpec;
use longshore_crds::ecs_task::TaskOverride;
use longshore_crds::ecs_task_trigger::TriggerEvent;
use serde_json::{Value, json};

use super::template::{Reference, of, strings};
use crate::desired::ecs_task::overrides;
use crate::desired::obstacle::{Obstacle, Refusal, Warning};
use crate::desired::scope::Scope;
use crate::engine::FieldPath;
use crate::event_pattern::{LONGEST_BY_DEFAULT, mistakes};
use crate::kinds::eventbridge::rule::{DEFAULT_BUS, Rule};
use crate::kinds::scheduler::schedule::Target;

/// Where it stands in the spec.
pub(super) const AT: &str = "spec.event";
/// Where its overrides of containers stand.
pub(super) const OVERRIDES_AT: &str = "spec.event.containerOverrides";
/// User guide, "Amazon EventBridge input transformation": variables that need no path, and are texts.
const RESERVED: [&str; 3] = ["aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time"];
/// The same: objects, which cannot stand in a text.
const WHOLE: [&str; 2] = ["aws.events.event", "aws.events.event.json"];
/// API model, `InputTransformerPathKey`.
const LONGEST_NAME: usize = 256;

/// What a task is told of the event that starts it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// The overrides of `RunTask`, with `<name>` for what is of the event.
    pub(super) input: Value,
    /// The paths that it refers to; `None`: it refers to nothing, and is passed as it is.
    pub(super) paths: Option<BTreeMap<String, String>>,
    pub(super) warnings: Vec<Warning>,
}

impl Told {
    /// Of an event, and of all the overrides of its spec as one (see [`super::as_task`]).
    pub(super) fn read(event: &TriggerEvent, all: Option<&TaskOverride>) -> Result<Self, Obstacle> {
        // Without an input EventBridge passes the event itself; an empty object overrides nothing.
        let input = all.map_or_else(|| json!({}), overrides);
        let pattern_at = FieldPath::from(AT).member("eventPattern");
        let wrong = mistakes(&event.event_pattern.0, &pattern_at);
        let mut refusals: Vec<Refusal> =
            wrong.into_iter().map(|it| Refusal::new("InvalidEventPattern", it.at, it.message)).collect();
        refusals.extend(event.input_paths.iter().filter_map(|(name, path)| path_refused(name, path)));
        let root = if event.container_overrides.is_empty() { "spec.overrides" } else { AT };
        let texts = strings(&input, &root.into());
        let used: Vec<(&FieldPath, Reference<'_>)> =
            texts.iter().flat_map(|(at, text)| of(text).into_iter().map(move |reference| (at, reference))).collect();
        let is_template = used.iter().any(|(_, reference)| matches!(reference, Reference::To(_)));
        let refused = |(at, reference): &(&FieldPath, Reference<'_>)| refused(event, at, *reference, is_template);
        refusals.extend(used.iter().filter_map(refused));
        if !refusals.is_empty() {
            return Err(Obstacle::Refused(refusals));
        }
        let is_used = |name: &str| used.iter().any(|(_, reference)| *reference == Reference::To(name));
        let (paths, unused): (BTreeMap<_, _>, BTreeMap<_, _>) =
            event.input_paths.clone().into_iter().partition(|(name, _)| is_used(name));
        let unused = unused.into_keys().map(|name| Warning {
            at: FieldPath::from(AT).member("inputPaths").member(&name),
            message: format!("nothing refers to it: write <{name}> where a value of an override is to be of the event"),
        });
        let long = serde_json::to_string(&event.event_pattern).map_or(0, |text| text.chars().count());
        let long = (long > LONGEST_BY_DEFAULT).then(|| Warning {
            at: pattern_at,
            message: format!(
                "as JSON it has {long} characters; EventBridge refuses more than {LONGEST_BY_DEFAULT} unless it was \
                 asked for a higher quota"
            ),
        });
        let warnings = unused.chain(long).collect();
        super::fits(&input, if event.container_overrides.is_empty() { "spec.overrides" } else { OVERRIDES_AT })?;
        Ok(Self { input, paths: is_template.then_some(paths), warnings })
    }
}

/// API model, `InputTransformerPathKey`; API reference, `InputTransformer`: "You must use JSON dot notation, not bracket
/// notation"; the user guide adds indices of lists, dashes, underscores, `*` and `/`.
fn path_refused(name: &str, path: &str) -> Option<Refusal> {
    let at = FieldPath::from(AT).member("inputPaths").member(name);
    let named = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(named) {
        let message = format!("its name must have letters, digits, - and _ alone, and at most {LONGEST_NAME} of them");
        return Some(Refusal::new("InvalidInputPath", at, message));
    }
    let right = path.strip_prefix('$').is_some_and(|rest| rest.is_empty() || rest.split('.').skip(1).all(is_step))
        && (path == "$" || path.starts_with("$."));
    let message = format!(
        "{path} is no JSON path that EventBridge reads: it begins with $ and goes on by dots, such as \
         $.detail.object.key or $.resources[0]"
    );
    (!right).then(|| Refusal::new("InvalidInputPath", at, message))
}

/// `name`, `name[0]` or `name[*]`.
fn is_step(step: &str) -> bool {
    let (name, indices) = step.find('[').map_or((step, ""), |at| step.split_at(at));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/*".contains(c);
    let is_index = |index: &str| {
        index
            .strip_suffix(']')
            .is_some_and(|index| index == "*" || (!index.is_empty() && index.chars().all(|c| c.is_ascii_digit())))
    };
    !name.is_empty() && name.chars().all(plain) && (indices.is_empty() || indices.split('[').skip(1).all(is_index))
}

fn refused(event: &TriggerEvent, at: &FieldPath, reference: Reference<'_>, is_template: bool) -> Option<Refusal> {
    match reference {
        Reference::To(name) if event.input_paths.contains_key(name) || RESERVED.contains(&name) => None,
        Reference::To(name) if WHOLE.contains(&name) => {
            let message = format!("<{name}> is an object, and EventBridge puts it into no text: name a part of it");
            Some(Refusal::new("NoSuchInputPath", at.clone(), message))
        }
        Reference::To(name) => {
            let known: Vec<&str> = event.input_paths.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let message = format!("<{name}> refers to nothing: spec.event.inputPaths has {known}");
            Some(Refusal::new("NoSuchInputPath", at.clone(), message))
        }
        Reference::Stray if is_template => {
            let message = "beside <name> EventBridge takes no < and no >, which cannot be escaped: put what needs them into \
                           the task definition, or into a file that the task reads";
            Some(Refusal::new("NoSuchInputPath", at.clone(), message))
        }
        Reference::Stray => None,
    }
}

/// The name of its bus.
fn bus(event: &TriggerEvent) -> &str {
    event.event_bus_name.as_deref().unwrap_or(DEFAULT_BUS)
}

/// User guide, "EventBridge resources": the name of the bus stands in it, unless it is the default one.
pub(super) fn rule_arn(scope: &Scope, event: &TriggerEvent) -> String {
    let name = scope.base();
    match bus(event) {
        DEFAULT_BUS => scope.arn("events", &format!("rule/{name}")),
        bus => scope.arn("events", &format!("rule/{bus}/{name}")),
    }
}

/// The rule, with its target.
pub(super) fn rule(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    event: &TriggerEvent,
    target: Target,
    paths: Option<BTreeMap<String, String>>,
) -> Rule {
    Rule {
        name: scope.base(),
        event_bus: bus(event).to_owned(),
        event_pattern: Value::Object(event.event_pattern.0.clone()),
        enabled: spec.suspend != Some(true),
        input_paths: paths,
        target,
        tags: scope.tags(&spec.tags),
        other: vec![],
    }
}
