//! Everything that any command prints, whatever its arguments, files, answers and streams are: no character of others
//! drives a terminal, nothing that is pasted by mistake is shown, and the exit code is what was found.

use crate::local_sts::answer::StsError;
use crate::local_sts::{Misbehaviour, Operation};
use crate::needs;
use crate::pod::{Sidecar, exchange};
use crate::stage::{self, Raised, Stage};
use irsa_probe::text::printable::is_unprintable;
use nix::unistd::pipe;
use serde_json::json;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions, read_to_string, write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PROBE: &str = env!("CARGO_BIN_EXE_irsa-probe");
const TOKEN: &str = include_str!("../k8s/rs256-eks-issuer/normal-sts-aud.jwt");

/// Sequences that clear a screen, C1 and DEL, a line break, what reorders and what hides.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{7f}\r\n\u{202e}\u{2066}\u{200b}\u{200f}\u{feff}\u{e0041}";
/// What XML can hold of it.
const HOSTILE_XML: &str = "\u{9b}31m\u{7f}\u{202a}\u{202e}\u{2066}\u{2069}\u{200b}\u{200f}\u{feff}\u{e0041}";
/// The colours of the report.
const COLOURS: [&str; 5] = ["\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[1;32m", "\u{1b}[1;33m", "\u{1b}[0m"];

/// Alone in an empty environment, with files of hostile content.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let hostile = |text: &str| format!("{text}{HOSTILE}");
        let container = json!({
            "name": "app", "image": hostile("app"),
            "env": [{ "name": hostile("AWS_"), "value": hostile("x") }, { "name": "AWS_ROLE_ARN", "value": hostile("arn") }],
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": hostile("checkout"), "namespace": hostile("payments"), "labels": { hostile("a"): hostile("b") } },
            "spec": { "serviceAccountName": hostile("checkout"), "containers": [container] },
            "status": { "phase": hostile("Running"), "message": hostile("") },
        });
        let role = json!({ "Role": {
            "RoleName": hostile("checkout"), "Arn": hostile("arn:aws:iam::111122223333:role/checkout"),
            "AssumeRolePolicyDocument": { "Statement": [{
                "Sid": hostile("s"), "Effect": "Allow", "Principal": { "Federated": hostile("arn") },
                "Action": hostile("sts:AssumeRoleWithWebIdentity"), "Condition": { hostile("StringEquals"): { hostile("k"): hostile("v") } },
            }] },
        }});
        place.put("pod.json", &pod.to_string());
        place.put("role.json", &role.to_string());
        place.put("policy.json", &role["Role"]["AssumeRolePolicyDocument"].to_string());
        place.put(
            "text",
            &hostile("An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: "),
        );
        place.put("yaml", &format!("kind: Pod\nmetadata: {{name: \"{}\"", HOSTILE_XML));
        place.put("token", TOKEN);
        place
    }

    fn put(&self, name: &str, content: &str) {
        write(self.0.path().join(name), content).unwrap();
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(PROBE);
        command.args(arguments).env_clear().env("IRSA_PROBE_TARGET_PID", "none").current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).expect("UTF-8")).concat()
}

fn assert_printable(text: &str, what: &str) {
    let found = text.chars().find(|c| is_unprintable(*c) && !matches!(c, '\n' | '\t'));
    assert!(found.is_none(), "{what}: {found:?} in {text:?}");
}

#[test]
fn no_argument_or_file_drives_a_terminal() {
    let place = Place::new();
    let h = &format!("x{HOSTILE}");
    let role = "arn:aws:iam::111122223333:role/checkout";
    let check = ["trust-policy", "--token-file", "token", "--role-arn", role, "--check"];
    let arguments: Vec<Vec<&str>> = vec![
        vec![h],
        vec!["check", h],
        vec!["check", "--run-timeout", h],
        vec!["check", "--target-pid", h],
        vec!["check", "--expect-service-account", h],
        vec!["check", "--no-sts", "--document", h],
        vec!["check", "--no-sts", "--document", "pod.json"],
        vec!["check", "--no-sts", "--document", "role.json", "--output", "json"],
        vec!["check", "--no-sts", "--document", "yaml"],
        vec!["check", "--role-arn", h, "--token-file", h, "--region", h, "--termination-log", h],
        vec!["check", "--role-arn", h, "--token-file", h, "--region", h, "--output", "json"],
        vec!["check", "--role-arn", role, "--token-file", "token", "--region", h, "--run-timeout", "2s"],
        vec!["check", "--no-sts", "--token-file", "pod.json"],
        vec!["wait", h],
        vec!["wait", "--timeout", "1s", "--recreate-hold", "0s", "--role-arn", h, "--log-format", "text"],
        vec!["wait", "--timeout", "1s", "--recreate-hold", "0s", "--role-arn", h, "--termination-log", "/dev/full/x"],
        vec!["serve", "--listen", h],
        vec!["serve", "--report-listen", h],
        vec!["serve", "--listen", "unix:/nowhere\u{1b}[2J/x", "--report-listen", "none", "--log-format", "text"],
        vec!["ping", h],
        vec!["ping", "unix:/nowhere\u{1b}[2J"],
        vec!["explain", h],
        vec!["explain", "-"],
        vec!["explain", "-", "--output", "json"],
        vec!["completions", h],
        vec!["completions", "bash"],
        vec!["audit", h],
        vec!["audit", "pod.json", "role.json"],
        vec!["audit", "pod.json", "role.json", "--output", "json"],
        vec!["audit", "yaml"],
        vec!["audit", "text"],
        vec!["debug-profile", h],
        vec!["debug-profile", "pod.json", "--image", "i"],
        vec!["debug-profile", "pod.json", "--image", "i", "--output", "json"],
        vec!["debug-profile", "pod.json", "--container", h, "--image", h],
        [&check[..], &[h]].concat(),
        [&check[..], &["policy.json"]].concat(),
        [&check[..], &["role.json", "--output", "json"]].concat(),
        [&check[..], &["text"]].concat(),
        vec!["trust-policy", "--token-file", h, "--role-arn", role],
        vec!["trust-policy", "--token-file", "token", "--role-arn", h],
        vec!["trust-policy", "--token-file", "token", "--role-arn", role, "--terraform"],
    ];
    for arguments in arguments {
        let mut command = place.command(&arguments);
        if arguments.contains(&"-") {
            command.stdin(File::open(place.0.path().join("text")).unwrap());
        }
        let output = command.output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 5), "{arguments:?}: {:?}", output.status);
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{arguments:?}");
        assert_printable(&said(&output), &format!("{arguments:?}"));
        let coloured = [&arguments[..], &["--color", "always"]].concat();
        if arguments[0] == "check" {
            let text = said(&place.command(&coloured).output().unwrap());
            assert_printable(&COLOURS.iter().fold(text, |text, ours| text.replace(ours, "")), &format!("{coloured:?}"));
        }
    }
}

#[test]
fn no_variable_drives_a_terminal() {
    let place = Place::new();
    // The kernel takes no NUL; each variable by itself, for one that is malformed hides what comes behind it.
    for name in irsa_probe::probe::evidence::VARIABLES {
        for output in ["text", "json"] {
            let mut command = place.command(&["check", "--run-timeout", "2s", "--output", output]);
            command.env("AWS_ROLE_ARN", stage::ROLE).env("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
            command.env("HTTPS_PROXY", "http://127.0.0.1:9").env(name, format!("x{HOSTILE}"));
            assert_printable(&said(&command.output().unwrap()), name);
        }
    }
    for format in ["text", "json"] {
        let mut command = place.command(&["wait", "--log-format", format]);
        let output = command.env("IRSA_PROBE_DISABLED", HOSTILE).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_printable(&said(&output), "IRSA_PROBE_DISABLED");
    }
}

fn raise(message: &str) -> Raised {
    let mut stage = Stage::healthy().unwrap();
    let refusal = StsError::new(403, "AccessDenied", message);
    stage.misbehave(Operation::GetCallerIdentity, Misbehaviour::Refuse(refusal));
    stage.arguments.clear();
    stage.raise(Path::new(PROBE)).unwrap()
}

#[test]
fn no_answer_drives_a_terminal() {
    for message in [HOSTILE, HOSTILE_XML] {
        for arguments in [
            ["check", "--output", "text"],
            ["check", "--output", "json"],
            ["wait", "--log-format", "text"],
            ["wait", "--log-format", "json"],
        ] {
            let mut raised = raise(message);
            let log = raised.directory.path().join("log");
            let log = log.to_str().unwrap();
            let all = [&arguments[..], &["--termination-log", log, "--run-timeout", "5s"]].concat();
            let waits = arguments[0] == "wait";
            let limits = ["--timeout", "1s", "--settle", "0s", "--recreate-hold", "0s"];
            let output = raised.command.args(all).args(if waits { &limits[..] } else { &[] }).output().unwrap();
            assert!(said(&output).contains("GetCallerIdentity"), "{}", said(&output));
            assert_printable(&said(&output), &format!("{arguments:?}"));
            assert_printable(&read_to_string(log).unwrap(), "the termination message");
        }
        let mut raised = raise(message);
        let sidecar = Sidecar::start(&mut raised, &[]);
        assert_printable(&sidecar.running.line("broken").to_string(), "a log line");
        for (address, path) in [
            (&sidecar.network, "/readyz"),
            (&sidecar.network, "/metrics"),
            (&sidecar.report, "/report"),
            (&sidecar.report, "/"),
        ] {
            let answer = exchange(address, &format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"));
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(!body.is_empty());
            assert_printable(body, path);
        }
    }
}

#[test]
fn of_a_url_that_is_typed_only_the_place_is_shown() {
    let place = Place::new();
    for before in [&["ping"][..], &["serve", "--listen"], &["serve", "--report-listen"]] {
        for url in ["http://u:hunter2@h:9/?hunter3", "ftp://u:hunter2@h/#hunter3", "http://u v:hunter2@h"] {
            let text = said(&place.command(&[before, &[url]].concat()).output().unwrap());
            assert!(!text.contains("hunter"), "{before:?}: {text}");
        }
    }
}

#[test]
fn what_is_pasted_by_mistake_is_not_shown() {
    const KEY: &str = "kZ3vQ8mWbT1xN7rLpY5sD2/G9hJ4cV6aE0uI+RoX";
    let place = Place::new();
    let session = format!("IQoJb3JpZ2luX2VjE{}", KEY.repeat(3));
    for secret in [TOKEN.trim(), KEY, &session] {
        for before in [
            &["explain"][..],
            &[],
            &["check"],
            &["check", "--run-timeout"],
            &["check", "--target-pid"],
            &["completions"],
            &["serve", "--listen"],
        ] {
            let output = place.command(&[before, &[secret]].concat()).output().unwrap();
            assert!(matches!(output.status.code(), Some(2 | 3)), "{before:?}");
            let text = said(&output);
            let pieces = secret.as_bytes().windows(16).map(|piece| std::str::from_utf8(piece).unwrap());
            assert!(!pieces.into_iter().any(|piece| text.contains(piece)), "{before:?}: {text}");
        }
        // A log that holds one.
        place.put("log", &format!("AccessDenied: AssumeRoleWithWebIdentity token={secret} {secret}: refused"));
        for output in ["text", "json"] {
            let mut command = place.command(&["explain", "-", "--output", output]);
            let text = said(&command.stdin(File::open(place.0.path().join("log")).unwrap()).output().unwrap());
            assert!(!text.contains(&secret[secret.len() - 16..]), "{text}");
        }
    }
}

#[test]
fn an_argument_of_another_process_is_not_shown() {
    if !needs::root() {
        return;
    }
    let place = Place::new();
    let variables = format!("AWS_ROLE_ARN={} AWS_WEB_IDENTITY_TOKEN_FILE=/token", stage::ROLE);
    // Of `sh -c`, what comes behind the script is positional. Descriptor 3 stays open, so that it waits.
    let script = format!(
        "mkfifo fifo; exec 3<>fifo
        env -i {variables} PATH=$PATH sh -c 'echo $$ >&3; read wait <&4; :' hunter2 hunter3 3>pid 4<fifo &
        until [ -s pid ]; do :; done
        {PROBE} check --no-sts --all-processes; {PROBE} check --no-sts --all-processes --output json
        {PROBE} check --no-sts --target-pid $(cat pid); kill $!"
    );
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script]).current_dir(place.0.path());
    let text = said(&command.output().unwrap());
    assert_eq!(text.matches("uid 0").count(), 2, "{text}");
    assert!(text.contains("(sh)") && text.contains("\"command\":\"sh\"") && !text.contains("hunter"), "{text}");
}

/// Every command, and how it ends.
const COMMANDS: [(&[&str], i32); 19] = [
    (&[], 4),
    (&["check", "--output", "json"], 4),
    (&["--help"], 0),
    (&["--version"], 0),
    (&["nonsense"], 2),
    (&["wait", "--recreate-hold", "0s"], 4),
    (&["wait", "--recreate-hold", "0s", "--log-format", "text", "--", "/bin/true"], 4),
    (&["wait", "--warn-only"], 0),
    (&["serve", "--listen", "nowhere"], 2),
    (&["ping", "unix:/nowhere"], 3),
    (&["explain"], 0),
    (&["explain", "not-authorized"], 0),
    (&["explain", "no-such-code"], 2),
    (&["completions", "bash"], 0),
    (&["audit", "broken.json"], 4),
    (&["audit", "nothing.json"], 2),
    (&["debug-profile", "nothing.json", "--image", "i"], 2),
    (&["trust-policy", "--token-file", "token", "--role-arn", stage::ROLE], 0),
    (&["trust-policy", "--token-file", "token", "--role-arn", stage::ROLE, "--check", "denies.json"], 1),
];

#[test]
fn the_exit_code_is_what_was_found_whatever_the_streams_do() {
    let place = Place::new();
    place.put("denies.json", r#"{"Statement":[]}"#);
    place.put("nothing.json", "");
    let account = json!({ "kind": "ServiceAccount", "metadata": { "name": "a", "namespace": "b", "annotations": { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x" } } });
    place.put("broken.json", &account.to_string());
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let closed_pipe = || Stdio::from(pipe().unwrap().1);
    for (arguments, code) in COMMANDS {
        for (out, err, how) in [
            (Stdio::piped(), Stdio::piped(), "nothing unusual"),
            (full(), Stdio::piped(), "a full standard output"),
            (closed_pipe(), Stdio::piped(), "a closed pipe"),
            (Stdio::piped(), full(), "a full standard error"),
            (full(), full(), "both full"),
            (closed_pipe(), closed_pipe(), "both closed"),
        ] {
            let output = place.command(arguments).stdout(out).stderr(err).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{arguments:?} with {how}: {}", said(&output));
        }
    }
    let full_out = place.command(&["explain"]).stdout(full()).output().unwrap();
    assert!(said(&full_out).contains("cannot write the output: No space left"), "{}", said(&full_out));
    let closed = place.command(&["explain"]).stdout(closed_pipe()).output().unwrap();
    assert_eq!(said(&closed), "", "a reader that has enough is no fault");
}

#[test]
fn serve_outlives_a_full_standard_error() {
    let raised = Stage::healthy().unwrap().raise(Path::new(PROBE)).unwrap();
    let socket = raised.directory.path().join("socket");
    let listen = format!("unix:{}", socket.display());
    let ping = || Command::new(PROBE).env_clear().args(["ping", &listen]).output().unwrap().status.code();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(raised.command.get_program());
    command.env_clear().envs(&raised.variables).args(["serve", "--listen", &listen, "--report-listen", "none"]);
    let mut child = command.stderr(full).spawn().unwrap();
    let ready = (0..3_000).any(|_| {
        assert_eq!(child.try_wait().unwrap(), None, "it ended");
        ping() == Some(0)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready);
}
