//! What `kubectl get pods,serviceaccounts,mutatingwebhookconfigurations -A -o json` printed on a real cluster
//! (`tests/live`, Kubernetes v1.36.2, trimmed to what is read here), and what such a cluster prints where nothing is.
#![allow(clippy::disallowed_methods, reason = "the documents are files")]

use super::faults::{account, annotated, audited, bare_pod, injected_pod, webhook, with};
use crate::causes::Severity;
use crate::documents::Documents;
use crate::documents::audit::{Audit, Context, Verdict, audit, groups};
use crate::text::timestamp::Timestamp;
use serde_json::{Value, json};

/// While the cluster lived.
const NOW: Timestamp = Timestamp(1_795_575_600);
const EMPTY_LIST: &str = r#"{"apiVersion": "v1", "items": [], "kind": "List", "metadata": {"resourceVersion": ""}}"#;

fn live(name: &str, more: &[&str]) -> (Audit, Documents) {
    let path = format!("{}/tests/live/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut documents = Documents::default();
    documents.read(name, &std::fs::read_to_string(path).expect(name));
    more.iter().for_each(|text| documents.read("more", text));
    assert!(documents.unusable.is_empty(), "{:?}", documents.unusable);
    (audit(&documents, Context::at(NOW)), documents)
}

fn errors(audit: &Audit) -> Vec<(&'static str, &str)> {
    let errors = audit.findings.iter().filter(|finding| finding.finding.severity == Severity::Error);
    errors.map(|finding| (finding.code(), finding.object.as_str())).collect()
}

/// As it is printed, in one line.
fn text(audit: &Audit, documents: &Documents) -> String {
    crate::render::audit::text(audit, documents).split_whitespace().collect::<Vec<_>>().join(" ")
}

const ANNOTATIONS: [(&str, &str); 2] = [
    ("malformed-arn", "service account payments/malformed"),
    ("env-not-injected-annotation-missing-or-misplaced", "service account payments/misspelt"),
];

#[test]
fn a_whole_cluster_has_the_faults_that_it_has() {
    let (audit, documents) = live("fleet", &[]);
    assert_eq!(errors(&audit), ANNOTATIONS);
    assert_eq!(documents.ended, [("Pod".to_owned(), 13)].into());
    let opted_out = audit.findings.iter().filter(|finding| finding.code() == "env-not-injected-by-opt-out");
    assert!(opted_out.clone().all(|finding| finding.finding.severity == Severity::Warning));
    assert_eq!(
        opted_out.map(|finding| finding.object.as_str()).collect::<Vec<_>>(),
        ["pod fleetinit/skipped", "pod fleetside/skipped"]
    );
    assert!(
        audit
            .open
            .iter()
            .all(|one| one.command.to_string().starts_with("aws iam") || one.command.to_string().contains("--raw"))
    );
}

#[test]
fn pods_that_have_ended_are_counted_and_not_judged() {
    let (audit, documents) = live("after-recreate", &[]);
    // Those three still run, or are still to start, without what the annotation now asks for.
    let old = ["pod payments/d-noann", "pod payments/i-noann", "pod payments/ns-noann"];
    let old = old.map(|about| ("env-not-injected-pod-predates-annotation", about));
    assert_eq!(errors(&audit), [&old[..], &ANNOTATIONS].concat());
    assert_eq!(documents.ended, [("Pod".to_owned(), 13)].into());
    let text = text(&audit, &documents);
    assert!(text.contains("not judged, because ended or replaced: 13 Pods"), "{text}");
}

#[test]
fn what_has_ended_is_history_whatever_its_kind() {
    let bad = json!({"spec": {"serviceAccountName": "checkout", "containers": [
        {"name": "app", "env": [{"name": "AWS_ROLE_ARN", "value": "x"}]}]}});
    let workload = |kind: &str, owner: &str, more: Value| {
        let mut workload = json!({"kind": kind, "spec": {"template": bad},
            "metadata": {"name": "w", "namespace": "payments", "ownerReferences": [{"kind": owner, "name": "o"}]}});
        for (key, value) in more.as_object().expect("an object") {
            match value.as_object() {
                Some(parts) => parts.iter().for_each(|(part, value)| workload[key][part] = value.clone()),
                None => workload[key] = value.clone(),
            }
        }
        workload
    };
    let condition =
        |what: &str, is: &str| json!({"status": {"conditions": [{"type": "x"}, {"type": what, "status": is}]}});
    let pod = |key: &str, value: Value| {
        with(bare_pod(), |pod| pod[if key == "phase" { "status" } else { "metadata" }][key] = value.clone())
    };
    for (what, document, ended) in [
        ("running", pod("phase", "Running".into()), false),
        ("pending", pod("phase", "Pending".into()), false),
        ("on a lost node", pod("phase", "Unknown".into()), false),
        ("succeeded", pod("phase", "Succeeded".into()), true),
        ("failed", pod("phase", "Failed".into()), true),
        ("being deleted", pod("deletionTimestamp", "2026-11-22T01:00:00Z".into()), true),
        ("a job", workload("Job", "CronJob", json!({"status": {"active": 1}})), false),
        ("a complete job", workload("Job", "CronJob", condition("Complete", "True")), true),
        ("a failed job", workload("Job", "CronJob", condition("Failed", "True")), true),
        ("a job that did not fail", workload("Job", "CronJob", condition("Failed", "False")), false),
        ("an old revision", workload("ReplicaSet", "Deployment", json!({"spec": {"replicas": 0}})), true),
        ("the present revision", workload("ReplicaSet", "Deployment", json!({"spec": {"replicas": 2}})), false),
        ("a replica set scaled down", workload("ReplicaSet", "Rollout", json!({"spec": {"replicas": 0}})), false),
        ("a deployment scaled down", workload("Deployment", "x", json!({"spec": {"replicas": 0}})), false),
    ] {
        let audit = audited(&[annotated(), document]);
        assert_eq!(audit.findings.is_empty(), ended, "{what}: {:#?}", audit.findings);
    }
    // One that runs is not the only one that was asked about because the others have ended.
    let other = with(bare_pod(), |pod| pod["spec"]["serviceAccountName"] = "default".into());
    assert!(audited(&[other, pod("phase", "Failed".into())]).findings.is_empty());
}

#[test]
fn no_webhook_is_an_answer_however_kubectl_puts_it() {
    let (missing, undecided) = ("env-not-injected-webhook-missing", "env-not-injected");
    let read = |texts: &[&str], documents: &[Value]| {
        let mut all = Documents::default();
        let documents = documents.iter().map(Value::to_string);
        documents.chain(texts.iter().map(|text| (*text).to_owned())).for_each(|text| all.read("test", &text));
        assert!(all.unusable.is_empty(), "{:?}", all.unusable);
        let audit = audit(&all, Context::at(NOW));
        let asks = |what: &str| audit.open.iter().any(|one| one.command.to_string().contains(what));
        let codes: Vec<_> = audit.findings.iter().map(|finding| finding.code()).collect();
        (codes, asks("mutatingwebhookconfigurations"), asks("get pods"))
    };
    let other = with(injected_pod(&[]), |pod| pod["metadata"]["name"] = "other".into());
    let ours = "Error from server (NotFound): mutatingwebhookconfigurations.admissionregistration.k8s.io \"pod-identity-webhook\" not found";
    let others =
        "Error from server (NotFound): mutatingwebhookconfigurations.admissionregistration.k8s.io \"istio\" not found";
    let yaml = "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";
    let pods = || vec![annotated(), bare_pod()];
    for (what, texts, documents, codes, asks) in [
        ("nothing given", vec![], pods(), &[undecided][..], true),
        ("an empty list", vec![EMPTY_LIST], pods(), &[missing], false),
        ("the same as YAML", vec![yaml], pods(), &[missing], false),
        ("the empty list first", vec![EMPTY_LIST], pods().into_iter().rev().collect(), &[missing], false),
        ("not found", vec![ours], pods(), &[missing], false),
        ("another is not found", vec![others], pods(), &[undecided], true),
        // Of other pods, it may be.
        ("but it has injected", vec![EMPTY_LIST], [pods(), vec![other.clone()]].concat(), &[undecided], false),
        ("and nothing to inject", vec![EMPTY_LIST], vec![annotated(), other], &[], false),
        ("but it is there", vec![EMPTY_LIST], [pods(), vec![webhook(|_| {})]].concat(), &[undecided], false),
    ] {
        let (found, asked, _) = read(&texts, &documents);
        assert_eq!((&found[..], asked), (codes, asks), "{what}");
    }
    // Without pods it is the list of pods that is empty.
    assert!(read(&[], &[annotated()]).2);
    assert_eq!(read(&[EMPTY_LIST], &[annotated()]), (vec![], false, false));
}

#[test]
fn what_kubectl_and_aws_do_not_find_is_known() {
    const CLUSTER: &str = "An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: prod.";
    let (_, documents) = live("fleet", &[CLUSTER, "Error from server (NotFound): pods \"a\" not found"]);
    let found = audit(&documents, Context::at(NOW));
    let text = text(&found, &documents);
    assert!(text.contains("No cluster found for name: prod.") && text.contains("pods \"a\" not found"), "{text}");
    let mut documents = Documents::default();
    documents
        .read("test", &format!("{}\nError from server (NotFound): namespaces \"payments\" not found", annotated()));
    assert_eq!(
        errors(&audit(&documents, Context::at(NOW))),
        [("service-account-mismatch", "service account payments/checkout")]
    );
}

/// Pods of a namespace, each of a service account of its own.
fn fleet(namespace: &str, number: usize) -> Vec<Value> {
    let documents = (0..number).flat_map(|place| {
        let name = format!("s{place}");
        let account = with(annotated(), |account| {
            account["metadata"]["name"] = name.clone().into();
            account["metadata"]["namespace"] = namespace.into();
            account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] =
                format!("arn:aws:iam::111122223333:role/{name}").into();
        });
        let pod = with(bare_pod(), |pod| {
            pod["metadata"]["name"] = format!("{name}-0").into();
            pod["metadata"]["namespace"] = namespace.into();
            pod["metadata"]["ownerReferences"] = json!([{"kind": "StatefulSet", "name": name, "controller": true}]);
            pod["spec"]["serviceAccountName"] = name.clone().into();
        });
        [account, pod]
    });
    documents.collect()
}

#[test]
fn a_fault_of_many_pods_is_said_once_and_each_question_asked_once() {
    let namespaces = |number: usize| (0..number).flat_map(|place| fleet(&format!("n{place}"), 50)).collect::<Vec<_>>();
    for (documents, asked) in [
        (fleet("a", 2), "kubectl get serviceaccount s0 -n a -o json --show-managed-fields"),
        (fleet("a", 50), "kubectl get serviceaccounts -n a -o json --show-managed-fields"),
        (namespaces(2), "kubectl get serviceaccounts -n n1 -o json --show-managed-fields"),
        (namespaces(9), "kubectl get serviceaccounts -A -o json --show-managed-fields"),
    ] {
        let mut all = Documents::default();
        all.read("test", &json!({"kind": "List", "items": documents}).to_string());
        let audit = audit(&all, Context::at(NOW));
        let (pods, shown) = (all.pods.len(), crate::render::audit::text(&audit, &all));
        assert_eq!(audit.findings.len(), pods, "each is found");
        assert_eq!(groups(&audit.findings).len(), 1, "and it is one fault");
        assert!(shown.lines().count() <= 44, "{pods}: {shown}");
        assert!(text(&audit, &all).contains(&format!("{pods} workloads, {pods} pods StatefulSet ")), "{shown}");
        assert!(audit.open.len() <= 9 && shown.contains(asked), "{shown}");
        let json: Value = serde_json::from_str(&crate::render::audit::json(&audit, &all)).expect("JSON");
        let group = &json["groups"][0];
        assert_eq!(group["workloads"].as_array().map(Vec::len), Some(pods));
        assert_eq!(group["workloads"][1]["name"], "s1");
        assert_eq!(json["findings"].as_array().map(Vec::len), Some(pods));
    }
}

#[test]
fn pods_of_one_workload_are_one_entry_with_one_command() {
    let pod = |name: &str, owner: Value| {
        with(bare_pod(), |pod| {
            pod["metadata"]["name"] = name.into();
            pod["metadata"]["ownerReferences"] = json!([owner]);
            pod["metadata"]["labels"] = json!({"pod-template-hash": "abc"});
        })
    };
    let set = || json!({"kind": "ReplicaSet", "name": "web-abc", "controller": true});
    let found = audited(&[
        annotated(),
        pod("web-abc-1", set()),
        pod("web-abc-2", set()),
        pod("j-1", json!({"kind": "Job", "name": "j"})),
    ]);
    let all = groups(&found.findings);
    let [group] = all.as_slice() else { panic!("{:#?}", found.findings) };
    let workloads: Vec<_> = group.workloads().into_iter().map(|(one, pods)| (one.shown(), pods)).collect();
    assert_eq!(workloads, [("Deployment payments/web".to_owned(), 2), ("Job payments/j".to_owned(), 1)]);
    let commands: Vec<_> = group.fixes().into_iter().flat_map(|(_, commands)| commands).collect();
    assert_eq!(commands, ["kubectl rollout restart deployment/web -n payments"]);
}

#[test]
fn a_whole_cluster_fits_a_few_screens() {
    for name in ["fleet", "after-recreate"] {
        let (audit, documents) = live(name, &[]);
        let shown = crate::render::audit::text(&audit, &documents);
        assert!(shown.lines().count() <= 60, "{shown}");
        assert_eq!(
            shown.matches("\n  error ").count(),
            groups(&audit.findings).iter().filter(|group| group.first.finding.severity == Severity::Error).count()
        );
    }
}

#[test]
fn what_shows_nothing_of_what_works_is_not_clean() {
    let ended = with(bare_pod(), |pod| pod["status"] = json!({"phase": "Failed"}));
    let deployment = json!({"kind": "Deployment", "metadata": {"name": "d", "namespace": "payments"},
        "spec": {"template": {"spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}}}});
    for (documents, verdict, code) in [
        (vec![ended], Verdict::NothingToJudge, 3),
        (vec![deployment], Verdict::NothingToJudge, 3),
        (vec![account(json!({}))], Verdict::NothingToJudge, 3),
        (vec![annotated(), injected_pod(&[])], Verdict::Clean, 0),
        (vec![annotated(), bare_pod()], Verdict::Broken, 4),
    ] {
        let audit = audited(&documents);
        assert_eq!((audit.verdict(), audit.exit_code()), (verdict, code), "{documents:?}");
    }
}

#[test]
fn nothing_is_asked_about_a_pod_that_opted_out() {
    let skipped = || {
        with(bare_pod(), |pod| {
            pod["metadata"]["name"] = "skipped".into();
            pod["metadata"]["labels"] = json!({"eks.amazonaws.com/skip-pod-identity-webhook": ""});
        })
    };
    let asks = |documents: &[Value], part: &str| {
        audited(documents).open.iter().any(|one| one.command.to_string().contains(part))
    };
    let selective = || webhook(|one| one["namespaceSelector"] = json!({"matchLabels": {"irsa": "on"}}));
    for part in ["show-managed-fields", "mutatingwebhook", "get namespace"] {
        assert!(!asks(&[annotated(), skipped(), injected_pod(&[]), selective()], part), "{part}");
    }
    for part in ["show-managed-fields", "get namespace"] {
        assert!(asks(&[annotated(), skipped(), bare_pod(), selective()], part), "{part}");
    }
    // A pod with a known fault raises no question.
    assert!(!asks(&[account(json!({})), bare_pod(), selective()], "show-managed-fields"));
}
