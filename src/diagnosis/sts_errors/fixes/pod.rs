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
            Fix::new("see that the pod's service account is annotated and the webhook there, then recreate the pod")
                .command(show_account)
                .command(webhook)
        }
        "env-not-injected-webhook-missing" => Fix::new(
            "bring the pod identity webhook back (EKS runs it; elsewhere install it, with a certificate that the API \
             server trusts), then recreate the pod",
        )
        .command(webhook),
        "env-not-injected-pod-predates-annotation" => {
            Fix::new(format!("Recreate the pod: the webhook changes pods only when they are created. {OWNER}"))
                .command(format!("kubectl rollout restart KIND/NAME -n {namespace}"))
        }
        "env-not-injected-annotation-missing-or-misplaced" => Fix::new(
            "annotate the service account that the pod runs as (not the pod, not another account) with \
             eks.amazonaws.com/role-arn, then recreate the pod",
        )
        .command(show_account)
        .command(format!(
            "kubectl annotate serviceaccount {service_account} -n {namespace} eks.amazonaws.com/role-arn={}",
            names.role_arn
        )),
        "env-not-injected-by-opt-out" => Fix::new(
            "take the annotation eks.amazonaws.com/skip-containers or the label eks.amazonaws.com/skip-pod-identity-webhook \
             out of the pod's template, then recreate the pod",
        )
        .command(format!(
            "kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,SKIPPED_CONTAINERS:.metadata.annotations.eks\\.amazonaws\\.com/skip-containers,SKIP_POD:.metadata.labels.eks\\.amazonaws\\.com/skip-pod-identity-webhook'"
        )),
        "env-partially-set" => Fix::new(
            "take hand-set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE out of the pod's template, so that the webhook \
             sets both, then recreate the pod",
        ),
        "env-stripped-from-process" => Fix::new(
            "let the supervisor pass the variables on (php-fpm: clear_env = no; sudo: --preserve-env; systemd: \
             PassEnvironment)",
        ),
        "token-path-not-absolute-on-windows" => Fix::new(
            "select Windows nodes in the pod (nodeSelector kubernetes.io/os: windows) so that the webhook sets a \
             Windows path, or set the path with its drive letter, then recreate the pod",
        ),
        "malformed-arn" => Fix::new(
            "set the service account's annotation to the role's whole ARN (arn:aws:iam::ACCOUNT:role/NAME), then \
             recreate the pod",
        )
        .command(show_account),
        "invalid-session-name" => Fix::new(
            "set AWS_ROLE_SESSION_NAME to 2 to 64 characters out of letters, digits and _+=,.@- (or to nothing), then \
             recreate the pod",
        ),
        "token-file-permission-denied" => Fix::new(
            "set securityContext.fsGroup on the pod, or the same runAsUser for all of its containers, then recreate \
             the pod",
        )
        .command(format!("ls -lnL {token_path}"))
        .command("id"),
        "token-file-missing" => Fix::new(
            "let the webhook mount the token (remove a volume or mount of one's own at that path; mount it into nested \
             containers too), then recreate the pod",
        )
        .command(format!("ls -la {}", token_path.rsplit_once('/').map_or("/", |(directory, _)| directory))),
        "token-file-malformed" => Fix::new(
            "let the variable name the projected token's file itself, which holds the token and nothing else; have \
             programs read it anew each time and try again if it is empty",
        )
        .command(format!("wc {token_path}")),
        "token-expired" if names.is_foreign => {
            Fix::new(format!("Get a new token from {} just before the call: this one is not refreshed.", names.issuer))
        }
        "token-expired" => Fix::new(
            "read the token's file anew for each call (the kubelet replaces it before it expires): update the SDK, or \
             restart the program. If the file itself is old, look at the kubelet",
        )
        .command(format!("ls -lL {token_path}")),
        "token-audience-for-other-use" => Fix::new(
            "let AWS_WEB_IDENTITY_TOKEN_FILE name the token that the webhook mounts (audience sts.amazonaws.com), not \
             the API server's, then recreate the pod",
        ),
        "token-not-yet-valid" => Fix::new("correct the clock of this node or of the API server").command("date -u"),
        "static-keys-override" => Fix::new(
            "take AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (also empty ones) out of the pod's \
             template, and keys out of mounted files, then recreate the pod",
        )
        .command(format!("kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,VARIABLES:.spec.containers[*].env[*].name,FROM:.spec.containers[*].envFrom'")),
        "pod-identity-precedence" => Fix::new(
            "decide for one: delete the Pod Identity association, or the service account's annotation, then recreate \
             the pod",
        ),
        "node-role-fallback" | "sdk-lacks-web-identity" => Fix::new(
            "update the program's SDK to one with web identity, add its STS module, and leave credentials to its default \
             chain; see first that the container has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE",
        )
        .command("env | grep -oE '^AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)='"),
        "session-credentials-expired" => Fix::new(
            "have the program renew its credentials (they last an hour): leave them to the SDK's provider instead of \
             copying them at the start",
        ),
        "caller-is-not-expected-role" => {
            Fix::new("compare the caller with AWS_ROLE_ARN; where they differ, other credentials win over web identity")
                .command("aws sts get-caller-identity --output json")
                .command("env | grep -oE '^AWS_[A-Z0-9_]+'")
        }
        "unexpected-auth-header-on-unsigned-call" => Fix::new(
            "let nothing (client, mesh, proxy) add an Authorization or X-Amz-Security-Token header to the unsigned call",
        ),
        "request-clock-skew" => Fix::new("correct the clock of the node (chrony, and 169.254.169.123 as its source)")
            .command("date -u"),
        "imds-reachable" => Fix::new(
            "Set the hop limit of the instance metadata to 1 so that pods cannot obtain the node's role. First give every pod \
             on the node that needs AWS a role of its own: the others lose access",
        ),
        _ => return None,
    })
}
