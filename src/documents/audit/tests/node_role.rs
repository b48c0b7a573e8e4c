//! The role of the nodes, by its policies.

use super::faults::*;
use super::pod_identity::*;
use crate::documents::audit::Audit;
use serde_json::{Value, json};

const LACKS: &str = "node-role-lacks-eks-auth";
const LIST: &str = "aws eks list-nodegroups --output json --cluster-name prod --region eu-west-1";
const DESCRIBE: &str =
    "aws eks describe-nodegroup --output json --cluster-name prod --nodegroup-name ng --region eu-west-1";
const ATTACHED: &str = "aws iam list-attached-role-policies --role-name eks-node --output json";
const INLINE: &str = "aws iam list-role-policies --role-name eks-node --output json";
const VERSION: &str = "aws iam get-policy --policy-arn arn:aws:iam::111122223333:policy/nodes --output json";
const MANAGED: &str =
    "aws iam get-policy-version --policy-arn arn:aws:iam::111122223333:policy/nodes --version-id v7 --output json";
const NAMED: &str = "aws iam get-role-policy --role-name eks-node --policy-name own --output json";
const NODE: &str = "kubectl get node n1 -o json";

/// A pod with the variables of an association whose role trusts EKS, on node n1.
fn with_right(more: &[Value]) -> Audit {
    let role = eks_role(json!(["sts:AssumeRole", "sts:TagSession"]), json!({}));
    let pod = with(pod_identity_pod(), |pod| pod["spec"]["nodeName"] = "n1".into());
    audited(&[vec![pod, association(json!("2026-11-20T00:00:00Z")), role], more.to_vec()].concat())
}

fn asked(audit: &Audit) -> Vec<String> {
    let commands = audit.open.iter().map(|one| one.command.to_string());
    let others = ["serviceaccount", "describe-addon", "networkpolicies"];
    commands.filter(|one| !others.iter().any(|other| one.contains(other))).collect()
}

fn group() -> Value {
    json!({"nodegroup": {"nodegroupName": "ng", "nodeRole": "arn:aws:iam::111122223333:role/eks/eks-node"}})
}

fn node(labels: Value) -> Value {
    json!({"kind": "Node", "metadata": {"name": "n1", "labels": labels}})
}

fn of_group() -> Value {
    node(json!({"eks.amazonaws.com/nodegroup": "ng"}))
}

/// As doctor keeps the list: with the name of the role.
fn attached(arns: &[&str]) -> Value {
    let policies: Vec<Value> = arns.iter().map(|arn| json!({"PolicyArn": arn})).collect();
    json!({"RoleName": "eks-node", "AttachedPolicies": policies})
}

fn inline(names: &[&str]) -> Value {
    json!({"RoleName": "eks-node", "PolicyNames": names})
}

fn statement(effect: &str, action: &str) -> Value {
    json!({"Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]})
}

fn managed(effect: &str, action: &str) -> Value {
    json!({"PolicyArn": OWN, "PolicyVersion": {"VersionId": "v7", "Document": statement(effect, action)}})
}

const OWN: &str = "arn:aws:iam::111122223333:policy/nodes";
const PULL: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly";
const WORKER: &str = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";

#[test]
fn each_answer_leads_to_the_next_question_until_the_policies_decide() {
    let version = || json!({"Policy": {"Arn": OWN, "DefaultVersionId": "v7"}});
    let own = |effect: &str, action: &str| json!({"RoleName": "eks-node", "PolicyName": "own", "PolicyDocument": statement(effect, action)});
    let owned = || vec![group(), attached(&[PULL, OWN])];
    let with_version = || [owned(), vec![version(), inline(&[])]].concat();
    let read = |effect, action| [with_version(), vec![managed(effect, action)]].concat();
    let refused = json!({"schema": "irsa-probe/report/v1", "findings": [{"code": LACKS, "severity": "error",
        "cause": "400 AccessDeniedException, \"User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0abc is not authorized\""}]});
    for (what, more, questions, found) in [
        ("nothing", vec![], &[LIST][..], None),
        ("names", vec![json!({"nodegroups": ["ng"]})], &[DESCRIBE], None),
        ("a group", vec![group()], &[ATTACHED], None),
        ("AWS's own policy", vec![group(), attached(&[PULL, WORKER])], &[], None),
        (
            "one of that name",
            vec![group(), attached(&["arn:aws:iam::111122223333:policy/AmazonEKSWorkerNodePolicy"]), inline(&[])],
            &[
                "aws iam get-policy --policy-arn arn:aws:iam::111122223333:policy/AmazonEKSWorkerNodePolicy --output json",
            ],
            None,
        ),
        ("a policy of the account", owned(), &[INLINE, VERSION], None),
        ("its version", with_version(), &[MANAGED], None),
        ("it allows", read("Allow", "eks-auth:*"), &[], None),
        ("it is about something else", read("Allow", "s3:*"), &[NODE], Some(0)),
        ("the same, and the node", [read("Allow", "s3:*"), vec![of_group()]].concat(), &[], Some(1)),
        ("the same, a node of Karpenter", [read("Allow", "s3:*"), vec![node(json!({}))]].concat(), &[], Some(0)),
        ("it denies", [read("Deny", "*"), vec![of_group()]].concat(), &[], Some(1)),
        ("an inline policy", vec![group(), attached(&[PULL]), inline(&["own"])], &[NAMED], None),
        ("it allows", vec![group(), attached(&[PULL]), inline(&["own"]), own("Allow", "*")], &[], None),
        (
            "it does not",
            vec![group(), of_group(), attached(&[PULL]), inline(&["own"]), own("Allow", "ec2:*")],
            &[],
            Some(1),
        ),
        ("no policy at all", vec![group(), of_group(), attached(&[]), inline(&[])], &[], Some(1)),
        ("the agent's error", vec![refused.clone()], &[ATTACHED], Some(1)),
        ("the agent's error, and why", vec![refused.clone(), attached(&[PULL]), inline(&[])], &[], Some(1)),
        // A boundary or a service control policy denies what the policies allow.
        ("the agent's error, and none of it", vec![refused, attached(&[WORKER])], &[], Some(1)),
    ] {
        let audit = with_right(&more);
        assert_eq!(asked(&audit), questions, "{what}");
        let codes: Vec<&str> = audit.findings.iter().map(|one| one.code()).collect();
        assert_eq!(codes, if found.is_some() { vec![LACKS] } else { vec![] }, "{what}: {:#?}", audit.findings);
        assert_eq!(audit.exit_code(), found.unwrap_or_default(), "{what}");
    }
}

/// The role of the pod's own node decides.
#[test]
fn the_node_group_of_the_pods_node_is_described() {
    let names = || json!({"nodegroups": ["a", "b", "c", "d", "ng"]});
    let others = asked(&with_right(&[names()]));
    assert_eq!(others.len(), 3, "{others:?}");
    assert_eq!(asked(&with_right(&[names(), of_group()])), [DESCRIBE]);
}

/// A list that does not say whose it is may be another role's.
#[test]
fn lists_without_a_role_are_no_proof_that_it_lacks_something() {
    let nameless = |arn: &str| json!({"AttachedPolicies": [{"PolicyArn": arn}]});
    let none = || json!({"PolicyNames": []});
    for (what, more, is_asked, exit_code) in [
        ("granting", vec![group(), nameless(WORKER)], false, 0),
        ("of a node", vec![group(), of_group(), nameless(PULL), none()], true, 0),
        ("of another role", vec![group(), of_group(), nameless(OWN), none()], true, 0),
        ("a policy that allows", vec![group(), json!({"PolicyDocument": statement("Allow", "eks-auth:*")})], false, 0),
        ("a policy that denies", vec![group(), json!({"PolicyDocument": statement("Deny", "eks-auth:*")})], false, 1),
    ] {
        let audit = with_right(&more);
        assert_eq!((asked(&audit).contains(&ATTACHED.to_owned()), audit.exit_code()), (is_asked, exit_code), "{what}");
    }
}

/// Where something else is wrong, the node role is not the question.
#[test]
fn a_role_that_does_not_trust_eks_comes_first() {
    let audit = audited(&[pod_identity_pod(), listed_association()]);
    assert!(!asked(&audit).iter().any(|one| one.contains("node")), "{:?}", asked(&audit));
}
