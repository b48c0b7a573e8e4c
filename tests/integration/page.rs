//! The report's page in a real browser (Debian: `apt-get install chromium`).

use crate::local_sts::Operation;
use crate::needs;
use crate::pod::Sidecar;
use crate::stage::{self, Stage};
use std::path::Path;
use std::process::Command;

#[test]
fn a_browser_shows_the_page_and_finds_nothing_that_its_policy_forbids() {
    if !needs::program("chromium", "chromium") {
        return;
    }
    let mut stage = Stage::healthy().unwrap();
    stage.misbehave(Operation::AssumeRoleWithWebIdentity, "AccessDenied".parse().unwrap());
    let mut raised = stage.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).unwrap();
    let sidecar = Sidecar::start(&mut raised, &[]);
    sidecar.running.line("broken");
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .args(["60", "chromium"])
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"])
        .args(["--window-size=390,844", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("http://{}/", sidecar.report))
        .output()
        .unwrap();
    let (page, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    for part in ["<h1>broken</h1>", "not-authorized", "<svg role=\"img\"", "Fix:", "<pre>", stage::ROLE, stage::SUBJECT]
    {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    let complaints: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE") || line.contains("Refused")).collect();
    // A browser asks for an icon, which the page does not have.
    assert!(complaints.iter().all(|line| line.contains("favicon")), "{complaints:#?}");
}
