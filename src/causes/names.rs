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
        let option = |name: &str, id: Option<u32>| id.map(|id| format!(" --{name} {id}")).unwrap_or_default();
        let container = facts.container.as_deref().filter(|_| facts.is_target).map(|name| or(Some(name), "CONTAINER"));
        Names {
            role: or(role.map(|role| role.name.as_str()), "ROLE"),
            has_role: role_arn != ROLE_ARN,
            role_arn,
            iam_region: role.map(|role| role.partition.iam_region_option()).unwrap_or_default(),
            other_partition: role
                .map(|role| role.partition)
                .filter(|partition| *partition != Partition::Aws)
                .map(Partition::id),
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
            host,
            peer,
            url,
            region: or(facts.region.as_deref().or(facts.issuer_region()), "REGION"),
            token_path: or(facts.token_path.as_deref(), "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
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
mod tests {
    use super::*;
    use crate::causes::{Cause, testing};
    use crate::causes::{NOT_AUTHORIZED, STS_UNREACHABLE, TLS_UNKNOWN_CA, TOKEN_EXPIRED, WRONG_AUDIENCE};
    use crate::probe::evidence::{Evidence, Kubernetes, Seen, Token};

    #[test]
    fn what_a_shell_would_run_never_stands_in_a_command() {
        let facts = Facts {
            issuer: Some("https://a$(reboot)".into()),
            subject: Some("system:serviceaccount:a;b:`c`".into()),
            audience: Some(vec!["--x".into()]),
            host: Some("sts|sh".into()),
            url: Some("http://sts|sh:80".into()),
            token_path: Some("/a b".into()),
            ..Facts::default()
        };
        for cause in crate::causes::CAUSES.iter() {
            let fix = (cause.fix)(&facts);
            for bad in ["$(reboot", ";b", "`c`", "--x", "|sh", "/a b"] {
                assert!(!fix.commands.iter().any(|command| command.contains(bad)), "{}: {bad}", cause.code);
            }
        }
    }

    #[test]
    fn an_endpoint_is_called_where_it_listens() {
        let at = |url: &str| Facts { host: Some("sts.example".into()), url: Some(url.into()), ..Facts::default() };
        for (url, curl, openssl) in [
            ("http://sts.example:4566", "http://sts.example:4566", "sts.example:4566 "),
            ("https://sts.example", "https://sts.example", "sts.example:443 "),
        ] {
            let facts = at(url);
            let commands = |cause: &Cause| (cause.fix)(&facts).commands[0].clone();
            assert!(commands(&STS_UNREACHABLE).ends_with(&format!(" {curl}")), "{}", commands(&STS_UNREACHABLE));
            assert!(commands(&TLS_UNKNOWN_CA).contains(openssl), "{}", commands(&TLS_UNKNOWN_CA));
        }
    }

    #[test]
    fn known_values_stand_in_the_commands() {
        let facts = Facts {
            role: crate::aws::arn::RoleArn::parse("arn:aws:iam::111122223333:role/team/checkout").ok(),
            issuer: Some("https://oidc.eks.eu-west-1.amazonaws.com/id/EX".into()),
            subject: Some("system:serviceaccount:payments:checkout".into()),
            ..Facts::default()
        };
        let github = Facts {
            issuer: Some("https://token.actions.githubusercontent.com".into()),
            subject: Some("repo:octo/app:ref:refs/heads/main".into()),
            ..Facts::default()
        };
        for (facts, kubelet) in [(&facts, true), (&github, false), (&Facts::default(), true)] {
            assert_eq!((TOKEN_EXPIRED.fix)(facts).text.contains("kubelet"), kubelet, "{facts:?}");
        }
        let audiences =
            |all: &[&str]| Facts { audience: Some(all.iter().map(|one| (*one).to_owned()).collect()), ..facts.clone() };
        for (all, command) in [
            (&["sts.amazonaws.com"][..], "add-client-id-to-open-id-connect-provider"),
            (&["vault"], "com/audience'"),
            (&["vault", "sts.amazonaws.com"], "get-open-id-connect-provider"),
            (&["sts.amazonaws.com", "vault"], "get-open-id-connect-provider"),
        ] {
            let fix = (WRONG_AUDIENCE.fix)(&audiences(all));
            assert!(fix.commands[0].contains(command), "{all:?}: {fix:?}");
            assert_eq!(fix.text.contains("sts.amazonaws.com alone"), all.len() > 1, "{all:?}: {fix:?}");
        }
        let fix = (NOT_AUTHORIZED.fix)(&facts);
        assert_eq!(fix.commands[0], "aws iam get-role --role-name checkout --output json > role.json");
    }

    /// IAM of another partition answers only in a region of that partition, and only to its credentials.
    #[test]
    fn aws_commands_name_a_region_of_the_roles_partition() {
        for (partition, option, credentials) in [
            ("aws", "", false),
            ("aws-us-gov", " --region us-gov-west-1", true),
            ("aws-cn", " --region cn-north-1", true),
        ] {
            let role =
                crate::aws::arn::RoleArn::parse(&format!("arn:{partition}:iam::111122223333:role/checkout")).ok();
            let facts = Facts { role, ..Facts::default() };
            for cause in crate::causes::CAUSES {
                let fix = (cause.fix)(&facts);
                for command in fix.commands.iter().filter(|command| command.starts_with("aws iam ")) {
                    assert!(command.contains(option), "{}: {command}", cause.code);
                    let says = fix.text.contains(&format!("credentials of the partition {partition}"));
                    assert_eq!(says, credentials, "{}: {}", cause.code, fix.text);
                }
            }
        }
    }

    #[test]
    fn commands_name_the_service_account_unless_its_name_could_be_run() {
        let claims = |namespace: &str, name: &str| Kubernetes {
            namespace: Some(namespace.into()),
            service_account: Some(name.into()),
            ..Kubernetes::default()
        };
        let subject = |subject: &str| Token { subject: Some(subject.into()), ..Token::default() };
        for (token, words) in [
            (
                Token { kubernetes: claims("payments", "checkout"), ..Token::default() },
                "-n payments checkout --overwrite",
            ),
            (subject("system:serviceaccount:payments:checkout"), "-n payments checkout --overwrite"),
            (Token { kubernetes: claims("payments", "a;reboot"), ..Token::default() }, "-n payments SERVICE_ACCOUNT"),
            (subject("repo:owner/name"), "kubectl get pod checkout-5d9 -n payments -o jsonpath='{.spec.service"),
        ] {
            let evidence =
                Evidence { api_token: Seen::Seen(token), token: Seen::not_checked(""), ..testing::healthy() };
            let commands = Facts::of(&evidence).names().inspect_service_account(Fix::new("")).commands.join("\n");
            assert!(commands.contains(words) && !commands.contains("reboot"), "{commands}");
            assert!(!commands.contains('$'), "a variable of the pod in a command for a laptop: {commands}");
        }
    }
}
