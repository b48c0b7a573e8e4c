//! What a command must not do, whoever pastes it into whichever shell.

use super::shells::words;

/// Stand for names that cannot be known.
const PLACEHOLDERS: &[&str] =
    &["NAMESPACE", "SERVICE_ACCOUNT", "POD", "KIND", "NAME", "ROLE", "ACCOUNT", "ISSUER", "INSTANCE", "THUMBPRINT"];

/// kubectl's verbs that change nothing.
const KUBECTL_READS: &[&str] = &["get", "describe", "logs", "port-forward", "exec"];
/// Those that may be printed; each names one object.
const KUBECTL_CHANGES: &[&[&str]] =
    &[&["annotate"], &["rollout", "restart"], &["set", "env"], &["patch"], &["create", "serviceaccount"], &["debug"]];
/// What changes something in AWS and may be printed. Each demands the name or ARN of its object.
const AWS_CHANGES: &[&str] = &[
    "add-client-id-to-open-id-connect-provider",
    "create-open-id-connect-provider",
    "modify-instance-metadata-options",
    "update-assume-role-policy",
    "update-open-id-connect-provider-thumbprint",
];

/// What is wrong with each command that has a fault.
pub fn faults(commands: &[String]) -> Vec<String> {
    let said = |fault: &str, command: &str| format!("{fault}: {command}");
    let (faulty, rest): (Vec<_>, Vec<_>) = commands.iter().partition(|command| by_text(command).is_some());
    let by_text = faulty.iter().filter_map(|command| Some(said(by_text(command)?, command)));
    let rest: Vec<String> = rest.into_iter().cloned().collect();
    // The parts of a pipe are commands of their own.
    let words = words("sh", &rest);
    let mut probe = irsa_probe::cli::command();
    let by_words = rest.iter().zip(&words).filter_map(|(command, programs)| {
        let fault = programs.iter().find_map(|words| program(words, &mut probe))?;
        Some(said(&fault, command))
    });
    by_text.chain(by_words).collect()
}

fn by_text(command: &str) -> Option<&'static str> {
    let bare = without_quoted(command);
    if bare.split_whitespace().any(|word| word.starts_with('#')) || bare.trim_end().contains('\n') {
        Some("has a comment or a second line")
    } else if bare.contains("<<") {
        Some("has a here-document")
    } else if bare.contains('$') {
        Some("has a variable of the shell")
    } else if shows_values(command) {
        Some("can print values that are secret")
    } else {
        None
    }
}

/// The words in capitals that stand for a name.
pub fn placeholders(command: &str) -> Vec<&'static str> {
    let words: Vec<&str> = command.split(|c: char| !c.is_ascii_uppercase() && c != '_').collect();
    PLACEHOLDERS.iter().copied().filter(|placeholder| words.contains(placeholder)).collect()
}

/// In double quotes a shell still replaces variables.
fn without_quoted(command: &str) -> String {
    command.split('\'').step_by(2).collect()
}

fn shows_values(command: &str) -> bool {
    let names_only = command.contains("grep -o") || command.contains("(REGION|DEFAULT_REGION");
    let is_pods = ["get pod ", "get pods "].iter().any(|part| command.contains(part));
    (command.starts_with("env") && !names_only)
        || (is_pods && ["-o yaml", "--output yaml"].iter().any(|format| command.contains(format)))
        || (command.contains("create token") && !command.contains(" > "))
        || command.contains("get secret")
        || (command.starts_with("curl") && ["--verbose", " -v"].iter().any(|option| command.contains(option)))
}

fn program(words: &[String], probe: &mut clap::Command) -> Option<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["kubectl", rest @ ..] => kubectl(rest),
        ["aws", service, operation, rest @ ..] => aws(service, operation, rest),
        // A name in capitals is to be replaced by that of an object, which has none.
        ["irsa-probe", "doctor", ..] => {
            let is_option = |word: &str| word.starts_with('-');
            let named = |word: &&str| if is_option(word) { (*word).to_owned() } else { word.to_lowercase() };
            own(words.iter().map(named).collect(), probe)
        }
        ["irsa-probe", ..] => own(words.iter().map(|word| (*word).to_owned()).collect(), probe),
        _ => None,
    }
}

/// What the program itself says against it.
fn own(words: Vec<String>, probe: &mut clap::Command) -> Option<String> {
    // What is required may come from the environment.
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion, MissingRequiredArgument};
    let error = probe.try_get_matches_from_mut(words).err()?;
    (!matches!(error.kind(), DisplayHelp | DisplayVersion | MissingRequiredArgument)).then(|| error.to_string())
}

fn kubectl(words: &[&str]) -> Option<String> {
    if words.first().is_none_or(|verb| KUBECTL_READS.contains(verb)) || words.starts_with(&["create", "token"]) {
        return None;
    }
    let Some(verb) = KUBECTL_CHANGES.iter().find(|verb| words.starts_with(verb)) else {
        return Some("changes something that no printed command may change".to_owned());
    };
    let mut arguments = words[verb.len()..].to_vec();
    let namespace = arguments.iter().position(|word| ["-n", "--namespace"].contains(word));
    let namespaced = namespace.is_some() || arguments.iter().any(|word| word.starts_with("--namespace="));
    if let Some(place) = namespace {
        arguments.drain(place..arguments.len().min(place + 2));
    }
    let many = ["--all", "-A", "-l", "--selector", "--all-namespaces"];
    let plain = |word: &&&str| !word.starts_with('-');
    let objects: Vec<&&str> = arguments.iter().take_while(plain).collect();
    let is_one = match (verb, objects.as_slice()) {
        (&["create", "serviceaccount"] | &["debug"], [_, ..]) => true,
        (_, [kind_and_name, ..]) if kind_and_name.contains('/') => true,
        (_, [_, _, ..]) => true,
        _ => false,
    };
    if !is_one || arguments.iter().any(|word| many.contains(word)) {
        return Some("does not name one object".to_owned());
    }
    if !namespaced {
        return Some("does not name the namespace".to_owned());
    }
    let object = arguments[..arguments.len().min(2)].join(" ");
    guessed(&object, &arguments.join(" "))
}

/// With its object unknown a command fails; with a known one it would write the placeholder.
fn guessed(object: &str, arguments: &str) -> Option<String> {
    let names: Vec<_> = placeholders(arguments).into_iter().filter(|name| *name != "NAMESPACE").collect();
    (!names.is_empty() && placeholders(object).is_empty())
        .then(|| format!("would write the placeholder {} into an object that exists", names.join(" and ")))
}

fn aws(_service: &str, operation: &str, rest: &[&str]) -> Option<String> {
    let reads = ["get-", "list-", "describe-", "lookup-", "simulate-"].iter().any(|verb| operation.starts_with(verb));
    let answers = reads || operation.starts_with("create-");
    if answers && !rest.windows(2).any(|pair| pair == ["--output", "json"]) {
        return Some("does not ask for --output json".to_owned());
    }
    if reads {
        return None;
    }
    if !AWS_CHANGES.contains(&operation) {
        return Some("changes something that no printed command may change".to_owned());
    }
    if operation == "update-assume-role-policy" && rest.iter().any(|word| word.starts_with("file://")) {
        return Some("replaces all statements by those of a file".to_owned());
    }
    let after = |option: &str| rest.iter().skip_while(|word| **word != option).nth(1).copied();
    let objects = ["--open-id-connect-provider-arn", "--url", "--instance-id", "--role-name"];
    objects
        .iter()
        .find_map(|option| after(option))
        .map_or_else(|| Some("does not name one object".to_owned()), |object| guessed(object, &rest.join(" ")))
}
