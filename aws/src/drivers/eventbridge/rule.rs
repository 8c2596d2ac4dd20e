//! `eventbridge/rule`: a rule, and its one target.

use async_trait::async_trait;
use aws_sdk_eventbridge::operation::delete_rule::builders::DeleteRuleInputBuilder;
use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::operation::describe_rule::builders::DescribeRuleInputBuilder;
use aws_sdk_eventbridge::operation::list_event_buses::builders::ListEventBusesInputBuilder;
use aws_sdk_eventbridge::operation::list_rules::builders::ListRulesInputBuilder;
use aws_sdk_eventbridge::operation::list_tags_for_resource::builders::ListTagsForResourceInputBuilder;
use aws_sdk_eventbridge::operation::list_targets_by_rule::builders::ListTargetsByRuleInputBuilder;
use aws_sdk_eventbridge::operation::put_rule::builders::PutRuleInputBuilder;
use aws_sdk_eventbridge::operation::put_targets::builders::PutTargetsInputBuilder;
use aws_sdk_eventbridge::operation::remove_targets::builders::RemoveTargetsInputBuilder;
use aws_sdk_eventbridge::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_eventbridge::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_eventbridge::types::{RuleState, Tag, Target as Described};
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen};
use longshore_planner::kinds::eventbridge::rule::{Rule, RuleOutput};
use serde_json::{Value, json};

use super::target::{ID, described, target};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found, already_exists};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const PUT: &str = "events:PutRule";
const PUT_TARGETS: &str = "events:PutTargets";
const REMOVE_TARGETS: &str = "events:RemoveTargets";
/// Of a rule, or of its bus.
const GONE: &[&str] = &["ResourceNotFoundException"];

pub(crate) struct RuleDriver;

#[async_trait]
impl Driver for RuleDriver {
    type Kind = Rule;

    async fn read(&self, aws: &Aws<Read>, ownership: &Ownership, at: &LookUp) -> Result<Option<Found<Rule>>, Fault> {
        let (Some(name), Some(bus)) = (at.member("name"), at.member("eventBus")) else { return Ok(None) };
        let Some(told) = describe(aws, name, bus).await? else { return Ok(None) };
        let Some(targets) = targets(aws, name, bus).await? else { return Ok(None) };
        let Some(tags) = tags_of(aws, &told).await? else { return Ok(None) };
        let kind = Rule { tags: managed(&tags), ..kind(&told, bus, &targets) };
        let seen = Seen::active(kind).with_output(RuleOutput::Arn, told.arn().unwrap_or_default());
        Ok(Some(Found::new(seen, ownership, &tags)))
    }

    /// A list does not tell tags: rules that no inventory names are asked for theirs one by one.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let mut found = vec![];
        for bus in buses(survey.aws()).await? {
            let mut token = None;
            loop {
                let request = ListRulesInputBuilder::default().event_bus_name(&bus).set_next_token(token);
                let page = survey.aws().read(request).await?;
                for rule in page.rules().iter().filter(|rule| rule.managed_by().is_none()) {
                    let (name, arn) = (rule.name().unwrap_or_default(), rule.arn().unwrap_or_default());
                    if claims.known.contains(name) || claims.known.contains(arn) {
                        continue;
                    }
                    let Some(tags) = tags_at(survey.aws(), arn).await? else { continue };
                    found.extend(Ours::of(claims, Rule::NAME, name, arn, &tags));
                }
                token = page.next_token.filter(|token| !token.is_empty());
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// `PutRule` would change another's of the same name, and gives its tags to a new rule alone (API reference, `PutRule`).
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Rule) -> Result<Option<String>, Fault> {
        let reader = aws.reader();
        if let Some(there) = describe(&reader, &want.name, &want.event_bus).await? {
            let tags = tags_of(&reader, &there).await?.unwrap_or_default();
            if marks.judge(&tags) != Owner::This {
                return Err(already_exists(PUT, &want.name));
            }
        }
        let tags: Result<Vec<Tag>, Fault> =
            marks.with(&want.tags).into_iter().map(|(key, value)| tag(key, value)).collect();
        let made = aws.write(put(&want).set_tags(Some(tags?))).await?;
        aim(aws, &want).await?;
        Ok(made.rule_arn)
    }

    /// The whole of it: what is left out of `PutRule` is gone, and `PutTargets` puts one in the place of another.
    async fn update(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Rule, seen: Seen<Rule>) -> Result<(), Fault> {
        aws.write(put(&want)).await?;
        aim(aws, &want).await?;
        let there = targets(&aws.reader(), &want.name, &want.event_bus).await?.unwrap_or_default();
        let others = there.iter().map(|target| target.id().to_owned()).filter(|id| id != ID).collect();
        remove(aws, &want, others).await?;
        let change = Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner);
        retag(aws, seen.outputs.get(RuleOutput::Arn.into()).map_or("", String::as_str), change).await
    }

    /// "Before you can delete the rule, you must remove all targets" (API reference, `DeleteRule`).
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Rule>) -> Result<(), Fault> {
        let rule = &seen.value;
        let there = targets(&aws.reader(), &rule.name, &rule.event_bus).await?.unwrap_or_default();
        remove(aws, rule, there.iter().map(|target| target.id().to_owned()).collect()).await?;
        let request = DeleteRuleInputBuilder::default().name(&rule.name).event_bus_name(&rule.event_bus);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

async fn describe(aws: &Aws<Read>, name: &str, bus: &str) -> Result<Option<DescribeRuleOutput>, Fault> {
    aws.read(DescribeRuleInputBuilder::default().name(name).event_bus_name(bus)).await.absent_if(GONE)
}

/// At most five (API reference, `PutTargets`), which are a page. `None`: the rule went away meanwhile.
async fn targets(aws: &Aws<Read>, name: &str, bus: &str) -> Result<Option<Vec<Described>>, Fault> {
    let mut found = vec![];
    let mut token = None;
    loop {
        let request = ListTargetsByRuleInputBuilder::default().rule(name).event_bus_name(bus).set_next_token(token);
        let Some(page) = aws.read(request).await.absent_if(GONE)? else { return Ok(None) };
        found.extend(page.targets.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(Some(found));
        }
    }
}

/// None of a rule that a service of AWS manages: that is its, whatever its tags say.
async fn tags_of(aws: &Aws<Read>, rule: &DescribeRuleOutput) -> Result<Option<Tags>, Fault> {
    if rule.managed_by().is_some() {
        return Ok(Some(Tags::new()));
    }
    tags_at(aws, rule.arn().unwrap_or_default()).await
}

async fn tags_at(aws: &Aws<Read>, arn: &str) -> Result<Option<Tags>, Fault> {
    let answer = aws.read(ListTagsForResourceInputBuilder::default().resource_arn(arn)).await.absent_if(GONE)?;
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    Ok(answer.map(|answer| answer.tags().iter().map(pair).collect()))
}

async fn buses(aws: &Aws<Read>) -> Result<Vec<String>, Fault> {
    let mut found = vec![];
    let mut token = None;
    loop {
        let page = aws.read(ListEventBusesInputBuilder::default().set_next_token(token)).await?;
        found.extend(page.event_buses().iter().filter_map(|bus| bus.name().map(str::to_owned)));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn put(want: &Rule) -> PutRuleInputBuilder {
    PutRuleInputBuilder::default()
        .name(&want.name)
        .event_bus_name(&want.event_bus)
        .event_pattern(want.event_pattern.to_string())
        .state(if want.enabled { RuleState::Enabled } else { RuleState::Disabled })
}

/// Puts its target.
async fn aim(aws: &Aws<Write>, want: &Rule) -> Result<(), Fault> {
    let target = described(&want.target, &want.input_paths).map_err(|error| Fault::unsent(PUT_TARGETS, &error))?;
    let request = PutTargetsInputBuilder::default().rule(&want.name).event_bus_name(&want.event_bus).targets(target);
    let answer = aws.write(request).await?;
    answer
        .failed_entries()
        .first()
        .map_or(Ok(()), |failed| Err(refused(PUT_TARGETS, failed.error_code(), failed.error_message())))
}

/// Takes targets away; those that are gone already, and a rule that is, are as wanted.
async fn remove(aws: &Aws<Write>, rule: &Rule, ids: Vec<String>) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let request =
        RemoveTargetsInputBuilder::default().rule(&rule.name).event_bus_name(&rule.event_bus).set_ids(Some(ids));
    let Some(answer) = aws.write(request).await.absent_if(GONE)? else { return Ok(()) };
    let is_there = |code: Option<&str>| !code.is_some_and(|code| GONE.contains(&code));
    let failed = answer.failed_entries().iter().find(|failed| is_there(failed.error_code()));
    failed.map_or(Ok(()), |failed| Err(refused(REMOVE_TARGETS, failed.error_code(), failed.error_message())))
}

/// An entry that failed, though the call was answered.
fn refused(operation: &str, code: Option<&str>, message: Option<&str>) -> Fault {
    Fault::answered(operation, code.unwrap_or("FailedEntry"), message.unwrap_or_default(), 200)
}

async fn retag(aws: &Aws<Write>, arn: &str, change: Retag) -> Result<(), Fault> {
    if !change.set.is_empty() {
        let tags: Result<Vec<Tag>, Fault> = change.set.into_iter().map(|(key, value)| tag(key, value)).collect();
        aws.write(TagResourceInputBuilder::default().resource_arn(arn).set_tags(Some(tags?))).await?;
    }
    if !change.remove.is_empty() {
        let keys = Some(change.remove);
        aws.write(UntagResourceInputBuilder::default().resource_arn(arn).set_tag_keys(keys)).await?;
    }
    Ok(())
}

fn tag(key: String, value: String) -> Result<Tag, Fault> {
    Tag::builder().key(key).value(value).build().map_err(|error| Fault::unsent(PUT, &error))
}

fn kind(told: &DescribeRuleOutput, bus: &str, targets: &[Described]) -> Rule {
    let own = targets.iter().find(|target| target.id() == ID);
    let (target, input_paths, mut other) = own.map(target).unwrap_or_default();
    let others = targets.iter().filter(|target| target.id() != ID);
    other.extend(others.map(|target| format!("target {}", target.id())));
    other.extend(told.schedule_expression().map(|expression| format!("scheduleExpression: {expression}")));
    other.extend(told.role_arn().map(|role| format!("roleArn: {role}")));
    other.extend(told.description().map(|description| format!("description: {description}")));
    let state = told.state().filter(|state| !matches!(state, RuleState::Enabled | RuleState::Disabled));
    other.extend(state.map(|state| format!("state: {}", state.as_str())));
    let pattern = told.event_pattern().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
    Rule {
        name: told.name().unwrap_or_default().to_owned(),
        event_bus: told.event_bus_name().unwrap_or(bus).to_owned(),
        event_pattern: pattern.unwrap_or(Value::Null),
        enabled: told.state() != Some(&RuleState::Disabled),
        input_paths,
        target,
        tags: Tags::new(),
        other,
    }
}
