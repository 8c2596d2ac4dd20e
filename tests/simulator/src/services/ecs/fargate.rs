//! The sizes that Fargate has, and how sizes are written.

/// The memory that each Fargate CPU size allows, in MiB: CPU units, least, most, step.
/// (Developer guide, "Task definition parameters", task size.)
const SIZES: [(u32, &[u32]); 3] =
    [(256, &[512, 1024, 2048]), (512, &[1024, 2048, 3072, 4096]), (32768, &[61_440, 122_880, 249_856])];

/// The sizes that go in steps: CPU units, then least, most and step in MiB.
const STEPPED: [(u32, u32, u32, u32); 5] = [
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

/// Whether Fargate has this pair of CPU units and MiB.
pub(super) fn is_size(cpu: u32, memory: u32) -> bool {
    let listed = SIZES.iter().any(|(size, memories)| *size == cpu && memories.contains(&memory));
    let stepped = STEPPED.iter().any(|(size, least, most, step)| {
        *size == cpu && (*least..=*most).contains(&memory) && memory.is_multiple_of(*step)
    });
    listed || stepped
}

/// CPU units from `256`, `.25 vCPU` or `1vcpu`.
pub(super) fn cpu_units(text: &str) -> Option<u32> {
    scaled(text, &["vcpu"], 1024.0)
}

/// MiB from `512`, `0.5 GB` or `1gb`.
pub(super) fn mebibytes(text: &str) -> Option<u32> {
    scaled(text, &["gb"], 1024.0)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a whole number within u32 before the cast"
)]
fn scaled(text: &str, units: &[&str], factor: f64) -> Option<u32> {
    let lower = text.trim().to_lowercase();
    for unit in units {
        if let Some(number) = lower.strip_suffix(unit) {
            let value = number.trim().parse::<f64>().ok()? * factor;
            let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
            return whole.then_some(value as u32);
        }
    }
    lower.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fargate_has_only_the_pairs_of_the_guide() {
        let cases = [
            (256, 512, true),
            (256, 3072, false),
            (512, 512, false),
            (1024, 8192, true),
            (1024, 2500, false),
            (4096, 30_720, true),
            (8192, 20_480, true),
            (8192, 17_408, false),
            (16_384, 122_880, true),
            (32_768, 249_856, true),
            (300, 512, false),
        ];
        for (cpu, memory, there) in cases {
            assert_eq!(is_size(cpu, memory), there, "{cpu} CPU units with {memory} MiB");
        }
    }

    #[test]
    fn sizes_may_be_written_in_units() {
        let cases = [
            ("256", Some(256)),
            (".25 vCPU", Some(256)),
            ("1 vCPU", Some(1024)),
            ("2vcpu", Some(2048)),
            ("much", None),
        ];
        for (text, units) in cases {
            assert_eq!(cpu_units(text), units, "{text}");
        }
        let cases = [("512", Some(512)), ("0.5 GB", Some(512)), ("2GB", Some(2048)), ("1 TB", None)];
        for (text, mebi) in cases {
            assert_eq!(mebibytes(text), mebi, "{text}");
        }
    }
}
