//! The services, each a state in the world and a function from call to answer.

pub mod acm;
pub mod application_autoscaling;
pub mod cloudwatch;
pub mod ec2;
pub mod ec2_auto_scaling;
pub mod ecr;
pub mod ecs;
mod ecs_target;
pub mod efs;
pub mod elbv2;
pub mod eventbridge;
pub mod iam;
pub mod logs;
pub mod route53;
pub mod scheduler;
pub mod secretsmanager;
pub mod servicediscovery;
pub mod ssm;
pub mod sts;
pub mod wafv2;
mod wildcard;
