//! What to do about each cause, with the values at hand. A value that is not known is a word in capitals.

mod iam;
mod pod;
mod way;

use super::clues::Clues;
use crate::aws::arn::without_scheme;
use crate::causes::{Cause, Fix};
use crate::documents::trust_policy::STS_AUDIENCE;

/// The fix for a cause.
pub fn fix(cause: &Cause, clues: &Clues) -> Fix {
    let code = cause.code;
    let names = Names::of(clues);
    let fix = iam::fix(code, &names).or_else(|| pod::fix(code, &names)).or_else(|| way::fix(code, &names));
    fix.unwrap_or_else(|| Fix::new("Read the explanation of this code.").command(format!("irsa-probe explain {code}")))
}

/// The values that fixes need, or the words that stand for them.
struct Names {
    role: String,
    role_arn: String,
    /// What `aws iam` needs besides, for the role's partition; begins with a blank.
    iam_region: String,
    account: String,
    provider_arn: String,
    issuer: String,
    subject: String,
    audience: String,
    /// All of the token's audiences, if there are several.
    audiences: Option<String>,
    namespace: String,
    service_account: String,
    host: String,
    /// The endpoint as curl takes it, and as openssl does.
    url: String,
    peer: String,
    region: String,
    token_path: String,
    thumbprint: Option<String>,
    /// AWS runs the issuer, so that thumbprints do not count.
    is_of_aws: bool,
    /// The token is not a service account's, so that no kubelet refreshes it.
    is_foreign: bool,
}

impl Names {
    fn of(clues: &Clues) -> Names {
        let or = |value: Option<&str>, word: &str| value.filter(|value| pastes(value)).unwrap_or(word).to_owned();
        let role = clues.role.as_ref();
        let (namespace, service_account) = clues.service_account().unzip();
        let audience = clues.audience.as_deref().unwrap_or_default();
        let audiences = (audience.len() > 1).then(|| audience.join(" and "));
        let audience = audience.iter().find(|one| *one == STS_AUDIENCE).or(audience.first());
        let host = or(clues.host.as_deref(), "sts.REGION.amazonaws.com");
        let url = or(clues.url.as_deref(), &format!("https://{host}/"));
        let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(&host);
        let peer = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:443") };
        Names {
            role: or(role.map(|role| role.name.as_str()), "ROLE"),
            role_arn: or(role.map(ToString::to_string).as_deref(), "arn:aws:iam::ACCOUNT:role/ROLE"),
            iam_region: role.map(|role| role.partition.iam_region_option()).unwrap_or_default(),
            account: or(role.map(|role| role.account.as_str()), "ACCOUNT"),
            provider_arn: or(clues.provider_arn().as_deref(), "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER"),
            issuer: or(clues.issuer.as_deref(), "https://ISSUER"),
            subject: or(clues.subject.as_deref(), "system:serviceaccount:NAMESPACE:NAME"),
            audience: or(audience.map(String::as_str), "sts.amazonaws.com"),
            audiences,
            namespace: or(namespace, "NAMESPACE"),
            service_account: or(service_account, "SERVICE_ACCOUNT"),
            host,
            peer,
            url,
            region: or(clues.region.as_deref().or(clues.issuer_region()), "REGION"),
            thumbprint: clues.thumbprint.clone().filter(|value| pastes(value)),
            is_of_aws: clues.issuer_partition().is_some(),
            is_foreign: clues.subject.is_some() && clues.service_account().is_none(),
            token_path: or(clues.token_path.as_deref(), "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
        }
    }

    /// The issuer as condition keys begin with it.
    fn key(&self) -> &str {
        without_scheme(&self.issuer)
    }

    /// Host and port of the issuer. The path of its URL is no part of them.
    fn issuer_peer(&self) -> String {
        let authority = self.key().split('/').next().unwrap_or_default();
        if authority.contains(':') { authority.to_owned() } else { format!("{authority}:443") }
    }

    /// Shows the role's trust policy, and judges it.
    fn compare(&self, fix: Fix) -> Fix {
        fix.command(self.show_role()).command("irsa-probe trust-policy --check role.json")
    }

    /// Writes the role into a file, whatever output format is configured.
    fn show_role(&self) -> String {
        format!("aws iam get-role{} --role-name {} --output json > role.json", self.iam_region, self.role)
    }

    /// Shows the values of the annotation `name` by service account.
    fn show_annotations(&self, column: &str, name: &str) -> String {
        format!(
            "kubectl get serviceaccounts -n {} -o 'custom-columns=NAME:.metadata.name,{column}:.metadata.annotations.eks\\.amazonaws\\.com/{name}'",
            self.namespace
        )
    }

    /// Whether a connection to STS comes about. Not verbose: curl would print the password of a proxy.
    fn call_sts(&self) -> String {
        format!(
            "curl --max-time 5 --silent --show-error --output /dev/null --write-out '%{{http_code}} from %{{remote_ip}}\\n' {}",
            self.url
        )
    }
}

/// Whether a value may stand in a command: claims and pasted texts are whatever somebody wrote.
fn pastes(value: &str) -> bool {
    !value.starts_with('-') && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/=+,@%".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::{NOT_AUTHORIZED, STS_UNREACHABLE, TLS_UNKNOWN_CA, TOKEN_EXPIRED, WRONG_AUDIENCE};

    #[test]
    fn what_a_shell_would_run_never_stands_in_a_command() {
        let clues = Clues {
            issuer: Some("https://a$(reboot)".into()),
            subject: Some("system:serviceaccount:a;b:`c`".into()),
            audience: Some(vec!["--x".into()]),
            host: Some("sts|sh".into()),
            url: Some("http://sts|sh:80".into()),
            token_path: Some("/a b".into()),
            ..Clues::default()
        };
        for cause in crate::causes::CAUSES.iter() {
            let fix = fix(cause, &clues);
            for bad in ["$(reboot", ";b", "`c`", "--x", "|sh", "/a b"] {
                assert!(!fix.commands.iter().any(|command| command.contains(bad)), "{}: {bad}", cause.code);
            }
        }
    }

    #[test]
    fn an_endpoint_is_called_where_it_listens() {
        let at = |url: &str| Clues { host: Some("sts.example".into()), url: Some(url.into()), ..Clues::default() };
        for (url, curl, openssl) in [
            ("http://sts.example:4566", "http://sts.example:4566", "sts.example:4566 "),
            ("https://sts.example", "https://sts.example", "sts.example:443 "),
        ] {
            let clues = at(url);
            let commands = |cause| fix(cause, &clues).commands[0].clone();
            assert!(commands(&STS_UNREACHABLE).ends_with(&format!(" {curl}")), "{}", commands(&STS_UNREACHABLE));
            assert!(commands(&TLS_UNKNOWN_CA).contains(openssl), "{}", commands(&TLS_UNKNOWN_CA));
        }
    }

    #[test]
    fn known_values_stand_in_the_commands() {
        let clues = Clues {
            role: crate::aws::arn::RoleArn::parse("arn:aws:iam::111122223333:role/team/checkout").ok(),
            issuer: Some("https://oidc.eks.eu-west-1.amazonaws.com/id/EX".into()),
            subject: Some("system:serviceaccount:payments:checkout".into()),
            ..Clues::default()
        };
        let github = Clues {
            issuer: Some("https://token.actions.githubusercontent.com".into()),
            subject: Some("repo:octo/app:ref:refs/heads/main".into()),
            ..Clues::default()
        };
        for (clues, kubelet) in [(&clues, true), (&github, false), (&Clues::default(), true)] {
            assert_eq!(fix(&TOKEN_EXPIRED, clues).text.contains("kubelet"), kubelet, "{clues:?}");
        }
        let audiences =
            |all: &[&str]| Clues { audience: Some(all.iter().map(|one| (*one).to_owned()).collect()), ..clues.clone() };
        for (all, command) in [
            (&["sts.amazonaws.com"][..], "add-client-id-to-open-id-connect-provider"),
            (&["vault"], "com/audience'"),
            (&["vault", "sts.amazonaws.com"], "get-open-id-connect-provider"),
            (&["sts.amazonaws.com", "vault"], "get-open-id-connect-provider"),
        ] {
            let fix = fix(&WRONG_AUDIENCE, &audiences(all));
            assert!(fix.commands[0].contains(command), "{all:?}: {fix:?}");
            assert_eq!(fix.text.contains("sts.amazonaws.com alone"), all.len() > 1, "{all:?}: {fix:?}");
        }
        let fix = fix(&NOT_AUTHORIZED, &clues);
        assert_eq!(fix.commands[0], "aws iam get-role --role-name checkout --output json > role.json");
        for value in [
            "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EX",
            "oidc.eks.eu-west-1.amazonaws.com/id/EX:sub",
            "oidc.eks.eu-west-1.amazonaws.com/id/EX:aud",
            "system:serviceaccount:payments:checkout",
        ] {
            assert!(fix.text.contains(value), "{value} is not in {}", fix.text);
        }
    }
}
