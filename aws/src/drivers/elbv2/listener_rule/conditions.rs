//! Which requests a rule is for.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition, SourceIpConditionConfig,
};
use longshore_crds::ecs_service::{HeaderCondition, QueryStringCondition};
use longshore_planner::kinds::elbv2::listener_rule::Conditions;
use serde_json::{Value, json};

/// The fields of AWS's conditions (API reference, `RuleCondition`).
const HOST: &str = "host-header";
const PATH: &str = "path-pattern";
const METHOD: &str = "http-request-method";
const HEADER: &str = "http-header";
const QUERY: &str = "query-string";
const SOURCE_IP: &str = "source-ip";

pub(super) fn request(want: &Conditions) -> Vec<RuleCondition> {
    let some = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
    let mut made = vec![];
    if let Some(values) = some(&want.hosts) {
        let config = HostHeaderConditionConfig::builder().set_values(Some(values)).build();
        made.push(RuleCondition::builder().field(HOST).host_header_config(config).build());
    }
    if let Some(values) = some(&want.paths) {
        let config = PathPatternConditionConfig::builder().set_values(Some(values)).build();
        made.push(RuleCondition::builder().field(PATH).path_pattern_config(config).build());
    }
    if let Some(values) = some(&want.methods) {
        let config = HttpRequestMethodConditionConfig::builder().set_values(Some(values)).build();
        made.push(RuleCondition::builder().field(METHOD).http_request_method_config(config).build());
    }
    for header in &want.headers {
        let config = HttpHeaderConditionConfig::builder()
            .http_header_name(&header.name)
            .set_values(Some(header.values.clone()))
            .build();
        made.push(RuleCondition::builder().field(HEADER).http_header_config(config).build());
    }
    if !want.query_strings.is_empty() {
        let pairs = want.query_strings.iter().map(pair).collect();
        let config = QueryStringConditionConfig::builder().set_values(Some(pairs)).build();
        made.push(RuleCondition::builder().field(QUERY).query_string_config(config).build());
    }
    if let Some(values) = some(&want.source_ips) {
        let config = SourceIpConditionConfig::builder().set_values(Some(values)).build();
        made.push(RuleCondition::builder().field(SOURCE_IP).source_ip_config(config).build());
    }
    made
}

fn pair(query: &QueryStringCondition) -> QueryStringKeyValuePair {
    QueryStringKeyValuePair::builder().set_key(query.key.clone()).value(&query.value).build()
}

/// What Longshore never asks for, such as regular expressions, goes into `other`.
pub(super) fn seen(conditions: &[RuleCondition], other: &mut Vec<Value>) -> Conditions {
    let mut found = Conditions::default();
    for condition in conditions {
        if let Err(unknown) = add(&mut found, condition) {
            other.push(unknown);
        }
    }
    found
}

/// A field may stand only once in a rule, but for headers.
fn add(found: &mut Conditions, condition: &RuleCondition) -> Result<(), Value> {
    let field = condition.field().unwrap_or_default();
    if !condition.regex_values().is_empty() {
        return Err(json!({"condition": field, "regexValues": condition.regex_values()}));
    }
    // Hosts and paths may have been written in the older form.
    let or_plain = |values: Option<&[String]>| match values {
        Some(values) if !values.is_empty() => values.to_vec(),
        _ => condition.values().to_vec(),
    };
    match field {
        HOST => found.hosts = or_plain(condition.host_header_config().map(HostHeaderConditionConfig::values)),
        PATH => found.paths = or_plain(condition.path_pattern_config().map(PathPatternConditionConfig::values)),
        METHOD => {
            let config = condition.http_request_method_config();
            found.methods = or_plain(config.map(HttpRequestMethodConditionConfig::values));
        }
        SOURCE_IP => found.source_ips = or_plain(condition.source_ip_config().map(SourceIpConditionConfig::values)),
        HEADER => found.headers.extend(condition.http_header_config().map(header)),
        QUERY => {
            let pairs = condition.query_string_config().map(QueryStringConditionConfig::values).unwrap_or_default();
            found.query_strings = pairs.iter().map(query).collect();
        }
        _ => return Err(json!({"condition": field})),
    }
    Ok(())
}

fn header(config: &HttpHeaderConditionConfig) -> HeaderCondition {
    let name = config.http_header_name().unwrap_or_default().to_owned();
    HeaderCondition { name, values: config.values().to_vec() }
}

fn query(pair: &QueryStringKeyValuePair) -> QueryStringCondition {
    let key = pair.key().filter(|key| !key.is_empty()).map(ToOwned::to_owned);
    QueryStringCondition { key, value: pair.value().unwrap_or_default().to_owned() }
}
