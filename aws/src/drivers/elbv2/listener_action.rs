//! What a listener does with requests that no rule takes.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, RedirectActionConfig, RedirectActionStatusCodeEnum,
};
use longshore_crds::application_load_balancer::FixedResponse;
use longshore_planner::kinds::elbv2::listener::{DefaultAction, RedirectTo};
use serde_json::json;

use super::word;
use crate::fault::Fault;

pub(super) fn default_action(want: &DefaultAction) -> Action {
    match want {
        DefaultAction::Redirect(to) => {
            let redirect = RedirectActionConfig::builder()
                .protocol(&to.protocol)
                .port(&to.port)
                .host(&to.host)
                .path(&to.path)
                .query(&to.query)
                .status_code(RedirectActionStatusCodeEnum::from(to.status_code.as_str()))
                .build();
            Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(redirect).build()
        }
        DefaultAction::FixedResponse(response) => fixed(response),
        // Nobody wants one.
        DefaultAction::Other(_) => fixed(&FixedResponse { status_code: "404".to_owned(), ..FixedResponse::default() }),
    }
}

fn fixed(response: &FixedResponse) -> Action {
    let config = FixedResponseActionConfig::builder()
        .status_code(&response.status_code)
        .set_content_type(response.content_type.map(|content_type| content_type.to_string()))
        .set_message_body(response.message_body.clone())
        .build();
    Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(config).build()
}

pub(super) fn seen_action(operation: &str, actions: &[Action]) -> Result<DefaultAction, Fault> {
    if let [action] = actions {
        if let Some(to) = action.redirect_config() {
            return redirect(operation, to).map(DefaultAction::Redirect);
        }
        if let Some(response) = action.fixed_response_config() {
            return response_of(operation, response).map(DefaultAction::FixedResponse);
        }
    }
    let types = actions.iter().filter_map(|action| action.r#type().map(ActionTypeEnum::as_str));
    Ok(DefaultAction::Other(json!(types.collect::<Vec<_>>())))
}

fn redirect(operation: &str, to: &RedirectActionConfig) -> Result<RedirectTo, Fault> {
    let or = |text: Option<&str>, kept: &str| text.unwrap_or(kept).to_owned();
    Ok(RedirectTo {
        protocol: or(to.protocol(), "#{protocol}"),
        port: or(to.port(), "#{port}"),
        host: or(to.host(), "#{host}"),
        path: or(to.path(), "/#{path}"),
        query: or(to.query(), "#{query}"),
        status_code: word(
            operation,
            "status of a redirect",
            to.status_code().map(RedirectActionStatusCodeEnum::as_str),
        )?,
    })
}

fn response_of(operation: &str, response: &FixedResponseActionConfig) -> Result<FixedResponse, Fault> {
    let content_type = response.content_type();
    Ok(FixedResponse {
        status_code: response.status_code().unwrap_or_default().to_owned(),
        content_type: content_type.map(|text| word(operation, "content type", Some(text))).transpose()?,
        message_body: response.message_body().map(ToOwned::to_owned),
    })
}
