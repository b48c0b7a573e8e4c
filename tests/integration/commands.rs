//! Every command that the program prints: three shells read the same words in it, the real aws CLI and kubectl accept them,
//! and what changes something names its object.

mod printed;
mod rules;
mod shells;
mod tools;

use crate::needs;

#[test]
fn each_command_follows_the_rules() {
    let faults = rules::faults(&printed::all());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_rules_find_what_they_are_for() {
    for (command, fault) in [
        ("kubectl get pods -n payments # the cluster's", "comment"),
        ("cat <<EOF", "here-document"),
        ("kubectl get pod $HOSTNAME -n payments", "variable"),
        ("env | grep ^AWS_", "values"),
        ("kubectl get pods -n payments -o yaml | grep -A6 AWS_ACCESS_KEY_ID", "values"),
        ("kubectl create token checkout -n payments", "values"),
        ("curl --verbose https://sts.amazonaws.com", "values"),
        ("kubectl delete pod web -n payments", "changes"),
        ("kubectl rollout restart deployment -n payments", "object"),
        ("kubectl set env deployment/web A=b", "namespace"),
        ("kubectl annotate serviceaccount --all -n payments a=b", "object"),
        ("kubectl annotate serviceaccount web -n payments a=arn:aws:iam::ACCOUNT:role/ROLE", "placeholder"),
        ("kubectl scale deployment/web -n payments --replicas 0", "changes"),
        ("aws iam delete-role --role-name checkout", "changes"),
        ("aws iam update-assume-role-policy --role-name checkout --policy-document file://trust.json", "replaces"),
        ("aws iam get-role --role-name checkout > role.json", "--output json"),
        ("irsa-probe trust-policy --chekc role.json", "--chekc"),
    ] {
        let found = rules::faults(&[command.to_owned()]);
        assert!(found.len() == 1 && found[0].contains(fault), "{command}: {found:?}");
    }
}

#[test]
fn sh_zsh_and_fish_read_the_same_words() {
    let shells = [("sh", "dash"), ("zsh", "zsh"), ("fish", "fish")];
    if !shells.iter().all(|(name, package)| needs::have(shells::runs(name), &format!("{name} (Debian: {package})"))) {
        return;
    }
    let commands = printed::all();
    let [posix, rest @ ..] = shells.map(|(shell, _)| shells::words(shell, &commands));
    for words in rest {
        for (command, (one, other)) in commands.iter().zip(posix.iter().zip(&words)) {
            assert!(!one.is_empty(), "{command}: runs nothing");
            assert_eq!(one, other, "{command}");
        }
    }
}

#[test]
fn the_aws_cli_accepts_each_of_its_commands() {
    let python = tools::python_with_awscli();
    if !needs::have(python.is_some(), "the aws CLI in a virtual environment on PATH (.ci/awscli makes one)") {
        return;
    }
    let calls = tools::calls("aws", &printed::all());
    assert!(calls.len() > 15, "{calls:?}");
    for (call, said) in calls.iter().zip(tools::aws(&python.expect("a path"), &calls)) {
        assert!(said.contains("Could not connect to the endpoint URL"), "aws {}\n{said}", call.join(" "));
    }
}

#[test]
fn kubectl_accepts_each_of_its_commands() {
    if !needs::have(tools::runs_kubectl(), "kubectl (.ci/kubectl fetches one)") {
        return;
    }
    let calls = tools::calls("kubectl", &printed::all());
    assert!(calls.len() > 15, "{calls:?}");
    let said = tools::kubectl(&calls);
    for (call, said) in calls.iter().zip(said) {
        assert!(said.contains("refused"), "kubectl {}\n{said}", call.join(" "));
    }
}
