//! The simulator takes what it understands; whether AWS would, its API's models decide.

use std::process::Command;

use anyhow::Result;
use longshore_e2e::{Namespace, Python, hello, project};

use crate::stack;

#[test]
fn every_request_in_a_services_life_fits_the_models_of_awss_api() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "requests")?;
    ns.apply(&hello(&ns.name)?.replace("nginx:1.27", "nginx:1.28"))?;
    ns.wait_settled("ecssvc/hello")?;
    ns.kubectl(&["scale", "ecssvc/hello", "--replicas=1"])?;
    ns.wait_settled("ecssvc/hello")?;
    ns.kubectl(&["delete", "ecssvc/hello", "ecscl/main", "--timeout=180s"])?;

    // Everything that was sent so far, by the tests beside this one too.
    let recording = stack.dir().join("requests.json");
    std::fs::write(&recording, stack.simulator().recording()?.to_string())?;
    let output = Command::new(Python::prepare()?.program("python"))
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(project("tests/simulator/python/test_requests_against_models.py"))
        .env("LONGSHORE_RECORDING", &recording)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
