//! Sessions: the clients of one environment, and who they act as.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::operation::get_caller_identity::builders::GetCallerIdentityInputBuilder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::sdk_ua_metadata::FrameworkMetadata;
use prometheus_client::metrics::counter::Counter;

use crate::access::{Aws, Clients, Core, Read, Write};
use crate::call::{Caller, Lane};
use crate::drivers::Joins;
use crate::fault::Fault;
use crate::fence::Fence;
use crate::metrics::Metrics;
use crate::pace::Pacer;
use crate::punctual::punctual;
use crate::survey::{Cadence, Survey};

/// What all sessions of a process share, and where AWS is found.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// AWS's endpoint, for all services; `None`: the SDK's own settings (`AWS_ENDPOINT_URL`), else AWS's.
    pub endpoint: Option<String>,
    /// Carries the requests; `None`: HTTPS, trusting what `AWS_CA_BUNDLE` or else the system trusts.
    pub http_client: Option<SharedHttpClient>,
    /// Longshore's own credentials; `None`: the SDK's chain (environment, IRSA, Pod Identity, instance).
    pub credentials: Option<SharedCredentialsProvider>,
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Until when calls that change something may begin; by default for ever.
    pub fence: Fence,
    pacers: Pacers,
}

/// Rate limits are AWS's per account and region, whichever environments share them.
type Pacers = Arc<Mutex<HashMap<(String, String), Arc<Pacer>>>>;

impl Edge {
    /// AWS itself, as the SDK's own settings say.
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, ..Self::default() }
    }

    fn pacer(&self, account_id: &str, region: &str) -> Arc<Pacer> {
        let mut pacers = self.pacers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pacers.entry((account_id.to_owned(), region.to_owned())).or_default())
    }
}

/// The account and region of one environment, and who acts there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionConfig {
    /// The environment's name, for messages.
    pub environment: String,
    /// Twelve digits.
    pub account_id: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// The role to act as; `None`: Longshore's own identity.
    pub assume_role: Option<AssumeRole>,
    /// What CloudTrail shows as the session of an assumed role.
    pub session_name: String,
}

/// A role to act as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AssumeRole {
    /// Its ARN.
    pub role_arn: String,
    /// The external id that its trust policy asks for.
    pub external_id: Option<String>,
}

/// One environment's clients.
#[derive(Clone, Debug)]
pub struct Session {
    config: SessionConfig,
    core: Arc<Core>,
    joins: Arc<Joins>,
}

impl Session {
    /// Makes the clients; nothing is sent yet.
    pub async fn open(config: &SessionConfig, edge: &Edge) -> Result<Self, Fault> {
        let sdk = sdk_config(config, edge).await?;
        let clients = Clients {
            acm: aws_sdk_acm::Client::new(&sdk),
            application_autoscaling: aws_sdk_applicationautoscaling::Client::new(&sdk),
            autoscaling: aws_sdk_autoscaling::Client::new(&sdk),
            ec2: aws_sdk_ec2::Client::new(&sdk),
            ecr: aws_sdk_ecr::Client::new(&sdk),
            ecs: aws_sdk_ecs::Client::new(&sdk),
            efs: aws_sdk_efs::Client::new(&sdk),
            elbv2: aws_sdk_elasticloadbalancingv2::Client::new(&sdk),
            iam: aws_sdk_iam::Client::new(&sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(&sdk),
            route53: aws_sdk_route53::Client::new(&sdk),
            scheduler: aws_sdk_scheduler::Client::new(&sdk),
            eventbridge: aws_sdk_eventbridge::Client::new(&sdk),
            secrets: aws_sdk_secretsmanager::Client::new(&sdk),
            servicediscovery: aws_sdk_servicediscovery::Client::new(&sdk),
            ssm: aws_sdk_ssm::Client::new(&sdk),
            sts: aws_sdk_sts::Client::new(&sdk),
            wafv2: aws_sdk_wafv2::Client::new(&sdk),
        };
        let caller = Caller {
            pacer: edge.pacer(&config.account_id, &config.region),
            fence: edge.fence.clone(),
            metrics: edge.metrics.clone(),
            lane: Lane::Turn,
            sent: Counter::default(),
        };
        let core = Arc::new(Core { clients, caller });
        let joins = Arc::new(Joins::new(&core));
        Ok(Self { config: config.clone(), core, joins })
    }

    /// Asks AWS whose credentials these are, and answers their ARN: a session of another account must change nothing.
    pub async fn verify_account(&self) -> Result<String, Fault> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let identity = self.core.send(GetCallerIdentityInputBuilder::default()).await?;
        let account = identity.account().ok_or_else(|| Fault::unexpected(OPERATION, "Account"))?;
        let who = identity.arn().unwrap_or("the credentials");
        if account == self.config.account_id {
            return Ok(who.to_owned());
        }
        Err(Fault::fix(
            OPERATION,
            "WrongAccount",
            format!("{who} is of account {account}, not of {}", self.config.account_id),
            format!("correct accountId or credentials of AwsEnvironment {}", self.config.environment),
        ))
    }

    /// For reading.
    pub fn reader(&self) -> Aws<Read> {
        Aws::new(&self.core, &self.joins)
    }

    /// For changing, too. Whoever only observes never asks for it.
    pub fn writer(&self) -> Aws<Write> {
        Aws::new(&self.core, &self.joins)
    }

    /// For reading the resources of so many objects at once, under the same rate limits but after everybody else.
    /// `cadence`: which of what is not read every time is read this time.
    pub fn survey(&self, objects: usize, cadence: Cadence) -> Survey {
        let caller = Caller { lane: Lane::Spare, sent: Counter::default(), ..self.core.caller.clone() };
        Survey::new(&Arc::new(Core { clients: self.core.clients.clone(), caller }), objects, cadence)
    }

    /// What it was opened for.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }
}

async fn sdk_config(config: &SessionConfig, edge: &Edge) -> Result<SdkConfig, Fault> {
    let http_client = match &edge.http_client {
        Some(client) => client.clone(),
        None => punctual(https_client()?),
    };
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .http_client(http_client)
        // Repeats and time-outs are call.rs's, so that each attempt is paced and counted.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Ok(name) = FrameworkMetadata::new("longshore", Some(env!("CARGO_PKG_VERSION"))) {
        loader = loader.framework_metadata(name);
    }
    if let Some(endpoint) = &edge.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(credentials) = &edge.credentials {
        loader = loader.credentials_provider(credentials.clone());
    }
    let own = loader.load().await;
    let Some(role) = &config.assume_role else { return Ok(own) };
    let mut provider = AssumeRoleProvider::builder(&role.role_arn).session_name(&config.session_name).configure(&own);
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    let provider = SharedCredentialsProvider::new(provider.build().await);
    Ok(own.into_builder().credentials_provider(provider).build())
}

/// HTTPS by rustls with ring. The SDK for Rust does not know `AWS_CA_BUNDLE` ("Supported settings", AWS SDKs and
/// Tools Reference Guide), so it is read here: its certificates replace the system's.
fn https_client() -> Result<SharedHttpClient, Fault> {
    let unusable = |bundle: &str, why: &dyn std::fmt::Display| {
        Fault::fix("session:Open", "UnusableCaBundle", format!("{bundle}: {why}"), "correct AWS_CA_BUNDLE, or unset it")
    };
    let trust = match std::env::var("AWS_CA_BUNDLE") {
        Ok(path) if !path.is_empty() => {
            let pem = std::fs::read(&path).map_err(|error| unusable(&path, &error))?;
            TrustStore::empty().with_pem_certificate(pem)
        }
        _ => TrustStore::default(),
    };
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|error| unusable("the trusted certificates", &error))?;
    let provider = Provider::Rustls(CryptoMode::Ring);
    Ok(aws_smithy_http_client::Builder::new().tls_provider(provider).tls_context(context).build_https())
}
