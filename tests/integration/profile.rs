//! Pods that have their role by a profile, and pods that are configured for two mechanisms. What is wrong with one profile
//! is in tests/cases.

use crate::application::{Application, ROLE, Stage, codes, finding, image, open_to_all};
use crate::needs;
use crate::pod::{Sidecar, run as run_command};
use crate::probe::{raise, run};
use serde_json::json;
use std::fs;
use std::os::unix::fs::chown;

const OTHER: &str = "arn:aws:iam::111122223333:role/basket";

fn config(role: &str, token: &str) -> String {
    format!("[default]\nrole_arn = {role}\nweb_identity_token_file = {token}\nregion = eu-west-1\n")
}

fn raised() -> crate::stage::Raised {
    raise(|stage| {
        stage.variables.remove("AWS_ROLE_ARN");
        let text = config(crate::stage::ROLE, "{token}") + "aws_secret_access_key = hunter2hunter2\n";
        stage.profile = Some(("AWS_SHARED_CREDENTIALS_FILE".to_owned(), text));
    })
}

#[test]
fn the_report_names_the_profile_and_its_file() {
    for (arguments, code, exit_code) in [
        (&["check"][..], None, 0),
        (&["check", "--identity", "irsa-profile"], None, 0),
        (&["check", "--identity", "irsa"], Some("env-not-injected"), 4),
        (&["check", "--identity", "pod-identity"], Some("env-not-injected"), 4),
        // What is typed stands for the variables, so the profile's role is not what is tested.
        (&["check", "--role-arn", OTHER], Some("env-partially-set"), 4),
    ] {
        let mut raised = raised();
        raised.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let run = run(&mut raised);
        assert_eq!((run.code(), run.exit_code), (code, exit_code), "{arguments:?}: {}", run.report);
        assert!(!run.report.to_string().contains("hunter2"));
        if code.is_none() {
            let identity = &run.report["identity"];
            assert_eq!(identity["mechanism"], "irsa-profile");
            assert_eq!(identity["source"], json!(["default", raised.variables["AWS_SHARED_CREDENTIALS_FILE"]]));
            assert_eq!(identity["expected_role_arn"], crate::stage::ROLE);
        }
    }
}

/// The SDK's loader reads them: an endpoint of the profile's own, and one of its section of services.
#[test]
fn endpoint_and_region_of_the_profile_are_used() {
    for settings in [
        "endpoint_url = https://sts.amazonaws.com\n",
        "services = here\n[services here]\nsts =\n  endpoint_url = https://sts.amazonaws.com\n",
    ] {
        let mut raised = raise(|stage| {
            stage.variables.retain(|name, _| name == "IRSA_PROBE_NO_IMDS");
            let text = config(crate::stage::ROLE, "{token}") + settings;
            stage.profile = Some(("AWS_CONFIG_FILE".to_owned(), text.replace("[default]", "[profile app]")));
            stage.set("AWS_PROFILE", "app");
        });
        let run = run(&mut raised);
        assert_eq!((run.code(), run.exit_code), (None, 0), "{settings}: {}", run.report);
        assert!(run.step("proxy").1.contains("sts.amazonaws.com:443"), "{settings}: {}", run.report);
    }
}

/// Such options stand for the variables, which are not those of the profile.
#[test]
fn a_profile_that_is_demanded_excludes_a_role_and_a_token_file() {
    for command in [&["check"][..], &["wait", "--timeout", "5s"], &["serve"]] {
        for option in ["--role-arn", "--token-file"] {
            let mut raised = raised();
            let arguments = [command, &["--identity", "irsa-profile", option, OTHER]].concat();
            let (code, _, said) = run_command(&mut raised, &arguments);
            assert_eq!(code, Some(2), "{arguments:?}: {said}");
            assert!(said.contains("remove --role-arn and --token-file"), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn a_profile_that_is_demanded_must_be_there() {
    let mut raised =
        raise(|stage| stage.arguments = ["check", "--identity", "irsa-profile"].map(str::to_owned).to_vec());
    let run = run(&mut raised);
    assert_eq!((run.code(), run.exit_code), (Some("profile-incomplete"), 1), "{}", run.report);
}

#[test]
fn a_sidecar_and_an_init_container_live_with_a_profile() {
    let mut waiting = raised();
    assert_eq!(run_command(&mut waiting, &["wait", "--timeout", "5s"]).0, Some(0));
    let mut serving = raised();
    let sidecar = Sidecar::start(&mut serving, &[]);
    assert_eq!(sidecar.running.line("healthy")["mechanism"], "irsa-profile");
    let (_, metrics) = sidecar.get("/metrics");
    assert!(metrics.contains("irsa_probe_identity_info{mechanism=\"irsa-profile\"} 1"), "{metrics}");
    assert_eq!(sidecar.get("/readyz").0, 200);
}

/// Where a profile gives the role, its trust policy is the one to judge.
#[test]
fn the_trust_policy_of_the_profile_s_role_is_printed() {
    let (code, policy, said) = run_command(&mut raised(), &["trust-policy"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(policy.contains("system:serviceaccount:payments:checkout"), "{policy}");
}

/// The files of a target are those below its own root and its own HOME.
#[test]
fn the_profile_of_a_target_is_read_in_its_place() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    let directory = root.to_str().expect("UTF-8");
    fs::create_dir_all(root.join("home/app/.aws")).expect("directories");
    fs::create_dir_all(root.join("secrets")).expect("directories");
    fs::copy(stage.path("volume/token"), root.join("secrets/token")).expect("a token");
    fs::write(root.join("home/app/.aws/config"), config(ROLE, "/secrets/token")).expect("a profile");
    let application = Application::start(&["chroot", directory], &[("HOME", "/home/app")], "echo ready");
    let report = stage.inspect(&["env"], &application);
    assert_eq!(report["identity"]["mechanism"], "irsa-profile", "{report:#}");
    assert_eq!(report["identity"]["source"], json!(["default", "/home/app/.aws/config"]));
    assert_eq!(report["token"]["path"], "/secrets/token");
    assert!(!codes(&report).contains(&"env-not-injected"), "{report:#}");
}

/// A probe with more rights than its target reads what the target cannot, and one with fewer knows nothing of a profile.
#[test]
fn a_profile_counts_only_if_the_target_may_read_it() {
    if !needs::root() {
        return;
    }
    let user = |id: &'static str| ["setpriv", "--reuid", id, "--regid", id, "--clear-groups"];
    let in_group = ["setpriv", "--reuid", "41011", "--regid", "41011", "--groups", "1337"];
    for (mode, group, target, prober, code, exit_code) in [
        (0o600, 0, &user("41011")[..], &["env"][..], Some("profile-file-permission-denied"), 4),
        (0o640, 1337, &in_group, &user("41011"), Some("profile-file-permission-denied"), 3),
        (0o644, 0, &user("41011"), &["env"], None, 0),
    ] {
        let stage = Stage::new();
        let file = stage.path("aws-config");
        fs::write(&file, config(ROLE, &stage.text("volume/token"))).expect("a profile");
        chown(&file, Some(0), Some(group)).expect("its owner");
        open_to_all(&file, mode);
        let path = stage.text("aws-config");
        let application = Application::start(target, &[("AWS_CONFIG_FILE", &path)], "echo ready");
        let report = stage.inspect(prober, &application);
        match code {
            // Root sees the processes of other tests too, which have variables.
            Some(code) => {
                assert!(codes(&report).contains(&code), "{mode:o}: {report:#}");
                assert_eq!(report["exit_code"], exit_code, "{mode:o}: {report:#}");
            }
            None => assert_eq!(report["identity"]["mechanism"], "irsa-profile", "{mode:o}: {report:#}"),
        }
    }
}

/// An error for a program in Python, of which nothing else can be known in its image, and a warning for a shell, which may
/// start anything.
#[test]
fn a_file_that_boto_refuses_is_an_error_where_the_target_uses_boto() {
    if !needs::root() {
        return;
    }
    for (program, severity) in [("python3", "error"), ("sh", "warning")] {
        let stage = Stage::new();
        let root = image(&stage, "image");
        let shell = format!("/bin/{program}");
        fs::rename(root.join("bin/sh"), root.join(&shell[1..])).expect("a program");
        fs::create_dir_all(root.join("app/boto3-1.34.41.dist-info")).expect("directories");
        fs::write(root.join("app/boto3-1.34.41.dist-info/METADATA"), "").expect("a package");
        fs::copy(stage.path("volume/token"), root.join("token")).expect("a token");
        fs::write(root.join("config"), config(ROLE, "/token") + "[default]\n").expect("a profile");
        let directory = root.to_str().expect("UTF-8");
        let wrapper = ["chroot", directory, &shell, "-c", "echo ready; read wait"];
        let application = Application::start(&wrapper, &[("AWS_CONFIG_FILE", "/config")], "");
        let report = stage.inspect(&["env"], &application);
        let found = finding(&report, "profile-file-unusable-by-boto");
        assert_eq!(found["severity"], severity, "{report:#}");
        assert!(found["cause"].as_str().expect("a cause").ends_with("boto3 1.34.41 refuses the whole file for that."));
        assert_eq!(report["exit_code"], i32::from(program == "python3"), "{report:#}");
    }
}

#[test]
fn the_sdk_of_a_target_decides_between_variables_and_a_profile() {
    if !needs::root() {
        return;
    }
    for (package, content, mechanism, words) in [
        ("app/boto3-1.34.41.dist-info/METADATA", "", "irsa", "boto3 1.34.41 uses IRSA."),
        (
            "app/node_modules/@aws-sdk/credential-provider-node/package.json",
            r#"{"version":"3.500.0"}"#,
            "irsa-profile",
            "AWS SDK for JavaScript 3 3.500.0 uses IRSA through a profile.",
        ),
    ] {
        let stage = Stage::new();
        let root = image(&stage, "image");
        let file = root.join(package);
        fs::create_dir_all(file.parent().expect("a parent")).expect("directories");
        fs::write(file, content).expect("a package");
        fs::create_dir_all(root.join("secrets")).expect("directories");
        fs::copy(stage.path("volume/token"), root.join("secrets/token")).expect("a token");
        fs::write(root.join("config"), config(OTHER, "/secrets/token")).expect("a profile");
        let variables =
            [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/secrets/token"), ("AWS_CONFIG_FILE", "/config")];
        let directory = root.to_str().expect("UTF-8");
        let application = Application::start(&["chroot", directory], &variables, "echo ready");
        let report = stage.inspect(&["env"], &application);
        assert_eq!(report["identity"]["mechanism"], mechanism, "{report:#}");
        let cause = finding(&report, "profile-precedence")["cause"].as_str().expect("a cause");
        assert!(cause.contains(words), "{cause}");
    }
}
