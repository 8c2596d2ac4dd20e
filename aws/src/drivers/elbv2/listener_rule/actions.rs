//! What is done with the requests of a rule: a log-in, and then they are sent on.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum, AuthenticateCognitoActionConfig,
    AuthenticateOidcActionConditionalBehaviorEnum, AuthenticateOidcActionConfig, ForwardActionConfig, TargetGroupTuple,
};
use longshore_crds::ecs_service::{AuthenticateCognito, AuthenticateOidc, AuthenticationSession};
use longshore_planner::engine::Text;
use longshore_planner::kinds::elbv2::listener_rule::{ListenerRule, Weight};
use serde_json::{Value, json};

use super::DESCRIBE;
use crate::drivers::elbv2::word;
use crate::fault::Fault;

/// What a rule does.
#[derive(Default)]
pub(super) struct Does {
    pub(super) target_groups: Vec<Text>,
    pub(super) weights: Vec<Weight>,
    pub(super) oidc: Option<AuthenticateOidc>,
    pub(super) cognito: Option<AuthenticateCognito>,
}

/// `secret`: of a log-in by `OpenID` Connect; where there is none the rule keeps the one that it has.
pub(super) fn request(want: &ListenerRule, secret: Option<&str>) -> Vec<Action> {
    let oidc = want.authenticate_oidc.as_ref().map(|oidc| {
        let config = oidc_request(oidc, secret);
        Action::builder().r#type(ActionTypeEnum::AuthenticateOidc).authenticate_oidc_config(config)
    });
    let cognito = want.authenticate_cognito.as_ref().map(|cognito| {
        let config = cognito_request(cognito);
        Action::builder().r#type(ActionTypeEnum::AuthenticateCognito).authenticate_cognito_config(config)
    });
    let forward = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(forward(want));
    (1..)
        .zip(oidc.into_iter().chain(cognito).chain([forward]))
        .map(|(order, action)| action.order(order).build())
        .collect()
}

fn forward(want: &ListenerRule) -> ForwardActionConfig {
    let weight = |group: &Text| want.weights.iter().find(|weight| weight.target_group == *group);
    let tuple = |group: &Text| {
        let weight = weight(group).map(|weight| weight.weight);
        TargetGroupTuple::builder().target_group_arn(group.to_string()).set_weight(weight).build()
    };
    ForwardActionConfig::builder()
        .set_target_groups(Some(want.target_groups.iter().chain(&want.alternate).map(tuple).collect()))
        .build()
}

fn oidc_request(want: &AuthenticateOidc, secret: Option<&str>) -> AuthenticateOidcActionConfig {
    let session = &want.session;
    let behaviour = session.on_unauthenticated_request.map(|word| word.to_string());
    let parameters = session.authentication_request_extra_params.clone();
    AuthenticateOidcActionConfig::builder()
        .issuer(&want.issuer)
        .authorization_endpoint(&want.authorization_endpoint)
        .token_endpoint(&want.token_endpoint)
        .user_info_endpoint(&want.user_info_endpoint)
        .client_id(&want.client_id)
        .set_client_secret(secret.map(ToOwned::to_owned))
        .set_use_existing_client_secret(secret.is_none().then_some(true))
        .set_session_cookie_name(session.session_cookie_name.clone())
        .set_scope(session.scope.clone())
        .set_session_timeout(session.session_timeout)
        .set_authentication_request_extra_params(Some(parameters.into_iter().collect()))
        .set_on_unauthenticated_request(
            behaviour.map(|word| AuthenticateOidcActionConditionalBehaviorEnum::from(word.as_str())),
        )
        .build()
}

fn cognito_request(want: &AuthenticateCognito) -> AuthenticateCognitoActionConfig {
    let session = &want.session;
    let behaviour = session.on_unauthenticated_request.map(|word| word.to_string());
    let parameters = session.authentication_request_extra_params.clone();
    AuthenticateCognitoActionConfig::builder()
        .user_pool_arn(&want.user_pool_arn)
        .user_pool_client_id(&want.user_pool_client_id)
        .user_pool_domain(&want.user_pool_domain)
        .set_session_cookie_name(session.session_cookie_name.clone())
        .set_scope(session.scope.clone())
        .set_session_timeout(session.session_timeout)
        .set_authentication_request_extra_params(Some(parameters.into_iter().collect()))
        .set_on_unauthenticated_request(
            behaviour.map(|word| AuthenticateCognitoActionConditionalBehaviorEnum::from(word.as_str())),
        )
        .build()
}

/// What Longshore never asks for goes into `other`.
pub(super) fn seen(actions: &[Action], other: &mut Vec<Value>) -> Result<Does, Fault> {
    let mut does = Does::default();
    for action in actions {
        match action.r#type() {
            Some(ActionTypeEnum::Forward) => forwarded(&mut does, action),
            Some(ActionTypeEnum::AuthenticateOidc) => {
                does.oidc = action.authenticate_oidc_config().map(oidc_seen).transpose()?;
            }
            Some(ActionTypeEnum::AuthenticateCognito) => {
                does.cognito = action.authenticate_cognito_config().map(cognito_seen).transpose()?;
            }
            unknown => other.push(json!({"action": unknown.map(ActionTypeEnum::as_str)})),
        }
    }
    Ok(does)
}

/// One target group may be told in two places.
fn forwarded(does: &mut Does, action: &Action) {
    let tuples = action.forward_config().map(ForwardActionConfig::target_groups).unwrap_or_default();
    for tuple in tuples {
        let group = Text::from(tuple.target_group_arn().unwrap_or_default());
        does.weights.push(Weight { target_group: group.clone(), weight: tuple.weight().unwrap_or(1) });
        does.target_groups.push(group);
    }
    if tuples.is_empty() {
        does.target_groups.extend(action.target_group_arn().map(Text::from));
    }
}

fn cognito_seen(config: &AuthenticateCognitoActionConfig) -> Result<AuthenticateCognito, Fault> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(AuthenticateCognito {
        user_pool_arn: text(config.user_pool_arn()),
        user_pool_client_id: text(config.user_pool_client_id()),
        user_pool_domain: text(config.user_pool_domain()),
        session: session(
            config.session_cookie_name(),
            config.scope(),
            config.session_timeout(),
            config.authentication_request_extra_params(),
            config.on_unauthenticated_request().map(AuthenticateCognitoActionConditionalBehaviorEnum::as_str),
        )?,
    })
}

/// All but the secret, which AWS never tells.
fn oidc_seen(config: &AuthenticateOidcActionConfig) -> Result<AuthenticateOidc, Fault> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(AuthenticateOidc {
        issuer: text(config.issuer()),
        authorization_endpoint: text(config.authorization_endpoint()),
        token_endpoint: text(config.token_endpoint()),
        user_info_endpoint: text(config.user_info_endpoint()),
        client_id: text(config.client_id()),
        client_secret_arn: String::new(),
        session: session(
            config.session_cookie_name(),
            config.scope(),
            config.session_timeout(),
            config.authentication_request_extra_params(),
            config.on_unauthenticated_request().map(AuthenticateOidcActionConditionalBehaviorEnum::as_str),
        )?,
    })
}

/// What both log-ins have in common.
fn session(
    cookie: Option<&str>,
    scope: Option<&str>,
    timeout: Option<i64>,
    parameters: Option<&HashMap<String, String>>,
    behaviour: Option<&str>,
) -> Result<AuthenticationSession, Fault> {
    let behaviour = behaviour.map(|word_of| word(DESCRIBE, "answer to who is not logged in", Some(word_of)));
    Ok(AuthenticationSession {
        session_cookie_name: cookie.map(ToOwned::to_owned),
        scope: scope.map(ToOwned::to_owned),
        session_timeout: timeout,
        authentication_request_extra_params: parameters.cloned().unwrap_or_default().into_iter().collect(),
        on_unauthenticated_request: behaviour.transpose()?,
    })
}
