//! How fast AWS may be asked: a token bucket for each of its own rate limits, per account and region.
//!
//! A bucket gives out what AWS grants less some headroom for whoever else uses the account, halves its rate when
//! AWS throttles all the same, and regains it over a minute. Time is tokio's, so that tests can pause it.
//!
//! Who looks for drift takes what nobody needs: tokens of a bucket that is more than half full. An edit thus finds half a
//! burst. But where turns take all there is, for however long, each tenth token is kept for who looks for drift, who does not
//! wait in their line: drift would go unseen just when most is done. What is kept fits into the headroom until the line has
//! moved on.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// One of AWS's rate limits.
struct Limit {
    /// Whose calls it counts.
    bucket: &'static str,
    /// `ecs:CreateService`, or any operation that begins so (`ec2:Describe*`). The first match decides.
    operations: &'static [&'static str],
    /// Whether each operation has a bucket of its own.
    each: bool,
    /// Tokens in a full bucket.
    burst: u32,
    /// Tokens that come back each second.
    rate: u32,
}

/// AWS's limits. Sources:
/// - ECS: "Request throttling for the Amazon ECS API", Amazon ECS API Reference; reads of container instances, which are
///   rare, are chosen low.
/// - EC2: "Request throttling for the Amazon EC2 API", Amazon EC2 Developer Guide: paginated or filtered reads
///   100/20, mutating actions 50/5, each API by itself.
/// - CloudWatch Logs: "CloudWatch Logs quotas": 10 calls a second of each of these operations.
/// - Elastic Load Balancing: "Request throttling for the ELB API", Elastic Load Balancing User Guide, for what changes
///   nothing; what changes something is chosen low.
/// - EFS publishes none; these figures are chosen low.
/// - ACM: "Quotas", AWS Certificate Manager User Guide: 5 (`DescribeCertificate`: 10) calls a second.
/// - WAF: "AWS WAF quotas", AWS WAF Developer Guide: about a call a second of each operation; the burst is chosen.
/// - Route 53: "Quotas", Amazon Route 53 Developer Guide: five requests a second, all operations together.
/// - Secrets Manager allows thousands of reads a second, and one is made for a log-in's secret now and then.
/// - Cloud Map publishes none but that of `DiscoverInstances` ("AWS Cloud Map service quotas", Cloud Map Developer Guide), which
///   is not called; these figures are chosen low.
/// - IAM, STS, EC2 Auto Scaling and Application Auto Scaling publish none; these figures are chosen low.
const LIMITS: &[Limit] = &[
    limit(
        "ecs-cluster-modify",
        &["ecs:CreateCluster", "ecs:DeleteCluster", "ecs:UpdateCluster*", "ecs:PutClusterCapacityProviders"],
        20,
        1,
    ),
    limit("ecs-cluster-read", &["ecs:DescribeClusters", "ecs:ListClusters"], 50, 20),
    limit(
        "ecs-capacity-provider-modify",
        &["ecs:CreateCapacityProvider", "ecs:UpdateCapacityProvider", "ecs:DeleteCapacityProvider"],
        10,
        1,
    ),
    limit("ecs-capacity-provider-read", &["ecs:DescribeCapacityProviders"], 50, 20),
    limit(
        "ecs-service-modify",
        &["ecs:CreateService", "ecs:UpdateService", "ecs:DeleteService", "ecs:ContinueServiceDeployment"],
        50,
        5,
    ),
    limit(
        "ecs-service-deployment-read",
        &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"],
        50,
        20,
    ),
    limit("ecs-service-read", &["ecs:DescribeServices", "ecs:ListServices"], 100, 20),
    limit("ecs-task-definition-modify", &["ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"], 20, 1),
    limit("ecs-task-definition-read", &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinition*"], 50, 20),
    limit("ecs-task-definition-delete", &["ecs:DeleteTaskDefinitions"], 5, 1),
    limit("ecs-instance-read", &["ecs:DescribeContainerInstances", "ecs:ListContainerInstances"], 20, 10),
    limit("ecs-task-read", &["ecs:DescribeTasks", "ecs:ListTasks"], 100, 20),
    limit("ecs-task-modify", &["ecs:RunTask", "ecs:StopTask", "ecs:ExecuteCommand"], 100, 40),
    limit("ecs-tag-modify", &["ecs:TagResource", "ecs:UntagResource"], 20, 10),
    limit_each("ec2-read", &["ec2:Describe*"], 100, 20),
    limit_each("ec2-modify", &["ec2:*"], 50, 5),
    limit_each("logs", &["logs:*"], 10, 10),
    limit("elb-read", &["elasticloadbalancing:Describe*"], 40, 10),
    limit("elb-modify", &["elasticloadbalancing:*"], 20, 5),
    limit("efs-read", &["elasticfilesystem:Describe*"], 20, 10),
    limit("efs-modify", &["elasticfilesystem:*"], 10, 5),
    limit("acm", &["acm:*"], 5, 5),
    limit("application-autoscaling", &["application-autoscaling:*"], 20, 10),
    limit("autoscaling-read", &["autoscaling:Describe*"], 20, 10),
    limit("autoscaling-modify", &["autoscaling:*"], 10, 5),
    limit("route53", &["route53:*"], 5, 5),
    // User guide, "Quotas for EventBridge Scheduler": 1,000 a second of each, or 50 in small regions.
    limit("scheduler", &["scheduler:*"], 40, 20),
    // User guide, "Amazon EventBridge quotas": 50 a second of all but PutEvents, and of PutTargets and RemoveTargets 5 at
    // once on a rule.
    limit("eventbridge-targets", &["events:PutTargets", "events:RemoveTargets"], 5, 5),
    limit("eventbridge", &["events:*"], 20, 10),
    limit("waf", &["wafv2:*"], 5, 1),
    limit("iam-read", &["iam:Get*", "iam:List*"], 30, 15),
    limit("iam-modify", &["iam:*"], 10, 5),
    limit("cloud-map-read", &["servicediscovery:Get*", "servicediscovery:List*"], 20, 10),
    limit("cloud-map-modify", &["servicediscovery:*"], 10, 5),
    limit("secrets", &["secretsmanager:*"], 20, 10),
    limit("images", &["ecr:*"], 20, 10),
    limit("parameters", &["ssm:*"], 5, 3),
    limit("sts", &["sts:*"], 20, 20),
];

const fn limit(bucket: &'static str, operations: &'static [&'static str], burst: u32, rate: u32) -> Limit {
    Limit { bucket, operations, each: false, burst, rate }
}

const fn limit_each(bucket: &'static str, operations: &'static [&'static str], burst: u32, rate: u32) -> Limit {
    Limit { bucket, operations, each: true, burst, rate }
}

/// The part of AWS's limits that is used: others use the account too.
const HEADROOM: f64 = 0.9;
/// The least part of its rate that throttling leaves a bucket.
const LEAST_SHARE: f64 = 1.0 / 16.0;
/// How long a bucket takes to regain its whole rate.
const REGAIN: Duration = Duration::from_mins(1);
/// The part of a bucket that is left to those who have a turn.
const KEPT: f64 = 0.5;
/// The part of the rate that is never withheld from who looks for drift.
const SPARE_SHARE: f64 = 0.1;
/// Throttles within so short a time are one: replies to calls that were under way together.
const ONE_THROTTLE: Duration = Duration::from_secs(1);

/// The buckets of one account and region.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    buckets: Mutex<HashMap<Name, Bucket>>,
}

/// A bucket: the limit's, and the operation where each has its own.
type Name = (&'static str, Option<&'static str>);

impl Pacer {
    /// Waits for a token, or says at once how long that would take if it is more than `patience`.
    pub(crate) async fn acquire(&self, operation: &'static str, patience: Duration) -> Result<(), Duration> {
        let Some(wait) = self.reserve(operation, patience)? else { return Ok(()) };
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Waits until a token can be spared, whoever else comes meanwhile goes first, or for one that is kept. An error after
    /// `patience`, with how much longer it would take at least.
    pub(crate) async fn acquire_spare(&self, operation: &'static str, patience: Duration) -> Result<(), Duration> {
        let deadline = Instant::now() + patience;
        loop {
            let Some(wait) = self.with(operation, Bucket::take_spare).flatten() else { return Ok(()) };
            if Instant::now() + wait > deadline {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// AWS throttled a call although a token was given out: the limit is lower than thought.
    pub(crate) fn throttled(&self, operation: &'static str) {
        self.with(operation, Bucket::throttled);
    }

    /// Takes a token; how long it must ripen, if at all.
    fn reserve(&self, operation: &'static str, patience: Duration) -> Result<Option<Duration>, Duration> {
        self.with(operation, |bucket| bucket.take(patience)).unwrap_or(Ok(None))
    }

    fn with<T>(&self, operation: &'static str, act: impl FnOnce(&mut Bucket) -> T) -> Option<T> {
        let limit = limit_of(operation)?;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (limit.bucket, limit.each.then_some(operation));
        Some(act(buckets.entry(name).or_insert_with(|| Bucket::full(limit))))
    }
}

fn limit_of(operation: &str) -> Option<&'static Limit> {
    let counts = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(beginning) => operation.starts_with(beginning),
        None => operation == *pattern,
    };
    LIMITS.iter().find(|limit| limit.operations.iter().any(counts))
}

#[derive(Debug)]
struct Bucket {
    burst: f64,
    rate: f64,
    /// Negative: so many callers wait.
    tokens: f64,
    /// Tokens that came since one was spared.
    since_spared: f64,
    /// The part of the rate that throttling has left.
    share: f64,
    at: Instant,
    throttled_at: Option<Instant>,
}

impl Bucket {
    fn full(limit: &Limit) -> Self {
        let burst = (f64::from(limit.burst) * HEADROOM).max(1.0);
        let rate = f64::from(limit.rate) * HEADROOM;
        Self { burst, rate, tokens: burst, since_spared: 0.0, share: 1.0, at: Instant::now(), throttled_at: None }
    }

    fn take(&mut self, patience: Duration) -> Result<Option<Duration>, Duration> {
        self.refill();
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(None);
        }
        let wait = self.time_for(1.0 - self.tokens);
        if wait > patience {
            return Err(wait);
        }
        self.tokens -= 1.0;
        Ok(Some(wait))
    }

    /// Takes a token of those that can be spared or are kept, or says when there may be one.
    fn take_spare(&mut self) -> Option<Duration> {
        self.refill();
        let missing = self.burst * KEPT + 1.0 - self.tokens;
        let until_kept = 1.0 / SPARE_SHARE - self.since_spared;
        if missing > 0.0 && until_kept > 0.0 {
            // At least a millisecond, tokio's grain: what is missing may be less than time can tell.
            return Some(self.time_for(missing.min(until_kept)).max(Duration::from_millis(1)));
        }
        self.since_spared = 0.0;
        self.tokens -= 1.0;
        None
    }

    fn time_for(&self, tokens: f64) -> Duration {
        Duration::from_secs_f64(tokens / (self.rate * self.share))
    }

    fn refill(&mut self) {
        let elapsed = self.at.elapsed().as_secs_f64();
        let come = elapsed * self.rate * self.share;
        self.at = Instant::now();
        self.tokens = (self.tokens + come).min(self.burst);
        self.since_spared += come;
        self.share = (self.share + elapsed / REGAIN.as_secs_f64()).min(1.0);
    }

    fn throttled(&mut self) {
        self.refill();
        self.tokens = self.tokens.min(0.0);
        if self.throttled_at.is_none_or(|at| at.elapsed() >= ONE_THROTTLE) {
            self.throttled_at = Some(Instant::now());
            self.share = (self.share / 2.0).max(LEAST_SHARE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::StreamExt;
    use futures::stream::FuturesUnordered;

    use super::*;

    const PATIENT: Duration = Duration::from_hours(1);
    const REGISTER: &str = "ecs:RegisterTaskDefinition";

    async fn time_for(pacer: &Pacer, operation: &'static str, calls: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            pacer.acquire(operation, PATIENT).await.unwrap();
        }
        start.elapsed().as_secs_f64()
    }

    #[test]
    fn every_operation_that_is_called_has_a_limit() {
        for operation in crate::access::OPERATIONS {
            assert!(limit_of(operation).is_some(), "{operation}");
        }
    }

    #[test]
    fn an_operation_counts_for_the_bucket_that_aws_counts_it_for() {
        let cases = [
            ("ecs:CreateService", "ecs-service-modify"),
            ("ecs:ListServices", "ecs-service-read"),
            ("ecs:ListServiceDeployments", "ecs-service-deployment-read"),
            ("ecs:DeregisterTaskDefinition", "ecs-task-definition-modify"),
            ("ecs:DescribeTasks", "ecs-task-read"),
            ("ecs:UntagResource", "ecs-tag-modify"),
            ("ec2:DescribeSubnets", "ec2-read"),
            ("ec2:CreateSecurityGroup", "ec2-modify"),
            ("elasticloadbalancing:DescribeTags", "elb-read"),
            ("elasticloadbalancing:CreateRule", "elb-modify"),
            ("iam:GetRole", "iam-read"),
            ("iam:PutRolePolicy", "iam-modify"),
        ];
        for (operation, bucket) in cases {
            assert_eq!(limit_of(operation).map(|limit| limit.bucket), Some(bucket), "{operation}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_then_the_rate_holds() {
        let pacer = Pacer::default();
        assert!(time_for(&pacer, REGISTER, 18).await < 0.01);
        let ten_more = time_for(&pacer, REGISTER, 10).await;
        assert!((11.0..11.5).contains(&ten_more), "ten at 0.9 a second took {ten_more} s");
    }

    #[tokio::test(start_paused = true)]
    async fn operations_of_one_limit_share_it_and_others_do_not_feel_it() {
        let pacer = Pacer::default();
        time_for(&pacer, REGISTER, 18).await;
        assert!(time_for(&pacer, "ecs:DeregisterTaskDefinition", 1).await > 1.0);
        assert!(time_for(&pacer, "ecs:UpdateService", 1).await < 0.01);
        time_for(&pacer, "ec2:CreateSecurityGroup", 45).await;
        assert!(time_for(&pacer, "ec2:DeleteSecurityGroup", 1).await < 0.01);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_halves_the_rate_and_a_minute_gives_it_back() {
        let pacer = Pacer::default();
        pacer.throttled("ecs:UpdateService");
        pacer.throttled("ecs:UpdateService");
        let slow = time_for(&pacer, "ecs:UpdateService", 9).await;
        assert!((3.0..4.5).contains(&slow), "nine at about half of 4.5 a second took {slow} s");
        tokio::time::sleep(REGAIN).await;
        time_for(&pacer, "ecs:UpdateService", 45).await;
        let full = time_for(&pacer, "ecs:UpdateService", 9).await;
        assert!((1.9..2.1).contains(&full), "nine at 4.5 a second took {full} s");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_only_what_can_be_spared_leaves_half_a_burst_to_others() {
        let pacer = Pacer::default();
        let start = Instant::now();
        for _ in 0..100 {
            pacer.acquire_spare("ecs:DescribeServices", PATIENT).await.unwrap();
        }
        let took = start.elapsed().as_secs_f64();
        assert!((3.0..3.5).contains(&took), "45 at once, 55 at 18 a second took {took} s");
        assert!(time_for(&pacer, "ecs:DescribeServices", 45).await < 0.01, "an edit waits for nobody");
        let none = pacer.acquire_spare("ecs:DescribeServices", Duration::from_millis(100)).await;
        assert!(none.is_err_and(|wait| wait > Duration::from_millis(500)), "and nothing is spared until ten have come");
    }

    /// 105 % load of turns, for ten minutes: the sweep gets its tenth, the turns the rest, and together no more than the rate, but
    /// for a tenth of the line, which is what is sent ahead of it.
    #[tokio::test(start_paused = true)]
    async fn who_looks_for_drift_gets_a_tenth_under_a_load_that_never_ends() {
        const MINUTES_10: Duration = Duration::from_mins(10);
        const READ: &str = "iam:GetRole";
        let pacer = &Pacer::default();
        let (turns, spared) = (AtomicU32::new(0), AtomicU32::new(0));
        let load = async {
            let mut arrivals = tokio::time::interval(Duration::from_secs(1).div_f64(13.5 * 1.05));
            let mut waiting = FuturesUnordered::new();
            loop {
                tokio::select! {
                    _ = arrivals.tick() => waiting.push(pacer.acquire(READ, Duration::from_secs(10))),
                    Some(turn) = waiting.next() => {
                        turns.fetch_add(u32::from(turn.is_ok()), Ordering::Relaxed);
                    }
                }
            }
        };
        let sweep = async {
            while pacer.acquire_spare(READ, Duration::from_mins(5)).await.is_ok() {
                spared.fetch_add(1, Ordering::Relaxed);
            }
        };
        let _ = tokio::time::timeout(MINUTES_10, async { tokio::join!(load, sweep) }).await;
        let (turns, spared) = (turns.into_inner(), spared.into_inner());
        let most = 27 + 8_100 + 14;
        assert!(turns + spared <= most, "{turns} and {spared} are more than {most}: the rate does not hold");
        assert!((700..=900).contains(&spared), "the sweep got {spared} of 8,100");
        assert!(turns > 7_000, "the turns got {turns} of 8,100");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_would_wait_too_long_is_told_so_and_takes_nothing() {
        let pacer = Pacer::default();
        time_for(&pacer, REGISTER, 18).await;
        for _ in 0..5 {
            let told = pacer.acquire(REGISTER, Duration::from_millis(500)).await;
            assert!(told.is_err_and(|wait| wait > Duration::from_secs(1) && wait < Duration::from_secs(2)));
        }
        assert!(time_for(&pacer, REGISTER, 1).await < 2.0);
    }
}
