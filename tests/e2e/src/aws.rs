//! AWS over the wire, without an SDK: whatever answers at a loopback URL, be it the simulator or an emulator.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use ureq::Agent;

/// The region of the examples.
pub(crate) const REGION: &str = "eu-west-1";
/// Nobody checks it.
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";

/// Bytes of an answer, at most: what was recorded of all tests that share a stack is more than ureq's own limit.
const LARGEST: u64 = 256 << 20;

/// Something that answers as AWS does.
#[derive(Clone, Debug)]
pub struct Aws {
    url: String,
    agent: Agent,
}

impl Aws {
    /// What answers at `url`, which is plain HTTP.
    pub fn at(url: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        Self { url: url.trim_end_matches('/').to_owned(), agent }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What tells an SDK to speak to it, and to nobody else.
    pub fn environment(&self) -> [(&'static str, &str); 7] {
        [
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", "dummy"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]
    }

    /// Sends any request that is not AWS's, such as the simulator's controls; a body makes it a POST.
    pub(crate) fn plain(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}{path}", self.url);
        let answer = match body {
            Some(body) => self.agent.post(&url).send_json(body),
            None => self.agent.get(&url).call(),
        };
        let mut answer = answer.with_context(|| format!("{url} does not answer"))?;
        let text = whole(&mut answer)?;
        if !answer.status().is_success() {
            bail!("{url}: {} {text}", answer.status());
        }
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text).with_context(|| text)? })
    }

    /// What a GET of `path` answers, which must succeed.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let mut answer = self.agent.get(&url).call().with_context(|| format!("{url} does not answer"))?;
        let text = whole(&mut answer)?;
        if !answer.status().is_success() {
            bail!("{url}: {} {text}", answer.status());
        }
        Ok(text)
    }

    /// Whether a GET of `path` succeeds; what it says otherwise.
    pub(crate) fn answers(&self, path: &str) -> Result<(), String> {
        match self.agent.get(format!("{}{path}", self.url)).call() {
            Err(error) => Err(error.to_string()),
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(mut answer) => {
                Err(format!("{} {}", answer.status(), answer.body_mut().read_to_string().unwrap_or_default()))
            }
        }
    }

    /// An operation of ECS.
    pub fn ecs(&self, operation: &str, input: &Value) -> Result<Value> {
        self.json("ecs", "AmazonEC2ContainerServiceV20141113", operation, input)
    }

    /// An operation of `CloudWatch` Logs.
    pub fn logs(&self, operation: &str, input: &Value) -> Result<Value> {
        self.json("logs", "Logs_20140328", operation, input)
    }

    /// An operation of Cloud Map.
    pub fn cloud_map(&self, operation: &str, input: &Value) -> Result<Value> {
        self.json("servicediscovery", "Route53AutoNaming_v20170314", operation, input)
    }

    /// An operation of IAM; the answer is XML.
    pub fn iam(&self, operation: &str, input: &[(&str, &str)]) -> Result<String> {
        self.query("iam", "2010-05-08", operation, input)
    }

    /// An operation of EC2; the answer is XML.
    pub fn ec2(&self, operation: &str, input: &[(&str, &str)]) -> Result<String> {
        self.query("ec2", "2016-11-15", operation, input)
    }

    /// An operation of Elastic Load Balancing; the answer is XML.
    pub fn elb(&self, operation: &str, input: &[(&str, &str)]) -> Result<String> {
        self.query("elasticloadbalancing", "2015-12-01", operation, input)
    }

    /// An operation of EC2 Auto Scaling; the answer is XML.
    pub fn autoscaling(&self, operation: &str, input: &[(&str, &str)]) -> Result<String> {
        self.query("autoscaling", "2011-01-01", operation, input)
    }

    /// Deletes something of EFS: `mount-targets/ID`, `access-points/ID`.
    pub fn efs_delete(&self, what: &str) -> Result<()> {
        let request = self.agent.delete(format!("{}/2015-02-01/{what}", self.url));
        let answer = request.header("authorization", authorization("elasticfilesystem")).call();
        let answer = answer.context("AWS does not answer")?;
        if !answer.status().is_success() {
            bail!("deleting {what}: {}", answer.status());
        }
        Ok(())
    }

    fn json(&self, service: &str, target: &str, operation: &str, input: &Value) -> Result<Value> {
        let target = format!("{target}.{operation}");
        let text = self
            .send(
                service,
                &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)],
                &input.to_string(),
            )
            .with_context(|| format!("{service}:{operation} {input}"))?;
        if text.is_empty() {
            // So CloudWatch Logs answers where it has nothing to say.
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{service}:{operation} answered no JSON: {text}"))
    }

    fn query(&self, service: &str, version: &str, operation: &str, input: &[(&str, &str)]) -> Result<String> {
        let mut body = format!("Action={operation}&Version={version}");
        for (name, value) in input {
            body.extend(["&", *name, "="]);
            body.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        self.send(service, &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], &body)
            .with_context(|| format!("{service}:{operation} {input:?}"))
    }

    fn send(&self, service: &str, headers: &[(&str, &str)], body: &str) -> Result<String> {
        let mut request = self.agent.post(format!("{}/", self.url)).header("authorization", authorization(service));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body).context("AWS does not answer")?;
        let text = whole(&mut answer)?;
        if !answer.status().is_success() {
            bail!("{} {text}", answer.status());
        }
        Ok(text)
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=00"
    )
}

/// What AWS holds of a Kubernetes object, by the tags that Longshore puts on what it makes.
impl Aws {
    /// The ECS cluster made for an `EcsCluster`, as `DescribeClusters` shows it.
    pub fn cluster_of(&self, namespace: &str, name: &str) -> Result<Option<Value>> {
        let arns = self.ecs("ListClusters", &json!({}))?;
        let all = self.ecs("DescribeClusters", &json!({"clusters": arns["clusterArns"], "include": ["TAGS"]}))?;
        let owner = format!("EcsCluster/{namespace}/{name}");
        Ok(items(&all, "clusters").into_iter().find(|cluster| cluster["status"] == "ACTIVE" && owned(cluster, &owner)))
    }

    /// The ECS service made for an `EcsService`, in any cluster, as `DescribeServices` shows it; not one that is gone.
    pub fn service_of(&self, namespace: &str, name: &str) -> Result<Option<Value>> {
        let owner = format!("EcsService/{namespace}/{name}");
        let clusters = self.ecs("ListClusters", &json!({}))?;
        for cluster in items(&clusters, "clusterArns") {
            let Some(arns) = if_there(self.ecs("ListServices", &json!({"cluster": cluster, "maxResults": 100})))?
            else {
                continue;
            };
            for batch in items(&arns, "serviceArns").chunks(10) {
                let asked = json!({"cluster": cluster, "services": batch, "include": ["TAGS"]});
                let found = if_there(self.ecs("DescribeServices", &asked))?.unwrap_or_default();
                let found = items(&found, "services");
                let ours = found.into_iter().find(|service| service["status"] != "INACTIVE" && owned(service, &owner));
                if ours.is_some() {
                    return Ok(ours);
                }
            }
        }
        Ok(None)
    }

    /// The active task definition revisions made for an `EcsService`, the oldest first.
    pub fn task_definitions_of(&self, namespace: &str, name: &str) -> Result<Vec<Value>> {
        let owner = format!("EcsService/{namespace}/{name}");
        let arns = self.ecs("ListTaskDefinitions", &json!({"status": "ACTIVE", "maxResults": 100}))?;
        let mut found = Vec::new();
        for arn in items(&arns, "taskDefinitionArns") {
            let mut answer =
                self.ecs("DescribeTaskDefinition", &json!({"taskDefinition": arn, "include": ["TAGS"]}))?;
            if owned(&answer, &owner) {
                found.push(answer["taskDefinition"].take());
            }
        }
        Ok(found)
    }

    /// The names of IAM roles made for an object.
    pub fn roles_of(&self, object: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for role in elements(&self.iam("ListRoles", &[("PathPrefix", "/longshore/")])?, "RoleName") {
            let tags = if_there(self.iam("ListRoleTags", &[("RoleName", &role)]))?.unwrap_or_default();
            if elements(&tags, "Value").iter().any(|value| value == object) {
                found.push(role);
            }
        }
        Ok(found)
    }

    /// The ids of security groups made for an object.
    pub fn security_groups_of(&self, object: &str) -> Result<Vec<String>> {
        let filter = [("Filter.1.Name", "tag:longshore.dev/object"), ("Filter.1.Value.1", object)];
        let mut ids = elements(&self.ec2("DescribeSecurityGroups", &filter)?, "groupId");
        // Rules name groups, too: this one again, or another object's.
        ids.sort();
        ids.dedup();
        let mut found = Vec::new();
        for id in ids {
            let both = [filter[0], filter[1], ("Filter.2.Name", "group-id"), ("Filter.2.Value.1", &id)];
            if !elements(&self.ec2("DescribeSecurityGroups", &both)?, "groupId").is_empty() {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// The ARNs of load balancers, listeners, rules and target groups made for an object.
    pub fn balancing_of(&self, object: &str) -> Result<Vec<String>> {
        let mut arns = elements(&self.elb("DescribeTargetGroups", &[])?, "TargetGroupArn");
        for balancer in elements(&self.elb("DescribeLoadBalancers", &[])?, "LoadBalancerArn") {
            let asked = [("LoadBalancerArn", balancer.as_str())];
            let listeners = if_there(self.elb("DescribeListeners", &asked))?.unwrap_or_default();
            for listener in elements(&listeners, "ListenerArn") {
                let rules = if_there(self.elb("DescribeRules", &[("ListenerArn", &listener)]))?.unwrap_or_default();
                arns.extend(elements(&rules, "RuleArn"));
                arns.push(listener);
            }
            arns.push(balancer);
        }
        let mut found = Vec::new();
        for arn in arns {
            let tags = if_there(self.elb("DescribeTags", &[("ResourceArns.member.1", &arn)]))?.unwrap_or_default();
            if elements(&tags, "Value").iter().any(|value| value == object) {
                found.push(arn);
            }
        }
        Ok(found)
    }

    /// The names of log groups made for an object.
    pub fn log_groups_of(&self, object: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for group in items(&self.logs("DescribeLogGroups", &json!({}))?, "logGroups") {
            let arn = group["arn"].as_str().unwrap_or_default().trim_end_matches(":*");
            let tags = if_there(self.logs("ListTagsForResource", &json!({"resourceArn": arn})))?.unwrap_or_default();
            if tags["tags"]["longshore.dev/object"] == object {
                found.push(group["logGroupName"].as_str().unwrap_or_default().to_owned());
            }
        }
        Ok(found)
    }

    /// All that AWS holds of an object, by kind; empty when nothing is left. Deregistered task definitions don't
    /// count: AWS keeps them.
    pub fn holdings(&self, kind: &str, namespace: &str, name: &str) -> Result<BTreeMap<&'static str, Vec<String>>> {
        let object = format!("{kind}/{namespace}/{name}");
        let mut all = BTreeMap::from([
            ("IAM role", self.roles_of(&object)?),
            ("security group", self.security_groups_of(&object)?),
            ("log group", self.log_groups_of(&object)?),
        ]);
        if kind == "EcsCluster" {
            all.insert("ECS cluster", arns(self.cluster_of(namespace, name)?.as_slice(), "clusterArn"));
        } else {
            all.insert("ECS service", arns(self.service_of(namespace, name)?.as_slice(), "serviceArn"));
            all.insert("task definition", arns(&self.task_definitions_of(namespace, name)?, "taskDefinitionArn"));
        }
        all.retain(|_, held| !held.is_empty());
        Ok(all)
    }
}

/// Other tests share the account: what was listed a moment ago may be gone, and is then nobody's.
fn if_there<T>(answer: Result<T>) -> Result<Option<T>> {
    const GONE: [&str; 7] = [
        "ClusterNotFoundException",
        "NoSuchEntity",
        "ResourceNotFoundException",
        "LoadBalancerNotFound",
        "ListenerNotFound",
        "RuleNotFound",
        "TargetGroupNotFound",
    ];
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if GONE.iter().any(|code| format!("{error:#}").contains(code)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn arns(values: &[Value], member: &str) -> Vec<String> {
    values.iter().filter_map(|value| value[member].as_str()).map(str::to_owned).collect()
}

fn items(answer: &Value, member: &str) -> Vec<Value> {
    answer[member].as_array().cloned().unwrap_or_default()
}

fn owned(value: &Value, owner: &str) -> bool {
    items(value, "tags").iter().any(|tag| tag["key"] == "longshore.dev/object" && tag["value"] == owner)
}

/// The texts of all XML elements of a name that hold only text. Enough for AWS's answers, whose names are not reused
/// with attributes, and simpler than an XML reader.
pub fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| text)
        .filter(|text| !text.contains('<'))
        .map(|text| text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        .collect()
}

fn whole(answer: &mut ureq::http::Response<ureq::Body>) -> Result<String> {
    answer.body_mut().with_config().limit(LARGEST).read_to_string().context("half an answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_elements_are_found_at_any_depth_and_nested_ones_are_not_texts() {
        let xml = "<a><n>one</n><b><n>t &amp; w</n><n><c/></n></b></a>";
        assert_eq!(elements(xml, "n"), ["one", "t & w"]);
        assert_eq!(elements(xml, "missing"), Vec::<String>::new());
    }
}
