//! Fixes at the pod: service account, variables, token, program.

use super::Names;
use crate::causes::Fix;
use crate::diagnosis::injection::OWNER;

pub fn fix(code: &str, names: &Names) -> Option<Fix> {
    let Names { namespace, service_account, token_path, .. } = names;
    let show_account = format!("kubectl get serviceaccount {service_account} -n {namespace} -o yaml");
    let webhook = "kubectl get mutatingwebhookconfigurations pod-identity-webhook";
    Some(match code {
        "env-not-injected" => {
            Fix::new(
                "Check that the pod's service account has the annotation eks.amazonaws.com/role-arn and that the pod \
                 identity webhook exists, then recreate the pod.")
                .command(show_account)
                .command(webhook)
        }
        "env-not-injected-webhook-missing" => Fix::new(
            "Restore the pod identity webhook (EKS runs it; on other clusters, install it with a certificate that the \
             API server trusts), then recreate the pod.",
        )
        .command(webhook),
        "env-not-injected-pod-predates-annotation" => {
            Fix::new(format!("Recreate the pod: the webhook mutates pods only when they are created. {OWNER}"))
                .command(format!("kubectl rollout restart KIND/NAME -n {namespace}"))
        }
        "env-not-injected-annotation-missing-or-misplaced" => Fix::new(
            "Annotate the service account that the pod runs as (not the pod, not another account) with \
             eks.amazonaws.com/role-arn, then recreate the pod.",
        )
        .command(show_account)
        .command(format!(
            "kubectl annotate serviceaccount {service_account} -n {namespace} eks.amazonaws.com/role-arn={}",
            names.role_arn
        )),
        "env-not-injected-by-opt-out" => Fix::new(
            "Remove the annotation eks.amazonaws.com/skip-containers or the label \
             eks.amazonaws.com/skip-pod-identity-webhook from the pod template, then recreate the pod.",
        )
        .command(format!(
            "kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,SKIPPED_CONTAINERS:.metadata.annotations.eks\\.amazonaws\\.com/skip-containers,SKIP_POD:.metadata.labels.eks\\.amazonaws\\.com/skip-pod-identity-webhook'"
        )),
        "env-partially-set" => Fix::new(
            "Remove hand-set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE from the pod template so that the webhook \
             sets both, then recreate the pod.",
        ),
        "env-stripped-from-process" => Fix::new(
            "Configure the supervisor to pass the variables on (php-fpm: clear_env = no; sudo: --preserve-env; \
             systemd: PassEnvironment).",
        ),
        "token-path-not-absolute-on-windows" => Fix::new(
            "Select Windows nodes in the pod (nodeSelector kubernetes.io/os: windows) so that the webhook sets a \
             Windows path, or set the path with its drive letter, then recreate the pod.",
        ),
        "malformed-arn" => Fix::new(
            "Set the service account's annotation eks.amazonaws.com/role-arn to the full ARN of the role \
             (arn:aws:iam::ACCOUNT:role/NAME), then recreate the pod.",
        )
        .command(show_account),
        "invalid-session-name" => Fix::new(
            "Set AWS_ROLE_SESSION_NAME to 2 to 64 letters, digits and _+=,.@- (or leave it empty), then recreate the \
             pod.",
        ),
        "token-file-permission-denied" => Fix::new(
            "Set securityContext.fsGroup on the pod, or the same runAsUser on all of its containers, then recreate \
             the pod.",
        )
        .command(format!("ls -lnL {token_path}"))
        .command("id"),
        "token-file-missing" => Fix::new(
            "Let the webhook mount the token: remove your own volume or mount at that path, and mount the token into \
             nested containers too. Then recreate the pod.",
        )
        .command(format!("ls -la {}", token_path.rsplit_once('/').map_or("/", |(directory, _)| directory))),
        "token-file-malformed" => Fix::new(
            "Set AWS_WEB_IDENTITY_TOKEN_FILE to the path of the projected token file, which holds only the token. \
             Programs must read the file for each call, and retry if it is empty.",
        )
        .command(format!("wc {token_path}")),
        "token-expired" if names.is_foreign => {
            Fix::new(format!("Get a new token from {} just before the call: this one is not refreshed.", names.issuer))
        }
        "token-expired" => Fix::new(
            "Read the token file for each call, because the kubelet replaces it before it expires: update the SDK or \
             restart the program. If the file itself is old, check the kubelet.",
        )
        .command(format!("ls -lL {token_path}")),
        "token-audience-for-other-use" => Fix::new(
            "Set AWS_WEB_IDENTITY_TOKEN_FILE to the token that the webhook mounts (audience sts.amazonaws.com), not \
             the API server's token, then recreate the pod.",
        ),
        "token-not-yet-valid" => Fix::new("Correct the clock of this node or of the API server.").command("date -u"),
        "static-keys-override" => Fix::new(
            "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (even if empty) from the pod \
             template, and keys from mounted files, then recreate the pod.",
        )
        .command(format!("kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,VARIABLES:.spec.containers[*].env[*].name,FROM:.spec.containers[*].envFrom'")),
        "pod-identity-precedence" => Fix::new(
            "Delete either the Pod Identity association or the service account's annotation, then recreate the pod.",
        ),
        "node-role-fallback" | "sdk-lacks-web-identity" => Fix::new(
            "Check first that the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE. Then update the \
             program's SDK to one with web identity, add its STS module, and use its default credential chain.",
        )
        .command("env | grep -oE '^AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)='"),
        "session-credentials-expired" => Fix::new(
            "Let the SDK's credential provider renew the credentials, which last an hour, instead of copying them at \
             startup.",
        ),
        "caller-is-not-expected-role" => {
            Fix::new(
                "Compare the caller with AWS_ROLE_ARN. If they differ, other credentials take precedence over web \
                 identity.")
                .command("aws sts get-caller-identity --output json")
                .command("env | grep -oE '^AWS_[A-Z0-9_]+'")
        }
        "unexpected-auth-header-on-unsigned-call" => Fix::new(
            "Remove the Authorization or X-Amz-Security-Token header that a client, mesh or proxy adds to the \
             unsigned call.",
        ),
        "request-clock-skew" => Fix::new("Correct the clock of the node (chrony, with 169.254.169.123 as its source).")
            .command("date -u"),
        "imds-reachable" => Fix::new(
            "Set the hop limit of the instance metadata service to 1 so that pods cannot obtain node-role \
             credentials. First give every pod on the node that needs AWS its own role: the others lose access.",
        ),
        _ => return None,
    })
}
