//! Who else hands out credentials in a pod: static keys, EKS Pod Identity, profiles, the node. Each for real, and the
//! report must name whom an SDK ends up as.

use crate::http;
use crate::local_sts;
use crate::probe::{Run, raise, run};
use crate::stage::{ROLE, Raised};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/checkout/rival";

/// Answers GET and PUT by path; anything else, and a path that is not known, is not found.
fn serve(answer: impl Fn(&str, &str) -> Option<String> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut head = String::new();
            while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match answer(path, &head) {
                Some(body) => ("200 OK", body),
                None => ("404 Not Found", String::new()),
            };
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    address
}

/// Instance metadata of a node with a role; `open` if it asks for no session token.
fn metadata(open: bool) -> SocketAddr {
    serve(move |path, head| match path {
        "/latest/api/token" if head.starts_with("PUT ") => Some("session".to_owned()),
        _ if !open && !head.contains("x-aws-ec2-metadata-token: session") => None,
        "/latest/dynamic/instance-identity/document" => {
            Some(json!({"accountId": "111122223333", "region": "eu-west-1", "instanceId": "i-0abc"}).to_string())
        }
        "/latest/meta-data/iam/security-credentials/" => Some("eks-nodes".to_owned()),
        path => panic!("the probe asks for {path}"),
    })
}

/// A session of the pod's own role, as key, secret and session token.
fn session(raised: &Raised) -> [String; 3] {
    let plain = raised.sts.listen(None).expect("listen");
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithWebIdentity")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", ROLE)
        .append_pair("RoleSessionName", "rival")
        .append_pair("WebIdentityToken", raised.token.as_deref().expect("a token"))
        .finish();
    let answer = http::post(plain, &[], &body);
    ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| http::element(&answer, name).expect(name).to_owned())
}

fn codes(run: &Run) -> Vec<&str> {
    let findings = run.report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}

fn cause<'l>(run: &'l Run, code: &str) -> &'l str {
    let findings = run.report["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["code"] == code);
    finding.unwrap_or_else(|| panic!("no {code}: {}", run.report))["cause"].as_str().expect("a cause")
}

/// A probe that has no variables of its own to judge would look for the application.
fn without_irsa(raised: &mut Raised) {
    raised.command.env_remove("AWS_ROLE_ARN").env_remove("AWS_WEB_IDENTITY_TOKEN_FILE");
    raised.arguments.extend(["--target-pid", "none"].map(str::to_owned));
}

#[test]
fn static_keys_win_and_their_owner_is_named() {
    let mut raised = raise(|_| ());
    let [key, secret, token] = session(&raised);
    for (name, value) in [("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_SESSION_TOKEN", token)] {
        raised.command.env(name, &value);
    }
    let run = run(&mut raised);
    assert_eq!(run.step("default-chain").1, format!("{CALLER} from the static keys of AWS_ACCESS_KEY_ID"));
    assert!(cause(&run, "static-keys-override").contains("of the same role"), "{}", run.report);
    assert_eq!((run.verdict(), run.exit_code), ("degraded", 0));
}

#[test]
fn a_profile_is_read_and_no_credential_process_of_it_is_run() {
    let mut raised = raise(|_| ());
    let [key, secret, token] = session(&raised);
    let home = raised.directory.path().join("home");
    std::fs::create_dir_all(home.join(".aws")).expect("a directory");
    let marker = home.join("was-run");
    for (profile, words) in [
        (
            format!("aws_access_key_id = {key}\naws_secret_access_key = {secret}\naws_session_token = {token}"),
            "of the same role",
        ),
        (format!("credential_process = /bin/touch {}", marker.display()), "does not run"),
    ] {
        std::fs::write(home.join(".aws/credentials"), format!("[default]\n{profile}\n")).expect("written");
        raised.command.env("HOME", &home);
        let run = run(&mut raised);
        assert!(cause(&run, "static-keys-override").contains(words), "{}", run.report);
        assert!(!marker.exists());
        raised.command = again(&raised);
    }
}

/// A command takes its arguments once.
fn again(raised: &Raised) -> std::process::Command {
    let mut command = std::process::Command::new(raised.command.get_program());
    command.env_clear().envs(&raised.variables);
    command
}

#[test]
fn container_credentials_in_the_place_of_irsa_are_named() {
    let mut raised = raise(|_| ());
    let [key, secret, token] = session(&raised);
    let agent = serve(move |path, head| {
        let asked = path == "/v1/credentials" && head.to_ascii_lowercase().contains("authorization: pod token");
        asked.then(|| {
            json!({"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": "2036-01-01T00:00:00Z"})
                .to_string()
        })
    });
    without_irsa(&mut raised);
    raised.command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{agent}/v1/credentials"));
    raised.command.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod token");
    let run = run(&mut raised);
    let said = cause(&run, "env-not-injected");
    assert!(
        said.contains(&format!("The SDK's default chain resolves to {CALLER}, from the container endpoint")),
        "{said}"
    );
}

#[test]
fn the_nodes_role_is_a_warning_and_where_irsa_is_missing_the_fallback() {
    for open in [false, true] {
        let endpoint = format!("http://{}", metadata(open));
        let set = |raised: &mut Raised| {
            raised.command.env("IRSA_PROBE_NO_IMDS", "").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint);
        };
        let mut raised = raise(|_| ());
        set(&mut raised);
        let healthy = run(&mut raised);
        assert_eq!(codes(&healthy), ["imds-reachable"]);
        let said = cause(&healthy, "imds-reachable");
        assert_eq!((said.contains("role eks-nodes"), said.contains("IMDSv1")), (true, open), "{said}");
        assert_eq!((healthy.verdict(), healthy.exit_code), ("degraded", 0));

        let mut raised = raise(|_| ());
        without_irsa(&mut raised);
        set(&mut raised);
        let bare = run(&mut raised);
        assert_eq!(bare.code(), Some("env-not-injected"));
        assert!(cause(&bare, "node-role-fallback").contains("eks-nodes"), "{}", bare.report);
    }
}

#[test]
fn the_nodes_account_ranks_where_the_provider_is_missing() {
    let endpoint = format!("http://{}", metadata(false));
    let no_provider = "no-provider".parse::<local_sts::Misbehaviour>().expect("a misbehaviour");
    let mut raised = raise(|stage| stage.misbehave(local_sts::Operation::AssumeRoleWithWebIdentity, no_provider));
    raised.command.env("IRSA_PROBE_NO_IMDS", "").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
    let run = run(&mut raised);
    assert_eq!(run.code(), Some("oidc-provider-not-found"), "{}", run.report);
    let candidates = &run.report["findings"][0]["candidates"];
    assert!(candidates.to_string().contains("also the node's account, so unlikely"), "{candidates}");
}

#[test]
fn metadata_that_is_silent_or_refused_costs_no_finding() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = local_sts::dead_ends::closed_port().expect("a port");
    for address in [silent.local_addr().expect("an address"), closed] {
        let mut raised = raise(|_| ());
        raised.command.env("IRSA_PROBE_NO_IMDS", "");
        raised.command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{address}"));
        assert_eq!(run(&mut raised).verdict(), "healthy");
    }
}

#[test]
fn the_issuer_is_asked_without_the_token_and_only_if_that_helps() {
    let mut raised = raise(|_| ());
    run(&mut raised);
    assert_eq!(raised.proxy.asked(), ["sts.eu-west-1.amazonaws.com:443"], "STS took the token: nothing is left to ask");
    raised.command = again(&raised);
    raised.command.arg("--issuer-check");
    raised.arguments.clear();
    let asked = run(&mut raised);
    let (status, detail) = asked.step("issuer");
    let thumbprint = detail.strip_prefix("1 keys, the token's signature is valid, top certificate SHA-1 ");
    assert_eq!((status, thumbprint.map(str::len)), ("pass", Some(40)), "{detail}");
    let token = raised.token.as_deref().expect("a token");
    let issuers = raised.sts.exchanges();
    assert!(!issuers.iter().any(|exchange| format!("{exchange:?}").contains(token)));
}
