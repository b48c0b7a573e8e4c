//! What IAM knows about EKS's call of AssumeRole when it evaluates the role's trust policy.

use crate::aws::arn::RoleArn;
use crate::aws::pod_identity::{ClusterArn, SERVICE};
use crate::documents::Association;
use crate::documents::trust_policy::policy::PrincipalSet;
use crate::documents::trust_policy::request::{Keys, Lookup, of_every_call};
use crate::documents::trust_policy::truth::Truth;
use crate::text::timestamp::Timestamp;

pub(super) const ASSUME_ROLE: &str = "sts:AssumeRole";
pub(super) const TAG_SESSION: &str = "sts:TagSession";

/// Who assumes the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The service principal of EKS Pod Identity.
    Eks,
    /// The role of the association, which assumes the target role with this external ID.
    Role { arn: RoleArn, external_id: Option<String> },
}

/// A call of AssumeRole for the pods of one service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodIdentityCall {
    /// The role whose trust policy is asked.
    pub role: RoleArn,
    pub caller: Caller,
    pub cluster: Option<ClusterArn>,
    /// Namespace and name of the service account.
    pub account: Option<(String, String)>,
    pub pod: Option<String>,
    /// EKS sets its six session tags. `disableSessionTags` of the association turns that off.
    pub has_tags: bool,
    /// The time of the call, for `aws:CurrentTime`.
    pub now: Option<Timestamp>,
}

impl PodIdentityCall {
    pub fn new(role: RoleArn) -> PodIdentityCall {
        PodIdentityCall {
            role,
            caller: Caller::Eks,
            cluster: None,
            account: None,
            pod: None,
            has_tags: true,
            now: None,
        }
    }

    /// The call for an association that was described. Its target role is assumed by its first role.
    pub fn of_association(role: RoleArn, association: &Association) -> PodIdentityCall {
        let is_target = association.target_role_arn.as_deref() == Some(role.to_string().as_str());
        let first = association.role_arn.as_deref().and_then(|arn| RoleArn::parse(arn).ok()).filter(|_| is_target);
        let of_role = |arn| Caller::Role { arn, external_id: association.external_id.clone() };
        PodIdentityCall {
            caller: first.map_or(Caller::Eks, of_role),
            cluster: ClusterArn::of_association(&association.association_arn),
            account: Some((association.namespace.clone(), association.service_account.clone())),
            has_tags: !association.disable_session_tags,
            ..PodIdentityCall::new(role)
        }
    }

    /// The actions that the trust policy must allow.
    pub(super) fn actions(&self) -> &'static [&'static str] {
        if self.has_tags { &[ASSUME_ROLE, TAG_SESSION] } else { &[ASSUME_ROLE] }
    }

    /// The name of the caller, as a policy names it.
    pub(super) fn principal(&self) -> String {
        match &self.caller {
            Caller::Eks => SERVICE.to_owned(),
            Caller::Role { arn, .. } => arn.to_string(),
        }
    }

    /// Whether the caller is a member of a `Principal` element ("AWS JSON policy elements: Principal").
    pub(super) fn is_in(&self, set: &PrincipalSet) -> Truth {
        let names =
            |kind: &'static str| set.others.iter().filter(move |(of, _)| of == kind).flat_map(|(_, names)| names);
        match &self.caller {
            Caller::Eks if names("Service").any(|name| name == SERVICE) => Truth::Yes,
            Caller::Eks if set.everyone => {
                Truth::Unknown("IAM does not document whether \"*\" includes the services of AWS".to_owned())
            }
            Caller::Eks => Truth::No,
            Caller::Role { arn, .. } => {
                let root = format!("arn:{}:iam::{}:root", arn.partition.id(), arn.account);
                let is_meant = |name: &String| *name == arn.to_string() || *name == root || *name == arn.account;
                if set.everyone || names("AWS").any(is_meant) {
                    Truth::Yes
                } else if names("AWS").any(|name| name.contains(":assumed-role/") || name.starts_with("AROA")) {
                    Truth::Unknown(
                        "the policy names a session or a role ID, which may be that of the first role".into(),
                    )
                } else {
                    Truth::No
                }
            }
        }
    }

    /// A session tag. Tag keys are not case-sensitive in condition keys.
    fn tag(&self, name: &str) -> Lookup {
        let (namespace, account) = self.account.clone().unzip();
        let value = match name {
            _ if !self.has_tags => return Lookup::Absent,
            "eks-cluster-arn" => self.cluster.as_ref().map(ToString::to_string),
            "eks-cluster-name" => self.cluster.as_ref().map(|cluster| cluster.name.clone()),
            "kubernetes-namespace" => namespace,
            "kubernetes-service-account" => account,
            "kubernetes-pod-name" => self.pod.clone(),
            "kubernetes-pod-uid" => None,
            _ => return Lookup::Absent,
        };
        known(value, || format!("the session tag {name} is not known here"))
    }

    fn global(&self, name: &str) -> Lookup {
        let one = |value: &str| Lookup::Values(vec![value.to_owned()]);
        let cluster = self.cluster.as_ref();
        match (name, &self.caller) {
            ("tagkeys", _) => self.tag_keys(),
            ("principalservicename", Caller::Eks) => one(SERVICE),
            ("principalisawsservice", Caller::Eks) => one("true"),
            ("principalisawsservice", Caller::Role { .. }) => one("false"),
            ("principalarn", Caller::Role { arn, .. }) => one(&arn.to_string()),
            ("principalaccount", Caller::Role { arn, .. }) => one(&arn.account),
            ("sourceaccount", Caller::Eks) => known(cluster.map(|cluster| cluster.account.clone()), || {
                "the cluster's account is not known here".into()
            }),
            ("sourcearn", Caller::Eks) => {
                known(cluster.map(ToString::to_string), || "the cluster's ARN is not known here".into())
            }
            _ => of_every_call(name, self.now),
        }
    }

    /// All tags are transitive (EKS user guide, "Grant Pods access to AWS resources based on tags").
    fn tag_keys(&self) -> Lookup {
        const NAMES: [&str; 6] = [
            "eks-cluster-arn",
            "eks-cluster-name",
            "kubernetes-namespace",
            "kubernetes-service-account",
            "kubernetes-pod-name",
            "kubernetes-pod-uid",
        ];
        if self.has_tags { Lookup::Values(NAMES.map(str::to_owned).to_vec()) } else { Lookup::Absent }
    }
}

impl Keys for PodIdentityCall {
    fn lookup(&self, key: &str) -> Lookup {
        let key = key.to_ascii_lowercase();
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return self.tag(tag);
        }
        match (key.split_once(':'), &self.caller) {
            (Some(("aws", name)), _) => self.global(name),
            (Some(("sts", "externalid")), Caller::Role { external_id, .. }) => {
                external_id.as_ref().map_or(Lookup::Absent, |id| Lookup::Values(vec![id.clone()]))
            }
            (Some(("sts", "transitivetagkeys")), _) => self.tag_keys(),
            (Some(("sts", name)), _) => Lookup::Unknown(format!("only AWS knows the value of sts:{name} in this call")),
            // The call has no keys of OIDC providers.
            _ => Lookup::Absent,
        }
    }
}

fn known(value: Option<String>, why_not: impl FnOnce() -> String) -> Lookup {
    match value {
        Some(value) => Lookup::Values(vec![value]),
        None => Lookup::Unknown(why_not()),
    }
}
