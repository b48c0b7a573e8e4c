//! `doctor --debug`: whose user the container has, and what becomes of one that never starts.

use super::{Laptop, REPLAY, answers, cases, text};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

const POD: &str = "kubectl get pod checkout-0 -n payments -o json";

/// The arguments and answers of a case in which the container ran.
fn healthy() -> (Vec<String>, BTreeMap<String, Value>) {
    let (_, _, case) = cases().into_iter().find(|(_, name, _)| name == "debug-healthy").expect("the case");
    (case.arguments.clone(), answers(&case))
}

#[test]
fn the_container_has_the_user_and_the_group_of_the_application() {
    let stated = json!({"spec": {"securityContext": {"runAsUser": 1000, "runAsGroup": 3000}}});
    let process = json!({"name": "app", "user": {"linux": {"uid": 1001, "gid": 3001}}, "state": {"running": {}}});
    let running = json!({"status": {"phase": "Running", "containerStatuses": [process]}});
    for (patch, user, group, kubectl_profile) in [
        (&stated, json!(1000), json!(3000), "restricted"),
        (&running, json!(1001), json!(3001), "restricted"),
        (&json!({}), json!(0), Value::Null, "general"),
    ] {
        let (arguments, mut answers) = healthy();
        let pod = answers.get_mut(POD).unwrap();
        pod["status"] = json!({"phase": "Running", "containerStatuses": [{"name": "app", "state": {"running": {}}}]});
        json_patch::merge(pod, patch);
        let laptop = Laptop::with(&answers, "");
        let output = laptop.run(&arguments);
        let profile = fs::read_to_string(laptop.path("profile.json")).unwrap();
        let context = serde_json::from_str::<Value>(&profile).unwrap()["securityContext"].take();
        assert_eq!((&context["runAsUser"], &context["runAsGroup"]), (&user, &group), "{}", text(output.stdout));
        let created = laptop.asked().into_iter().find(|one| one.starts_with("kubectl_debug_")).expect("a container");
        assert!(created.contains(&format!("--profile_{kubectl_profile}_")), "{created}");
    }
}

/// The reading end of a pipe whose writing end every process of kubectl holds shows when the last of them has ended.
#[test]
fn a_container_that_never_starts_is_given_up_with_the_time() {
    let (mut arguments, answers) = healthy();
    arguments.extend(["--timeout", "2s"].map(str::to_owned));
    let hangs = "#!/bin/sh\nexec 3>\"$ANSWERS/alive\"\n[ -f \"$ANSWERS/container\" ] && { sleep 1000 & wait; }\n";
    // The pod as it was before, again and again; and a kubectl that does not come back.
    let waits = REPLAY.replace("name=${name}_after_debug", "true");
    for (kubectl, why) in [(waits, "did not end within --timeout"), (REPLAY.replace("#!/bin/sh\n", hangs), "within")] {
        let laptop = Laptop::with(&answers, "");
        laptop.install("kubectl", &kubectl);
        mkfifo(&laptop.path("alive"), Mode::S_IRWXU).unwrap();
        let mut alive =
            OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(laptop.path("alive")).unwrap();
        let output = laptop.run(&arguments);
        let shown = text(output.stdout);
        assert_eq!(output.status.code(), Some(3), "{shown}");
        assert!(shown.contains("does the identity work inside the pod") && shown.contains(why), "{shown}");
        fcntl(&alive, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
        alive.read_to_end(&mut Vec::new()).unwrap();
    }
}
