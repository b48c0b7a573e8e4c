//! `wait`, `serve` and `ping` as a pod runs them: the built program, against the stand-in for STS.

use crate::local_sts;
use crate::local_sts::jwt::Minted;
use crate::local_sts::keys::SigningKey;
use crate::local_sts::proxy::{Manner, Proxy};
use crate::local_sts::{Misbehaviour, Operation, World};
use crate::needs;
use crate::pod::{Running, Sidecar, children, exchange, rotate, run};
use crate::stage::{self, ISSUER, Raised, Stage};
use nix::sys::signal::{Signal, kill};
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

const ASSUME: Operation = Operation::AssumeRoleWithWebIdentity;
const PROBE: &str = env!("CARGO_BIN_EXE_irsa-probe");

fn raise(change: impl FnOnce(&mut Stage)) -> Raised {
    let mut stage = Stage::healthy().unwrap();
    change(&mut stage);
    stage.raise(Path::new(PROBE)).unwrap()
}

/// A token of the shortest life there is, at this share of it.
fn token(spent: f64) -> Minted {
    Minted::new(ISSUER, "payments", "checkout", World::default().now() - (600.0 * spent) as i64).lifetime(600)
}

fn signed(token: &Minted) -> String {
    SigningKey::rs256().unwrap().sign(&token.claims()).unwrap()
}

/// Has another program start the one of the pod.
fn wrap(raised: &mut Raised, wrapper: &[&str]) {
    let mut command = Command::new(wrapper[0]);
    command
        .args(&wrapper[1..])
        .arg(raised.command.get_program())
        .env_clear()
        .envs(&raised.variables)
        .env("PATH", "/usr/bin:/bin");
    raised.command = command;
}

/// As the first process of its own process namespace, which is what a container's is. The kernel gives that one no
/// signal that it has no handler for.
const AS_PROCESS_1: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

fn ping(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(PROBE).env_clear().arg("ping").args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_healthy_sidecar_answers_each_side_and_no_request_causes_a_call() {
    let mut raised = raise(|_| {});
    let sidecar = Sidecar::start(&mut raised, &[]);
    let line = sidecar.running.line("healthy");
    assert_eq!(line["role"], stage::ROLE);
    assert_eq!(line["exit_code"], 0);
    let calls = raised.sts.exchanges().len();
    for _ in 0..20 {
        assert_eq!(sidecar.get("/readyz"), (200, "ready: healthy\n".into()));
        assert_eq!(sidecar.get("/livez"), (200, "alive\n".into()));
    }
    assert!(sidecar.metric("irsa_probe_credentials_expiry_timestamp_seconds") > World::default().now() as f64);
    assert_eq!(sidecar.metric("irsa_probe_healthy"), 1.0);
    assert_eq!(sidecar.get("/report").0, 404);

    let ask = |host: &str, first: &str| {
        exchange(&sidecar.report, &format!("{first} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    let report = ask("localhost:8081", "GET /report");
    let (_, json) = report.split_once("\r\n\r\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((&json["verdict"], &json["mode"]), (&"healthy".into(), &"serve".into()));
    let page = ask("127.0.0.1", "GET /");
    assert!(page.contains("content-security-policy: default-src 'none'; style-src 'sha256-"), "{page}");
    assert!(page.ends_with("</html>"));
    assert!(ask("rebound.example", "GET /report").starts_with("HTTP/1.1 403 "));
    assert!(ask("evil@localhost", "GET /report").starts_with("HTTP/1.1 403 "));
    for hosts in ["", "Host: localhost\r\nHost: localhost\r\n"] {
        let answer = exchange(&sidecar.report, &format!("GET /report HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let head = ask("localhost", "HEAD /report");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    let post = ask("localhost", "POST /report");
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("\r\nallow: GET, HEAD\r\n"), "{post}");

    assert_eq!(raised.sts.exchanges().len(), calls);
    assert_eq!(sidecar.terminate().0, Some(0));
}

#[test]
fn a_token_that_rotates_leaves_no_gap() {
    let mut raised = raise(|stage| stage.minted = token(0.2));
    let file = raised.variables["AWS_WEB_IDENTITY_TOKEN_FILE"].clone();
    let sidecar = Sidecar::start(&mut raised, &["--interval", "3s", "--token-interval", "100ms"]);
    sidecar.running.line("healthy");
    let mut issued = sidecar.metric("irsa_probe_token_issued_timestamp_seconds");
    for spent in [0.1, 0.05, 0.0] {
        rotate(&file, &signed(&token(spent)));
        assert_eq!(sidecar.get("/readyz").0, 200);
        sidecar.running.line("the token file has changed");
        assert_eq!(sidecar.get("/readyz").0, 200);
        assert_eq!(sidecar.running.line("healthy")["exit_code"], 0);
        assert_eq!(sidecar.get("/readyz").0, 200);
        let now = sidecar.metric("irsa_probe_token_issued_timestamp_seconds");
        assert!(now > issued, "{now} {issued}");
        issued = now;
    }
    let last = raised.sts.exchanges().len();
    assert!(last >= 8, "each token was tried: {last}");
}

#[test]
fn a_stale_token_is_reported_before_it_expires_and_an_expired_one_turns_readiness() {
    let mut raised = raise(|stage| stage.minted = token(0.5));
    let file = raised.variables["AWS_WEB_IDENTITY_TOKEN_FILE"].clone();
    let sidecar = Sidecar::start(&mut raised, &["--token-interval", "100ms"]);
    sidecar.running.line("healthy");
    // What the file would be when seven minutes had gone by without the kubelet.
    rotate(&file, &signed(&token(0.95)));
    assert_eq!(sidecar.running.line("verdict is now")["msg"], "verdict is now degraded");
    assert_eq!(sidecar.get("/readyz"), (200, "ready: degraded token-not-refreshed\n".into()));
    rotate(&file, &signed(&token(1.1)));
    assert_eq!(sidecar.running.line("verdict is now")["msg"], "verdict is now broken");
    let (status, line) = sidecar.get("/readyz");
    assert_eq!(status, 503);
    assert!(line.starts_with("not ready: broken token-expired"), "{line}");
    assert_eq!(sidecar.get("/livez").0, 200);
    rotate(&file, &signed(&token(0.0)));
    assert_eq!(sidecar.running.line("verdict is now healthy")["level"], "INFO");
    assert_eq!(sidecar.get("/readyz").0, 200);
}

#[test]
fn a_token_mounted_by_itself_is_reported_as_never_refreshed() {
    if !needs::root() {
        return;
    }
    let mut raised = raise(|_| {});
    let volume = raised.directory.path().join("volume").display().to_string();
    let token = &raised.variables["AWS_WEB_IDENTITY_TOKEN_FILE"];
    // What the kubelet makes of subPath: one file of the volume's tmpfs, mounted on an empty one.
    let mount = format!(
        "mkdir {volume} && mount -t tmpfs tmpfs {volume} && cp {token} {volume}/real && touch {volume}/token && \
         mount --bind {volume}/real {volume}/token && exec \"$@\""
    );
    wrap(&mut raised, &["unshare", "--mount", "sh", "-c", &mount, "sh"]);
    let sidecar = Sidecar::start(&mut raised, &["--token-file", &format!("{volume}/token")]);
    assert_eq!(sidecar.running.line("the token file is mounted with subPath")["level"], "WARN");
    sidecar.running.line("healthy");
}

#[test]
fn a_blip_of_sts_does_not_take_the_pod_out_of_service() {
    for (arguments, status, line) in [
        (&[][..], 200, "ready: IRSA worked "),
        (&["--ready-grace", "0s"], 503, "not ready: undetermined"),
        (&["--ready-grace", "0s", "--failure-threshold", "2"], 200, "ready: IRSA worked "),
    ] {
        let mut raised = raise(|_| {});
        let sidecar = Sidecar::start(&mut raised, arguments);
        sidecar.running.line("healthy");
        raised.sts.misbehave(ASSUME, "status:503".parse().unwrap());
        sidecar.running.signal(Signal::SIGHUP);
        assert_eq!(sidecar.running.line("undetermined")["advice"], "retry");
        let (is, said) = sidecar.get("/readyz");
        assert!(is == status && said.starts_with(line), "{arguments:?}: {is} {said}");
        assert_eq!(sidecar.metric("irsa_probe_consecutive_failures"), 1.0);
    }
}

#[test]
fn a_sidecar_recovers_at_once() {
    let mut raised = raise(|_| {});
    raised.sts.misbehave_times(ASSUME, "AccessDenied".parse().unwrap(), 1);
    let sidecar = Sidecar::start(&mut raised, &[]);
    sidecar.running.line("broken");
    assert_eq!(sidecar.get("/readyz").0, 503);
    sidecar.running.signal(Signal::SIGHUP);
    sidecar.running.line("verdict is now healthy");
    assert_eq!(sidecar.get("/readyz").0, 200);
}

#[test]
fn sigterm_ends_a_run_that_hangs() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut raised = raise(|stage| stage.misbehave(ASSUME, Misbehaviour::Hang));
        let sidecar = Sidecar::start(&mut raised, &["--run-timeout", "1h"]);
        assert_eq!(sidecar.get("/readyz"), (503, "not ready: the first run has not finished\n".into()));
        sidecar.running.signal(signal);
        assert_eq!(sidecar.running.end().0, Some(0));
    }
}

#[test]
fn a_port_in_use_is_reported_and_only_the_default_one_is_optional() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let holder = std::net::TcpListener::bind(&taken).unwrap();
    for arguments in
        [&["serve", "--listen", &taken][..], &["serve", "--listen", "127.0.0.1:0", "--report-listen", &taken]]
    {
        let (code, _, said) = run(&mut raise(|_| {}), arguments);
        assert_eq!(code, Some(2));
        assert!(
            said.contains(&format!("cannot listen on {taken}: another process in this pod listens there")),
            "{said}"
        );
    }
    drop(holder);
}

#[test]
fn ping_asks_by_tcp_and_by_socket() {
    let mut raised = raise(|stage| stage.misbehave(ASSUME, "AccessDenied".parse().unwrap()));
    let socket = raised.directory.path().join("probe.sock").display().to_string();
    let by_socket = format!("unix:{socket}");
    let serve = ["serve", "--listen", &by_socket, "--report-listen", "127.0.0.1:0"];
    let running = Running::start(&mut raised.command, &serve);
    let report = running.line("listening")["address"].as_str().map(str::to_owned).unwrap();
    let report = if report.starts_with("unix:") {
        running.line("listening")["address"].as_str().unwrap().to_owned()
    } else {
        report
    };
    running.line("broken");
    for target in [by_socket.as_str(), &format!("http://{report}")] {
        let (code, line) = ping(&[target]);
        assert_eq!(code, Some(1), "{target} {line}");
        assert!(line.starts_with("not ready: broken not-authorized"), "{target} {line}");
        assert_eq!(ping(&["--live", target]), (Some(0), "alive\n".into()));
    }
    running.signal(Signal::SIGTERM);
    assert_eq!(running.end().0, Some(0));
    let (code, line) = ping(&[&by_socket]);
    assert!(code == Some(3) && line.starts_with("unreachable: unix:"), "{code:?} {line}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, line) = ping(&[&silent.local_addr().unwrap().to_string()]);
    assert!(code == Some(3) && line.contains("no answer within 1 s"), "{code:?} {line}");
}

#[test]
fn waiting_ends_when_irsa_works_and_becomes_the_command() {
    let mut raised = raise(|_| {});
    raised.sts.misbehave_times(ASSUME, "Throttling".parse().unwrap(), 1);
    raised.sts.misbehave_times(ASSUME, "AccessDenied".parse().unwrap(), 1);
    let (code, said, log) = run(&mut raised, &["wait", "--", "/bin/echo", "it", "runs"]);
    assert_eq!((code, said.as_str()), (Some(0), "it runs\n"), "{log}");
    assert!(log.contains("\"msg\":\"healthy\""), "{log}");

    let (code, _, said) = run(&mut raise(|_| {}), &["wait", "--", "/no/such/program"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("cannot run /no/such/program"), "{said}");
}

#[test]
fn waiting_survives_a_proxy_that_comes_up_later() {
    let mut raised = raise(|stage| stage.set("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.invalid"));
    let sts = raised.authority.server(&["sts.eu-west-1.invalid"]).unwrap();
    let sts = raised.sts.listen(Some(sts)).unwrap();
    let address = local_sts::dead_ends::closed_port().unwrap();
    raised.command.env("HTTPS_PROXY", format!("http://{address}"));
    let running = Running::start(&mut raised.command, &["wait", "--output", "json"]);
    let line = running.line("undetermined");
    assert_eq!(line["code"], "proxy-interferes", "{line}");
    let proxy = Proxy::new(Manner::Allow, &[("*:443", sts)]);
    proxy.listen_at(address).unwrap();
    running.line("healthy");
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn waiting_ends_at_once_when_it_cannot_help() {
    let mut frozen = raise(|stage| stage.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"));
    let termination_log = frozen.directory.path().join("termination-log");
    let (code, said, log) = run(
        &mut frozen,
        &["wait", "--recreate-hold", "0s", "--termination-log", termination_log.to_str().unwrap(), "--output", "json"],
    );
    assert_eq!(code, Some(4), "{said}{log}");
    assert!(said.contains("\"advice\":\"recreate-pod\""), "{said}");
    let message = std::fs::read_to_string(termination_log).unwrap();
    assert!(message.starts_with("irsa-probe: BROKEN malformed-arn"), "{message}");
    assert!(frozen.sts.exchanges().is_empty());

    let mut refused = raise(|stage| stage.misbehave(ASSUME, "AccessDenied".parse().unwrap()));
    assert_eq!(run(&mut refused, &["wait", "--settle", "0s"]).0, Some(1));
    assert_eq!(refused.sts.calls(ASSUME), 1);
}

#[test]
fn a_reader_during_the_hold_gets_the_whole_answer() {
    let mut frozen = raise(|stage| stage.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"));
    let path = frozen.directory.path().join("termination-log");
    let termination_log = path.to_str().unwrap();
    let wait = ["wait", "--recreate-hold", "1h", "--output", "json", "--termination-log", termination_log];
    let running = Running::start(&mut frozen.command, &wait);
    let line = running.line("broken");
    assert_eq!(line["code"], "malformed-arn");
    let next = line["next"].as_str().unwrap();
    assert!(next.starts_with("exit 4 in ") && next.ends_with(" s"), "{next}");
    // Standard output is read to its end, which is during the hold: the signal ends it.
    running.signal(Signal::SIGTERM);
    let (code, said) = running.end();
    assert_eq!(code, Some(4));
    assert!(said.contains("\"advice\":\"recreate-pod\""), "{said}");
    let message = std::fs::read_to_string(path).unwrap();
    assert!(message.starts_with("irsa-probe: BROKEN malformed-arn"), "{message}");

    // With --warn-only nothing is recreated, so nothing is held: without this, an hour.
    let mut lenient = raise(|stage| stage.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"));
    let (code, said, _) = run(&mut lenient, &["wait", "--warn-only", "--recreate-hold", "1h", "--output", "json"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"advice\":\"recreate-pod\""), "{said}");
}

#[test]
fn the_last_run_is_logged_in_full_though_nothing_changed() {
    let mut raised = raise(|stage| stage.misbehave(ASSUME, "AccessDenied".parse().unwrap()));
    let (code, _, log) = run(&mut raised, &["wait", "--settle", "3s"]);
    assert_eq!(code, Some(1));
    let whole: Vec<_> = log.lines().filter(|line| line.contains("\"msg\":\"broken\"")).collect();
    assert!(whole.len() == 2 && whole[1].contains("\"next\":\"exit 1\""), "{log}");
}

#[test]
fn a_pod_that_asks_for_no_role_starts_where_that_is_allowed() {
    let no_irsa = || {
        raise(|stage| {
            stage.set("AWS_ROLE_ARN", stage::UNSET);
            stage.set("AWS_WEB_IDENTITY_TOKEN_FILE", stage::UNSET);
        })
    };
    let mut allowed = no_irsa();
    let path = allowed.directory.path().join("termination-log");
    let wait = ["wait", "--if-configured", "--termination-log", path.to_str().unwrap(), "--", "/bin/echo", "runs"];
    let (code, said, log) = run(&mut allowed, &wait);
    assert_eq!((code, said.as_str()), (Some(0), "runs\n"), "{log}");
    assert!(log.contains("NOT CHECKED") && log.contains("\"level\":\"WARN\""), "{log}");
    let message = std::fs::read_to_string(path).unwrap();
    assert!(message.starts_with("irsa-probe: UNDETERMINED this container is not configured for IRSA"), "{message}");
    assert!(allowed.sts.exchanges().is_empty());

    let mut allowed = no_irsa();
    let sidecar = Sidecar::start(&mut allowed, &["--if-configured"]);
    sidecar.running.line("undetermined");
    assert_eq!(sidecar.get("/readyz"), (200, "ready: undetermined env-not-injected\n".into()));
    let (_, metrics) = sidecar.get("/metrics");
    assert!(metrics.contains("irsa_probe_finding{code=\"env-not-injected\",severity=\"warning\"} 1"), "{metrics}");
    assert!(!metrics.contains("irsa_probe_healthy"), "{metrics}");

    // A fault of what is configured, and what is expected, stop the pod all the same.
    let mut half = raise(|stage| stage.set("AWS_ROLE_ARN", stage::UNSET));
    assert_eq!(run(&mut half, &["wait", "--if-configured", "--recreate-hold", "0s"]).0, Some(4));
    let strict = ["wait", "--if-configured", "--expect-service-account", "payments/checkout", "--recreate-hold", "0s"];
    assert_eq!(run(&mut no_irsa(), &strict).0, Some(4));
    assert_eq!(run(&mut no_irsa(), &["wait", "--recreate-hold", "0s"]).0, Some(4));
}

#[test]
fn the_night_shift_can_switch_it_off() {
    let mut disabled = raise(|stage| stage.set("IRSA_PROBE_DISABLED", "incident 42"));
    let (code, _, log) = run(&mut disabled, &["wait"]);
    assert_eq!(code, Some(0));
    assert!(log.contains("incident 42") && log.contains("\"level\":\"WARN\""), "{log}");
    assert!(disabled.sts.exchanges().is_empty());

    let mut disabled = raise(|stage| {
        stage.set("IRSA_PROBE_DISABLED", "incident 42");
        stage.misbehave(ASSUME, "AccessDenied".parse().unwrap());
    });
    let sidecar = Sidecar::start(&mut disabled, &[]);
    sidecar.running.line("broken");
    let (status, line) = sidecar.get("/readyz");
    assert_eq!(status, 200);
    assert!(line.starts_with("ready: IRSA_PROBE_DISABLED is set (otherwise not ready: broken"), "{line}");

    let mut lenient = raise(|stage| stage.misbehave(ASSUME, "AccessDenied".parse().unwrap()));
    let (code, said, _) = run(&mut lenient, &["wait", "--settle", "0s", "--warn-only", "--", "/bin/echo", "runs"]);
    assert_eq!((code, said.as_str()), (Some(0), "runs\n"));
}

#[test]
fn sigterm_ends_waiting_without_starting_the_command() {
    let mut raised = raise(|stage| stage.misbehave(ASSUME, "AccessDenied".parse().unwrap()));
    let running = Running::start(&mut raised.command, &["wait", "--", "/bin/echo", "it runs"]);
    assert!(running.line("broken")["next"].as_str().unwrap().starts_with("next run in "));
    running.signal(Signal::SIGTERM);
    assert_eq!(running.end(), (Some(1), String::new()));
}

#[test]
fn process_1_ends_on_sigterm_whatever_was_left_to_it() {
    if !needs::root() {
        return;
    }
    let mut raised = raise(|_| {});
    wrap(&mut raised, &AS_PROCESS_1);
    let sidecar = Sidecar::start(&mut raised, &[]);
    sidecar.running.line("healthy");
    let [first] = children(sidecar.running.pid())[..] else { panic!("unshare starts one process") };
    let status = std::fs::read_to_string(format!("/proc/{first}/status")).unwrap();
    assert!(status.contains(&format!("NSpid:\t{first}\t1\n")), "{status}");
    assert_eq!(children(first), [], "it starts no process, so there is none to reap");

    // What exec'd shells leave behind becomes a child of process 1, and a zombie, since that never waits for it.
    let orphan = Command::new("nsenter").args(["--target", &first.to_string(), "--pid", "sh", "-c", "true &"]).status();
    assert!(orphan.unwrap().success());
    assert_eq!(children(first).len(), 1);
    assert_eq!(sidecar.get("/readyz").0, 200);

    kill(first, Signal::SIGTERM).unwrap();
    sidecar.running.line("SIGTERM: shutting down");
    assert_eq!(sidecar.running.end().0, Some(0));
}

#[test]
fn the_command_becomes_process_1_with_the_signals_of_a_fresh_one() {
    if !needs::root() {
        return;
    }
    let mut raised = raise(|_| {});
    wrap(&mut raised, &AS_PROCESS_1);
    let tell = "echo $$; grep -E '^Sig(Blk|Ign)' /proc/self/status";
    let (code, said, log) = run(&mut raised, &["wait", "--", "/bin/sh", "-c", tell]);
    assert_eq!(code, Some(0), "{log}");
    let (pid, signals) = said.split_once('\n').unwrap();
    assert_eq!(pid, "1");
    // Those above 31 are the C library's own.
    let standard = |line: &str| u64::from_str_radix(line.split_once('\t').unwrap().1, 16).unwrap() & 0x7fff_ffff;
    // What this test was started with, as under nohup; but SIGPIPE it ignores by itself, like every Rust program.
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = own.lines().find(|line| line.starts_with("SigIgn")).map(standard).unwrap();
    let inherited = ignored & !(1 << (Signal::SIGPIPE as u64 - 1));
    for line in signals.lines() {
        assert_eq!(standard(line) & !inherited, 0, "none blocked, none ignored: {line}");
    }
    assert_eq!(signals.lines().count(), 2);
}

#[test]
fn without_ipv6_it_listens_on_every_ipv4_address() {
    // It pretends a kernel without IPv6.
    if !needs::program("strace", "strace") {
        return;
    }
    let mut raised = raise(|_| {});
    let no_ipv6 = "--inject=socket:error=EAFNOSUPPORT:when=1";
    wrap(&mut raised, &["strace", "--trace=socket", no_ipv6, "--output=/dev/null"]);
    let running = Running::start(&mut raised.command, &["serve", "--listen", "[::]:0", "--report-listen", "none"]);
    let line = running.line("listening");
    let port = line["address"].as_str().unwrap().strip_prefix("0.0.0.0:").unwrap_or_else(|| panic!("{line}"));
    let answer =
        exchange(&format!("127.0.0.1:{port}"), "GET /livez HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let [probe] = children(running.pid())[..] else { panic!("strace starts one process") };
    kill(probe, Signal::SIGTERM).unwrap();
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn without_a_descriptor_left_it_frees_its_own_and_does_not_spin() {
    // It shows how often the kernel refused a connection.
    if !needs::program("strace", "strace") {
        return;
    }
    let mut raised = raise(|_| {});
    let trace = raised.directory.path().join("trace");
    let output = format!("--output={}", trace.display());
    // Some 12 are its own; both sides together would take 8 connections.
    let few = ["prlimit", "--nofile=16"];
    wrap(
        &mut raised,
        &[&["strace", "--trace=accept4", "--absolute-timestamps=format:unix,precision:us", &output], &few[..]].concat(),
    );
    let sidecar = Sidecar::start(&mut raised, &[]);
    sidecar.running.line("healthy");
    let sides = [&sidecar.network, &sidecar.report];
    let silent: Vec<TcpStream> = [sides; 8].into_iter().flatten().map(|to| TcpStream::connect(to).unwrap()).collect();
    for address in sides {
        let answer = exchange(address, "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 "), "while others hold all descriptors: {answer}");
    }
    drop(silent);
    assert_eq!(sidecar.get("/readyz").0, 200);
    let [probe] = children(sidecar.running.pid())[..] else { panic!("strace starts one process") };
    kill(probe, Signal::SIGTERM).unwrap();
    assert_eq!(sidecar.running.end().0, Some(0));

    let trace = std::fs::read_to_string(&trace).unwrap();
    let mut last_refused = BTreeMap::new();
    for call in trace.lines().filter(|call| call.contains("EMFILE")) {
        let (seconds, listener) = call.split(',').next().unwrap().split_once(' ').unwrap();
        let now: f64 = seconds.parse().unwrap();
        let before = last_refused.insert(listener, now);
        assert!(before.is_none_or(|before| now - before > 0.01), "asked again at once: {trace}");
    }
    assert!(trace.matches("EMFILE").count() > 4, "{trace}");
}
