use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Severity};
use crate::probe::evidence::{Evidence, Imds, Seen};

/// Programs in this container can obtain node-role credentials.
pub(crate) static IMDS_REACHABLE: Cause = Cause {
    code: "imds-reachable",
    title: "this container can obtain node-role credentials from IMDS",
    compare: "the node's IMDS hop limit should be 1",
    severity: Severity::Warning,
    advice: Advice::Fix,
    // Sources: EKS user guide, "Upgrade from Amazon Linux 2 to Amazon Linux 2023" (managed node groups require
    // IMDSv2 with a hop limit of 1) and "Security considerations for EKS Auto Mode"; eksctl
    // pkg/cfn/builder/nodegroup.go, makeMetadataOptions (2, and 1 with disablePodIMDS).
    explanation: "\
The instance metadata service (IMDS) answers from inside this container. Any program in it can fetch credentials of \
the node role, with or without IRSA. If IRSA fails without an error (variables missing, token not readable), SDKs \
fall back to that role. The failure shows only later, as AccessDenied for a role that nobody intended to use.

If IMDSv2 session tokens are required and the hop limit is 1, the answer does not reach pods, except those in the \
host's network. Set both in the launch template. Pods that need the region or other metadata must get it from another \
source. EKS Auto Mode and managed node groups with Amazon Linux 2023 do this by default. eksctl sets a hop limit of 2 \
unless disablePodIMDS is set.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let imds = match &evidence.imds {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::Pass,
        Seen::Seen(imds) => imds,
    };
    let Imds { role, version_1, .. } = imds;
    let Some(role) = role else {
        return Outcome::Pass;
    };
    let version = if *version_1 { " It does not require a session token (IMDSv1)." } else { "" };
    let cause = format!("IMDS answers from this container and provides credentials of the node role {role}.{version}");
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(facts: &Facts) -> Fix {
    let Names { instance, .. } = facts.names();
    Fix::new(
        "Set the hop limit of the instance metadata service to 1 so that pods cannot obtain node-role credentials. First \
         give every pod on the node that needs AWS its own role: the others lose access.",
    )
    .command(format!(
        "aws ec2 modify-instance-metadata-options --instance-id {instance} --http-tokens required \
         --http-put-response-hop-limit 1"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, healthy};

    #[test]
    fn a_node_without_a_role_is_not_this_fault() {
        for (role, is) in [(Some("nodes"), true), (None, false)] {
            let mut evidence = healthy();
            let role = role.map(str::to_owned);
            evidence.imds = Seen::Seen(Imds { role, account: None, region: None, instance: None, version_1: true });
            assert_eq!(found(&IMDS_REACHABLE, &evidence), is);
        }
        assert!(!found(&IMDS_REACHABLE, &healthy()));
    }
}
