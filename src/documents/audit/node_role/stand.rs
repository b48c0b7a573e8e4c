//! What the policies of one node role say about the action that the agent needs, as far as they were read.

use crate::documents::{Documents, Grant, PolicyName};

/// Managed policies that allow the action (EKS user guide, "Set up the Amazon EKS Pod Identity Agent").
pub(super) const GRANTING: [&str; 2] = ["AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"];
/// Others of AWS that node roles have, and that do not (EKS user guide, "Amazon EKS node IAM role"; AWS managed policy
/// reference).
const OTHERS: [&str; 5] = [
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
    "AmazonSSMManagedInstanceCore",
    "CloudWatchAgentServerPolicy",
];
/// More policies are not read: a role has at most 10 managed ones unless its quota was raised ("IAM and AWS STS quotas").
const MAX_READ: usize = 10;

/// What the policies of a role decide.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stand<'a> {
    /// By this policy.
    Allowed(&'a str),
    Denied(&'a str),
    /// None of these policies, which are all of the role, allows it.
    Lacks(Vec<&'a str>),
    /// Nothing yet. These are to be read next.
    Open(Vec<Next<'a>>),
}

/// What to ask for next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    Attached,
    Inline,
    /// The default version of a managed policy.
    Version(&'a str),
    Managed {
        arn: &'a str,
        version: &'a str,
    },
    InlineNamed(&'a str),
}

pub(super) fn of<'a>(documents: &'a Documents, role: &str) -> Stand<'a> {
    let listed = documents.policies.get(&Some(role.to_owned()));
    let Some(attached) = listed.and_then(|all| all.attached.as_deref()) else {
        return Stand::Open(vec![Next::Attached]);
    };
    let inline = listed.and_then(|all| all.inline.as_deref());
    let managed = attached.iter().map(|arn| (short(arn), of_managed(documents, arn)));
    let named = inline.unwrap_or_default().iter().map(|name| (name.as_str(), of_inline(documents, role, name)));
    let all: Vec<(&str, Option<Grant>)> = managed.chain(named).collect();
    let by = |grant| all.iter().find(|(_, is)| *is == Some(grant)).map(|(name, _)| *name);
    if let Some(name) = by(Grant::Denied) {
        return Stand::Denied(name);
    }
    if let Some(name) = by(Grant::Allowed) {
        return Stand::Allowed(name);
    }
    if inline.is_some() && all.iter().all(|(_, is)| *is == Some(Grant::Silent)) {
        return Stand::Lacks(all.into_iter().map(|(name, _)| name).collect());
    }
    Stand::Open(next(documents, role, attached, inline))
}

fn next<'a>(
    documents: &'a Documents,
    role: &str,
    attached: &'a [String],
    inline: Option<&'a [String]>,
) -> Vec<Next<'a>> {
    let of_policy = |arn: &'a String| match documents.policy_versions.get(arn) {
        Some(version) => Next::Managed { arn, version },
        None => Next::Version(arn),
    };
    let managed = attached.iter().take(MAX_READ).filter(|arn| of_managed(documents, arn).is_none()).map(of_policy);
    let names = inline.unwrap_or_default().iter().take(MAX_READ);
    let unread = names.filter(|name| of_inline(documents, role, name).is_none()).map(|name| Next::InlineNamed(name));
    inline.is_none().then_some(Next::Inline).into_iter().chain(managed).chain(unread).collect()
}

/// What a managed policy says; `None` if it was not read.
fn of_managed(documents: &Documents, arn: &str) -> Option<Grant> {
    let of_aws = arn.contains(":iam::aws:policy/").then(|| short(arn));
    match of_aws {
        Some(name) if GRANTING.contains(&name) => Some(Grant::Allowed),
        Some(name) if OTHERS.contains(&name) => Some(Grant::Silent),
        _ => read(documents, |name| matches!(name, PolicyName::Managed(read) if read == arn)),
    }
}

fn of_inline(documents: &Documents, of: &str, policy: &str) -> Option<Grant> {
    read(documents, |name| matches!(name, PolicyName::Inline { role, name } if role == of && name == policy))
}

fn read(documents: &Documents, is: impl Fn(&PolicyName) -> bool) -> Option<Grant> {
    documents.read_policies.iter().find(|one| is(&one.name)).map(|one| one.grant)
}

/// The name of a policy, without what comes before it in its ARN.
pub(super) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
