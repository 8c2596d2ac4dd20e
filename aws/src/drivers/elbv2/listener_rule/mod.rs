//! `elbv2/listener-rule`.

mod actions;
mod conditions;
mod transforms;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_rule::builders::CreateRuleInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::delete_rule::builders::DeleteRuleInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_rule::builders::ModifyRuleInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::set_rule_priorities::builders::SetRulePrioritiesInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{Rule as Described, RulePriorityPair};
use aws_sdk_secretsmanager::operation::get_secret_value::builders::GetSecretValueInputBuilder;
use futures::future::join_all;
use longshore_planner::desired::TakenPriority;
use longshore_planner::engine::{Kind, LookUp, Ownership, Seen, TAG_OBJECT, TAG_RESOURCE, Text, Unread};
use longshore_planner::kinds::elbv2::listener_rule::{ListenerRule, ListenerRuleOutput};

use super::{GONE, joins, retag, tag_list};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, identity, managed};

const DESCRIBE: &str = "elasticloadbalancing:DescribeRules";

pub(crate) struct ListenerRuleDriver;

#[async_trait]
impl Driver for ListenerRuleDriver {
    type Kind = ListenerRule;

    /// Among its listener's: by its ARN, or as the one of this object at its priority. What somebody else has at that
    /// priority is no obstacle: another one is chosen.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<ListenerRule>>, Fault> {
        let Some(listener) = at.member("listener") else { return Ok(None) };
        let Some(rules) = aws.joins().listener_rules.get((), listener.to_owned()).await? else { return Ok(None) };
        let Some(described) = find(aws, ownership, at, &rules).await? else { return Ok(None) };
        whole(aws, ownership, listener, described).await
    }

    /// The rules of each listener are listed once, four hundred a call. Tags, and so whose a rule is, are read once a
    /// day: each rule's in one of the day's surveys.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<ListenerRule>> {
        let physical = |ask: &Ask<'_>| ask.at.entry.physical.clone().unwrap_or_default();
        let arns: Vec<String> = asks.iter().map(physical).collect();
        let daily = survey.cadence().daily(arns.iter().map(String::as_str));
        let reads = asks.iter().zip(&arns).map(|(ask, arn)| {
            let daily = &daily;
            async move {
                let (aws, Some(listener)) = (survey.aws(), ask.at.member("listener")) else { return Ok(None) };
                let rules = of_listener(survey, listener).await?;
                let known = rules.iter().find(|rule| !arn.is_empty() && rule.rule_arn() == Some(arn));
                let Some(described) = known.filter(|_| !daily.contains(arn.as_str())) else {
                    let Some(described) = find(aws, ask.ownership, ask.at, &rules).await? else { return Ok(None) };
                    return Ok(whole(aws, ask.ownership, listener, described).await?.map(Glimpsed::whole));
                };
                let kind = kind(listener, described)?;
                let found = Found::untagged(seen(described, kind));
                Ok(Some(Glimpsed { found, unread: Unread::Members(&["tags"]) }))
            }
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let aws = survey.aws();
        let mut ours = vec![];
        for load_balancer in joins::all_load_balancers(&aws.core()).await?.values() {
            let arn = load_balancer.load_balancer_arn().unwrap_or_default();
            let listeners = aws.joins().listeners.get((), arn.to_owned()).await?.unwrap_or_default();
            for listener in listeners.iter().filter_map(|listener| listener.listener_arn()) {
                let rules = of_listener(survey, listener).await?;
                let arns = rules.iter().filter_map(Described::rule_arn).filter(|arn| !claims.known.contains(*arn));
                let tagged = arns.map(|arn| async move { (arn, aws.elb_tags(arn).await) });
                for (arn, tags) in join_all(tagged).await {
                    ours.extend(Ours::of(claims, ListenerRule::NAME, arn, arn, &tags?.unwrap_or_default()));
                }
            }
        }
        Ok(ours)
    }

    /// A priority that is taken may be so by an earlier create of ours. Else the error says so, and another one is chosen.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: ListenerRule) -> Result<Option<String>, Fault> {
        let listener = want.listener.to_string();
        let secret = secret(&aws.reader(), &want).await?;
        let request = CreateRuleInputBuilder::default()
            .listener_arn(&listener)
            .priority(want.priority)
            .set_conditions(Some(conditions::request(&want.conditions)))
            .set_actions(Some(actions::request(&want, secret.as_deref())))
            .set_transforms(want.rewrite.as_ref().map(transforms::request))
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        let refused = match aws.write(request).await {
            Ok(made) => return Ok(made.rules.unwrap_or_default().into_iter().find_map(|rule| rule.rule_arn)),
            Err(fault) if fault.is("PriorityInUse") => fault,
            Err(fault) => return Err(fault),
        };
        let reader = aws.reader();
        let rules = reader.joins().listener_rules.get((), listener).await?.unwrap_or_default();
        let there = rules.iter().find(|rule| priority(rule) == Some(want.priority)).and_then(Described::rule_arn);
        let Some(arn) = there else { return Err(refused) };
        let tags = reader.elb_tags(arn).await?.unwrap_or_default();
        if identity(marks.ownership, &tags).as_ref() == Some(marks.id) {
            Ok(Some(arn.to_owned()))
        } else {
            Err(refused)
        }
    }

    /// Actions are sent only where they differ: while ECS shifts traffic between two target groups, their weights are in
    /// the actions, and whoever sends them sets them.
    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: ListenerRule,
        seen: Seen<ListenerRule>,
    ) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        let mut comparable = seen.value.clone();
        want.disown(&mut comparable);
        let has = &comparable;
        let other_actions = want.target_groups != has.target_groups
            || want.alternate != has.alternate
            || want.weights != has.weights
            || want.authenticate_oidc != has.authenticate_oidc
            || want.authenticate_cognito != has.authenticate_cognito
            || want.other != has.other;
        let other_conditions = want.conditions != has.conditions || want.other != has.other;
        let other_rewrite = want.rewrite != has.rewrite;
        if other_actions || other_conditions || other_rewrite {
            let transforms = want.rewrite.as_ref().filter(|_| other_rewrite).map(transforms::request);
            let reset = (other_rewrite && want.rewrite.is_none()).then_some(true);
            let request = ModifyRuleInputBuilder::default()
                .rule_arn(arn)
                .set_conditions(other_conditions.then(|| conditions::request(&want.conditions)))
                .set_actions(other_actions.then(|| actions::request(&want, None)))
                .set_transforms(transforms)
                .set_reset_transforms(reset);
            aws.write(request).await?;
        }
        if want.priority != has.priority {
            let pair = RulePriorityPair::builder().rule_arn(arn).priority(want.priority).build();
            aws.write(SetRulePrioritiesInputBuilder::default().rule_priorities(pair)).await?;
        }
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<ListenerRule>) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        let request = DeleteRuleInputBuilder::default().rule_arn(arn);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

/// The priorities of a listener that are taken, and whose rules have them.
pub(crate) async fn taken_priorities(aws: &Aws<Read>, listener: &str) -> Result<Vec<TakenPriority>, Fault> {
    let rules = aws.joins().listener_rules.get((), listener.to_owned()).await?.unwrap_or_default();
    let numbered = rules.iter().filter_map(|rule| Some((priority(rule)?, rule.rule_arn()?)));
    let tagged = numbered.map(|(priority, arn)| async move {
        let tags = aws.elb_tags(arn).await?.unwrap_or_default();
        let resource = tags.get(TAG_RESOURCE).and_then(|id| id.parse().ok());
        Ok(TakenPriority { priority, object: tags.get(TAG_OBJECT).cloned(), resource })
    });
    join_all(tagged).await.into_iter().collect()
}

async fn of_listener(survey: &Survey, listener: &str) -> Result<Arc<Vec<Described>>, Fault> {
    let list = |listener: String| async move {
        let rules = survey.aws().joins().listener_rules.get((), listener).await?;
        Ok(rules.map(|rules| rules.to_vec()).unwrap_or_default())
    };
    survey.lists().listener_rules.get(listener.to_owned(), list).await
}

async fn find<'a>(
    aws: &Aws<Read>,
    ownership: &Ownership,
    at: &LookUp,
    rules: &'a [Described],
) -> Result<Option<&'a Described>, Fault> {
    let known = |rule: &&Described| at.entry.physical.is_some() && rule.rule_arn == at.entry.physical;
    if let Some(rule) = rules.iter().find(known) {
        return Ok(Some(rule));
    }
    let wanted = at.member("priority").and_then(|priority| priority.parse().ok());
    let Some(rule) = rules.iter().find(|rule| wanted.is_some() && priority(rule) == wanted) else { return Ok(None) };
    let tags = aws.elb_tags(rule.rule_arn().unwrap_or_default()).await?.unwrap_or_default();
    let ours = identity(ownership, &tags).is_some_and(|id| id.same_place(&at.id));
    Ok(ours.then_some(rule))
}

async fn whole(
    aws: &Aws<Read>,
    ownership: &Ownership,
    listener: &str,
    described: &Described,
) -> Result<Option<Found<ListenerRule>>, Fault> {
    let Some(tags) = aws.elb_tags(described.rule_arn().unwrap_or_default()).await? else { return Ok(None) };
    let kind = ListenerRule { tags: managed(&tags), ..kind(listener, described)? };
    Ok(Some(Found::new(seen(described, kind), ownership, &tags)))
}

fn seen(described: &Described, kind: ListenerRule) -> Seen<ListenerRule> {
    Seen::active(kind).with_output(ListenerRuleOutput::Arn, described.rule_arn().unwrap_or_default())
}

/// All but tags.
fn kind(listener: &str, described: &Described) -> Result<ListenerRule, Fault> {
    let mut other = vec![];
    let conditions = conditions::seen(described.conditions(), &mut other);
    let does = actions::seen(described.actions(), &mut other)?;
    Ok(ListenerRule {
        listener: Text::from(listener),
        priority: priority(described).unwrap_or_default(),
        conditions,
        target_groups: does.target_groups,
        alternate: None,
        weights: does.weights,
        authenticate_oidc: does.oidc,
        authenticate_cognito: does.cognito,
        rewrite: transforms::seen(described.transforms(), &mut other),
        other,
        tags: Tags::new(),
    })
}

/// What a log-in by `OpenID` Connect is made with: AWS takes the secret itself, and never tells it again.
async fn secret(aws: &Aws<Read>, want: &ListenerRule) -> Result<Option<String>, Fault> {
    let Some(oidc) = &want.authenticate_oidc else { return Ok(None) };
    let request = GetSecretValueInputBuilder::default().secret_id(&oidc.client_secret_arn);
    let secret = aws.read(request).await?.secret_string;
    secret.map(Some).ok_or_else(|| {
        let message = format!("{} has no text in it", oidc.client_secret_arn);
        Fault::fix("secretsmanager:GetSecretValue", "NoSecretString", message, "store the client secret there as text")
    })
}

/// `None` for the rule that a listener has by default.
fn priority(rule: &Described) -> Option<i32> {
    rule.priority()?.parse().ok()
}
