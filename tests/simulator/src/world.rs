//! Everything that exists in the simulated AWS.

use serde::Serialize;

use crate::call::{Answer, Call, Fault, Service};
use crate::faults::Faults;
use crate::foreign::Foreign;
use crate::ids::Ids;
use crate::images::Images;
use crate::limits::Limits;
use crate::probes::{self, Probes};
use crate::recording::Recording;
use crate::services::{
    acm, application_autoscaling, cloudwatch, ec2, ec2_auto_scaling, ecr, ecs, efs, elbv2, eventbridge, iam, logs,
    route53, scheduler, secretsmanager, servicediscovery, ssm, sts, wafv2,
};

/// One account in one region.
#[derive(Clone, Debug, Serialize)]
pub struct World {
    /// The present, in milliseconds of simulated time since the epoch; set by [`World::advance_to`].
    pub now: i64,
    /// The account, twelve digits.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// Where identifiers come from.
    pub ids: Ids,
    /// How this world differs from AWS's defaults.
    pub settings: Settings,
    /// Roles and policies.
    pub iam: iam::State,
    /// VPC, subnets, security groups, network interfaces.
    pub ec2: ec2::State,
    /// Log groups.
    pub logs: logs::State,
    /// Clusters, task definitions, services, tasks.
    pub ecs: ecs::State,
    /// File systems, mount targets, access points.
    pub efs: efs::State,
    /// Load balancers, listeners, rules, target groups.
    pub elbv2: elbv2::State,
    /// Certificates.
    pub acm: acm::State,
    /// Web ACLs.
    pub wafv2: wafv2::State,
    /// Hosted zones.
    pub route53: route53::State,
    /// Scalable targets and scaling policies.
    pub autoscaling: application_autoscaling::State,
    /// Schedules.
    pub scheduler: scheduler::State,
    /// Buses, rules and their targets.
    pub eventbridge: eventbridge::State,
    /// Auto Scaling groups.
    pub ec2_auto_scaling: ec2_auto_scaling::State,
    /// Alarms.
    pub cloudwatch: cloudwatch::State,
    /// Cloud Map's namespaces and services.
    pub servicediscovery: servicediscovery::State,
    /// What watches over the load balancers' answers.
    #[serde(skip)]
    pub probes: Probes,
    /// What services hold that the simulator does not have.
    pub foreign: Foreign,
    /// What registries hold.
    pub images: Images,
    /// How far each API rate limit is used up.
    pub limits: Limits,
    /// Faults that tests have asked for.
    #[serde(skip)]
    pub faults: Faults,
    /// Every call.
    #[serde(skip)]
    pub recording: Recording,
    /// The services as they were before the last write; kept while stale reads are asked for.
    #[serde(skip)]
    remembered: Option<Box<Remembered>>,
}

/// What a stale read reads.
#[derive(Clone, Debug)]
struct Remembered {
    iam: iam::State,
    ec2: ec2::State,
    logs: logs::State,
    ecs: ecs::State,
    efs: efs::State,
    elbv2: elbv2::State,
    wafv2: wafv2::State,
    route53: route53::State,
    autoscaling: application_autoscaling::State,
    scheduler: scheduler::State,
    eventbridge: eventbridge::State,
    ec2_auto_scaling: ec2_auto_scaling::State,
    servicediscovery: servicediscovery::State,
}

/// How a world differs from AWS's defaults.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Throttle by AWS's token buckets; off unless asked for.
    pub rate_limits: bool,
    /// At most this many items a page, whatever the caller asks for: makes paging happen in small worlds.
    pub page_size: Option<usize>,
    /// How long a new role can't be assumed yet, in milliseconds (AWS: about ten seconds).
    pub role_propagation: i64,
    /// How many Fargate tasks fit at the same time; none means no limit.
    pub fargate_capacity: Option<usize>,
    /// The Availability Zone that has failed.
    pub lost_zone: Option<String>,
    /// How many roles there may be: 1,000 unless AWS was asked for more, up to 5,000 ("IAM and AWS STS quotas").
    pub roles_per_account: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limits: false,
            page_size: None,
            role_propagation: 10_000,
            fargate_capacity: None,
            lost_zone: None,
            roles_per_account: 1000,
        }
    }
}

impl World {
    /// An empty account in a region.
    pub fn new(account_id: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            now: crate::clock::EPOCH,
            account_id: account_id.into(),
            region: region.into(),
            ids: Ids::default(),
            settings: Settings::default(),
            iam: iam::State::default(),
            ec2: ec2::State::default(),
            logs: logs::State::default(),
            ecs: ecs::State::default(),
            efs: efs::State::default(),
            elbv2: elbv2::State::default(),
            acm: acm::State::default(),
            wafv2: wafv2::State::default(),
            route53: route53::State::default(),
            autoscaling: application_autoscaling::State::default(),
            scheduler: scheduler::State::default(),
            eventbridge: eventbridge::State::default(),
            ec2_auto_scaling: ec2_auto_scaling::State::default(),
            cloudwatch: cloudwatch::State::default(),
            servicediscovery: servicediscovery::State::default(),
            probes: Probes::default(),
            foreign: Foreign::default(),
            images: Images::default(),
            faults: Faults::default(),
            limits: Limits::default(),
            recording: Recording::default(),
            remembered: None,
        }
    }

    /// Moves the world to `now`: everything that was due until then happens, in order. Never backwards.
    pub fn advance_to(&mut self, now: i64) {
        if now <= self.now {
            return;
        }
        loop {
            let services = [
                ecs::next_due(self),
                efs::next_due(self),
                elbv2::next_due(self),
                ec2::next_due(self),
                ec2_auto_scaling::next_due(self),
            ];
            let clocks =
                [application_autoscaling::next_due(self), scheduler::next_due(self), eventbridge::next_due(self)];
            let next = services.into_iter().chain(clocks).flatten().min();
            // What is due comes before the look at what it led to.
            let look = self.probes.next_due().filter(|look| next.is_none_or(|next| *look < next));
            let Some(at) = look.or(next).filter(|at| *at <= now) else { break };
            if look.is_some() {
                self.now = self.now.max(at);
                probes::look(self);
            } else {
                efs::advance_to(self, at);
                ecs::advance_to(self, at);
                ec2::advance_to(self, at);
                ec2_auto_scaling::advance_to(self, at);
                elbv2::advance_to(self, at);
                application_autoscaling::advance_to(self, at);
                scheduler::advance_to(self, at);
                eventbridge::advance_to(self, at);
            }
        }
        self.now = now;
    }

    /// Asks a service.
    pub fn call(&mut self, call: &Call) -> Answer {
        match call.service {
            Service::Ecs => ecs::call(self, call),
            Service::Iam => iam::call(self, call),
            Service::Sts => sts::call(self, call),
            Service::Ec2 => ec2::call(self, call),
            Service::Logs => logs::call(self, call),
            Service::Elbv2 => elbv2::call(self, call),
            Service::Acm => acm::call(self, call),
            Service::Wafv2 => wafv2::call(self, call),
            Service::Route53 => route53::call(self, call),
            Service::Ec2AutoScaling => ec2_auto_scaling::call(self, call),
            Service::ApplicationAutoscaling => application_autoscaling::call(self, call),
            Service::Efs => efs::call(self, call),
            Service::ServiceDiscovery => servicediscovery::call(self, call),
            Service::SecretsManager => secretsmanager::call(self, call),
            Service::Ssm => ssm::call(self, call),
            Service::Ecr => ecr::call(self, call),
            Service::Scheduler => scheduler::call(self, call),
            Service::EventBridge => eventbridge::call(self, call),
        }
    }

    /// Keeps the services as they are now, for stale reads.
    pub fn remember(&mut self) {
        let (iam, ec2) = (self.iam.clone(), self.ec2.clone());
        let (logs, ecs, elbv2) = (self.logs.clone(), self.ecs.clone(), self.elbv2.clone());
        let (wafv2, route53) = (self.wafv2.clone(), self.route53.clone());
        let (autoscaling, efs) = (self.autoscaling.clone(), self.efs.clone());
        let (scheduler, ec2_auto_scaling) = (self.scheduler.clone(), self.ec2_auto_scaling.clone());
        let (eventbridge, servicediscovery) = (self.eventbridge.clone(), self.servicediscovery.clone());
        let remembered = Remembered {
            iam,
            ec2,
            logs,
            ecs,
            efs,
            elbv2,
            wafv2,
            route53,
            autoscaling,
            scheduler,
            eventbridge,
            ec2_auto_scaling,
            servicediscovery,
        };
        self.remembered = Some(Box::new(remembered));
    }

    /// Asks a service as it was before the last write, if that was kept.
    pub fn call_stale(&mut self, call: &Call) -> Answer {
        let Some(mut before) = self.remembered.take() else { return self.call(call) };
        self.swap(&mut before);
        let answer = self.call(call);
        self.swap(&mut before);
        self.remembered = Some(before);
        answer
    }

    fn swap(&mut self, other: &mut Remembered) {
        std::mem::swap(&mut self.iam, &mut other.iam);
        std::mem::swap(&mut self.ec2, &mut other.ec2);
        std::mem::swap(&mut self.logs, &mut other.logs);
        std::mem::swap(&mut self.ecs, &mut other.ecs);
        std::mem::swap(&mut self.efs, &mut other.efs);
        std::mem::swap(&mut self.elbv2, &mut other.elbv2);
        std::mem::swap(&mut self.wafv2, &mut other.wafv2);
        std::mem::swap(&mut self.route53, &mut other.route53);
        std::mem::swap(&mut self.autoscaling, &mut other.autoscaling);
        std::mem::swap(&mut self.scheduler, &mut other.scheduler);
        std::mem::swap(&mut self.eventbridge, &mut other.eventbridge);
        std::mem::swap(&mut self.ec2_auto_scaling, &mut other.ec2_auto_scaling);
        std::mem::swap(&mut self.servicediscovery, &mut other.servicediscovery);
    }

    /// An ARN in this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account_id)
    }

    /// One page of a list, and the token of the next: `wanted` items at most, or fewer where the world says so.
    ///
    /// A token is the number of items that came before; AWS's are opaque, and callers must treat these so too.
    pub fn page<T: Clone>(
        &self,
        items: &[T],
        wanted: usize,
        token: Option<&str>,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        let invalid = || Fault::bad_request("InvalidParameterException", "Invalid token.");
        let start = match token {
            None => 0,
            Some(token) => {
                token.strip_prefix("page-").and_then(|start| start.parse::<usize>().ok()).ok_or_else(invalid)?
            }
        };
        let size = self.settings.page_size.map_or(wanted, |small| small.min(wanted)).max(1);
        let page: Vec<T> = items.iter().skip(start).take(size).cloned().collect();
        let next = start + page.len();
        Ok((page, (next < items.len()).then(|| format!("page-{next}"))))
    }
}
