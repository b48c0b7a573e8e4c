//! Pods as they went into the real webhook and came out of it.
#![allow(clippy::disallowed_methods, reason = "the pods are files")]

use crate::documents::Documents;
use crate::documents::audit::{Audit, Context, audit};
use crate::text::timestamp::Timestamp;

/// Pod; rules that applied, without those of one that was simply injected; codes found.
const PAIRS: &[(&str, &[&str], &[&str])] = &[
    ("audience-ann", &["audience"], &["wrong-audience"]),
    ("automount-false", &[], &[]),
    ("bad-arn", &["role-arn-verbatim"], &["malformed-arn"]),
    ("empty-arn", &["unchanged"], &["env-not-injected-annotation-missing-or-misplaced"]),
    ("env-default-region-already", &["own-region"], &[]),
    ("env-file-already", &["own-identity-variable"], &["env-partially-set"]),
    ("env-region-already", &["own-region"], &[]),
    ("env-role-already", &["own-identity-variable"], &["env-partially-set", "malformed-arn"]),
    ("env-role-region-sts-already", &["own-variables"], &["env-partially-set", "malformed-arn"]),
    ("env-static-keys", &[], &["static-keys-override"]),
    ("env-sts-legacy", &["own-sts-regional-endpoints"], &[]),
    ("fsgroup", &[], &[]),
    ("init-and-sidecar", &[], &[]),
    ("plain", &[], &[]),
    ("pod-expiration-60", &["token-expiration-raised"], &[]),
    ("pod-expiration-ann", &["pod-token-expiration"], &[]),
    ("pod-identity", &["pod-identity-association"], &[]),
    ("pod-identity-wins", &["pod-identity-association"], &["pod-identity-precedence"]),
    ("sa-exp-3600", &["service-account-token-expiration"], &[]),
    ("sa-exp-60", &["token-expiration-raised"], &[]),
    ("sa-exp-999999", &["service-account-token-expiration"], &[]),
    ("sa-exp-garbage", &["token-expiration-ignored"], &[]),
    ("skip-all", &["skip-containers"], &["env-not-injected-by-opt-out"]),
    ("skip-containers", &["skip-containers"], &[]),
    ("skip-label", &["skip-label"], &["env-not-injected-by-opt-out"]),
    ("space-arn", &["role-arn-verbatim"], &["malformed-arn"]),
    ("sts-false", &["no-sts-regional-endpoints"], &[]),
    ("volume-already", &["volume-reused"], &["token-file-missing"]),
    ("windows", &["windows-path"], &[]),
    ("wrong-key", &["unchanged"], &["env-not-injected-annotation-missing-or-misplaced"]),
];

/// Pairs that need the service account to be explained.
const NEEDS_ACCOUNT: &[&str] = &["empty-arn", "wrong-key", "sa-exp-garbage", "pod-identity-wins"];

fn read(documents: &mut Documents, name: &str) {
    let path = format!("{}/tests/webhook/{name}", env!("CARGO_MANIFEST_DIR"));
    documents.read(name, &std::fs::read_to_string(path).expect(name));
}

fn audited(names: &[String]) -> Audit {
    let mut documents = Documents::default();
    names.iter().for_each(|name| read(&mut documents, name));
    assert!(documents.unusable.is_empty(), "{:?}", documents.unusable);
    // Only the accounts that the pod is about: the others' faults are their own.
    let used: Vec<String> = documents.pods.iter().map(|pod| pod.service_account().to_owned()).collect();
    documents.service_accounts.retain(|account| used.contains(&account.metadata.name));
    audit(&documents, Context::at(Timestamp(1_795_395_600)))
}

fn rules(audit: &Audit) -> Vec<&'static str> {
    let [pod] = audit.pods.as_slice() else { panic!("one pod is audited, not {}", audit.pods.len()) };
    let mut rules: Vec<_> = pod.applied.iter().map(|applied| applied.rule.code()).collect();
    rules.retain(|rule| *rule != "injected");
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn codes(audit: &Audit) -> Vec<&'static str> {
    let mut codes: Vec<_> = audit.findings.iter().map(|finding| finding.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn the_rule_that_applied_is_named_for_every_pair() {
    for (name, rules_are, codes_are) in PAIRS {
        let [before, after] = [format!("{name}.in.json"), format!("{name}.out.json")];
        let accounts = "service-accounts.yaml".to_owned();
        for with in [vec![after.clone()], vec![before.clone(), after.clone()]] {
            let whole = audited(&[with.clone(), vec![accounts.clone()]].concat());
            assert_eq!(rules(&whole), *rules_are, "{with:?} with service account");
            assert_eq!(codes(&whole), *codes_are, "{with:?} with service account: {:#?}", whole.findings);
            if !NEEDS_ACCOUNT.contains(name) {
                let alone = audited(&with);
                assert_eq!(rules(&alone), *rules_are, "{with:?} alone");
                assert_eq!(codes(&alone), *codes_are, "{with:?} alone: {:#?}", alone.findings);
            }
        }
    }
}

#[test]
fn pods_that_were_mutated_normally_are_clean() {
    let clean = PAIRS.iter().filter(|(_, _, codes)| codes.is_empty());
    assert!(clean.clone().count() >= 15);
    for (name, ..) in clean {
        let audit = audited(&[format!("{name}.out.json"), "service-accounts.yaml".to_owned()]);
        assert_eq!(audit.exit_code(), 0, "{name}");
        assert!(audit.pods[0].token_file.is_some(), "{name}");
    }
}

#[test]
fn every_pair_in_the_directory_is_in_the_table() {
    let directory = format!("{}/tests/webhook", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(directory).expect("a directory").filter_map(Result::ok);
    let mut found: Vec<String> =
        files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".out.json").map(str::to_owned)).collect();
    found.sort();
    assert_eq!(found, PAIRS.iter().map(|(name, ..)| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(found.len(), 30);
}
