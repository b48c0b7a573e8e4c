//! Pods that have their role by EKS Pod Identity, with the agent at its own addresses: where the token goes, and how
//! `wait` and `serve` live with it. What each answer of the agent means is in tests/cases.

use crate::application::Application;
use crate::local_sts::dead_ends::{closed_port, recorder};
use crate::local_sts::jwt::Minted;
use crate::local_sts::keys::SigningKey;
use crate::local_sts::{Operation, World, pod_identity};
use crate::pod::{Running, Sidecar, rotate};
use crate::private_network::alone;
use crate::probe::{Run, run, text};
use crate::stage::{Agent, ISSUER, Raised, Stage, UNSET};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;

const ADDRESS: &str = "169.254.170.23";
const AGENT: Operation = Operation::PodIdentity;
const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

fn raise(change: impl FnOnce(&mut Stage)) -> Raised {
    let mut stage = Stage::healthy_pod_identity().expect("a stage");
    change(&mut stage);
    stage.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).expect("a pod")
}

#[track_caller]
fn assert_ended(run: &Run, code: Option<&str>, exit_code: i32) {
    assert_eq!((run.code(), run.exit_code), (code, exit_code), "{}", run.report);
}

/// `credential_source = EcsContainer` is EKS Pod Identity too: the profile's role is assumed with its credentials.
#[test]
fn a_profile_that_builds_on_the_agent_is_shown_with_its_roles() {
    const OTHER: &str = "arn:aws:iam::444455556666:role/ops";
    let raised = || {
        raise(|stage| {
            let text = format!("[default]\nrole_arn = {OTHER}\ncredential_source = EcsContainer\n");
            stage.profile = Some(("AWS_CONFIG_FILE".to_owned(), text));
        })
    };
    alone(&[ADDRESS], || {
        let run = run(&mut raised());
        assert_ended(&run, None, 0);
        assert_eq!(run.report["identity"]["mechanism"], "pod-identity");
        assert_eq!(run.report["identity"]["chained_role_arns"], serde_json::json!([OTHER]));
    });
    alone(&[ADDRESS], || {
        let (shown, _) = text(&mut raised());
        assert!(shown.contains(&format!("the SDK then assumes {OTHER}")), "{shown}");
    });
}

#[test]
fn the_report_says_which_mechanism_and_which_association() {
    alone(&[ADDRESS], || {
        let mut raised = raise(|_| ());
        let run = run(&mut raised);
        assert_eq!((run.verdict(), run.exit_code), ("healthy", 0), "{}", run.report);
        let identity = &run.report["identity"];
        assert_eq!(identity["mechanism"], "pod-identity");
        assert_eq!(identity["source"], serde_json::json!([URI, TOKEN_FILE]));
        let association = serde_json::json!({
            "cluster": "prod", "namespace": "payments", "service_account": "checkout",
            "pod": "checkout-7d4b9c6f5-x2k8p",
        });
        assert_eq!(identity["association"], association);
        let caller = run.caller().expect("a caller");
        assert!(caller.starts_with("arn:aws:sts::111122223333:assumed-role/checkout/eks-prod-checkout-"), "{caller}");
        assert_eq!(run.step("pod-identity-agent"), ("pass", "answered"));
        assert_eq!(raised.sts.calls(AGENT), 1, "the agent is asked once");
        assert_eq!(raised.sts.calls(Operation::AssumeRoleWithWebIdentity), 0);
    });
}

#[test]
fn the_token_goes_to_the_agent_alone_and_past_every_proxy() {
    alone(&[ADDRESS], || {
        let proxy = recorder().expect("a recorder");
        let mut raised = raise(|stage| {
            for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
                stage.set(name, &format!("http://{}", proxy.address));
            }
        });
        assert_eq!(run(&mut raised).verdict_without_warnings(), "healthy");
        let asked = String::from_utf8_lossy(&proxy.bytes()).into_owned();
        assert!(!asked.contains(ADDRESS) && !asked.contains("eyJ"), "{asked}");
    });
    alone(&[ADDRESS], || {
        let other = recorder().expect("a recorder");
        let to = format!("redirect:http://{}/v1/credentials", other.address);
        let mut raised = raise(|stage| stage.misbehave(AGENT, to.parse().expect("a misbehaviour")));
        assert_ended(&run(&mut raised), Some("agent-address-taken"), 1);
        assert_eq!(other.bytes(), b"");
    });
    alone(&[ADDRESS], || {
        let other = recorder().expect("a recorder");
        let mut raised = raise(|stage| stage.set(URI, &format!("http://{}/v1/credentials", other.address)));
        assert_ended(&run(&mut raised), Some("container-uri-not-the-agent"), 4);
        assert_eq!(other.bytes(), b"");
    });
}

#[test]
fn an_answer_that_echoes_the_token_or_never_ends_gives_nothing_away() {
    type Body = fn(&str) -> String;
    let rows: [(&str, Body, &str); 3] = [
        ("400 Bad Request", |token| format!("Service account token cannot be parsed: {token}"), "token-file-malformed"),
        ("418 I'm a teapot", |token| format!("[id]: (Code): {token}"), "eks-auth-token-refused"),
        ("500 Internal Server Error", |_| "x".repeat(1 << 20), "agent-address-taken"),
    ];
    for (status, body, code) in rows {
        alone(&[ADDRESS], || {
            let mut raised = raise(|stage| stage.agent = Some(Agent::Closed));
            let listener = TcpListener::bind((ADDRESS, 80)).expect("port 80");
            std::thread::spawn(move || {
                for mut stream in listener.incoming().flatten() {
                    let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                    let token = head.iter().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
                    let body = body(token);
                    let length = body.len();
                    let head =
                        format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
                    let _ = stream.write_all(format!("{head}{body}").as_bytes());
                }
            });
            // It also asserts that the report holds no secret.
            let run = run(&mut raised);
            assert_eq!(run.code(), Some(code), "{}", run.report);
            assert!(run.report.to_string().len() < 30_000);
        });
    }
}

#[test]
fn the_mechanism_that_is_demanded_is_judged() {
    for (identity, irsa_too, code, exit_code) in [
        ("irsa", false, Some("env-not-injected"), 4),
        ("pod-identity", false, None, 0),
        ("pod-identity", true, Some("pod-identity-precedence"), 0),
    ] {
        alone(&[ADDRESS], || {
            let mut raised = raise(|stage| {
                if irsa_too {
                    stage.set("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout");
                    stage.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
                }
                stage.arguments.extend(["--identity", identity, "--target-pid", "none"].map(str::to_owned));
            });
            let run = run(&mut raised);
            assert_ended(&run, code, exit_code);
            assert_eq!(run.report["identity"]["mechanism"], identity);
        });
    }
    alone(&[ADDRESS], || {
        let mut bare = raise(|stage| {
            stage.set(URI, UNSET);
            stage.set(TOKEN_FILE, UNSET);
            stage.arguments.extend(["--identity", "pod-identity", "--target-pid", "none"].map(str::to_owned));
        });
        assert_ended(&run(&mut bare), Some("env-not-injected"), 4);
    });
}

#[test]
fn an_application_is_judged_by_its_own_variables() {
    alone(&[ADDRESS], || {
        let mut raised = raise(|_| ());
        let variables: Vec<(&str, &str)> =
            raised.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let application = Application::start(&["env"], &variables, "echo ready");
        raised.command.env_clear().env("IRSA_PROBE_NO_IMDS", "true");
        raised.arguments.extend(["--target-pid".to_owned(), application.pid()]);
        let run = run(&mut raised);
        assert_eq!((run.verdict_without_warnings(), run.exit_code), ("healthy", 0), "{}", run.report);
        assert_eq!(run.report["identity"]["mechanism"], "pod-identity");
    });
}

#[test]
fn waiting_ends_when_the_agent_comes_up() {
    alone(&[ADDRESS], || {
        let mut raised = raise(|stage| stage.agent = Some(Agent::Closed));
        let running = Running::start(&mut raised.command, &["wait"]);
        assert_eq!(running.line("undetermined")["code"], "agent-not-running");
        raised.sts.listen_as_agent_at(pod_identity::ADDRESSES[0]).expect("port 80");
        let line = running.line("healthy");
        assert_eq!((&line["mechanism"], &line["exit_code"]), (&"pod-identity".into(), &0.into()));
        assert_eq!(running.end().0, Some(0));
    });
}

/// A token of the shortest life there is, at this share of it.
fn token(spent: f64) -> Minted {
    let issued_at = World::default().now() - (600.0 * spent) as i64;
    Minted::new(ISSUER, "payments", "checkout", issued_at).audience(&["pods.eks.amazonaws.com"]).lifetime(600)
}

#[test]
fn a_sidecar_follows_the_token_and_stays_ready_while_the_credentials_last() {
    alone(&[ADDRESS], || {
        let mut raised = raise(|stage| stage.minted = token(0.2));
        let file = raised.variables[TOKEN_FILE].clone();
        let sidecar = Sidecar::start(&mut raised, &["--interval", "3s", "--token-interval", "100ms"]);
        assert_eq!(sidecar.running.line("healthy")["mechanism"], "pod-identity");
        assert_eq!(sidecar.get("/readyz").0, 200);
        let metrics = sidecar.get("/metrics").1;
        assert!(metrics.contains("irsa_probe_identity_info{mechanism=\"pod-identity\"} 1"), "{metrics}");
        assert!(sidecar.metric("irsa_probe_credentials_expiry_timestamp_seconds") > World::default().now() as f64);

        let issued = sidecar.metric("irsa_probe_token_issued_timestamp_seconds");
        rotate(&file, &SigningKey::rs256().expect("a key").sign(&token(0.0).claims()).expect("a token"));
        sidecar.running.line("the token file has changed");
        sidecar.running.line("healthy");
        assert!(sidecar.metric("irsa_probe_token_issued_timestamp_seconds") > issued);

        raised.sts.misbehave(AGENT, "eks-auth-unreachable".parse().expect("a misbehaviour"));
        sidecar.running.line("undetermined");
        let (status, line) = sidecar.get("/readyz");
        assert_eq!((status, line.starts_with("ready: EKS Pod Identity worked ")), (200, true), "{line}");
        assert_eq!(sidecar.terminate().0, Some(0));
    });
}

#[test]
fn the_probe_says_that_the_identity_works_where_only_sts_is_out_of_reach() {
    alone(&[ADDRESS], || {
        let closed = closed_port().expect("a port");
        let mut raised = raise(|stage| stage.set("HTTPS_PROXY", &format!("http://{closed}")));
        let run = run(&mut raised);
        assert_eq!((run.verdict(), run.exit_code), ("degraded", 0), "{}", run.report);
        assert_eq!(run.code(), Some("proxy-interferes"));
    });
}
