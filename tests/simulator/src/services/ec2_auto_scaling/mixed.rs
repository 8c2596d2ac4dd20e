//! Mixed instances policies: of which type an instance is, and whether it is On-Demand or Spot.
//!
//! Source: API reference, `MixedInstancesPolicy` and `InstancesDistribution`; user guide, "Auto Scaling groups with multiple
//! instance types and purchase options". Weights, types by their attributes, a template for each type, and the gradual
//! replacement of instances after a change of their shares are not simulated.

use serde::Serialize;
use serde_json::{Value, json};

use super::invalid;
use crate::call::Fault;
use crate::protocol::query;
use crate::services::ec2;

/// How the Spot instances of a group are chosen.
const STRATEGIES: [&str; 4] =
    ["capacity-optimized", "capacity-optimized-prioritized", "lowest-price", "price-capacity-optimized"];
/// As many overrides as a policy has at most.
const OVERRIDES: usize = 40;

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mixed {
    /// The first is wanted most; none: the template's.
    pub(super) types: Vec<String>,
    base: i64,
    percentage: i64,
    strategy: String,
    pools: i64,
    price: Option<String>,
}

/// What an instance is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// None: the template's.
    pub(super) instance_type: Option<String>,
    pub(super) spot: bool,
}

/// The policy of an input; what it leaves out stays as before, or is as it is by default.
pub(super) fn read(input: &Value, before: Option<&Mixed>) -> Result<Option<Mixed>, Fault> {
    let Some(given) = input.get("MixedInstancesPolicy") else { return Ok(None) };
    let distribution = given.get("InstancesDistribution").cloned().unwrap_or(json!({}));
    let number = |member: &str, most: i64, before: i64| match query::number(&distribution, member)? {
        Some(number) if (0..=most).contains(&number) => Ok(number),
        Some(number) => {
            Err(invalid(format!("{number} is not a valid value for {member}: it must be between 0 and {most}")))
        }
        None => Ok(before),
    };
    let overrides = given.get("LaunchTemplate").and_then(|template| template.get("Overrides"));
    let types = overrides.map(|overrides| {
        let items = overrides.as_array().into_iter().flatten();
        items.filter_map(|one| query::text(one, "InstanceType").map(str::to_owned)).collect::<Vec<_>>()
    });
    if types.as_ref().is_some_and(|types| types.len() > OVERRIDES) {
        return Err(invalid("Too many launch template overrides: at most 40 are allowed"));
    }
    let strategy = query::text(&distribution, "SpotAllocationStrategy").map(str::to_owned);
    if let Some(unknown) = strategy.iter().find(|it| !STRATEGIES.contains(&it.as_str())) {
        return Err(invalid(format!("{unknown} is not a valid value for SpotAllocationStrategy")));
    }
    // An empty price takes away one that was given.
    let price = distribution.get("SpotMaxPrice").and_then(Value::as_str);
    Ok(Some(Mixed {
        types: types.or(before.map(|it| it.types.clone())).unwrap_or_default(),
        base: number("OnDemandBaseCapacity", i64::MAX, before.map_or(0, |it| it.base))?,
        percentage: number("OnDemandPercentageAboveBaseCapacity", 100, before.map_or(100, |it| it.percentage))?,
        strategy: strategy.or(before.map(|it| it.strategy.clone())).unwrap_or_else(|| "lowest-price".to_owned()),
        pools: number("SpotInstancePools", 20, before.map_or(2, |it| it.pools))?,
        price: price
            .map_or(before.and_then(|it| it.price.clone()), |it| Some(it.to_owned()).filter(|it| !it.is_empty())),
    }))
}

impl Mixed {
    /// As answers have it.
    pub(super) fn view(&self, template: &Value) -> Value {
        let overrides: Vec<Value> = self.types.iter().map(|it| json!({"InstanceType": it})).collect();
        let mut distribution = json!({
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": self.base,
            "OnDemandPercentageAboveBaseCapacity": self.percentage,
            "SpotAllocationStrategy": self.strategy,
        });
        if let Some(members) = distribution.as_object_mut() {
            let of_price = ("SpotMaxPrice".to_owned(), json!(self.price));
            let pools = (self.strategy == "lowest-price").then_some(self.pools);
            members.extend([of_price, ("SpotInstancePools".to_owned(), json!(pools))]);
            members.retain(|_, value| !value.is_null());
        }
        json!({
            "LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": overrides},
            "InstancesDistribution": distribution,
        })
    }

    /// How many of so many instances are On-Demand: of what is above the base a share, rounded up, which no page says.
    fn on_demand(&self, of: i64) -> i64 {
        let above = (of - self.base).max(0);
        of.min(self.base) + (above * self.percentage + 99) / 100
    }

    /// What the next instance may be, the best first; `there`: the types of those that are, and whether they are Spot.
    pub(super) fn choices(&self, there: &[(String, bool)]) -> Vec<Choice> {
        let on_demand = there.iter().filter(|(_, spot)| !spot).count();
        let next = i64::try_from(there.len()).unwrap_or(i64::MAX).saturating_add(1);
        let spot = i64::try_from(on_demand).is_ok_and(|on_demand| on_demand >= self.on_demand(next));
        let types = if spot { self.pools(there) } else { self.types.clone() };
        let choice = |instance_type: Option<String>| Choice { instance_type, spot };
        if types.is_empty() { vec![choice(None)] } else { types.into_iter().map(|it| choice(Some(it))).collect() }
    }

    /// The types that Spot instances are asked for. There are no prices here: the smaller is the cheaper. Of those that are as
    /// good as each other the one with the fewest comes first.
    fn pools(&self, there: &[(String, bool)]) -> Vec<String> {
        let mut types = self.types.clone();
        if self.strategy == "lowest-price" {
            types.sort_by_key(|it| ec2::instance_type(it).map(|it| (it.cpu, it.left())));
            types.truncate(usize::try_from(self.pools).unwrap_or(1).max(1));
        }
        types.sort_by_key(|it| there.iter().filter(|(other, spot)| *spot && other == it).count());
        types
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(distribution: &Value) -> Mixed {
        let overrides =
            json!([{"InstanceType": "m7g.xlarge"}, {"InstanceType": "m7g.large"}, {"InstanceType": "r7g.large"}]);
        let input = json!({"MixedInstancesPolicy": {
            "LaunchTemplate": {"Overrides": overrides}, "InstancesDistribution": distribution,
        }});
        read(&input, None).unwrap().unwrap()
    }

    /// So many instances, one after the other: `d` an On-Demand one, `s` a Spot one, and the types of the Spot ones.
    fn launches(mixed: &Mixed, count: usize) -> (String, Vec<String>) {
        let mut there: Vec<(String, bool)> = vec![];
        for _ in 0..count {
            let choice = mixed.choices(&there).remove(0);
            there.push((choice.instance_type.unwrap(), choice.spot));
        }
        let letters = there.iter().map(|(_, spot)| if *spot { 's' } else { 'd' }).collect();
        (letters, there.into_iter().filter(|(_, spot)| *spot).map(|(it, _)| it).collect())
    }

    #[test]
    fn instances_are_on_demand_up_to_the_base_and_above_it_by_their_share() {
        let cases = [
            (json!({}), "dddddd"),
            (json!({"OnDemandPercentageAboveBaseCapacity": "0"}), "ssssss"),
            (json!({"OnDemandBaseCapacity": "2", "OnDemandPercentageAboveBaseCapacity": "0"}), "ddssss"),
            (json!({"OnDemandBaseCapacity": "2", "OnDemandPercentageAboveBaseCapacity": "50"}), "dddsds"),
        ];
        for (distribution, expected) in cases {
            assert_eq!(launches(&policy(&distribution), 6).0, expected, "{distribution}");
        }
    }

    #[test]
    fn spot_instances_are_of_the_two_cheapest_types_or_of_all() {
        let of = |strategy: &str| {
            let distribution = json!({"OnDemandPercentageAboveBaseCapacity": "0", "SpotAllocationStrategy": strategy});
            launches(&policy(&distribution), 3).1
        };
        assert_eq!(of("lowest-price"), ["m7g.large", "r7g.large", "m7g.large"]);
        assert_eq!(of("price-capacity-optimized"), ["m7g.xlarge", "m7g.large", "r7g.large"]);
    }
}
