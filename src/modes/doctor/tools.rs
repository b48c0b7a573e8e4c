//! How the user wants `kubectl` and `aws` to be called.

use crate::causes::shell_word;
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

    /// A line for a shell, in which each command has the options of its program.
    pub(super) fn in_line(&self, line: &str) -> String {
        simple_commands(line).into_iter().map(|text| self.in_simple_command(text)).collect()
    }

    /// The options come before everything that a shell or another program reads, such as `> FILE` and `-- COMMAND`.
    fn in_simple_command(&self, text: &str) -> String {
        let (space, rest) = text.split_at(text.len() - text.trim_start().len());
        // A quoted word is cut in pieces here; none of them is an option that is ours.
        let command = Command::new(rest);
        let (name, name_of_user) = match program(&command) {
            "aws" => ("aws", shell_word(&self.aws.to_string_lossy())),
            "kubectl" => ("kubectl", shell_word(&self.kubectl.to_string_lossy())),
            _ => match OURS.iter().find(|name| rest.starts_with(*name)) {
                Some(name) => (*name, (*name).to_owned()),
                None => return text.to_owned(),
            },
        };
        let options = self.options(&command).into_iter();
        let options: String =
            options.map(|(option, value)| format!(" {option} {}", shell_word(&value.to_string_lossy()))).collect();
        format!("{space}{name_of_user}{options}{}", &rest[name.len()..])
    }

    /// Those that the program takes and the command does not have.
    fn options(&self, command: &Command) -> Vec<(&'static str, OsString)> {
        let of = |option, value: &Option<String>| value.as_ref().map(|value| (option, OsString::from(value)));
        let kubeconfig = self.kubeconfig.as_ref().map(|path| ("--kubeconfig", path.clone()));
        let of_kubectl = [of("--context", &self.context), kubeconfig];
        let of_aws = [of("--profile", &self.profile), of("--region", &self.region)];
        let words = command.words();
        let is_of = |program: &str| match words.first().map(String::as_str) {
            Some("aws" | "kubectl") => words[0] == program,
            _ => program == "kubectl" || words.get(1).is_some_and(|verb| verb == "doctor"),
        };
        let of_kubectl = of_kubectl.into_iter().filter(|_| is_of("kubectl"));
        let all = of_kubectl.chain(of_aws.into_iter().filter(|_| is_of("aws"))).flatten();
        // IAM of another partition has a region of its own.
        all.filter(|(option, _)| !words.iter().any(|word| word == option)).collect()
    }
}

/// Commands of this program that take the options of others.
const OURS: [&str; 2] = ["irsa-probe doctor", "irsa-probe debug-profile"];

fn program(command: &Command) -> &str {
    command.words().first().map(String::as_str).unwrap_or_default()
}

/// The parts of a line that each begin a command: after `|`, `&`, `;`, a parenthesis or a line feed that is not quoted.
fn simple_commands(line: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quote, mut is_escaped) = (None, false);
    for (place, c) in line.char_indices() {
        match (quote, c) {
            _ if is_escaped => is_escaped = false,
            (None | Some('"'), '\\') => is_escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, '|' | '&' | ';' | '(' | ')' | '\n') => {
                parts.push(&line[start..=place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&line[start..]);
    parts
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

    #[test]
    fn each_command_of_a_line_has_the_options_of_its_program() {
        let tools = Tools {
            kubectl: "/opt/kube ctl".into(),
            aws: "aws".into(),
            context: Some("prod; reboot".into()),
            kubeconfig: None,
            profile: Some("it's".into()),
            region: Some("eu-west-1".into()),
        };
        let kubectl = "'/opt/kube ctl' --context 'prod; reboot'";
        let aws = r"aws --profile 'it'\''s' --region eu-west-1";
        for (line, expected) in [
            (
                "aws iam list-roles --query 'Roles[].Arn' --output json",
                "AWS iam list-roles --query 'Roles[].Arn' --output json",
            ),
            ("aws iam get-role --role-name r > role.json", "AWS iam get-role --role-name r > role.json"),
            (
                "aws iam get-role --role-name r --output json | irsa-probe trust-policy --check -",
                "AWS iam get-role --role-name r --output json | irsa-probe trust-policy --check -",
            ),
            (
                "kubectl get pod p -o json | irsa-probe debug-profile --image IMAGE | sh",
                "KUBECTL get pod p -o json | irsa-probe debug-profile --context 'prod; reboot' --image IMAGE | sh",
            ),
            ("kubectl exec p -- env AWS_REGION=x aws s3 ls", "KUBECTL exec p -- env AWS_REGION=x aws s3 ls"),
            (
                "aws iam update-assume-role-policy --policy-document '{\n\"a\": \"x | aws ; kubectl\"}'",
                "AWS iam update-assume-role-policy --policy-document '{\n\"a\": \"x | aws ; kubectl\"}'",
            ),
            (r"kubectl get 'a'\''| aws x' && aws sts y", r"KUBECTL get 'a'\''| aws x' && AWS sts y"),
            ("kubectl get sa \"$(aws x)\"", "KUBECTL get sa \"$(aws x)\""),
            (
                "openssl s_client -connect h:443 </dev/null | openssl x509",
                "openssl s_client -connect h:443 </dev/null | openssl x509",
            ),
            ("kubectl-x get", "kubectl-x get"),
            ("irsa-probe explain not-authorized", "irsa-probe explain not-authorized"),
            ("", ""),
        ] {
            let expected = expected.replace("KUBECTL", kubectl).replace("AWS ", &format!("{aws} "));
            assert_eq!(tools.in_line(line), expected, "{line}");
        }
        let doctor = "irsa-probe doctor -n a pod/p";
        assert!(tools.in_line(doctor).starts_with("irsa-probe doctor --context 'prod; reboot' --profile"));
        let has_region = "aws iam get-role --region cn-north-1 --role-name r";
        assert_eq!(tools.in_line(has_region).matches("--region").count(), 1);
        let none = Tools { kubectl: "kubectl".into(), context: None, profile: None, region: None, ..tools };
        assert_eq!(none.in_line(doctor), doctor);
    }
}
