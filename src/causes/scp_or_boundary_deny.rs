use crate::causes::{
    Advice, Cause, Facts, Fix, NOT_AUTHORIZED, Names, Priority, Reading, Saying, Severity, WEB_IDENTITY, answered, with,
};

/// A policy of the organization or of a VPC endpoint denies the call.
pub(crate) static SCP_OR_BOUNDARY_DENY: Cause = Cause {
    code: "scp-or-boundary-deny",
    title: "an organization or VPC endpoint policy denies the call",
    compare: "SCPs and VPC endpoint policies for sts",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Sources: AWS Organizations user guide, "Service control policies" (they apply to principals of the member
    // accounts) and "Resource control policies" (they apply to resources, whoever calls; STS is supported); IAM
    // user guide, "Permissions boundaries for IAM entities".
    explanation: "\
A resource control policy, or the policy of a VPC endpoint for STS, can deny sts:AssumeRoleWithWebIdentity whatever \
the trust policy says. The call is unsigned, so its caller is anonymous. A policy with conditions on the principal's \
organization or tags often denies it by accident, because an anonymous caller has neither.

A service control policy is unlikely: it applies to the organization's principals, and this caller is not one of \
them. A permissions boundary on the role limits what the session may do, not who may assume the role.

Suspect this cause if the trust policy matches the token exactly, or if all pods of an account, or all pods that use \
one VPC endpoint, fail alike.

CloudTrail in the role's account shows the denied call. Exclude web identity from the denying statement, or allow it \
in the endpoint's policy.",
    says: &[Saying::new(
        Priority::Aws,
        &[with(
            &[
                "explicit deny",
                "explicitly denied",
                "no vpc endpoint policy allows",
                "no resource control policy allows",
            ],
            &[WEB_IDENTITY],
        )],
        |_| {
            let why = "AWS reports an explicit deny, which no trust policy can override";
            Reading::decided(&SCP_OR_BOUNDARY_DENY, why)
        },
    )
    .instead_of(&NOT_AUTHORIZED)],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let Names { region, .. } = &names;
    let fix = Fix::new(
        "Find the statement that denies, or does not allow, the call: first in the policy of the STS VPC endpoint, then \
         in the organization's resource control policies, including those of the root and the parent OUs.",
    );
    names.with_credentials(fix).command(format!(
        "aws ec2 describe-vpc-endpoints --region {region} --query \"VpcEndpoints[?ends_with(ServiceName, '.sts')].PolicyDocument\" --output json"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &SCP_OR_BOUNDARY_DENY,
            AssumeRoleWithWebIdentity,
            &[
                "403 AccessDenied: User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity with an explicit deny in a service control policy",
            ],
        );
    }
}
