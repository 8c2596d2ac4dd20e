//! Invented resource kinds, one for each teardown rank.

use longshore_planner::engine::{Kind, Kinds, Ready, Replacement, Seen, Text};
use serde::{Deserialize, Serialize};

/// A resource with a field of every sort that the engine tells apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part<const RANK: u8> {
    /// Where it is found; carries no hash, so two moulds of one name are told apart by `mould`.
    pub name: String,
    /// Can be changed in place.
    pub label: u8,
    /// Cannot be changed.
    pub mould: u8,
    /// What it stands on: cannot be changed.
    pub base: Vec<Text>,
    /// What it uses: can be changed.
    pub links: Vec<Text>,
    /// Belongs to the cloud, as an autoscaled count does.
    #[serde(default)]
    pub level: u8,
}

pub(crate) enum PartOutput {
    Arn,
}

impl From<PartOutput> for &'static str {
    fn from(output: PartOutput) -> Self {
        match output {
            PartOutput::Arn => "arn",
        }
    }
}

/// What the cloud tells of a part beside its value.
#[derive(Serialize, Deserialize)]
pub(crate) struct PartDetail {
    pub broken: bool,
    pub settling: bool,
}

impl<const RANK: u8> Kind for Part<RANK> {
    const NAME: &'static str = match RANK {
        0 => "test/leaf",
        1 => "test/twig",
        2 => "test/branch",
        _ => "test/root",
    };
    const TEARDOWN: u8 = RANK;
    const FIXED: &'static [&'static str] = &["mould", "base"];
    const ADDRESS: &'static [&'static str] = &["name", "mould"];
    const RESTS: bool = RANK >= 2;
    type Output = PartOutput;

    fn normalise(mut self) -> Self {
        self.links.sort();
        self
    }

    fn disown(&self, seen: &mut Self) {
        seen.level = self.level;
    }

    fn ready(&self, seen: &Seen<Self>) -> Ready {
        as_told(seen)
    }
}

fn as_told<K>(seen: &Seen<K>) -> Ready {
    match seen.detail::<PartDetail>() {
        Some(PartDetail { broken: true, .. }) => Ready::Broken("it broke".to_owned()),
        Some(PartDetail { settling: true, .. }) => Ready::Wait("it settles".to_owned()),
        _ => Ready::Ready,
    }
}

/// A kind that uses a host where it says so; where it does not, the cloud keeps the one that there was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Guest {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Text>,
}

impl Kind for Guest {
    const NAME: &'static str = "test/guest";
    const TEARDOWN: u8 = 0;
    const FIXED: &'static [&'static str] = &[];
    const ADDRESS: &'static [&'static str] = &["name", "host"];
    type Output = PartOutput;

    fn normalise(self) -> Self {
        self
    }

    fn disown(&self, seen: &mut Self) {
        if self.host.is_none() {
            seen.host = None;
        }
    }

    fn ready(&self, seen: &Seen<Self>) -> Ready {
        as_told(seen)
    }
}

/// A kind that holds data: replaced only with consent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Vault {
    pub name: String,
    pub mould: u8,
}

impl Kind for Vault {
    const NAME: &'static str = "test/vault";
    const TEARDOWN: u8 = 9;
    const FIXED: &'static [&'static str] = &["mould"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    type Output = PartOutput;

    fn normalise(self) -> Self {
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

/// A kind whose last predecessors are kept, as task definitions are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Edition {
    pub content: u8,
    /// What it uses.
    #[serde(default)]
    pub links: Vec<Text>,
}

impl Kind for Edition {
    const NAME: &'static str = "test/edition";
    const TEARDOWN: u8 = 9;
    const FIXED: &'static [&'static str] = &["content", "links"];
    const ADDRESS: &'static [&'static str] = &[];
    const KEEP: usize = 2;
    type Output = PartOutput;

    fn normalise(self) -> Self {
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

/// A kind of which anybody may have made one, and that goes with what it is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sticker {
    pub on: Text,
    /// What it points at.
    pub at: Text,
}

impl Kind for Sticker {
    const NAME: &'static str = "test/sticker";
    const TEARDOWN: u8 = 0;
    const FIXED: &'static [&'static str] = &["on", "at"];
    const ADDRESS: &'static [&'static str] = &["on", "at"];
    const PART_OF: Option<&'static str> = Some("on");
    type Output = PartOutput;

    fn normalise(self) -> Self {
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

pub(crate) fn all() -> Kinds {
    Kinds::default()
        .with::<Part<0>>()
        .with::<Part<1>>()
        .with::<Part<2>>()
        .with::<Part<3>>()
        .with::<Vault>()
        .with::<Edition>()
        .with::<Sticker>()
        .with::<Guest>()
}
