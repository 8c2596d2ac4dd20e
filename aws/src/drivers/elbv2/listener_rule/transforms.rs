//! What a request becomes before it is sent on.

use aws_sdk_elasticloadbalancingv2::types::builders::RuleTransformBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderRewriteConfig, RewriteConfig, RuleTransform, TransformTypeEnum, UrlRewriteConfig,
};
use longshore_crds::ecs_service::{RegexRewrite, Rewrite};
use serde_json::{Value, json};

pub(super) fn request(want: &Rewrite) -> Vec<RuleTransform> {
    let config =
        |rewrite: &RegexRewrite| RewriteConfig::builder().regex(&rewrite.regex).replace(&rewrite.replace).build();
    let host = want.host.as_ref().map(|rewrite| {
        let rewrites = HostHeaderRewriteConfig::builder().rewrites(config(rewrite)).build();
        RuleTransform::builder().r#type(TransformTypeEnum::HostHeaderRewrite).host_header_rewrite_config(rewrites)
    });
    let url = want.url.as_ref().map(|rewrite| {
        let rewrites = UrlRewriteConfig::builder().rewrites(config(rewrite)).build();
        RuleTransform::builder().r#type(TransformTypeEnum::UrlRewrite).url_rewrite_config(rewrites)
    });
    host.into_iter().chain(url).map(RuleTransformBuilder::build).collect()
}

/// `None` where there is none. What Longshore never asks for goes into `other`.
pub(super) fn seen(transforms: &[RuleTransform], other: &mut Vec<Value>) -> Option<Rewrite> {
    let mut found = Rewrite::default();
    for transform in transforms {
        let host = transform.host_header_rewrite_config().map(HostHeaderRewriteConfig::rewrites);
        let url = transform.url_rewrite_config().map(UrlRewriteConfig::rewrites);
        match (host, url) {
            (Some([rewrite]), None) => found.host = Some(regex(rewrite)),
            (None, Some([rewrite])) => found.url = Some(regex(rewrite)),
            _ => other.push(json!({"transform": transform.r#type().map(TransformTypeEnum::as_str)})),
        }
    }
    (found != Rewrite::default()).then_some(found)
}

fn regex(rewrite: &RewriteConfig) -> RegexRewrite {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    RegexRewrite { regex: text(rewrite.regex()), replace: text(rewrite.replace()) }
}
