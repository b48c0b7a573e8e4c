//! The scripts of `debug-profile` run by a real kubectl, which talks to an API server and a kubelet of the test's own.

use crate::cluster::{Cluster, REPORT};
use crate::needs;
use irsa_probe::documents::debug_profile::{Choices, FILE, build};
use irsa_probe::text::timestamp::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PODS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/webhook");
const PROBE: &str = env!("CARGO_BIN_EXE_irsa-probe");

pub fn kubectl() -> bool {
    let help = Command::new("kubectl").args(["debug", "--help"]).output();
    let knows_custom = help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--custom"));
    needs::have(knows_custom, "a kubectl that knows debug --custom (1.31 or newer)")
}

fn admitted(name: &str) -> Value {
    let text = fs::read_to_string(format!("{PODS}/{name}.out.json")).expect("a pod");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn kubectl_creates_what_the_profile_says_for_every_admitted_pod() {
    if !kubectl() {
        return;
    }
    let mut seen = 0;
    for file in fs::read_dir(PODS).expect("the pods").flatten() {
        let file_name = file.file_name().into_string().expect("a name");
        let Some(name) = file_name.strip_suffix(".out.json") else { continue };
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), admitted(name), (0, 0));
        let choices = Choices {
            container: None,
            uid: None,
            gid: None,
            image: "irsa-probe:1".to_owned(),
            name: "irsa-probe-x7k2p".to_owned(),
            cluster: Vec::new(),
            now: Timestamp(0),
        };
        let built = build(&admitted(name).to_string(), &choices).expect(name);
        fs::write(folder.path().join(FILE), built.profile.to_string()).expect("a file");
        let done = run(folder.path(), &["sh", "-c", &built.command], None);
        assert!(done.status.success(), "{}\n{}", built.command, String::from_utf8_lossy(&done.stderr));
        let cluster = cluster.lock().expect("the cluster");
        let container = cluster.created.as_ref().expect("a container or a pod");
        let profile = if name == "windows" { &built.profile["spec"]["containers"][0] } else { &built.profile };
        if name == "windows" {
            let wanted = &built.profile["spec"];
            assert_eq!(cluster.pod["spec"]["serviceAccountName"], wanted["serviceAccountName"]);
            assert!(holds(&cluster.pod["spec"]["securityContext"], &wanted["securityContext"]), "{:#}", cluster.pod);
        }
        assert_eq!(container["image"], "irsa-probe:1", "{name}");
        assert_eq!(container["name"], "irsa-probe-x7k2p", "{name}");
        assert!(holds(container, profile), "{name}: {container:#}");
        seen += 1;
    }
    assert!(seen >= 30, "{seen} pods");
}

/// Whether nothing of the profile is lost. kubectl's own profiles add to it.
fn holds(container: &Value, profile: &Value) -> bool {
    match profile {
        Value::Object(fields) => fields.iter().all(|(field, value)| holds(&container[field], value)),
        Value::Array(items) if items.is_empty() => container.is_null(),
        other => container == other,
    }
}

/// A pod whose application runs as this user, with the status of its container.
fn pod(status: Value, more: Value) -> Value {
    let mut pod = admitted("plain");
    let mut status = status;
    status["name"] = json!("app");
    pod["status"] = json!({ "phase": "Running", "containerStatuses": [status] });
    merge(&mut pod, more);
    pod
}

fn merge(into: &mut Value, more: Value) {
    match more {
        Value::Object(fields) => fields.into_iter().for_each(|(field, value)| merge(&mut into[field], value)),
        other => *into = other,
    }
}

struct Case {
    name: &'static str,
    pod: Value,
    application: (i64, i64),
    target: Option<&'static str>,
    /// Words on standard error.
    said: &'static str,
}

/// The states in which an application is found.
fn cases() -> Vec<Case> {
    let running = |uid: i64, gid: i64| {
        json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } },
            "user": { "linux": { "uid": uid, "gid": gid } } })
    };
    let of_old_cluster = json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } });
    let waiting = |reason: &str| json!({ "state": { "waiting": { "reason": reason } }, "restartCount": 7 });
    let blocked = json!({ "status": { "phase": "Pending",
        "initContainerStatuses": [{ "name": "gate", "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } }] } });
    let restarted = json!({ "state": { "running": { "startedAt": "NOW" } }, "restartCount": 7,
        "lastState": { "terminated": { "exitCode": 1 } } });
    let user = json!({ "spec": { "securityContext": { "runAsUser": 1000 } } });
    let fs_group = json!({ "spec": { "securityContext": { "runAsUser": 1000, "fsGroup": 1337 } } });
    let case = |name, pod, application, target, said| Case { name, pod, application, target, said };
    vec![
        case(
            "running as root",
            pod(running(0, 0), json!({})),
            (0, 0),
            Some("app"),
            "waiting for container irsa-probe-",
        ),
        case("running as a user of the image", pod(running(1000, 1000), user.clone()), (1000, 1000), Some("app"), ""),
        case("from scratch", pod(running(65534, 0), json!({})), (65534, 0), Some("app"), ""),
        case(
            "with an fsGroup",
            pod(of_old_cluster.clone(), fs_group),
            (1000, 1000),
            Some("app"),
            "runs as root with SYS_PTRACE",
        ),
        case("on an old cluster", pod(of_old_cluster, json!({})), (33, 33), Some("app"), "does not state the user"),
        case(
            "blocked by an init container",
            pod(waiting("PodInitializing"), blocked),
            (0, 0),
            None,
            "--container gate",
        ),
        case("crash-looping", pod(waiting("CrashLoopBackOff"), user), (1000, 1000), None, "CrashLoopBackOff"),
        case("restarted just now", pod(restarted, json!({})), (0, 0), None, "may end again"),
    ]
}

/// `script` of util-linux gives a pseudo-terminal.
const TERMINAL: [&str; 3] = ["script", "-qefc", "PIPE"];

#[test]
fn the_report_comes_whole_with_the_probe_s_exit_code_from_every_state() {
    if !kubectl() || !needs::program("script", "bsdutils") {
        return;
    }
    for case in cases() {
        check(&case, &["sh", "-c", "PIPE"], "sh");
        check(&case, &TERMINAL, "sh");
    }
}

#[test]
fn other_shells_run_the_script_too() {
    if !kubectl()
        || !needs::program("script", "bsdutils")
        || !needs::program("bash", "bash")
        || !needs::program("zsh", "zsh")
    {
        return;
    }
    for case in cases().iter().filter(|case| ["with an fsGroup", "crash-looping"].contains(&case.name)) {
        for shell in ["bash", "zsh"] {
            check(case, &["sh", "-c", "PIPE"], shell);
            check(case, &TERMINAL, shell);
        }
        // As pasted into an interactive shell, where zsh knows no comments.
        for shell in ["sh -i", "bash --norc -i", "zsh -f -i"] {
            check(case, &["sh", "-c", "PIPE"], shell);
        }
    }
}

/// Runs the pipe of the documentation as this command does, and what it prints in this shell.
#[track_caller]
fn check(case: &Case, command: &[&str], shell: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let pod = case.pod.to_string().replace("NOW", &now).parse().expect("JSON");
    let cluster = Cluster::start(folder.path(), pod, case.application);
    let pod = case.pod["metadata"]["name"].as_str().expect("a name");
    let pipe = format!("kubectl get pod {pod} -n irsa -o json | {PROBE} debug-profile --image irsa-probe:1 | {shell}");
    let words: Vec<&str> = command.iter().map(|word| if *word == "PIPE" { pipe.as_str() } else { word }).collect();
    let is_terminal = words[0] == "script";
    let words = if is_terminal { [&words[..], &["/dev/null"]].concat() } else { words };
    let done = run(folder.path(), &words, None);
    let out = String::from_utf8(done.stdout).expect("UTF-8");
    let said = String::from_utf8(done.stderr).expect("UTF-8");
    let what = format!("{}, {} of {shell}\n{out}\n{said}", case.name, words[0]);
    // A terminal shows both, and ends its lines with two characters.
    let (report, said) =
        if is_terminal { (REPORT.0.replace('\n', "\r\n"), &out) } else { (REPORT.0.to_owned(), &said) };
    assert_eq!(out.matches(&report).count(), 1, "{what}");
    assert!(is_terminal || out == report, "{what}");
    assert_eq!(done.status.code(), Some(i32::try_from(REPORT.1).unwrap()), "{what}");
    assert!(said.contains(case.said), "{what}");
    let cluster = cluster.lock().expect("the cluster");
    let container = cluster.created.as_ref().expect("a container");
    assert_eq!(container["targetContainerName"].as_str(), case.target, "{what}");
    assert_eq!(
        fs::read_dir(folder.path().join("tmp")).expect("a folder").count(),
        0,
        "the profile is left behind: {what}"
    );
}

#[test]
fn a_pod_that_has_ended_is_refused_and_nothing_is_created() {
    if !kubectl() {
        return;
    }
    let failed = json!({ "status": { "phase": "Failed" } });
    let succeeded = json!({ "status": { "phase": "Succeeded" } });
    let ended = |code: i64| json!({ "state": { "terminated": { "exitCode": code } } });
    for (pod, why) in [
        (pod(ended(4), failed), "has ended (Failed: container app ended with exit code 4)"),
        (pod(ended(0), succeeded), "has ended (Succeeded)"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), pod.clone(), (0, 0));
        let pipe = format!("{PROBE} debug-profile --image irsa-probe:1 | sh");
        let done = run(folder.path(), &["sh", "-c", &pipe], Some(&pod.to_string()));
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(cluster.lock().expect("the cluster").created.is_none());
    }
}

/// The pod has changed since its JSON was read.
#[test]
fn no_wait_is_endless_or_silent() {
    if !kubectl() {
        return;
    }
    let running = json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } });
    let crashed = json!({ "state": { "waiting": { "reason": "CrashLoopBackOff" } } });
    let killed = json!({ "state": { "running": {} }, "lastState": { "terminated": { "exitCode": 1 } } });
    let ended = json!({ "status": { "phase": "Failed" } });
    for (now, code, said) in [
        (pod(crashed, json!({})), 2, "the target is not running any more"),
        (pod(running.clone(), ended), 2, "the pod has ended (Failed)"),
        (pod(killed, json!({})), 137, "killed when its target ends"),
        (admitted("fsgroup"), 2, "not found"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let _cluster = Cluster::start(folder.path(), now, (0, 0));
        let pipe = format!("{PROBE} debug-profile --image irsa-probe:1 | sh");
        let then = pod(running.clone(), json!({})).to_string();
        let done = run(folder.path(), &["sh", "-c", &pipe], Some(&then));
        let err = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{said}: {err}");
        assert!(err.contains(said), "{said}: {err}");
    }
}

#[test]
fn a_refusal_by_admission_is_shown() {
    if !kubectl() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let running = json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } });
    let pod = pod(running, json!({}));
    let cluster = Cluster::start(folder.path(), pod.clone(), (0, 0));
    cluster.lock().expect("the cluster").refuses = Some("violates PodSecurity restricted: runAsUser=0");
    let pipe = format!("{PROBE} debug-profile --image irsa-probe:1 | sh");
    let done = run(folder.path(), &["sh", "-c", &pipe], Some(&pod.to_string()));
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    for words in ["violates PodSecurity restricted", "kubectl debug created no container", "--uid UID --gid GID"] {
        assert!(said.contains(words), "{said}");
    }
}

/// What a saved script would show is the report of the container that exists already.
#[test]
fn a_script_that_is_run_again_checks_nothing() {
    if !kubectl() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let running = json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } });
    let pod = pod(running, json!({}));
    let _cluster = Cluster::start(folder.path(), pod.clone(), (0, 0));
    let twice = format!("{PROBE} debug-profile --image irsa-probe:1 > script; sh script; echo exit $?; exec sh script");
    let done = run(folder.path(), &["sh", "-c", &twice], Some(&pod.to_string()));
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(String::from_utf8_lossy(&done.stdout), format!("{}exit 1\n", REPORT.0), "{said}");
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("exists already"), "{said}");
}

/// The models of `deploy/debug`, with the options that its page gives them.
#[test]
fn the_documented_profiles_can_see_the_application() {
    if !kubectl() {
        return;
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/debug/README.md")).expect("the page");
    let options = |file: &str| {
        let row = page.lines().find(|line| line.starts_with(&format!("| [`{file}`]"))).expect("a row");
        row.split('`').rfind(|part| part.contains("--custom=")).expect("options").to_owned()
    };
    let running = json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } });
    for (file, application, target) in [
        ("as-root.json", (33, 33), Some("app")),
        ("as-root.json", (0, 0), Some("app")),
        ("as-uid-1000.json", (1000, 1000), Some("app")),
        ("with-mount.json", (0, 0), None),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), pod(running.clone(), json!({})), application);
        let options = options(file).replace("deploy/", concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/"));
        let command = format!("kubectl debug plain -n irsa -c probe --image=irsa-probe:1 {options}");
        let done = run(folder.path(), &["sh", "-c", &command], None);
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
        let cluster = cluster.lock().expect("the cluster");
        let created = cluster.created.as_ref().expect("a container");
        assert_eq!(created["targetContainerName"].as_str(), target, "{command}");
        assert_eq!(cluster.output(created), REPORT, "{command}");
    }
}

#[test]
fn a_pod_of_its_own_is_deleted_afterwards() {
    if !kubectl() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = Cluster::start(folder.path(), admitted("windows"), (0, 0));
    let pipe = format!("{PROBE} debug-profile --image irsa-probe:1 | sh");
    let done = run(folder.path(), &["sh", "-c", &pipe], Some(&admitted("windows").to_string()));
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(String::from_utf8_lossy(&done.stdout), REPORT.0, "{said}");
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(cluster.lock().expect("the cluster").deleted, "{said}");
}

/// A kubectl that is a script, because the wait takes two minutes of a real one.
#[test]
fn a_container_that_never_starts_is_given_up_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = json!({ "state": { "running": { "startedAt": "2026-11-25T01:16:40Z" } } });
    fs::create_dir(folder.path().join("bin")).expect("a folder");
    let kubectl = folder.path().join("bin/kubectl");
    fs::write(&kubectl, "#!/bin/sh\n[ $1 = debug ] || echo 'Pending|||ContainerCreating '\n").expect("a program");
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).expect("a mode");
    let pipe = format!("{PROBE} debug-profile --image irsa-probe:1 | sh");
    let done = run(folder.path(), &["sh", "-c", &pipe], Some(&pod(running, json!({})).to_string()));
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert_eq!(said.matches("it has not started yet: ContainerCreating").count(), 1, "{said}");
    assert!(said.contains("did not start within 2 minutes; later, kubectl logs plain --namespace=irsa"), "{said}");
}

/// With a `sleep` that does not, so that a test waits for nothing.
fn run(folder: &Path, words: &[&str], input: Option<&str>) -> Output {
    let programs = folder.join("bin");
    fs::create_dir_all(&programs).expect("a folder");
    fs::create_dir_all(folder.join("tmp")).expect("a folder");
    fs::write(programs.join("sleep"), "#!/bin/sh\n").expect("a program");
    fs::set_permissions(programs.join("sleep"), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::write(folder.join("input"), input.unwrap_or_default()).expect("a file");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path"));
    Command::new(words[0])
        .args(&words[1..])
        .current_dir(folder)
        .env("PATH", path)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .env("HOME", folder)
        .env("TMPDIR", folder.join("tmp"))
        .stdin(Stdio::from(fs::File::open(folder.join("input")).expect("a file")))
        .output()
        .expect("a program")
}

#[test]
fn kubectl_completes_the_plugin() {
    if !kubectl() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["kubectl-irsa_probe", "kubectl_complete-irsa_probe"] {
        std::os::unix::fs::symlink(PROBE, folder.path().join(name)).expect("a link");
    }
    let path = std::env::var("PATH").expect("a path");
    for (words, offered) in [
        (&["d"][..], "doctor\tFrom a laptop"),
        (&["pod/x", "--cont"], "--context\tContext for kubectl"),
        (&["audit", "--output", ""], "text\t\njson\t\nhtml\t\n:4"),
        (&["completions", "z"], "zsh\t\n:4"),
    ] {
        let done = Command::new("kubectl")
            .args(["__complete", "irsa-probe"])
            .args(words)
            .env("PATH", format!("{}:{path}", folder.path().display()))
            .env("KUBECONFIG", "/dev/null")
            .output()
            .expect("kubectl");
        // kubectl leaves out the tab before a description that is empty.
        let said = String::from_utf8_lossy(&done.stdout);
        let plain = |text: &str| text.replace("\t\n", "\n");
        assert!(plain(&said).contains(&plain(offered)), "{words:?}: {said}");
    }
}
