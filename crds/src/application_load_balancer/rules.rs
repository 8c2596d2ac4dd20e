//! What can be said of a load balancer from itself alone.

use crate::rules::{self, RuleText};

/// Of `ApplicationLoadBalancerSpec`.
pub(super) const LOAD_BALANCER: &[RuleText] =
    &[rules::ENVIRONMENT_FIXED, NAME_FIXED, NAME_RESERVED, SCHEME_OF_NAME, PUBLIC_IPV6, PORTS, RULES_OF_GROUP];

/// Of `Listener`.
pub(super) const LISTENER: &[RuleText] = &[CERTIFICATES, TLS_ONLY, ONE_DEFAULT, NO_DOWNGRADE];

const NAME_FIXED: RuleText = (
    "has(self.loadBalancerName) == has(oldSelf.loadBalancerName) && \
     (!has(self.loadBalancerName) || self.loadBalancerName == oldSelf.loadBalancerName)",
    "loadBalancerName can't be changed: make another object, and delete this one when the other is ready",
);

/// API reference, `CreateLoadBalancer`: `Name`.
const NAME_RESERVED: RuleText = (
    "!has(self.loadBalancerName) || !self.loadBalancerName.startsWith('internal-')",
    "loadBalancerName must not begin with internal-, which AWS keeps for itself",
);

/// Another scheme is another load balancer, and two cannot have one name.
const SCHEME_OF_NAME: RuleText = (
    "!has(self.loadBalancerName) || self.scheme == oldSelf.scheme",
    "scheme can't be changed while loadBalancerName is given, which two can't have: make another object",
);

/// Application Load Balancers guide, "IP address type".
const PUBLIC_IPV6: RuleText = (
    "!has(self.ipAddressType) || self.ipAddressType != 'dualstack-without-public-ipv4' || \
     self.scheme == 'internet-facing'",
    "ipAddressType: dualstack-without-public-ipv4 needs scheme: internet-facing: write dualstack",
);

const PORTS: RuleText = (
    "self.listeners.all(l, self.listeners.filter(m, m.port == l.port).size() == 1)",
    "listeners: each needs a port of its own",
);

/// A security group has at most 60 rules in each direction (Amazon VPC quotas).
const RULES_OF_GROUP: RuleText = (
    "self.listeners.size() * ((has(self.ingressCidrs) ? self.ingressCidrs.size() : 0) + \
     (has(self.ingressPrefixListIds) ? self.ingressPrefixListIds.size() : 0)) <= 60",
    "listeners times ingressCidrs and ingressPrefixListIds must be at most 60, the rules that a security group can \
     have: put the ranges into a prefix list",
);

const CERTIFICATES: RuleText = (
    "self.protocol != 'HTTPS' || (has(self.certificateArns) && self.certificateArns.size() > 0) || \
     (has(self.hosts) && self.hosts.size() > 0)",
    "protocol: HTTPS needs certificateArns, or hosts for which certificates are found in ACM",
);

const TLS_ONLY: RuleText = (
    "self.protocol == 'HTTPS' || (!has(self.sslPolicy) && !has(self.mutualAuthentication) && \
     (!has(self.certificateArns) || self.certificateArns.size() == 0))",
    "certificateArns, sslPolicy and mutualAuthentication belong to protocol: HTTPS",
);

const ONE_DEFAULT: RuleText =
    ("!has(self.redirect) || !has(self.fixedResponse)", "at most one of redirect and fixedResponse");

/// API reference, `RedirectActionConfig`: HTTPS cannot be redirected to HTTP.
const NO_DOWNGRADE: RuleText = (
    "self.protocol == 'HTTP' || !has(self.redirect) || !has(self.redirect.protocol) || self.redirect.protocol == 'HTTPS'",
    "redirect.protocol: HTTPS can't be redirected to HTTP: write HTTPS, or leave it out",
);

/// API reference, `MutualAuthenticationAttributes`.
pub(super) const TRUST_STORE: RuleText =
    ("(self.mode == 'verify') == has(self.trustStoreArn)", "trustStoreArn belongs to mode: verify, which needs it");
