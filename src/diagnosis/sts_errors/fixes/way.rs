//! Fixes on the way to STS: endpoint, region, names, network.

use super::Names;
use crate::aws::partition::sts_endpoint_service;
use crate::causes::Fix;

pub fn fix(code: &str, names: &Names) -> Option<Fix> {
    let Names { host, peer, region, namespace, .. } = names;
    Some(match code {
        "region-missing" => Fix::new("set AWS_REGION in the pod (the webhook does, given its --aws-default-region)"),
        "sts-endpoint-misconfigured" => Fix::new(
            "correct the region or the endpoint override: unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS (give other \
             services their own, as AWS_ENDPOINT_URL_S3), and use https",
        )
        .command("env | grep -E '^AWS_(REGION|DEFAULT_REGION)='"),
        "china-partition-endpoint" => Fix::new(
            "set AWS_REGION to cn-north-1 or cn-northwest-1; their hosts end in .amazonaws.com.cn, which SDKs know by \
             themselves",
        ),
        "wrong-partition-endpoint" => Fix::new(
            "set AWS_REGION to a region of the role's own partition and remove endpoint overrides, so that STS is called \
             there",
        )
        .command("env | grep -E '^AWS_(REGION|DEFAULT_REGION|ROLE_ARN)='"),
        "signed-call-refused" => Fix::new(
            "call STS at the endpoint of the workload's own region, in the role's partition, and remove static keys",
        )
        .command("env | grep -oE '^AWS_[A-Z0-9_]+'"),
        "opt-in-region-v1-token" => Fix::new(
            "take sessions from a regional endpoint: set AWS_STS_REGIONAL_ENDPOINTS=regional (or \
             eks.amazonaws.com/sts-regional-endpoints: \"true\" on the service account) and AWS_REGION",
        ),
        "throttled" => Fix::new("wait and try again with growing pauses; start fewer pods at once and share sessions"),
        "sts-server-error" => Fix::new("wait and try again; if it stays, look at AWS's health dashboard"),
        "sts-answer-not-understood" => {
            Fix::new("look at AWS's own words above; if a proxy or portal answered, let the way to STS pass it by")
        }
        "sts-unreachable" => Fix::new("see that a connection to STS can be made from this pod")
            .command(names.call_sts()),
        "sts-global-endpoint-in-private-vpc" => Fix::new(
            "call the regional endpoint: set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION (older SDKs default to \
             the global one), and have a VPC endpoint for STS",
        )
        .command(format!(
            "aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values={} --output json",
            sts_endpoint_service(region).unwrap_or_else(|| format!("com.amazonaws.{region}.sts"))
        )),
        "sts-endpoint-unreachable-timeout" => Fix::new(
            "open the way to port 443 of STS: NetworkPolicy egress, the pod's security group, the security group of \
             the VPC endpoint, or NAT",
        )
        .command(names.call_sts())
        .command(format!("kubectl get networkpolicies -n {namespace}")),
        "mesh-proxy-not-running" => Fix::new(
            "run the mesh's proxy as a native sidecar, which starts before the other init containers. Where the mesh cannot, \
             annotate the pod template with traffic.sidecar.istio.io/excludeOutboundPorts: \"443,53\" (Istio) or \
             config.linkerd.io/skip-outbound-ports (Linkerd): that takes all HTTPS of the pod out of the mesh",
        )
        .command(format!("kubectl get pod POD -n {namespace} -o 'jsonpath={{.spec.initContainers[*].name}}'")),
        "dns-failure" => Fix::new(
            "look at the cluster's DNS: CoreDNS pods, NetworkPolicy and security groups for port 53 over UDP and TCP",
        )
        .command("kubectl get pods --namespace kube-system --selector k8s-app=kube-dns"),
        "tls-unknown-ca" => Fix::new(
            "put a CA bundle into the image (Debian, Alpine: package ca-certificates); where TLS is inspected, add that \
             CA and name the bundle in AWS_CA_BUNDLE or SSL_CERT_FILE (Node.js: NODE_EXTRA_CA_CERTS; Java: its truststore)",
        )
        .command(format!("openssl s_client -connect {peer} -servername {host} </dev/null | openssl x509 -noout -issuer")),
        "tls-hostname-mismatch" => Fix::new(
            "remove the DNS alias of sts.amazonaws.com; set AWS_STS_REGIONAL_ENDPOINTS=regional so that the VPC \
             endpoint's own name is called",
        ),
        "proxy-interferes" => Fix::new(
            "let the proxy open connections to STS, or put STS into NO_PROXY where there is a direct way; a client that \
             ignores HTTPS_PROXY must be told its proxy",
        )
        .command("env | grep -oiE '^[a-z_]*_proxy'"),
        _ => return None,
    })
}
