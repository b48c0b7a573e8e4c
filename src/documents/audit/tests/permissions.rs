use super::super::{Audit, Context, audit};
use super::faults::{annotated, listed};
use super::pod_identity::pod_identity_pod;
use crate::documents::{Documents, Needs};
use crate::text::timestamp::Timestamp;
use serde_json::{Value, json};

fn asked(documents: &[Value], resources: &[&str]) -> Audit {
    let mut all = Documents::default();
    documents.iter().for_each(|document| all.read("test", &document.to_string()));
    let resources = resources.iter().map(|one| (*one).to_owned()).collect();
    let needs = Needs { actions: vec!["s3:GetObject".to_owned()], resources };
    listed(audit(&all, Context { needs: Some(&needs), ..Context::at(Timestamp(1_795_395_600)) }))
}

fn simulation(more: &Value) -> Value {
    let mut result = json!({"EvalActionName": "s3:GetObject", "EvalResourceName": "*", "EvalDecision": "implicitDeny"});
    json_patch::merge(&mut result, more);
    json!({"PolicySourceArn": "arn:aws:iam::111122223333:role/checkout", "EvaluationResults": [result]})
}

/// The command and the reason of each question about permissions.
fn open(audit: &Audit) -> Vec<(String, bool)> {
    let simulations = audit.open.iter().filter(|one| one.command.to_string().contains("simulate-principal-policy"));
    simulations.map(|one| (one.command.to_string(), one.why.is_some())).collect()
}

const START: &str = "aws iam simulate-principal-policy --policy-source-arn";

#[test]
fn the_role_that_pods_have_is_asked_about() {
    let association = json!({"association": {"clusterName": "prod", "namespace": "payments", "serviceAccount": "checkout",
        "associationId": "a-1", "roleArn": "arn:aws:iam::111122223333:role/first",
        "targetRoleArn": "arn:aws:iam::111122223333:role/target"}});
    let of = |role: &str| format!("{START} {role} --action-names s3:GetObject --output json");
    let role = |name: &str| of(&format!("arn:aws:iam::111122223333:role/{name}"));
    assert_eq!(open(&asked(&[annotated()], &[])), [(role("checkout"), false)]);
    assert_eq!(open(&asked(&[pod_identity_pod(), association], &[])), [(role("target"), false)]);
    // Where no role is known, the question stays.
    assert_eq!(
        open(&asked(&[json!({"kind": "Namespace", "metadata": {"name": "a"}})], &[])),
        [(of("arn:aws:iam::ACCOUNT:role/ROLE"), true)]
    );
}

#[test]
fn without_a_resource_only_a_deny_is_an_answer() {
    let on_resource = format!(
        "{START} arn:aws:iam::111122223333:role/checkout --action-names s3:GetObject --resource-arns RESOURCE_ARN --output json"
    );
    for (more, resources, findings, questions) in [
        (json!({}), &[][..], 0, vec![(on_resource, true)]),
        (json!({}), &["*"], 1, vec![]),
        (json!({"EvalDecision": "explicitDeny"}), &[], 1, vec![]),
        (json!({"EvalDecision": "allowed"}), &[], 0, vec![]),
    ] {
        let audit = asked(&[annotated(), simulation(&more)], resources);
        let found = audit.findings.iter().filter(|one| one.code() == "role-lacks-permissions").count();
        assert_eq!((found, open(&audit)), (findings, questions), "{more}");
    }
}

/// The answer about another action does not count.
#[test]
fn every_action_must_be_answered() {
    let other = simulation(&json!({"EvalActionName": "s3:PutObject", "EvalDecision": "allowed"}));
    assert_eq!(open(&asked(&[annotated(), other], &[])).len(), 1);
    let unknown = simulation(&json!({"EvalDecision": "perhaps"}));
    assert_eq!(open(&asked(&[annotated(), unknown], &[])).len(), 1);
}
