//! The commands that may run: they read, and they print neither a Secret nor a token.

use super::debug::Debug;
use crate::documents::audit::Command;

const KINDS: [&str; 17] = [
    "pod",
    "pods",
    "serviceaccount",
    "serviceaccounts",
    "namespace",
    "namespaces",
    "node",
    "configmap",
    "configmaps",
    "mutatingwebhookconfigurations",
    "networkpolicies",
    "deployment",
    "statefulset",
    "daemonset",
    "replicaset",
    "job",
    "cronjob",
];
/// What every cluster publishes about its issuer.
const PATHS: [&str; 2] = ["/.well-known/openid-configuration", "/openid/v1/jwks"];
const KUBECTL_FLAGS: [&str; 2] = ["-A", "--show-managed-fields"];
const AWS_OPERATIONS: [(&str, &[&str]); 4] = [
    ("cloudtrail", &["lookup-events"]),
    (
        "iam",
        &[
            "get-open-id-connect-provider",
            "get-policy",
            "get-policy-version",
            "get-role",
            "get-role-policy",
            "list-attached-role-policies",
            "list-open-id-connect-providers",
            "list-role-policies",
            "list-roles",
            SIMULATE,
        ],
    ),
    (
        "eks",
        &[
            "describe-addon",
            "describe-cluster",
            "describe-nodegroup",
            "describe-pod-identity-association",
            "list-addons",
            "list-clusters",
            "list-nodegroups",
            "list-pod-identity-associations",
        ],
    ),
    ("sts", &["get-caller-identity"]),
];
/// Asks what the policies of a role allow. It calls none of the actions.
const SIMULATE: &str = "simulate-principal-policy";
/// Each takes a value.
const AWS_OPTIONS: [&str; 16] = [
    "--addon-name",
    "--association-id",
    "--cluster-name",
    "--lookup-attributes",
    "--max-items",
    "--name",
    "--namespace",
    "--nodegroup-name",
    "--open-id-connect-provider-arn",
    POLICY_ARN,
    "--policy-name",
    POLICY_SOURCE,
    "--region",
    ROLE_NAME,
    "--service-account",
    "--version-id",
];

const POLICY_ARN: &str = "--policy-arn";
const POLICY_SOURCE: &str = "--policy-source-arn";
const ROLE_NAME: &str = "--role-name";
/// Operations whose answers do not say what they are about, the option that does, and the field to keep it in.
const NAMED: [(&str, &str, &str); 5] = [
    (SIMULATE, POLICY_SOURCE, "PolicySourceArn"),
    ("list-attached-role-policies", ROLE_NAME, "RoleName"),
    ("list-role-policies", ROLE_NAME, "RoleName"),
    ("get-policy-version", POLICY_ARN, "PolicyArn"),
    ("list-pod-identity-associations", "--cluster-name", "listedCluster"),
];
/// Each takes one value or more.
const AWS_LISTS: [&str; 2] = ["--action-names", "--resource-arns"];

/// What a command names and its answer does not, by the field that holds it.
pub(super) fn fields(command: &Command) -> Vec<(&'static str, String)> {
    let mut words = command.words().iter().map(String::as_str);
    let operation = words.nth(2);
    let Some((_, option, field)) = NAMED.iter().find(|(name, ..)| Some(*name) == operation) else { return Vec::new() };
    let value = words.skip_while(|word| word != option).nth(1);
    value.map(|value| (*field, value.to_owned())).into_iter().collect()
}

pub(super) fn is_simulation(command: &Command) -> bool {
    command.words().get(2).is_some_and(|operation| operation == SIMULATE)
}

/// The forms of what an audit asks for, with placeholders.
pub(super) fn forms() -> Vec<Command> {
    let kubectl = [
        "kubectl get serviceaccounts -n NAMESPACE -o json --show-managed-fields",
        "kubectl get mutatingwebhookconfigurations -o json",
        "kubectl get namespace NAMESPACE -o json",
        "kubectl get --raw /.well-known/openid-configuration",
        "kubectl config view --minify -o json",
    ];
    let aws = [
        "aws sts get-caller-identity --output json",
        "aws iam get-role --role-name ROLE --output json",
        "aws iam get-open-id-connect-provider --open-id-connect-provider-arn ARN --output json",
        "aws iam list-attached-role-policies --role-name ROLE --output json",
        "aws iam list-role-policies --role-name ROLE --output json",
        "aws iam get-role-policy --role-name NODE_ROLE --policy-name POLICY --output json",
        "aws iam get-policy --policy-arn ARN --output json",
        "aws iam get-policy-version --policy-arn ARN --version-id VERSION --output json",
        "aws eks describe-cluster --name CLUSTER --region REGION --output json",
        "aws eks list-pod-identity-associations --cluster-name CLUSTER --region REGION --output json",
    ];
    kubectl.iter().chain(&aws).map(|text| Command::new(text)).collect()
}

/// Whether the program may be run with these arguments. A value never counts as an option, and no value of an aws option
/// is the address of a file or page, which aws would read and send.
pub(super) fn is_allowed(command: &Command) -> bool {
    let words: Vec<&str> = command.words().iter().map(String::as_str).collect();
    match words.as_slice() {
        // Without --raw it prints no certificate, token or password.
        ["kubectl", "config", "view", "--minify", "-o", "json"] => true,
        ["kubectl", "get", "--raw", path] => PATHS.contains(path),
        ["kubectl", "get", kind, rest @ ..] => KINDS.contains(kind) && is_kubectl(rest),
        ["aws", service, operation, rest @ ..] => {
            let of_service = AWS_OPERATIONS.iter().find(|(name, _)| name == service);
            of_service.is_some_and(|(_, operations)| operations.contains(operation)) && is_aws(rest)
        }
        _ => false,
    }
}

/// Whether `--debug` may run it: creates one container in one pod, or reads its log. [`is_allowed`] knows neither.
pub(super) fn is_of_debug(command: &Command) -> bool {
    let words: Vec<&str> = command.words().iter().map(String::as_str).collect();
    let values = match words.as_slice() {
        ["kubectl", "logs", pod, "-n", namespace, "--container", name] => vec![pod, namespace, name],
        [
            "kubectl",
            "debug",
            pod,
            "-n",
            namespace,
            "--container",
            name,
            "--image",
            image,
            rest @ ..,
            "--profile",
            "general" | "restricted",
            "--custom",
            file,
        ] => match rest {
            [] => vec![pod, namespace, name, image, file],
            ["--target", target] => vec![pod, namespace, name, image, file, target],
            _ => return false,
        },
        _ => return false,
    };
    values.into_iter().all(|value| is_value(value))
}

/// What creates the container, with placeholders.
pub(super) fn form_of_debug(debug: &Debug) -> Command {
    let command = Command::new("kubectl debug POD -n NAMESPACE --container").value(&debug.container);
    command.then("--image").value(&debug.image).then("--target CONTAINER --profile restricted --custom FILE")
}

fn is_kubectl(words: &[&str]) -> bool {
    match words {
        [] => true,
        ["-n", namespace, rest @ ..] => is_value(namespace) && is_kubectl(rest),
        ["-o", "json", rest @ ..] => is_kubectl(rest),
        [word, rest @ ..] => (KUBECTL_FLAGS.contains(word) || is_value(word)) && is_kubectl(rest),
    }
}

fn is_aws(words: &[&str]) -> bool {
    match words {
        [] => true,
        ["--output", "json", rest @ ..] => is_aws(rest),
        [option, rest @ ..] if AWS_LISTS.contains(option) => {
            let values = rest.iter().take_while(|word| !word.starts_with('-')).count();
            let (values, rest) = rest.split_at(values);
            !values.is_empty() && values.iter().all(|word| is_value(word)) && is_aws(rest)
        }
        [option, value, rest @ ..] => AWS_OPTIONS.contains(option) && is_value(value) && is_aws(rest),
        [_] => false,
    }
}

/// Source: "Loading a parameter from a file" of the aws CLI's user guide; version 1 loads `http://` and `https://` too.
fn is_value(word: &str) -> bool {
    !word.starts_with('-') && !word.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The audit's own questions, as its tests see them.
    #[test]
    fn every_command_of_a_question_is_allowed() {
        for text in [
            "kubectl get pod checkout-0 -n payments -o json",
            "kubectl get serviceaccounts -A -o json --show-managed-fields",
            "kubectl get mutatingwebhookconfigurations -o json",
            "kubectl get --raw /.well-known/openid-configuration",
            "aws iam get-role --region cn-north-1 --role-name checkout --output json",
            "aws iam get-open-id-connect-provider --open-id-connect-provider-arn arn:aws:iam::1:oidc-provider/x --output json",
            "aws eks list-pod-identity-associations --cluster-name prod --output json",
            "aws sts get-caller-identity --output json",
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=arn:aws:iam::1:role/x \
             --max-items 50 --region eu-west-1 --output json",
            "aws iam simulate-principal-policy --policy-source-arn arn:aws:iam::1:role/x --action-names s3:GetObject \
             s3:PutObject --resource-arns arn:aws:s3:::b/* * --output json",
        ] {
            assert!(is_allowed(&Command::new(text)), "{text}");
        }
        assert!(forms().iter().all(is_allowed));
    }

    #[test]
    fn what_changes_a_pod_is_allowed_to_debug_only() {
        let debug = Debug { image: "irsa-probe:1".to_owned(), container: "irsa-probe-1".to_owned() };
        assert!(is_of_debug(&form_of_debug(&debug)) && !is_allowed(&form_of_debug(&debug)));
        let start = "kubectl debug pod -n ns --container c --image i";
        for (text, expected) in [
            (format!("{start} --profile general --custom f"), true),
            (format!("{start} --profile sysadmin --custom f"), false),
            (format!("{start} --copy-to other --profile general --custom f"), false),
            (format!("{start} --target --privileged --profile general --custom f"), false),
            (format!("{start} --profile general --custom f --attach"), false),
            ("kubectl debug node/n -n ns".to_owned(), false),
            ("kubectl logs pod -n ns --container c".to_owned(), true),
            ("kubectl logs pod -n ns --container c -f".to_owned(), false),
            ("kubectl get pod x -o json".to_owned(), false),
        ] {
            assert_eq!(is_of_debug(&Command::new(&text)), expected, "{text}");
            assert!(!is_allowed(&Command::new(&text)) || text.contains("get"), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_allowed() {
        for text in [
            "",
            "sh -c id",
            "kubectl",
            "kubectl get",
            "kubectl get secrets -A -o json",
            "kubectl get secret x -n payments -o json",
            "kubectl get pods,secrets -o json",
            "kubectl get pod x -o yaml",
            "kubectl get pod x --token=y",
            "kubectl get pods -n --as=admin",
            "kubectl get --raw /api/v1/secrets",
            "kubectl config view --raw -o json",
            "kubectl config view --minify -o json --raw",
            "kubectl get --raw /.well-known/openid-configuration --as=admin",
            "kubectl create token checkout",
            "kubectl delete pod x",
            "kubectl exec pod/x -- env",
            "aws iam get-role --role-name",
            "aws iam get-role --role-name file:///etc/passwd",
            "aws iam get-role --endpoint-url x",
            "aws iam get-role --role-name --debug",
            "aws iam simulate-principal-policy --policy-source-arn x --action-names --output json",
            "aws iam simulate-principal-policy --policy-source-arn x --action-names a file:///etc/passwd",
            "aws iam simulate-principal-policy --policy-source-arn x --action-names a --policy-input-list y",
            "aws iam simulate-custom-policy --action-names a --output json",
            "aws iam get-credential-report --output json",
            "aws iam delete-role --role-name checkout",
            "aws iam update-assume-role-policy --role-name checkout",
            "aws eks get-token --cluster-name prod",
            "aws sts assume-role --role-name x",
            "aws sts get-session-token --output json",
            "aws cloudtrail stop-logging --name x",
            "aws cloudtrail lookup-events --lookup-attributes file:///etc/passwd",
            "aws s3 ls",
        ] {
            assert!(!is_allowed(&Command::new(text)), "{text}");
        }
    }
}
