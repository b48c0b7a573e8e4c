//! The facts as commands and texts name them. A value that is not known, or that a shell would not read as one word, is a
//! word in capitals.

use super::{Facts, Fix};
use crate::aws::arn::without_scheme;
use crate::aws::issuer::STS_AUDIENCE;
use crate::aws::partition::Partition;

pub struct Names {
    pub role: String,
    pub role_arn: String,
    /// The role's ARN is known.
    has_role: bool,
    /// What `aws iam` needs besides, for the role's partition; begins with a blank.
    pub iam_region: String,
    /// What other `aws` commands need besides, if the region of the cluster is known, and elsewhere than in the commercial
    /// partition; begins with a blank.
    pub region_option: String,
    /// The role's partition, unless it is the commercial one.
    other_partition: Option<&'static str>,
    pub account: String,
    pub provider_arn: String,
    pub issuer: String,
    pub subject: String,
    /// The token's audience. Of several, the one that STS is used with.
    pub audience: String,
    pub has_several_audiences: bool,
    pub pod_name: String,
    pub namespace: String,
    /// The pod as kubectl takes it: `checkout-5d9 -n payments`.
    pub pod: String,
    pub service_account: String,
    has_service_account: bool,
    pub cluster: String,
    association: String,
    pub host: String,
    /// The endpoint as curl takes it, and as openssl does.
    pub url: String,
    pub peer: String,
    pub region: String,
    pub token_path: String,
    /// The node's instance.
    pub instance: String,
    pub thumbprint: Option<String>,
    /// AWS runs the issuer, so thumbprints do not count.
    pub is_of_aws: bool,
    /// The token is not a service account's, so no kubelet refreshes it.
    pub is_foreign: bool,
    /// Options of `irsa-probe debug-profile`.
    container: String,
    user: String,
}

impl Names {
    pub(super) fn of(facts: &Facts) -> Names {
        let or = |value: Option<&str>, word: &str| value.filter(|value| pastes(value)).unwrap_or(word).to_owned();
        let role = facts.role.as_ref();
        let (namespace, service_account) = facts.account().unzip();
        let audiences = facts.audience.as_deref().unwrap_or_default();
        let audience = audiences.iter().find(|one| *one == STS_AUDIENCE).or(audiences.first());
        let host = or(facts.host.as_deref(), "sts.REGION.amazonaws.com");
        let url = or(facts.url.as_deref(), &format!("https://{host}/"));
        let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(&host);
        let peer = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:443") };
        let pod_name = or(facts.pod.as_deref(), "POD");
        let namespace = or(namespace.or(facts.namespace.as_deref()), "NAMESPACE");
        let role_arn = or(role.map(ToString::to_string).as_deref(), ROLE_ARN);
        let service_account = or(service_account, SERVICE_ACCOUNT);
        let default_path = match facts.is_pod_identity() {
            true => "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
            false => "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        };
        let option = |name: &str, id: Option<u32>| id.map(|id| format!(" --{name} {id}")).unwrap_or_default();
        let container = facts.container.as_deref().filter(|_| facts.is_target).map(|name| or(Some(name), "CONTAINER"));
        Names {
            role: or(role.map(|role| role.name.as_str()), "ROLE"),
            has_role: role_arn != ROLE_ARN,
            role_arn,
            iam_region: facts.partition().map(Partition::iam_region_option).unwrap_or_default(),
            region_option: match (facts.cluster_region.as_deref(), facts.partition()) {
                (Some(region), _) => format!(" --region {}", or(Some(region), "REGION")),
                (None, None | Some(Partition::Aws)) => String::new(),
                (None, Some(partition)) => {
                    let region = facts.region.as_deref().or(facts.issuer_region());
                    let region = region.filter(|region| partition.knows_region(region));
                    format!(" --region {}", or(region, partition.default_region()))
                }
            },
            other_partition: facts.partition().filter(|partition| *partition != Partition::Aws).map(Partition::id),
            account: or(role.map(|role| role.account.as_str()), "ACCOUNT"),
            provider_arn: or(facts.provider_arn().as_deref(), "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER"),
            issuer: or(facts.issuer.as_deref(), "https://ISSUER"),
            subject: or(facts.subject.as_deref(), "system:serviceaccount:NAMESPACE:NAME"),
            audience: or(audience.map(String::as_str), STS_AUDIENCE),
            has_several_audiences: audiences.len() > 1,
            pod: format!("{pod_name} -n {namespace}"),
            pod_name,
            namespace,
            has_service_account: service_account != SERVICE_ACCOUNT,
            service_account,
            cluster: or(facts.cluster.as_deref(), "CLUSTER"),
            association: or(facts.association.as_deref(), "ASSOCIATION_ID"),
            host,
            peer,
            url,
            region: or(facts.region.as_deref().or(facts.issuer_region()), "REGION"),
            token_path: or(facts.token_path.as_deref(), default_path),
            instance: or(facts.instance.as_deref(), "INSTANCE"),
            thumbprint: facts.thumbprint.clone().filter(|value| pastes(value)),
            is_of_aws: facts.issuer_partition().is_some(),
            is_foreign: facts.subject.is_some() && facts.token_account().is_none(),
            container: container.map(|name| format!(" --container {name}")).unwrap_or_default(),
            user: option("uid", facts.uid) + &option("gid", facts.gid),
        }
    }

    /// The issuer as condition keys begin with it.
    pub fn key(&self) -> &str {
        without_scheme(&self.issuer)
    }

    /// Host and port of the issuer, without the path of its URL.
    pub fn issuer_peer(&self) -> String {
        let authority = self.key().split('/').next().unwrap_or_default();
        if authority.contains(':') { authority.to_owned() } else { format!("{authority}:443") }
    }

    /// Says which credentials `aws` needs in another partition than the one that a laptop is configured for.
    pub fn with_credentials(&self, mut fix: Fix) -> Fix {
        if let Some(partition) = self.other_partition {
            fix.text += &format!(" The aws command needs credentials of the partition {partition}.");
        }
        fix
    }

    /// Reads from a laptop what a pod cannot, and decides.
    pub fn doctor(&self) -> String {
        let Self { pod, .. } = self;
        format!("irsa-probe doctor pod/{pod}")
    }

    /// Shows the role's trust policy, and judges it.
    pub fn compare(&self, fix: Fix) -> Fix {
        let Self { iam_region, role, .. } = self;
        let fix = self.with_credentials(fix);
        // Whatever output format is configured, the file holds JSON.
        fix.command(format!("aws iam get-role{iam_region} --role-name {role} --output json > role.json"))
            .command("irsa-probe trust-policy --check role.json")
    }

    /// Shows the role's trust policy. The role that an EKS Pod Identity association names is in no variable of the pod.
    pub fn show_trust_policy(&self, fix: Fix) -> Fix {
        let Self { iam_region, role, .. } = self;
        self.with_credentials(fix).command(format!(
            "aws iam get-role{iam_region} --role-name {role} --query Role.AssumeRolePolicyDocument --output json"
        ))
    }

    /// Shows the associations for the pod's service account. The list lacks their roles and dates.
    pub fn list_associations(&self) -> String {
        let Self { cluster, namespace, service_account, region_option, .. } = self;
        format!(
            "aws eks list-pod-identity-associations{region_option} --output json --cluster-name {cluster} --namespace {namespace} --service-account {service_account}"
        )
    }

    pub fn describe_association(&self) -> String {
        let Self { cluster, association, region_option, .. } = self;
        format!(
            "aws eks describe-pod-identity-association{region_option} --output json --cluster-name {cluster} --association-id {association}"
        )
    }

    /// Shows whether the agent's add-on is installed, and its health.
    pub fn describe_agent(&self) -> String {
        let Self { cluster, region_option, .. } = self;
        format!(
            "aws eks describe-addon{region_option} --output json --cluster-name {cluster} --addon-name eks-pod-identity-agent"
        )
    }

    pub fn show_creation_time(&self) -> String {
        format!("kubectl get pod {} -o jsonpath='{{.metadata.creationTimestamp}}'", self.pod)
    }

    /// Judges the trust policy of the association's role.
    pub fn check_pod_identity_trust(&self, fix: Fix) -> Fix {
        let Self { iam_region, role, .. } = self;
        let fix = self.with_credentials(fix);
        // Whatever output format is configured, the file holds JSON.
        fix.command(format!("aws iam get-role{iam_region} --role-name {role} --output json > role.json"))
            .command("irsa-probe trust-policy --check role.json --pod-identity")
    }

    /// Shows the values of the annotation `name` by service account.
    pub fn show_annotations(&self, column: &str, name: &str) -> String {
        let namespace = &self.namespace;
        format!(
            "kubectl get serviceaccounts -n {namespace} -o 'custom-columns=NAME:.metadata.name,{column}:.metadata.annotations.eks\\.amazonaws\\.com/{name}'"
        )
    }

    pub fn show_account(&self) -> String {
        format!("kubectl get serviceaccount {} -n {} -o yaml", self.service_account, self.namespace)
    }

    pub fn show_issuer(&self) -> String {
        format!("curl --max-time 5 {}/.well-known/openid-configuration", self.issuer)
    }

    /// The commands that show and set the annotation of the pod's service account, and recreate the pod.
    pub fn inspect_service_account(&self, mut fix: Fix) -> Fix {
        let Self { pod, namespace, service_account, role_arn, .. } = self;
        if !self.has_service_account {
            fix = fix.command(format!("kubectl get pod {pod} -o jsonpath='{{.spec.serviceAccountName}}'"));
        }
        fix = fix.command(format!(
            "kubectl get serviceaccount -n {namespace} {service_account} -o jsonpath='{{.metadata.annotations}}'"
        ));
        // No command writes a placeholder into a service account.
        if self.has_role {
            fix = fix.command(format!(
                "kubectl annotate serviceaccount -n {namespace} {service_account} --overwrite eks.amazonaws.com/role-arn={role_arn}"
            ));
        }
        fix.command(format!("kubectl rollout restart KIND/NAME -n {namespace}"))
    }

    /// Whether a connection to STS succeeds. Not verbose: curl would print the password of a proxy.
    pub fn call_sts(&self) -> String {
        let url = &self.url;
        format!(
            "curl --max-time 5 --silent --show-error --output /dev/null --write-out '%{{http_code}} from %{{remote_ip}}\\n' {url}"
        )
    }

    /// Runs the probe beside the application, with these options of `irsa-probe debug-profile`.
    pub fn debug(&self, options: &str) -> String {
        let Self { pod, container, .. } = self;
        format!("kubectl get pod {pod} -o json | irsa-probe debug-profile --image IMAGE{container}{options} | sh")
    }

    /// The same with the application's user and group.
    pub fn debug_as_application(&self) -> String {
        self.debug(&self.user)
    }

    /// Judges the pod by its specification.
    pub fn audit_pod(&self) -> String {
        format!("kubectl get pod {} -o json | irsa-probe audit -", self.pod)
    }
}

const ROLE_ARN: &str = "arn:aws:iam::ACCOUNT:role/ROLE";
const SERVICE_ACCOUNT: &str = "SERVICE_ACCOUNT";

/// Whether a value may be part of a command: claims and pasted texts are whatever somebody wrote.
fn pastes(value: &str) -> bool {
    !value.is_empty()
        && !value.starts_with('-')
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/=+,@%".contains(&b))
}

#[cfg(test)]
mod tests;
