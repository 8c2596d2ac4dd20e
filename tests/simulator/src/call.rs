//! What a request is once its protocol has been taken off, and what a service says to it.
//!
//! Every protocol (json 1.1, query, ec2-query) parses into a JSON input and renders a JSON answer, so that
//! services are written once, by the member names of AWS's API models.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A simulated AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Elastic Container Service, json 1.1.
    Ecs,
    /// Identity and Access Management, query.
    Iam,
    /// Security Token Service, query.
    Sts,
    /// Elastic Compute Cloud (its network part), ec2-query.
    Ec2,
    /// CloudWatch Logs, json 1.1.
    Logs,
    /// Elastic Load Balancing, version 2015-12-01, query.
    Elbv2,
    /// Certificate Manager, json 1.1.
    Acm,
    /// WAF, json 1.1.
    Wafv2,
    /// Route 53, rest-xml.
    Route53,
    /// Amazon EC2 Auto Scaling, query.
    Ec2AutoScaling,
    /// Application Auto Scaling, json 1.1.
    ApplicationAutoscaling,
    /// Elastic File System, rest-json.
    Efs,
    /// Cloud Map, json 1.1.
    ServiceDiscovery,
    /// Secrets Manager, json 1.1.
    SecretsManager,
    /// Systems Manager (its parameters), json 1.1.
    Ssm,
    /// Elastic Container Registry, json 1.1.
    Ecr,
    /// EventBridge Scheduler, rest-json.
    Scheduler,
    /// EventBridge, json 1.1.
    EventBridge,
}

/// How requests and answers look on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The operation in a header, JSON both ways.
    Json,
    /// A form in, XML out.
    Query,
    /// The same, with lists of EC2's own style.
    Ec2Query,
    /// The operation in method and path, XML both ways.
    RestXml,
    /// The operation in method and path, JSON both ways.
    RestJson,
}

impl Service {
    /// The service that a `SigV4` credential scope names, such as `ecs` in `.../eu-west-1/ecs/aws4_request`.
    pub fn from_scope(scope: &str) -> Option<Self> {
        match scope {
            "ecs" => Some(Self::Ecs),
            "iam" => Some(Self::Iam),
            "sts" => Some(Self::Sts),
            "ec2" => Some(Self::Ec2),
            "logs" => Some(Self::Logs),
            "elasticloadbalancing" => Some(Self::Elbv2),
            "acm" => Some(Self::Acm),
            "wafv2" => Some(Self::Wafv2),
            "route53" => Some(Self::Route53),
            "autoscaling" => Some(Self::Ec2AutoScaling),
            "application-autoscaling" => Some(Self::ApplicationAutoscaling),
            "elasticfilesystem" => Some(Self::Efs),
            "servicediscovery" => Some(Self::ServiceDiscovery),
            "secretsmanager" => Some(Self::SecretsManager),
            "ssm" => Some(Self::Ssm),
            "ecr" => Some(Self::Ecr),
            "scheduler" => Some(Self::Scheduler),
            "events" => Some(Self::EventBridge),
            _ => None,
        }
    }

    /// The service that an `X-Amz-Target` header names by the part before its dot.
    pub fn from_target(prefix: &str) -> Option<Self> {
        match prefix {
            "AmazonEC2ContainerServiceV20141113" => Some(Self::Ecs),
            "Logs_20140328" => Some(Self::Logs),
            "CertificateManager" => Some(Self::Acm),
            "AWSWAF_20190729" => Some(Self::Wafv2),
            "AnyScaleFrontendService" => Some(Self::ApplicationAutoscaling),
            "Route53AutoNaming_v20170314" => Some(Self::ServiceDiscovery),
            "secretsmanager" => Some(Self::SecretsManager),
            "AmazonSSM" => Some(Self::Ssm),
            "AmazonEC2ContainerRegistry_V20150921" => Some(Self::Ecr),
            "AWSEvents" => Some(Self::EventBridge),
            _ => None,
        }
    }

    /// The name in recordings and fault rules, which is boto3's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::Logs => "logs",
            Self::Elbv2 => "elbv2",
            Self::Acm => "acm",
            Self::Wafv2 => "wafv2",
            Self::Route53 => "route53",
            Self::Ec2AutoScaling => "autoscaling",
            Self::ApplicationAutoscaling => "application-autoscaling",
            Self::Efs => "efs",
            Self::ServiceDiscovery => "servicediscovery",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Ecr => "ecr",
            Self::Scheduler => "scheduler",
            Self::EventBridge => "events",
        }
    }

    /// The protocol that it speaks.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Ecs
            | Self::Logs
            | Self::Acm
            | Self::Wafv2
            | Self::ApplicationAutoscaling
            | Self::ServiceDiscovery
            | Self::SecretsManager
            | Self::Ssm
            | Self::Ecr
            | Self::EventBridge => Protocol::Json,
            Self::Iam | Self::Sts | Self::Elbv2 | Self::Ec2AutoScaling => Protocol::Query,
            Self::Ec2 => Protocol::Ec2Query,
            Self::Route53 => Protocol::RestXml,
            Self::Efs | Self::Scheduler => Protocol::RestJson,
        }
    }

    /// Whether each region has one of its own.
    pub fn is_regional(self) -> bool {
        !matches!(self, Self::Iam | Self::Sts | Self::Route53)
    }
}

/// One request, its protocol taken off.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which service was asked.
    pub service: Service,
    /// The operation's name in the API model, such as `CreateService`.
    pub operation: String,
    /// The input, by the member names of the API model; an object, empty when nothing was sent.
    pub input: Value,
    /// The region of the credential scope.
    pub region: String,
    /// The access key of the credential scope.
    pub access_key: String,
    /// The account that the caller acts in.
    pub account_id: String,
    /// Simulated time of the call, in milliseconds since the epoch.
    pub time: i64,
}

impl Call {
    /// Whether the operation changes nothing, by its name: `Describe...`, `List...`, `Get...`, `Filter...`, `Simulate...`.
    pub fn is_read(&self) -> bool {
        is_read(&self.operation)
    }

    /// The text of an input member, if it is there, is text and isn't empty.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The texts of a list member; an absent list is empty.
    pub fn texts(&self, member: &str) -> Vec<String> {
        texts(self.input.get(member))
    }
}

/// Whether an operation of this name changes nothing.
pub fn is_read(operation: &str) -> bool {
    ["Describe", "List", "Get", "Filter", "Simulate"].iter().any(|verb| operation.starts_with(verb))
}

/// The texts in a JSON list; anything else is an empty list.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// An error as AWS tells it: code, message, HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{code}: {message}")]
pub struct Fault {
    /// The error code, such as `ClusterNotFoundException` or `InvalidGroup.NotFound`.
    pub code: String,
    /// The message, in AWS's words.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

impl Fault {
    /// An error of any status.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status }
    }

    /// The caller's mistake: HTTP 400.
    pub fn bad_request(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// Not allowed: HTTP 403.
    pub fn forbidden(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(403, code, message)
    }

    /// Not there: HTTP 404 (IAM; ECS and EC2 say 400).
    pub fn not_found(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(404, code, message)
    }

    /// In the way of something: HTTP 409 (IAM).
    pub fn conflict(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(409, code, message)
    }

    /// An operation that AWS, or this simulator, doesn't have.
    pub fn unknown_operation(service: Service, operation: &str) -> Self {
        let code = match service.protocol() {
            Protocol::Json | Protocol::RestJson => "UnknownOperationException",
            Protocol::Query | Protocol::Ec2Query | Protocol::RestXml => "InvalidAction",
        };
        Self::bad_request(code, format!("The simulator has no operation {operation} of {}.", service.name()))
    }
}

/// What a service says to a call: the output by the member names of the API model, or an error.
pub type Answer = Result<Value, Fault>;
