//! An invented spec, its graph, and a generator of specs.

use longshore_planner::engine::{Graph, Id, Text};
use proptest::prelude::*;

use crate::kinds::{Part, PartOutput};

/// One wanted part. `base` and `links` are indices of parts before it in the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartSpec {
    pub key: u8,
    pub label: u8,
    pub mould: u8,
    pub rank: u8,
    pub base: Vec<usize>,
    pub links: Vec<usize>,
}

/// Parts in an order in which each refers only to earlier ones.
pub(crate) type Spec = Vec<PartSpec>;

pub(crate) fn graph(spec: &Spec) -> Graph {
    let mut graph = Graph::default();
    let mut made: Vec<(Id, Text)> = vec![];
    for part in spec {
        let out = |indices: &Vec<usize>| indices.iter().map(|i| made[*i].1.clone()).collect::<Vec<Text>>();
        let (base, links) = (out(&part.base), out(&part.links));
        let name = format!("p{}", part.key);
        let handle = match part.rank {
            0 => add::<0>(&mut graph, part, &name, base, links),
            1 => add::<1>(&mut graph, part, &name, base, links),
            2 => add::<2>(&mut graph, part, &name, base, links),
            _ => add::<3>(&mut graph, part, &name, base, links),
        };
        made.push(handle);
    }
    graph
}

fn add<const RANK: u8>(
    graph: &mut Graph,
    part: &PartSpec,
    name: &str,
    base: Vec<Text>,
    links: Vec<Text>,
) -> (Id, Text) {
    let value = Part::<RANK> { label: part.label, mould: part.mould, base, links, level: 0, name: name.to_owned() };
    let handle = graph.add(name, value, "spec.parts", &[]).unwrap();
    (handle.id.clone(), handle.out(PartOutput::Arn))
}

/// The length of the longest chain.
pub(crate) fn depth(spec: &Spec) -> usize {
    let mut depths: Vec<usize> = vec![];
    for part in spec {
        let below = part.base.iter().chain(&part.links).map(|i| depths[*i]).max().unwrap_or(0);
        depths.push(below + 1);
    }
    depths.into_iter().max().unwrap_or(0)
}

/// Up to eight parts; high ranks come first, since what is used goes last.
pub(crate) fn any_spec() -> impl Strategy<Value = Spec> {
    let part = (0_u8..10, 0_u8..3, 0_u8..2, 0_u8..4, any::<u8>(), any::<u8>());
    proptest::collection::vec(part, 0..8).prop_map(|parts| {
        let mut spec: Spec = vec![];
        let mut parts = parts;
        parts.sort_by_key(|part| std::cmp::Reverse(part.3));
        for (key, label, mould, _, base, links) in parts {
            // A key decides the rank, so that the same key is the same kind in every spec.
            let rank = key % 4;
            if spec.iter().any(|other| other.key == key) {
                continue;
            }
            let chosen = |bits: u8, spec: &Spec| -> Vec<usize> {
                (0..spec.len()).filter(|i| bits & (1 << i) != 0 && spec[*i].rank >= rank).collect()
            };
            let (base, links) = (chosen(base & 0x11, &spec), chosen(links, &spec));
            spec.push(PartSpec { key, label, mould, rank, base, links });
        }
        spec
    })
}
