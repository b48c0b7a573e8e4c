//! The script around `kubectl debug`.
//!
//! It does not attach: output from before kubectl attaches is lost, and attach ends with standard input, as in
//! `... | sh`. It creates a container with a known name, waits for it, reads its log, and takes the exit code from its
//! status, because that of kubectl is always 0.

use super::pointer::text;
use super::profile::{Choices, FILE};
use crate::causes::shell_word;
use crate::text::printable::printable;
use serde_json::Value;

/// The parts of the command that creates the container, quoted for a shell.
pub(super) struct Create {
    /// The pod, its namespace and its cluster.
    pod: String,
    /// The name of the container.
    name: String,
    /// The list in the pod's status that has the container.
    statuses: &'static str,
    /// kubectl's verb, and the options that follow the pod.
    verb: &'static str,
    options: String,
    /// The last option, before and after the path of the profile.
    around_profile: [&'static str; 2],
    /// A check before the container is created.
    before: &'static str,
    /// After the container is created: where its report is found later, or the deletion of its pod.
    afterwards: &'static str,
}

impl Create {
    /// An ephemeral container in this pod.
    pub(super) fn debug(pod: &Value, target: Option<&str>, kubectl_profile: &str, choices: &Choices) -> Create {
        let name = shell_word(&choices.name);
        let target = target.map(|target| format!(" --target={}", shell_word(target))).unwrap_or_default();
        let image = shell_word(&choices.image);
        Create {
            pod: format!("{}{}", shell_word(text(pod, "/metadata/name")), place(pod, choices)),
            statuses: "ephemeralContainerStatuses",
            verb: "debug",
            options: format!("--container={name} --image={image}{target} --profile={kubectl_profile}"),
            around_profile: ["--custom=", ""],
            // A second run of the script would print the report of the old container.
            before: "inspect \"$@\" || exit 2\n\
                     [ -z \"$started$code\" ] || {\n    \
                         say \"container $name exists already; run irsa-probe debug-profile again\"\n    \
                         exit 2\n\
                     }\n",
            afterwards: "later=\"; later, kubectl logs $* --container=$name may show the report\"\n",
            name,
        }
    }

    /// A pod of its own beside this pod.
    pub(super) fn run(pod: &Value, choices: &Choices) -> Create {
        let name = shell_word(&choices.name);
        let image = shell_word(&choices.image);
        Create {
            pod: format!("{name}{}", place(pod, choices)),
            statuses: "containerStatuses",
            verb: "run",
            options: format!("--restart=Never --image={image} --override-type=strategic"),
            around_profile: ["--overrides=\"$(cat ", ")\""],
            before: "",
            afterwards: "trap 'kubectl delete pod \"$@\" --wait=false </dev/null >&2; rm -f \"$profile\"' EXIT\n",
            name,
        }
    }

    pub(super) fn command(&self) -> String {
        format!("kubectl {} {} {}", self.verb, self.pod, self.options_with(FILE))
    }

    fn options_with(&self, profile: &str) -> String {
        let [before, after] = self.around_profile;
        format!("{} {before}{profile}{after}", self.options)
    }

    /// In a subshell: `exit` and `trap` do not affect the terminal that it is pasted into, and the shell reads all of it
    /// before kubectl can read from the same pipe. Without comments, which an interactive zsh rejects.
    pub(super) fn script(&self, profile: &Value, notes: &[String]) -> String {
        let Create { pod, name, statuses, verb, before, afterwards, .. } = self;
        // A note quotes the pod, which may contain shell code.
        let one_line = |note: &String| shell_word(&printable(note));
        let notes: String = notes.iter().map(|note| format!("say {}\n", one_line(note))).collect();
        let profile = shell_word(&format!("{profile:#}"));
        let options = self.options_with("\"$profile\"");
        format!(
            "(\n\
             say() {{ printf 'irsa-probe: %s\\n' \"$*\" >&2; }}\n\
             {notes}\
             set -- {pod}\n\
             name={name} statuses={statuses}\n\
             profile=$(mktemp) || exit 2\n\
             trap 'rm -f \"$profile\"' EXIT\n\
             trap 'exit 130' INT\n\
             trap 'exit 143' HUP TERM\n\
             printf '%s\\n' {profile} >\"$profile\" || exit 2\n\
             {INSPECT}\
             {before}\
             kubectl {verb} \"$@\" {options} </dev/null >&2 || {{\n    \
                 say 'kubectl {verb} created no container; nothing was checked'\n    \
                 exit 2\n\
             }}\n\
             {afterwards}\
             {FOLLOW})\n"
        )
    }
}

/// Reads the state of the container.
const INSPECT: &str = include_str!("inspect.sh");

/// Waits for the container, prints its log, and exits with its code.
const FOLLOW: &str = include_str!("follow.sh");

/// kubectl's options for the pod's namespace and cluster, with a space before each.
fn place(pod: &Value, choices: &Choices) -> String {
    let namespace = Some(text(pod, "/metadata/namespace")).filter(|namespace| !namespace.is_empty());
    let namespace = namespace.map(|namespace| ("--namespace", namespace));
    let cluster = choices.cluster.iter().map(|(option, value)| (*option, value.as_str()));
    namespace.into_iter().chain(cluster).map(|(option, value)| format!(" {option}={}", shell_word(value))).collect()
}
