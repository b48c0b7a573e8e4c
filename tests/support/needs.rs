//! What a test needs of the machine beyond the toolchain: root, or a program. `if !needs::root() { return; }` leaves the
//! test out where that is missing, and says so; with `REQUIRE_ALL=1`, as `.ci/run` sets it, the test fails instead.

use std::process::Command;

#[must_use]
pub fn root() -> bool {
    have(nix::unistd::geteuid().is_root(), "root")
}

/// Whether `name` can be run; `package` is Debian's name for where it comes from.
#[must_use]
pub fn program(name: &str, package: &str) -> bool {
    let found = Command::new(name).arg("--version").output().is_ok();
    have(found, &format!("the program {name} (Debian: apt-get install {package})"))
}

/// Whether the test can run; `what` is what it needs.
#[must_use]
pub fn have(present: bool, what: &str) -> bool {
    let required = std::env::var_os("REQUIRE_ALL").is_some_and(|value| !value.is_empty());
    assert!(present || !required, "this test needs {what}, and REQUIRE_ALL is set");
    if !present {
        eprintln!("skipped: this test needs {what}");
    }
    present
}
