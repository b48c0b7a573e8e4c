//! `trust-policy`, `audit` and `check --document` as they are run: files and standard input in, exit codes out.

use base64::Engine;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
const KEY: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A";

/// Exit code, standard output, standard error.
fn run(directory: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_irsa-probe"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // A program that has read enough may be gone already.
    let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn token() -> String {
    token_for(&["sts.amazonaws.com"])
}

fn token_for(audience: &[&str]) -> String {
    let encode = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": format!("https://{KEY}"), "sub": "system:serviceaccount:payments:checkout",
        "aud": audience, "exp": 4_000_000_000_i64, "iat": 1_700_000_000});
    format!(
        "{}.{}.{}",
        encode(json!({"alg": "RS256", "kid": "k"})),
        encode(claims),
        "c2lnbmF0dXJlLW5vdC10by1iZS1zaG93bg"
    )
}

fn role(condition: Value) -> String {
    json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{KEY}")},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}]}}})
    .to_string()
}

#[test]
fn a_policy_is_judged_with_an_exit_code_for_each_verdict() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("token"), token()).expect("a token");
    let check = |input: &str, more: &[&str]| {
        run(directory.path(), &[&["trust-policy", "--check", "-", "--token-file", "token"], more].concat(), input)
    };
    let sub = |value: &str| role(json!({"StringEquals": {format!("{KEY}:sub"): value}}));
    let (allowed, denied) = (sub("system:serviceaccount:payments:checkout"), sub("system:serviceaccount:payments:*"));
    let open = role(json!({"StringEquals": {"aws:SourceVpc": "v"}}));
    assert_eq!(check(&allowed, &[]).0, Some(0));
    let (code, out, _) = check(&denied, &[]);
    assert!(code == Some(1) && out.starts_with("x DENIED  subject-wildcard-needs-stringlike"), "{out}");
    assert_eq!(check(&open, &[]).0, Some(3));
    let (code, out, err) = check("{", &[]);
    assert!(code == Some(2) && out.is_empty() && err.contains("is not complete JSON"), "{err}");
    let yaml =
        format!("Role:\n  Arn: {ROLE}\n  AssumeRolePolicyDocument:\n    Version: '2012-10-17'\n    Statement: []\n");
    assert_eq!(check(&yaml, &[]).0, Some(1));
    for (input, said) in [
        ("ROLE\tarn:aws:iam::111122223333:role/checkout\n", "--output json"),
        ("{\"Statement\": [],\n \"Statement\": []}", "the key \"Statement\" twice"),
        ("An error occurred (NoSuchEntity) when calling the GetRole operation: gone", "operation: gone"),
        ("", "is empty"),
    ] {
        let (code, out, err) = check(input, &[]);
        assert!(code == Some(2) && out.is_empty() && err.contains(said), "{err}");
    }
    let (_, out, _) = check(&denied, &["--output", "json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["check"]["code"], "subject-wildcard-needs-stringlike");
    // What it says to do, done, lets the token in.
    let command = report["commands"][0].as_str().expect("a command");
    let corrected =
        command.split_once("--policy-document '").and_then(|(_, rest)| rest.strip_suffix('\'')).expect("a policy");
    assert_eq!(check(corrected, &["--role-arn", ROLE]).0, Some(0));
}

#[test]
fn the_policy_that_is_printed_passes_its_own_check() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("token"), token()).expect("a token");
    let all = ["trust-policy", "--token-file", "token", "--role-arn", ROLE];
    let (code, out, _) = run(directory.path(), &[&all[..], &["--output", "json"]].concat(), "");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, report["schema"].as_str()), (Some(0), Some("irsa-probe/trust-policy/v1")));
    let check = run(directory.path(), &[&all[..], &["--check", "-"]].concat(), &report["policy"].to_string());
    assert_eq!(check.0, Some(0), "{}", check.1);
    // Of a token with several audiences too; with StringEquals it would be open what IAM makes of them.
    std::fs::write(directory.path().join("token"), token_for(&["vault", "sts.amazonaws.com"])).expect("a token");
    let (_, out, _) = run(directory.path(), &[&all[..], &["--output", "json"]].concat(), "");
    let policy = serde_json::from_str::<Value>(&out).expect("JSON")["policy"].to_string();
    for (policy, code) in [(policy.clone(), 0), (policy.replace("ForAnyValue:StringEquals", "StringLike"), 3)] {
        let check = run(directory.path(), &[&all[..], &["--check", "-"]].concat(), &policy);
        assert_eq!(check.0, Some(code), "{policy}: {}", check.1);
    }
    std::fs::write(directory.path().join("token"), token()).expect("a token");
    for (option, part) in [("--terraform", "aws_iam_policy_document"), ("--eksctl", "kind: ClusterConfig")] {
        let (code, out, _) = run(directory.path(), &[&all[..], &[option]].concat(), "");
        assert!(code == Some(0) && out.contains(part) && !out.contains("c2lnbmF0dXJl"), "{out}");
    }
    let (code, _, err) = run(directory.path(), &["trust-policy", "--role-arn", ROLE, "--token-file", "none"], "");
    assert!(code == Some(2) && err.contains("none"), "{err}");
    assert_eq!(run(directory.path(), &["trust-policy"], "").0, Some(2));
}

#[test]
fn a_policy_is_judged_for_pod_identity_by_what_is_given() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: String| std::fs::write(directory.path().join(name), text).expect("a file");
    write("token", token_for(&["pods.eks.amazonaws.com"]));
    write("irsa", token());
    let association = json!({"association": {"clusterName": "prod", "namespace": "payments", "serviceAccount": "checkout",
        "roleArn": ROLE, "associationId": "a-1",
        "associationArn": "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/a-1"}});
    write("association.json", association.to_string());
    write("list.json", json!({"associations": []}).to_string());
    let role = |action: Value| {
        json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": action}]}}})
        .to_string()
    };
    let (both, one) = (role(json!(["sts:AssumeRole", "sts:TagSession"])), role(json!("sts:AssumeRole")));
    let run = |arguments: &[&str], input: &str| run(directory.path(), &[&["trust-policy"], arguments].concat(), input);
    let ways: [&[&str]; 3] = [&["--pod-identity"], &["--association", "association.json"], &["--token-file", "token"]];
    for way in ways {
        let (code, out, err) = run(&[&["--check", "-"], way].concat(), &both);
        assert!(code == Some(0) && out.starts_with("ok ALLOWED"), "{way:?}: {out}{err}");
        let (code, out, _) = run(&[&["--check", "-"], way].concat(), &one);
        assert!(code == Some(1) && out.starts_with("x DENIED  tag-session-missing: "), "{way:?}: {out}");
        let (code, out, _) = run(&[way, &["--role-arn", ROLE, "--output", "json"]].concat(), "");
        let printed: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((code, printed["mechanism"].as_str()), (Some(0), Some("pod-identity")), "{out}");
        let (code, out, _) =
            run(&[&["--check", "-", "--role-arn", ROLE], way].concat(), &printed["policy"].to_string());
        assert_eq!(code, Some(0), "{way:?}: {out}");
    }
    let described = |option: &str| run(&["--association", "association.json", option], "");
    assert!(described("--terraform").1.contains("\"pods.eks.amazonaws.com\""));
    assert!(described("--eksctl").1.contains("podIdentityAssociations:"));
    // What is printed repeats what was given, and saves what was read from standard input.
    let of_stdin = "aws eks describe-pod-identity-association --region eu-west-1 --cluster-name prod --association-id a-1 \
                    --output json > association.json";
    let check = |options: &str| format!("irsa-probe trust-policy --check role.json{options}");
    let file = " --association association.json";
    for (arguments, expected) in [
        (&["--pod-identity"][..], vec![check(" --pod-identity")]),
        (&["--association", "association.json"], vec![check(file)]),
        (&["--association", "-"], vec![of_stdin.to_owned(), check(file)]),
        (
            &["--association", "association.json", "--token-file", "token"],
            vec![check(&format!("{file} --token-file token"))],
        ),
        (&["--token-file", "irsa"], vec![check(" --token-file irsa")]),
    ] {
        let (_, out, err) =
            run(&[arguments, &["--role-arn", ROLE, "--output", "json"]].concat(), &association.to_string());
        let printed: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
        let commands = printed["commands"].as_array().expect("commands").iter().filter_map(Value::as_str).skip(1);
        assert_eq!(commands.take(expected.len()).collect::<Vec<_>>(), expected, "{arguments:?}");
    }
    let (_, out, _) = run(&["--check", "-", "--association", "association.json", "--output", "json"], &one);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["check"]["statements"][0]["actions"], json!(["sts:AssumeRole"]));
    // A token of IRSA asks for the policy of IRSA.
    assert!(run(&["--check", "-", "--token-file", "irsa"], &both).1.starts_with("x DENIED  trust-policy-lacks"));
    for (arguments, said) in [
        (&["--pod-identity"][..], "no role given"),
        (&["--association", "list.json"], "describe-pod-identity-association"),
        (&["--association", "token"], "the association"),
        (&["--pod-identity", "--role-arn", ROLE, "--eksctl"], "a known service account"),
    ] {
        let (code, out, err) = run(arguments, "");
        assert!(code == Some(2) && out.is_empty() && err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn an_audit_reads_json_and_yaml_from_files_and_from_standard_input() {
    let directory = tempfile::tempdir().expect("a directory");
    let yaml = format!(
        "kind: ServiceAccount\nmetadata:\n  name: checkout\n  namespace: payments\n  annotations:\n    eks.amazonaws.com/role-arn: {ROLE}\n"
    );
    std::fs::write(directory.path().join("sa.yaml"), yaml).expect("a file");
    let cluster =
        json!({"cluster": {"name": "prod", "identity": {"oidc": {"issuer": format!("https://{KEY}")}}}}).to_string();
    let good = role(json!({"StringEquals": {format!("{KEY}:sub"): "system:serviceaccount:payments:checkout"}}));
    let bad = role(json!({"StringEquals": {format!("{KEY}:sub"): "system:serviceaccount:shop:checkout"}}));
    let audit = |role: &str| {
        run(directory.path(), &["audit", "sa.yaml", "-", "--output", "json"], &format!("{role}\n{cluster}"))
    };
    let (code, out, _) = audit(&good);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, report["findings"].as_array().map(Vec::len)), (Some(0), Some(0)), "{out}");
    assert_eq!(report["documents"].as_array().map(Vec::len), Some(3));
    let (code, out, _) = audit(&bad);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, report["findings"][0]["code"].as_str()), (Some(1), Some("wrong-subject-in-trust-policy")));
    assert_eq!(run(directory.path(), &["audit", "-"], "").0, Some(2));
    assert_eq!(run(directory.path(), &["audit", "none.json"], "").0, Some(2));
    assert_eq!(run(directory.path(), &["audit"], "").0, Some(2));
}

#[test]
fn a_document_given_to_check_counts() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    std::fs::write(at("token"), token()).expect("a token");
    let bad = role(json!({"StringEquals": {format!("{KEY}:sub"): "system:serviceaccount:shop:checkout"}}));
    std::fs::write(at("role.json"), bad).expect("a role");
    let question = [
        "check",
        "--no-sts",
        "--output",
        "json",
        "--region",
        "eu-west-1",
        "--role-arn",
        ROLE,
        "--token-file",
        &at("token"),
    ];
    let codes = |more: &[&str]| {
        let (code, out, err) = run(directory.path(), &[&question[..], more].concat(), "");
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        (code, findings.iter().any(|finding| finding["code"] == "wrong-subject-in-trust-policy"))
    };
    assert!(!codes(&[]).1);
    assert_eq!(codes(&["--document", "role.json"]), (Some(1), true));
}

#[test]
fn a_check_reads_no_more_than_a_pod_has_memory_and_time_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    std::fs::File::create(at("large")).expect("a file").set_len(60 << 20).expect("a length");
    for (file, input, name) in [("large", String::new(), "large"), ("-", "x".repeat(9 << 20), "standard input")] {
        let (code, out, err) =
            run(directory.path(), &["check", "--no-sts", "--run-timeout", "60s", "--document", file], &input);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(
            err.contains(&format!("{name} exceeds the limit of 8 MiB for all documents: use irsa-probe audit")),
            "{err}"
        );
    }
    // Standard input that nobody closes.
    let mut child = Command::new(env!("CARGO_BIN_EXE_irsa-probe"))
        .args(["check", "--no-sts", "--document", "-", "--run-timeout", "200ms"])
        .env_clear()
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let held = child.stdin.take();
    let output = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the documents could not be read within 200ms (--run-timeout)"), "{said}");
    drop(held);
}

#[test]
fn an_audit_reads_lists_of_any_length_and_no_document_that_is_too_large() {
    let directory = tempfile::tempdir().expect("a directory");
    let filler = "x".repeat(1 << 20);
    let account = |name: usize| json!({"kind": "ServiceAccount", "metadata": {"name": format!("a{name}"), "namespace": "a", "annotations": {"x": filler}}});
    let list = json!({"kind": "List", "items": (0..20).map(account).collect::<Vec<_>>()});
    let large = json!({"kind": "ConfigMap", "data": {"a": vec![&filler; 9]}});
    let input = format!("{list}\n{large}\n{}\n", account(20));
    let (code, out, err) = run(directory.path(), &["audit", "-", "--output", "json"], &input);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
    assert_eq!((code, report["documents"].as_array().map(Vec::len)), (Some(2), Some(21)));
    let said = "standard input contains a document larger than 8 MiB in line 2: it was left out";
    assert_eq!(report["unusable"], json!([said]));
}

#[test]
fn what_holds_no_document_is_said_and_an_unknown_kind_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    for (input, said) in [
        ("---\n", "standard input contains no document"),
        ("[]", "standard input contains no document"),
        ("{\"items\": []}", "not read: document with items"),
        ("", "standard input is empty"),
        ("{\"kind\": \"Ingress\"}", "not read: Ingress"),
    ] {
        let (code, out, err) = run(directory.path(), &["audit", "-"], input);
        assert!(code == Some(2) && out.is_empty() && err.contains(said), "{input}: {err}");
    }
    let role = format!(
        "{{\"kind\": \"Ingress\", \"metadata\": {{\"annotations\": {{\"eks.amazonaws.com/role-arn\": \"{ROLE}\"}}}}}}"
    );
    let account = "{\"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"a\"}}";
    let (_, out, _) = run(directory.path(), &["audit", "-"], &format!("{role}\n{account}"));
    assert!(out.contains("\n  not read    Ingress (1)\n") && !out.contains("nothing of IRSA"), "{out}");
}

#[test]
fn a_pipe_that_the_caller_hands_over_is_read_to_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let account = "{\"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"a\"}}";
    for path in ["/dev/stdin", "/dev/fd/0"] {
        let (code, out, err) = run(directory.path(), &["audit", path], account);
        assert!(code == Some(3) && out.contains("1 document"), "{path}: {out}{err}");
    }
}

/// A shell takes the block as a whole: a comment with an apostrophe, which zsh does not skip, would swallow what follows it.
#[test]
fn the_commands_that_an_audit_asks_for_are_one_block() {
    let directory = tempfile::tempdir().expect("a directory");
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "checkout", "namespace": "payments", "uid": "1"},
        "spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}, "status": {"phase": "Running"}});
    let (_, out, err) = run(directory.path(), &["audit", "-"], &pod.to_string());
    let (_, block) = out.split_once("to irsa-probe audit as well:\n").unwrap_or_else(|| panic!("{out}{err}"));
    let commands: Vec<&str> = block.lines().take_while(|line| !line.is_empty()).collect();
    assert!(commands.len() > 1, "{out}");
    for command in commands {
        assert!(["    kubectl ", "    aws "].iter().any(|start| command.starts_with(start)), "{command}");
    }
}
