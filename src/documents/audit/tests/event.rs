//! What AWS answered to the calls of a pod, beside documents in which everything is right.

use super::faults::*;
use crate::causes::Severity;
use crate::documents::Documents;
use crate::documents::audit::Subject;
use serde_json::{Value, json};

const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A";
const UNKNOWN: Option<&str> = Some("An unknown error occurred");
const NAMED: Option<&str> = Some(
    "User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: \
    arn:aws:iam::111122223333:role/checkout with an explicit deny in a resource control policy",
);

fn right() -> Vec<Value> {
    vec![annotated(), injected_pod(&[]), good_role(), cluster(), provider("sts.amazonaws.com")]
}

fn event(time: &str, issuer: &str, error: Option<&str>) -> Value {
    let subject = "system:serviceaccount:payments:checkout";
    let provider = format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
    json!({"eventVersion": "1.08", "eventName": "AssumeRoleWithWebIdentity", "eventTime": time,
        "errorCode": error.map(|_| "AccessDenied"), "errorMessage": error,
        "userIdentity": {"userName": subject, "identityProvider": provider,
            "principalId": format!("{provider}:sts.amazonaws.com:{subject}")},
        "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/checkout"}})
}

/// The pod is of 2026-11-22T01:00:00Z.
#[test]
fn a_refusal_is_judged_by_what_else_is_known() {
    let (before, at, later) = ("2026-11-22T00:00:00Z", "2026-11-22T02:00:00Z", "2026-11-22T03:00:00Z");
    let refused = |time, error| event(time, ISSUER, error);
    let worked = |time| event(time, ISSUER, None);
    for (what, events, expected) in [
        (
            "AWS names a policy",
            vec![worked(before), refused(at, NAMED)],
            Some(("scp-or-boundary-deny", Severity::Error)),
        ),
        ("AWS gives no reason", vec![refused(at, UNKNOWN)], Some(("not-authorized", Severity::Warning))),
        ("it works since", vec![refused(at, NAMED), refused(at, UNKNOWN), worked(later)], None),
        ("before the pod", vec![refused(before, NAMED), refused(before, UNKNOWN)], None),
        ("another cluster", vec![event(at, "oidc.eks.eu-west-1.amazonaws.com/id/B", NAMED)], None),
    ] {
        let audit = audited(&[right(), events].concat());
        let found: Vec<_> = audit.findings.iter().map(|one| (one.code(), one.finding.severity)).collect();
        assert_eq!(found, Vec::from_iter(expected), "{what}: {:#?}", audit.findings);
        assert!(!audit.open.iter().any(|one| one.decides && one.command.to_string().contains("role/B")), "{what}");
    }
}

/// A condition that only AWS can judge.
#[test]
fn a_trust_policy_that_cannot_be_decided_is_not_clean_unless_a_call_worked() {
    let undecided = with(good_role(), |role| {
        let condition = &mut role["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"];
        condition["StringEquals"]["aws:PrincipalOrgID"] = "o-1".into();
    });
    let documents = [annotated(), injected_pod(&[]), undecided, cluster(), provider("sts.amazonaws.com")];
    let of = |issuer: &str, error| event("2026-11-22T02:00:00Z", issuer, error);
    for (events, expected) in [
        (vec![], 3),
        (vec![of(ISSUER, None)], 0),
        (vec![of("oidc.eks.eu-west-1.amazonaws.com/id/B", None)], 3),
        (vec![of(ISSUER, NAMED)], 1),
    ] {
        let audit = audited(&[&documents[..], &events].concat());
        assert_eq!(audit.exit_code(), expected, "{events:?} {:#?}", audit.facts);
    }
}

/// The events of a role are those of everybody who asked for it.
#[test]
fn the_refusal_of_another_service_account_is_not_about_these_pods() {
    let events = |account: &str, subject: Subject| {
        let mut all = Documents::default();
        let event = with(event("2026-11-22T02:00:00Z", ISSUER, UNKNOWN), |event| {
            event["userIdentity"]["userName"] = format!("system:serviceaccount:payments:{account}").into();
        });
        right().iter().chain([&event]).for_each(|one| all.read("test", &one.to_string()));
        subject.keep(&mut all);
        all.events.len()
    };
    for subject in [Subject::Signs, Subject::All, Subject::ServiceAccount("checkout".into())] {
        assert_eq!((events("checkout", subject.clone()), events("basket", subject)), (1, 0));
    }
}

#[test]
fn cloudtrail_is_asked_about_one_role_where_everything_else_is_right() {
    let asked = |documents: &[Value]| -> Vec<(String, bool)> {
        let open = audited(documents).open.into_iter().map(|one| (one.command.to_string(), one.decides));
        open.filter(|(command, _)| command.contains("cloudtrail")).collect()
    };
    let command = |region: &str| {
        format!(
            "aws cloudtrail lookup-events --lookup-attributes \
             AttributeKey=ResourceName,AttributeValue=arn:aws:iam::111122223333:role/checkout --max-items 50 --region \
             {region} --output json"
        )
    };
    assert_eq!(asked(&right()), [(command("eu-west-1"), false)], "the issuer's region");
    let mut elsewhere = right();
    elsewhere[1] = injected_pod(&[("AWS_REGION", "eu-west-2")]);
    assert_eq!(asked(&elsewhere), [(command("eu-west-2"), false)], "the pod's region");
    let other = with(annotated(), |account| account["metadata"]["name"] = "basket".into());
    let other = with(other, |account| {
        account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] =
            "arn:aws:iam::111122223333:role/basket".into();
    });
    for (what, documents) in [
        ("a second role", [right(), vec![other]].concat()),
        ("no pod", right().into_iter().filter(|one| one["kind"] != "Pod").collect()),
        ("no role", right().into_iter().filter(|one| one["Role"].is_null()).collect()),
        ("a fault", [&right()[..4], &[provider("other")]].concat()),
        ("no event", [right(), vec![json!({"Events": []})]].concat()),
    ] {
        assert_eq!(asked(&documents), [], "{what}");
    }
}
