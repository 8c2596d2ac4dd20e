//! What the definitions promise to who writes objects: examples are taken as they are, mistakes are told with their
//! remedy, ECS's members are all there, and the generated files are fresh.

#![cfg(test)]

mod api_server;
mod cases;
mod elb_members;
mod examples;
mod generated;
mod members;
mod rules;
