//! Programs that end well and print something else than they were asked for.

use super::{Laptop, REPLAY, pod, text, world};

/// The recorded answers, after what this script does.
fn with_kubectl(before: &str) -> (Option<i32>, String, String) {
    let laptop = Laptop::with(&world(), "");
    laptop.install("kubectl", &REPLAY.replace("#!/bin/sh\n", &format!("#!/bin/sh\n{before}\n")));
    let output = laptop.run(&pod());
    (output.status.code(), text(output.stderr), text(output.stdout))
}

#[test]
fn what_is_no_document_leaves_the_question_open() {
    for (script, why) in [
        ("echo 'NAME         READY   STATUS'; echo 'checkout-0   1/1     Running'; exit", "a table from kubectl"),
        ("echo '<html><body>Sign in</body></html>'; exit", "HTML or XML"),
        ("exit 0", "is empty"),
        ("head -c 700 \"$ANSWERS/kubectl_get_pod_checkout-0_-n_payments_-o_json.out\"; exit", "not complete JSON"),
        ("printf '\\377\\376\\001'; exit", "not UTF-8 text"),
        ("echo '{\"hello\": 1'; exit 0", "JSON"),
    ] {
        let (code, said, shown) = with_kubectl(script);
        assert_eq!(code, Some(3), "{script}: {shown}");
        assert!(said.contains(" ... unusable output\n"), "{script}: {said}");
        assert!(shown.contains("1 question without an answer") && shown.contains(why), "{script}: {shown}");
        assert!(shown.contains("kubectl get pod checkout-0 -n payments -o json"), "{script}: {shown}");
    }
}

#[test]
fn warnings_beside_a_document_change_nothing() {
    let (code, said, shown) = with_kubectl("echo 'Warning: v1 Thing is deprecated' >&2");
    assert!(code == Some(0) && shown.starts_with("ok CLEAN"), "{said}{shown}");
}

/// Some credential plugins write to standard output.
#[test]
fn words_before_a_document_are_never_a_fault_of_the_pod() {
    let (code, said, shown) = with_kubectl("echo 'Using the cached token of prod'");
    assert_eq!(code, Some(3), "{said}{shown}");
    assert!(shown.contains("no fault found so far; 3 documents not usable"), "{shown}");
    assert!(shown.contains("what could not be used can decide"), "{shown}");
}
