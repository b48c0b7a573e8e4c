use crate::causes::{Advice, Cause, Diagnosis, Outcome, Severity};
use crate::diagnosis::sts_errors::{Clues, fix};
use crate::probe::evidence::{Evidence, Imds, Seen};

/// The node's role is within reach.
pub static IMDS_REACHABLE: Cause = Cause {
    code: "imds-reachable",
    title: "programs in this container can take the node's role",
    severity: Severity::Warning,
    advice: Advice::Fix,
    // Sources: EKS user guide, "Upgrade from Amazon Linux 2 to Amazon Linux 2023" (managed node groups require
    // IMDSv2 with a hop limit of 1) and "Security considerations for EKS Auto Mode"; eksctl
    // pkg/cfn/builder/nodegroup.go, makeMetadataOptions (2, and 1 with disablePodIMDS).
    explanation: "\
The node's instance metadata answers from inside this container, so any program in it can fetch credentials of the \
node's role, IRSA or not. And where IRSA fails without an error (variables missing, token not readable), SDKs go on to \
that role by themselves: the failure shows only later, as AccessDenied for a role nobody meant.

With the session tokens of IMDSv2 required and a hop limit of 1, the answer does not reach pods, except those in the \
host's network. Set both in the launch template; pods that need the region or the like must get it in another way. \
EKS Auto Mode and managed node groups with Amazon Linux 2023 do so by default; eksctl sets a hop limit of 2 unless \
disablePodIMDS is set.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let imds = match &evidence.imds {
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::Pass,
        Seen::Seen(imds) => imds,
    };
    let Imds { role, instance, version_1, .. } = imds;
    let Some(role) = role else {
        return Outcome::Pass;
    };
    let version = if *version_1 { " It asks for no session token (IMDSv1)." } else { "" };
    let cause = format!("The instance metadata answers here and gives out the node's role {role}.{version}");
    let instance = instance.as_deref().unwrap_or("INSTANCE");
    let fix = fix(&IMDS_REACHABLE, &Clues::of(evidence)).command(format!(
        "aws ec2 modify-instance-metadata-options --instance-id {instance} --http-tokens required \
         --http-put-response-hop-limit 1"
    ));
    Diagnosis::new(cause, fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{found, healthy};

    #[test]
    fn a_node_without_role_gives_nothing_away() {
        for (role, is) in [(Some("nodes"), true), (None, false)] {
            let mut evidence = healthy();
            let role = role.map(str::to_owned);
            evidence.imds = Seen::Seen(Imds { role, account: None, region: None, instance: None, version_1: true });
            assert_eq!(found(&IMDS_REACHABLE, &evidence), is);
        }
        assert!(!found(&IMDS_REACHABLE, &healthy()));
    }
}
