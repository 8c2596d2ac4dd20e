//! Identifiers that look like AWS's and come out the same in every run.

use std::fmt::Write as _;

use serde::Serialize;

/// A seeded counter from which every identifier is made.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ids {
    seed: u64,
    count: u64,
}

impl Ids {
    /// Identifiers of another world: a different seed gives different ones.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// `digits` hexadecimal digits, such as a task's 32.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            // Writing into a String can't fail.
            let _ = write!(text, "{:016x}", self.number());
        }
        text.truncate(digits);
        text
    }

    /// An EC2 identifier in the long form: the prefix, a dash and 17 hexadecimal digits starting with 0.
    pub fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// An IAM unique identifier: the prefix (`AROA`, `AIDA`) and 17 characters of capitals and digits.
    pub fn unique(&mut self, prefix: &str) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        let mut text = prefix.to_owned();
        for _ in 0..17 {
            let index = usize::try_from(bits & 31).unwrap_or_default();
            text.push(ALPHABET.get(index).copied().map_or('A', char::from));
            bits >>= 5;
        }
        text
    }

    /// A UUID, such as a request's.
    pub fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    /// The next number of the sequence, in decimal digits: an ECS deployment's identifier has 19.
    pub fn decimal(&mut self, digits: usize) -> String {
        let number = self.number();
        let text = format!("{number:020}");
        // The leading digit is kept away from zero, so that the length is always the same.
        format!("{}{}", 1 + number % 9, text.get(20 - (digits - 1).min(20)..).unwrap_or_default())
    }

    /// splitmix64 over the counter: well mixed, and the same on every machine.
    pub fn number(&mut self) -> u64 {
        self.count += 1;
        let mut mixed = self.seed.wrapping_add(self.count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
