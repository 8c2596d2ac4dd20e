//! Instance types: what they have.
//!
//! Source: EC2 instance types guide; user guide, "Maximum IP addresses per network interface".

/// An instance type.
#[derive(Clone, Copy)]
pub struct InstanceType {
    /// Such as `m7g.large`.
    pub name: &'static str,
    /// CPU units: a vCPU is 1,024 of them to ECS.
    pub cpu: i64,
    /// MiB.
    pub memory: i64,
    /// Network interfaces that it can have.
    pub interfaces: usize,
    /// GPUs.
    pub gpus: usize,
    /// `arm64` or `x86_64`.
    pub architecture: &'static str,
}

const fn of(
    name: &'static str,
    cpus: i64,
    gibibytes: i64,
    interfaces: usize,
    architecture: &'static str,
) -> InstanceType {
    InstanceType { name, cpu: cpus * 1024, memory: gibibytes * 1024, interfaces, gpus: 0, architecture }
}

/// Accelerated types; the image for them tells ECS's agent to register their GPUs.
const fn with_gpus(gpus: usize, of: InstanceType) -> InstanceType {
    InstanceType { gpus, ..of }
}

static TYPES: [InstanceType; 28] = [
    of("t3.micro", 2, 1, 2, "x86_64"),
    of("t3.small", 2, 2, 3, "x86_64"),
    of("t3.medium", 2, 4, 3, "x86_64"),
    of("t3.large", 2, 8, 3, "x86_64"),
    of("t3.xlarge", 4, 16, 4, "x86_64"),
    of("t4g.micro", 2, 1, 2, "arm64"),
    of("t4g.small", 2, 2, 3, "arm64"),
    of("t4g.medium", 2, 4, 3, "arm64"),
    of("t4g.large", 2, 8, 3, "arm64"),
    of("t4g.xlarge", 4, 16, 4, "arm64"),
    of("m5.large", 2, 8, 3, "x86_64"),
    of("m5.xlarge", 4, 16, 4, "x86_64"),
    of("m5.2xlarge", 8, 32, 4, "x86_64"),
    of("m6i.large", 2, 8, 3, "x86_64"),
    of("m6i.xlarge", 4, 16, 4, "x86_64"),
    of("m7g.medium", 1, 4, 2, "arm64"),
    of("m7g.large", 2, 8, 3, "arm64"),
    of("m7g.xlarge", 4, 16, 4, "arm64"),
    of("m7g.2xlarge", 8, 32, 4, "arm64"),
    of("c5.large", 2, 4, 3, "x86_64"),
    of("c7g.large", 2, 4, 3, "arm64"),
    of("c7g.xlarge", 4, 8, 4, "arm64"),
    of("r5.large", 2, 16, 3, "x86_64"),
    of("r7g.large", 2, 16, 3, "arm64"),
    with_gpus(1, of("g4dn.xlarge", 4, 16, 3, "x86_64")),
    with_gpus(1, of("g5.xlarge", 4, 16, 4, "x86_64")),
    with_gpus(4, of("g5.12xlarge", 48, 192, 15, "x86_64")),
    with_gpus(1, of("p3.2xlarge", 8, 61, 4, "x86_64")),
];

/// What the kernel and the agent keep of an instance's memory, in MiB and in hundredths (developer guide, "Reserving
/// container instance memory", says that there is such a part and not how large; measured ones lie between 3 and 7 %).
const KEPT: (i64, i64) = (64, 4);

impl InstanceType {
    /// What is left of its memory once the kernel and the agent have theirs, in MiB.
    pub fn left(&self) -> i64 {
        let (fixed, share) = KEPT;
        self.memory - fixed - self.memory * share / 100
    }
}

/// All that are known.
pub fn instance_types() -> &'static [InstanceType] {
    &TYPES
}

/// The type of this name, if it is known.
pub fn instance_type(name: &str) -> Option<&'static InstanceType> {
    TYPES.iter().find(|known| known.name == name)
}
