//! How the user wants `kubectl` and `aws` to be called.

use crate::documents::audit::Command;
use std::ffi::OsString;

#[derive(Clone, Debug)]
pub(crate) struct Tools {
    pub kubectl: OsString,
    pub aws: OsString,
    pub context: Option<String>,
    pub kubeconfig: Option<OsString>,
    pub profile: Option<String>,
    pub region: Option<String>,
}

impl Tools {
    /// The program and its arguments.
    pub(super) fn invocation(&self, command: &Command) -> (OsString, Vec<OsString>) {
        let words = command.words();
        let program = match program(command) {
            "aws" => self.aws.clone(),
            "kubectl" => self.kubectl.clone(),
            other => other.into(),
        };
        let mut arguments: Vec<OsString> = words.iter().skip(1).map(OsString::from).collect();
        for (option, value) in self.options(command) {
            arguments.extend([OsString::from(option), value]);
        }
        (program, arguments)
    }

    /// The command with the options, as a person would type it.
    pub(super) fn typed(&self, command: &Command) -> Command {
        let (program, arguments) = self.invocation(command);
        let typed = Command::new("").value(&program.to_string_lossy());
        arguments.iter().fold(typed, |typed, argument| typed.value(&argument.to_string_lossy()))
    }

    pub(super) fn shown(&self, command: &Command) -> String {
        self.typed(command).to_string()
    }

    /// Those of the program; this program takes all of them.
    fn options(&self, command: &Command) -> Vec<(&'static str, OsString)> {
        let of = |option, value: &Option<String>| value.as_ref().map(|value| (option, OsString::from(value)));
        // IAM of another partition has a region of its own.
        let has_region = command.words().iter().any(|word| word == "--region");
        let kubeconfig = self.kubeconfig.as_ref().map(|path| ("--kubeconfig", path.clone()));
        let of_kubectl = [of("--context", &self.context), kubeconfig];
        let region = of("--region", &self.region).filter(|_| !has_region);
        let of_aws = [of("--profile", &self.profile), region];
        let program = program(command);
        let of_kubectl = of_kubectl.into_iter().filter(|_| program != "aws");
        of_kubectl.chain(of_aws.into_iter().filter(|_| program != "kubectl")).flatten().collect()
    }
}

fn program(command: &Command) -> &str {
    command.words().first().map(String::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_to_the_program_that_has_them() {
        let tools = Tools {
            kubectl: "/opt/kubectl".into(),
            aws: "aws".into(),
            context: Some("prod eu".into()),
            kubeconfig: Some("/k".into()),
            profile: Some("prod".into()),
            region: Some("eu-west-1".into()),
        };
        for (command, shown) in [
            ("kubectl get pods -o json", "/opt/kubectl get pods -o json --context 'prod eu' --kubeconfig /k"),
            ("aws eks list-clusters", "aws eks list-clusters --profile prod --region eu-west-1"),
            (
                "irsa-probe doctor pod/p",
                "irsa-probe doctor pod/p --context 'prod eu' --kubeconfig /k --profile prod --region eu-west-1",
            ),
            ("aws iam list-roles --region cn-north-1", "aws iam list-roles --region cn-north-1 --profile prod"),
        ] {
            assert_eq!(tools.shown(&Command::new(command)), shown);
        }
    }
}
