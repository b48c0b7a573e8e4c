//! The probe inspects real processes with other users, groups, capabilities and mount namespaces than its own. It takes
//! root to make them.

use crate::application::{Application, ROLE, Stage, TOKEN, add_program, codes, finding, image, irsa, open_to_all};
use crate::needs;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

/// What containerd gives a container of uid 0.
const CONTAINER_CAPABILITIES: &str = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,\
                                      +net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";

#[test]
fn readability_is_judged_as_the_kernel_judges_it_for_the_application() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let token = stage.text("volume/token");
    let user = |uid| vec!["setpriv", "--reuid", uid, "--regid", "0", "--clear-groups"];
    let in_group = vec!["setpriv", "--reuid", "1001", "--regid", "1001", "--groups", "1337"];
    let powers = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"];
    let powerful = [user("1001"), powers.to_vec()].concat();
    let powerless_root = vec!["setpriv", "--bounding-set", "-all"];
    for (mode, owner, group, wrapper, may) in [
        // No security context.
        (0o644, 0, 0, user("1000"), true),
        // The same runAsUser for all containers.
        (0o600, 1000, 0, user("1000"), true),
        (0o600, 1000, 0, user("1001"), false),
        (0o600, 1000, 0, powerful, true),
        (0o600, 1000, 0, powerless_root, false),
        // An explicit runAsUser: 0 for all; the process dropped to another user.
        (0o600, 0, 0, user("0"), true),
        (0o600, 0, 0, user("33"), false),
        // fsGroup; the process has it, or reset its groups.
        (0o640, 0, 1337, in_group.clone(), true),
        (0o640, 0, 1337, user("1001"), false),
        // Both.
        (0o640, 1000, 1337, user("1000"), true),
        (0o640, 1000, 1337, in_group, true),
    ] {
        stage.token(mode, owner, group);
        let script = format!("if cat {token} > /dev/null 2>&1; then echo can; else echo cannot; fi");
        let application = Application::start(&wrapper, &irsa(&token), &script);
        let case = format!("{mode:o} {owner}:{group} for {wrapper:?}");
        assert_eq!(application.said == "can", may, "the kernel on {case}");
        let report = stage.inspect(&["env"], &application);
        assert_eq!(!codes(&report).contains(&"token-file-unreadable-by-target"), may, "the probe on {case}");
        assert_eq!(report["token"]["subject"], "system:serviceaccount:irsa:s3-reader", "we can read it all the same");
    }
}

#[test]
fn a_parent_directory_can_deny_access_too() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    open_to_all(&stage.path("volume"), 0o700);
    let wrapper = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"];
    let application = Application::start(&wrapper, &irsa(&stage.text("volume/token")), "echo ready");
    let report = stage.inspect(&["env"], &application);
    let cause = finding(&report, "token-file-unreadable-by-target")["cause"].as_str().expect("a cause").to_owned();
    assert!(cause.starts_with("The directory ") && cause.contains("0700, owner 0"), "{cause}");
    assert_eq!(report["exit_code"], 4);
}

#[test]
fn the_probe_says_when_only_the_application_can_read() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    stage.token(0o640, 0, 1337);
    // A user of its own: it sees the variables of every process of that user, also of those that other tests start.
    let user = "41000";
    let application = ["setpriv", "--reuid", user, "--regid", user, "--groups", "1337"];
    let application = Application::start(&application, &irsa(&stage.text("volume/token")), "echo ready");
    let prober = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"];
    let report = stage.inspect(&prober, &application);
    assert_eq!(codes(&report), ["token-file-unreadable-by-probe"]);
    assert_eq!(report["verdict"], "undetermined");
}

#[test]
fn a_probe_of_another_user_says_how_it_changes_the_token_file() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    stage.token(0o600, 1000, 0);
    let application = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"];
    let application = Application::start(&application, &irsa(&stage.text("volume/token")), "echo ready");
    let report = stage.inspect(&["env"], &application);
    let cause = finding(&report, "probe-uid-differs-from-app")["cause"].as_str().expect("a cause").to_owned();
    assert!(cause.contains("uid 0, the application as uid 1000") && cause.contains("mode to 0644"), "{cause}");
    assert_eq!(report["exit_code"], 0, "{report:#}");
}

#[test]
fn the_environment_is_readable_or_denied_as_in_a_debug_container() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let token = stage.text("volume/token");
    let root = vec!["setpriv", "--bounding-set", CONTAINER_CAPABILITIES];
    let with_ptrace = format!("{CONTAINER_CAPABILITIES},+sys_ptrace");
    let general = vec!["setpriv", "--bounding-set", &with_ptrace];
    let restricted_root = vec!["setpriv", "--bounding-set", "-all"];
    let user = vec!["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--bounding-set", "-all"];
    let user = user.as_slice();
    for (application, prober, readable, command) in [
        (root.as_slice(), root.as_slice(), true, ""),
        (&root, &general, true, ""),
        (&root, &restricted_root, false, "--uid 0"),
        (&root, user, false, "--uid 0"),
        (user, &general, true, ""),
        (user, &root, false, "--uid 1000 --gid 1000"),
        (user, user, true, ""),
    ] {
        let running = Application::start(application, &irsa(&token), "echo ready");
        let report = stage.inspect(prober, &running);
        let case = format!("{application:?} seen by {prober:?}");
        assert_eq!(report["target"]["environment_read"], readable, "{case}");
        assert!(!codes(&report).contains(&"env-not-injected"), "{case}: {:?}", codes(&report));
        if readable {
            assert_eq!(report["token"]["subject"], "system:serviceaccount:irsa:s3-reader", "{case}");
        } else {
            let denied = finding(&report, "target-environment-denied");
            assert!(denied["fix"]["commands"].to_string().replace('\\', "").contains(command), "{case}: {denied:#}");
            assert_eq!((&report["verdict"], &report["exit_code"]), (&"undetermined".into(), &3.into()), "{case}");
            let uid = if application == user { 1000 } else { 0 };
            assert_eq!(report["target"]["uid"], uid, "{case}: what status tells is still reported");
        }
    }
}

#[test]
fn the_probe_s_own_variables_stand_in_where_debug_profile_gave_them() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let token = stage.text("volume/token");
    let application = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"];
    let application = Application::start(&application, &irsa("/nowhere"), "echo ready");
    let variables = format!("AWS_WEB_IDENTITY_TOKEN_FILE={token}");
    let role = format!("AWS_ROLE_ARN={ROLE}");
    let prober = ["setpriv", "--bounding-set", CONTAINER_CAPABILITIES, "env", &role, &variables];
    let report = stage.inspect(&prober, &application);
    assert_eq!(finding(&report, "target-environment-denied")["severity"], "warning");
    assert_eq!(report["token"]["path"], token.as_str());
}

#[test]
fn files_are_those_of_the_application_s_root_and_nothing_outside_of_it() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    let inside = "var/run/secrets/eks.amazonaws.com/serviceaccount";
    fs::create_dir_all(root.join(inside)).expect("directories");
    fs::write(root.join("etc/token/real"), TOKEN).expect("a token");
    symlink("/etc/token/real", root.join(inside).join("absolute")).expect("a link");
    symlink("../../../../../../../../../../etc/token/real", root.join(inside).join("upwards")).expect("a link");
    symlink(stage.path("volume/token"), root.join(inside).join("out")).expect("a link");
    symlink("loop", root.join(inside).join("loop")).expect("a link");
    nix::unistd::mkfifo(&root.join(inside).join("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    fs::create_dir_all(root.join("app/boto3-1.9.219.dist-info")).expect("directories");
    let root = root.to_str().expect("UTF-8");
    for (name, outcome) in [
        ("absolute", Ok("system:serviceaccount:irsa:s3-reader")),
        ("upwards", Ok("system:serviceaccount:irsa:s3-reader")),
        ("out", Err("token-file-missing")),
        ("loop", Err("token-file-missing")),
        ("fifo", Err("token-file-malformed")),
    ] {
        let path = format!("/{inside}/{name}");
        let application = Application::start(&["chroot", root], &irsa(&path), "echo ready");
        let report = stage.inspect(&["env"], &application);
        match outcome {
            Ok(subject) => assert_eq!(report["token"]["subject"], subject, "{name}"),
            Err(code) => assert!(codes(&report).contains(&code), "{name}: {:?}", codes(&report)),
        }
        assert_eq!(report["target"]["ca_bundle"], Value::Null, "this image has no CA bundle, though ours has");
        assert_eq!(report["target"]["sdks"][0]["path"], "/app/boto3-1.9.219.dist-info");
        assert!(codes(&report).contains(&"sdk-lacks-web-identity"), "{name}: {:?}", codes(&report));
    }
}

#[test]
fn a_relative_token_path_is_opened_from_the_application_s_working_directory() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    fs::create_dir(root.join("app")).expect("a directory");
    fs::write(root.join("app/token"), TOKEN).expect("a token");
    let root = root.to_str().expect("UTF-8");
    for (directory, opened) in [("/app", Some("/app/token")), ("/", None)] {
        let application = Application::start(&["chroot", root], &irsa("token"), &format!("cd {directory}; echo ready"));
        let report = stage.inspect(&["env"], &application);
        let code = if opened.is_some() { "token-path-relative" } else { "token-file-missing" };
        let cause = finding(&report, code)["cause"].as_str().expect("a cause").to_owned();
        assert!(cause.contains(opened.unwrap_or("/token does not exist")), "{directory}: {cause}");
        assert_eq!(report["token"]["subject"].is_string(), opened.is_some(), "{directory}: {report:#}");
    }
}

#[test]
fn files_that_a_call_needs_are_read_in_the_application_s_image() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    let put = |path: &str, content: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, content).expect("a file");
    };
    put("etc/resolv.conf", "nameserver 192.0.2.53\nsearch web.svc.cluster.local svc.cluster.local\noptions ndots:5\n");
    put("etc/pki/tls/certs/ca-bundle.crt", "");
    put("app/ca.pem", "no certificate");
    put("app/token", TOKEN);
    symlink("/usr/share/zoneinfo/Asia/Tokyo", root.join("etc/localtime")).expect("a link");
    let variables = [&irsa("/app/token")[..], &[("AWS_CA_BUNDLE", "/app/ca.pem")]].concat();
    let application = Application::start(&["chroot", root.to_str().expect("UTF-8")], &variables, "echo ready");
    let report = stage.inspect(&["env"], &application);
    let target = &report["target"];
    assert_eq!(target["name_servers"], serde_json::json!(["192.0.2.53"]));
    assert_eq!(target["resolves_as_the_probe"], false);
    assert_eq!(target["ca_bundle"], "/etc/pki/tls/certs/ca-bundle.crt");
    assert_eq!(target["time_zone"], "Asia/Tokyo");

    // A link on the way to the zone leads nowhere else than the application's own would.
    fs::rename(root.join("etc"), root.join("app/etc")).expect("a move");
    let outside = stage.path("outside");
    fs::create_dir(&outside).expect("a directory");
    symlink("/usr/share/zoneinfo/Europe/Berlin", outside.join("localtime")).expect("a link");
    symlink(&outside, root.join("etc")).expect("a link");
    assert_eq!(stage.inspect(&["env"], &application)["target"]["time_zone"], Value::Null);
    fs::remove_file(root.join("etc")).expect("the link");
    symlink("app/etc", root.join("etc")).expect("a link");
    assert_eq!(stage.inspect(&["env"], &application)["target"]["time_zone"], "Asia/Tokyo");
}

#[test]
fn a_call_goes_by_the_application_s_proxy_and_trust() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    fs::write(root.join("etc/token/token"), TOKEN).expect("a token");
    fs::write(root.join("etc/token/ca.pem"), "no certificate").expect("a file");
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("https://{}", server.local_addr().expect("an address"));
    let nowhere = [("HTTPS_PROXY", "http://127.0.0.1:1")];
    let own_bundle = [("AWS_ENDPOINT_URL_STS", endpoint.as_str()), ("AWS_CA_BUNDLE", "/etc/token/ca.pem")];
    for (more, code, said) in [
        (&nowhere[..], "proxy-interferes", "127.0.0.1:1 refused the connection"),
        (&own_bundle, "tls-unknown-ca", "AWS_CA_BUNDLE"),
    ] {
        let variables = [&irsa("/etc/token/token"), more].concat();
        let application = Application::start(&["chroot", root.to_str().expect("UTF-8")], &variables, "echo ready");
        let (_, reports) = stage.check(&["env"], &["--target-pid", &application.pid(), "--no-imds"]);
        let cause = finding(&reports[0], code)["cause"].as_str().expect("a cause").to_owned();
        assert!(cause.contains(said), "{cause}");
    }
}

#[test]
fn mounts_are_those_of_the_application_s_namespace() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let inside = stage.text("volume/secrets/eks.amazonaws.com/serviceaccount");
    fs::create_dir_all(&inside).expect("directories");
    let script =
        format!("mount -t tmpfs tmpfs {inside} && cp {} {inside}/token && echo ready", stage.text("volume/token"));
    let path = format!("{inside}/token");
    let application = Application::start(&["unshare", "--mount"], &irsa(&path), &script);
    assert_eq!(application.said, "ready");
    assert!(!Path::new(&path).exists(), "we do not see its mount ourselves");
    let report = stage.inspect(&["env"], &application);
    assert_eq!(report["token"]["subject"], "system:serviceaccount:irsa:s3-reader");
    assert_eq!(report["target"]["token_mounts"], serde_json::json!([inside]));

    let blind = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--bounding-set", "-all"];
    let report = stage.inspect(&blind, &application);
    let cause = finding(&report, "target-environment-denied")["cause"].as_str().expect("a cause").to_owned();
    assert!(cause.contains(&format!("A token is mounted in its container at {inside}.")), "{cause}");
}

#[test]
fn the_application_beside_a_debug_container_is_found_by_itself() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let token = stage.text("volume/token");
    let beside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let application = Application::start(&beside, &irsa(&token), "echo ready");
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", application.pid())).expect("children");
    let first = children.trim();
    // As kubectl debug --target does: the application's processes, but another root.
    let enter = ["nsenter", "--target", first, "--pid", "unshare", "--mount-proc", "--mount"];
    let (_, reports) = stage.probe(&enter, &[]);
    assert_eq!(reports[0]["target"]["pid"], 1);
    assert_eq!(reports[0]["token"]["path"], token.as_str());
    let (_, reports) = stage.probe(&enter, &["--target-pid", "none"]);
    assert_eq!(reports[0]["target"], Value::Null);
    assert_eq!(codes(&reports[0])[0], "env-not-injected");
}

#[test]
fn a_debug_container_without_target_is_known_as_such() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    // The kubelet mounts a file of this path as the termination log of each container.
    let log = stage.path("pods/5f79de79/containers/debugger-x7k2p/0a1b2c3d");
    fs::create_dir_all(log.parent().expect("a parent")).expect("directories");
    fs::write(&log, "").expect("a file");
    fs::write(stage.path("termination-log"), "").expect("a file");
    let script = format!("mount --bind {} {} && exec \"$@\"", log.display(), stage.text("termination-log"));
    let (code, reports) = stage.probe(&["unshare", "--mount", "sh", "-c", &script, "sh"], &["--target-pid", "none"]);
    assert_eq!(codes(&reports[0]), ["debug-container-without-target"]);
    assert_eq!((code, &reports[0]["verdict"]), (3, &Value::from("undetermined")));
}

/// Ephemeral containers of any name have no volume of the pod, no limits and no variables of AWS.
#[test]
fn a_container_counts_as_ephemeral_unless_something_shows_that_it_is_not() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    add_program(&root, &stage.path("irsa-probe"));
    let log = stage.path("pods/5f79de79/containers/znot/0a1b2c3d");
    fs::create_dir_all(log.parent().expect("a parent")).expect("directories");
    fs::write(&log, "").expect("a file");
    for folder in ["dev", "proc", "data", "sys/fs/cgroup"] {
        fs::create_dir_all(root.join(folder)).expect("directories");
    }
    fs::write(root.join("dev/termination-log"), "").expect("a file");
    let (log, image) = (log.display(), root.display());
    let volume = format!("mount -t tmpfs tmpfs {image}/data &&");
    let limit = format!("echo 33554432 > {image}/sys/fs/cgroup/memory.max &&");
    for (more, variables, code, exit) in [
        ("", "", "debug-container-without-target", 3),
        (&*volume, "", "env-not-injected", 4),
        ("", "AWS_REGION=eu-west-1", "env-not-injected", 4),
        // debug-profile says so where the application does not run.
        ("", "IRSA_PROBE_AS_CONTAINER=app", "env-not-injected", 4),
        // The last one: the file stays.
        (&limit, "", "env-not-injected", 4),
    ] {
        let script = format!(
            "mount --bind {log} {image}/dev/termination-log && mount -t proc proc {image}/proc && {more} shift && \
             exec env {variables} KUBERNETES_SERVICE_HOST=10.0.0.1 HOSTNAME=shop-5d9 chroot {image} /irsa-probe \"$@\""
        );
        let (status, reports) =
            stage.probe(&["unshare", "--mount", "sh", "-c", &script, "sh"], &["--target-pid", "none"]);
        let case = format!("{more}{variables}: {:#}", reports[0]);
        assert_eq!((codes(&reports[0])[0], status), (code, exit), "{case}");
        let commands = finding(&reports[0], code)["fix"]["commands"].to_string();
        assert!(commands.contains("kubectl get pod shop-5d9 -n NAMESPACE"), "{case}");
    }
}

#[test]
fn an_sdk_without_pod_identity_is_found() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let root = image(&stage, "image");
    fs::create_dir_all(root.join("app/boto3-1.34.40.dist-info")).expect("directories");
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/token"),
    ];
    let application = Application::start(&["chroot", root.to_str().expect("UTF-8")], &variables, "echo ready");
    let report = stage.inspect(&["env"], &application);
    let cause = finding(&report, "sdk-lacks-pod-identity")["cause"].as_str().expect("a cause").to_owned();
    assert!(cause.contains("boto3 1.34.40") && cause.contains("needs 1.34.41"), "{cause}");
}

/// Of several sources, some SDKs take the token file alone for the decision, and fail.
#[test]
fn an_sdk_that_fails_without_a_role_makes_it_an_error() {
    if !needs::root() {
        return;
    }
    for (package, severity) in [
        ("boto3-1.40.0.dist-info/METADATA", "error"),
        ("node_modules/@aws-sdk/credential-provider-node/package.json", "warning"),
    ] {
        let stage = Stage::new();
        let root = image(&stage, "image");
        let file = root.join("app").join(package);
        fs::create_dir_all(file.parent().expect("a parent")).expect("directories");
        fs::write(file, r#"{"version":"3.800.0"}"#).expect("a package");
        let variables = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/token"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
        ];
        let application = Application::start(&["chroot", root.to_str().expect("UTF-8")], &variables, "echo ready");
        let report = stage.inspect(&["env"], &application);
        assert_eq!(finding(&report, "env-partially-set")["severity"], severity, "{package}: {report:#}");
    }
}

#[test]
fn processes_are_grouped_and_a_stripped_one_is_found() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let token = stage.text("volume/token");
    let probe = format!("{} check --no-sts --output json --all-processes", stage.text("irsa-probe"));
    let with = format!("env -i AWS_ROLE_ARN={ROLE} AWS_WEB_IDENTITY_TOKEN_FILE={token} AWS_REGION=eu-west-1");
    // The file descriptor 3 stays open until the script ends; so long cat waits.
    let script = format!(
        "mkfifo {fifo}; exec 3<>{fifo}
        {with} cat <&3 & {with} cat <&3 & env -i cat <&3 &
        until [ $(grep -lsx cat /proc/[0-9]*/comm | wc -l) = 3 ]; do :; done
        {probe}; echo exit $?; kill $(jobs -p)",
        fifo = stage.text("fifo")
    );
    let wrapper = ["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script];
    let output = Command::new("unshare").args(wrapper).output().expect("a process");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let reports: Vec<Value> = output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(reports.len(), 2, "two groups: {output}");
    assert!(codes(&reports[0]).contains(&"env-stripped-from-process"), "{:?}", codes(&reports[0]));
    assert_eq!(reports[0]["verdict"], "undetermined", "a stripped neighbour is a warning here: {:#}", reports[0]);
    assert_eq!(finding(&reports[1], "env-stripped-from-process")["severity"], "error");
    assert!(output.ends_with("exit 4\n"), "{output}");
}

#[test]
fn processes_that_are_gone_or_go_meanwhile_are_no_trouble() {
    if !needs::root() {
        return;
    }
    let stage = Stage::new();
    let mut zombie = Command::new("true").stdout(Stdio::piped()).spawn().expect("a process");
    let pid = zombie.id().to_string();
    // Its end of the pipe is closed when it has ended, and nobody has waited for it yet.
    let _ = std::io::copy(&mut zombie.stdout.take().expect("its output"), &mut std::io::sink());
    let (_, reports) = stage.probe(&["env"], &["--target-pid", &pid]);
    let verdicts: Vec<&Value> = reports.iter().map(|report| &report["verdict"]).collect();
    assert_eq!(verdicts, ["undetermined"], "a zombie has no environment");
    zombie.wait().expect("its end");
    assert_eq!(stage.probe(&["env"], &["--target-pid", &pid]), (2, vec![]), "nobody there");

    for _ in 0..10 {
        let mut application = Application::start(&["env"], &irsa("/nowhere"), "echo ready");
        let probe = stage.text("irsa-probe");
        let mut looking = Command::new(probe)
            .args(["check", "--no-sts", "--target-pid", &application.pid()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the probe");
        drop(application.child.stdin.take().map(|mut stdin| stdin.write_all(b"\n")));
        let code = looking.wait().expect("its end").code();
        assert!(matches!(code, Some(0..=4)), "{code:?}");
    }
}
