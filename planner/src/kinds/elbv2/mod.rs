//! Elastic Load Balancing: load balancers for HTTP and HTTPS, and what stands behind them.

pub mod listener;
pub mod listener_rule;
pub mod load_balancer;
pub mod target_group;

use std::collections::BTreeMap;

/// Attributes of a load balancer or target group, by AWS's names.
pub type Attributes = BTreeMap<String, String>;

/// Attributes that nobody named are AWS's: only those that are wanted are compared. One that is wanted to be empty, such
/// as a prefix, is so where AWS does not tell it.
fn disown_attributes(want: &Attributes, seen: &mut Attributes) {
    seen.retain(|name, _| want.contains_key(name));
    for (name, _) in want.iter().filter(|(_, value)| value.is_empty()) {
        seen.entry(name.clone()).or_default();
    }
}
