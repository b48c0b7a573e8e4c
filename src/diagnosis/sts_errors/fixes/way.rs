//! Fixes on the way to STS: endpoint, region, names, network.

use super::Names;
use crate::aws::partition::sts_endpoint_service;
use crate::causes::Fix;

pub fn fix(code: &str, names: &Names) -> Option<Fix> {
    let Names { host, peer, region, namespace, .. } = names;
    Some(match code {
        "region-missing" => {
            Fix::new("Set AWS_REGION in the pod (the webhook sets it if run with --aws-default-region).")
        }
        "sts-endpoint-misconfigured" => Fix::new(
            "Correct the region or the endpoint override: unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS (give other \
             services their own variables, such as AWS_ENDPOINT_URL_S3), and use https.",
        )
        .command("env | grep -E '^AWS_(REGION|DEFAULT_REGION)='"),
        "china-partition-endpoint" => Fix::new(
            "Set AWS_REGION to cn-north-1 or cn-northwest-1. SDKs then call the hosts that end in .amazonaws.com.cn.",
        ),
        "wrong-partition-endpoint" => Fix::new(
            "Set AWS_REGION to a region of the role's partition and remove endpoint overrides so that STS is called \
             there.",
        )
        .command("env | grep -E '^AWS_(REGION|DEFAULT_REGION|ROLE_ARN)='"),
        "signed-call-refused" => Fix::new(
            "Call the STS endpoint of the workload's own region, in the role's partition, and remove static keys.",
        )
        .command("env | grep -oE '^AWS_[A-Z0-9_]+'"),
        "opt-in-region-v1-token" => Fix::new(
            "Get sessions from a regional endpoint: set AWS_STS_REGIONAL_ENDPOINTS=regional (or \
             eks.amazonaws.com/sts-regional-endpoints: \"true\" on the service account) and AWS_REGION.",
        ),
        "throttled" => Fix::new("Retry with exponential backoff, start fewer pods at once, and share sessions."),
        "sts-server-error" => Fix::new("Wait and retry. If the error stays, check the AWS Health Dashboard."),
        "sts-answer-not-understood" => {
            Fix::new("Read AWS's response above. If a proxy or portal answered, bypass it for STS.")
        }
        "sts-unreachable" => Fix::new("Check that this pod can connect to STS.").command(names.call_sts()),
        "sts-global-endpoint-in-private-vpc" => Fix::new(
            "Call the regional endpoint: set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION (older SDKs default \
             to the global endpoint), and provide a VPC endpoint for STS.",
        )
        .command(format!(
            "aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values={} --output json",
            sts_endpoint_service(region).unwrap_or_else(|| format!("com.amazonaws.{region}.sts"))
        )),
        "sts-endpoint-unreachable-timeout" => Fix::new(
            "Allow connections to port 443 of STS: check NetworkPolicy egress, the pod's security group, the security \
             group of the VPC endpoint, and NAT.",
        )
        .command(names.call_sts())
        .command(format!("kubectl get networkpolicies -n {namespace}")),
        "mesh-proxy-not-running" => Fix::new(
            "Run the mesh's proxy as a native sidecar, which starts before the other init containers. If the mesh \
             cannot do this, annotate the pod template with traffic.sidecar.istio.io/excludeOutboundPorts: \"443,53\" \
             (Istio) or config.linkerd.io/skip-outbound-ports (Linkerd): all HTTPS traffic of the pod then bypasses \
             the mesh.",
        )
        .command(format!("kubectl get pod POD -n {namespace} -o 'jsonpath={{.spec.initContainers[*].name}}'")),
        "dns-failure" => Fix::new(
            "Check the cluster's DNS: CoreDNS pods, NetworkPolicy, and security groups for port 53 over UDP and TCP.",
        )
        .command("kubectl get pods --namespace kube-system --selector k8s-app=kube-dns"),
        "tls-unknown-ca" => Fix::new(
            "Add a CA bundle to the image (Debian, Alpine: package ca-certificates). If TLS is inspected, add the \
             inspecting CA and name the bundle in AWS_CA_BUNDLE or SSL_CERT_FILE (Node.js: NODE_EXTRA_CA_CERTS; Java: \
             its truststore).",
        )
        .command(format!(
            "openssl s_client -connect {peer} -servername {host} </dev/null | openssl x509 -noout -issuer"
        )),
        "tls-hostname-mismatch" => Fix::new(
            "Remove the DNS alias of sts.amazonaws.com, and set AWS_STS_REGIONAL_ENDPOINTS=regional so that the VPC \
             endpoint's own name is called.",
        ),
        "proxy-interferes" => Fix::new(
            "Allow connections to STS in the proxy, or add STS to NO_PROXY if there is a direct route. Configure the \
             proxy explicitly in clients that ignore HTTPS_PROXY.",
        )
        .command("env | grep -oiE '^[a-z_]*_proxy'"),
        _ => return None,
    })
}
