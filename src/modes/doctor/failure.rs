//! Why a command gave no answer, and who can get one.

use super::process::Ended;
use std::io::ErrorKind;

/// No more of what a program complains about is quoted.
const MAX_QUOTED: usize = 320;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// One or two words for the line of progress.
    pub short: &'static str,
    /// What happened and what to do: a sentence or two.
    pub why: String,
    /// The program cannot answer anything until that is put right, so its other commands need not run.
    pub stops: bool,
}

/// How each program says that it can do nothing at all: words, and what to do.
const STOPPING: [(&str, &str, &str, &str); 21] = [
    ("kubectl", "couldn't get current server API group list", "no cluster", CLUSTER),
    ("kubectl", "Unable to connect to the server", "no cluster", CLUSTER),
    ("kubectl", "The connection to the server", "no cluster", CLUSTER),
    ("kubectl", "no configuration has been provided", "no cluster", CLUSTER),
    ("kubectl", "invalid configuration", "no cluster", CLUSTER),
    ("kubectl", "does not exist", "no cluster", CLUSTER),
    ("kubectl", "no such file or directory", "no cluster", CLUSTER),
    ("kubectl", "You must be logged in to the server", "not signed in", CLUSTER),
    ("kubectl", "(Unauthorized)", "not signed in", CLUSTER),
    ("kubectl", "getting credentials", "not signed in", CLUSTER),
    ("aws", "SSO session", "session expired", SIGN_IN),
    ("aws", "SSO Token", "session expired", SIGN_IN),
    ("aws", "Token has expired", "session expired", SIGN_IN),
    ("aws", "(ExpiredToken", "session expired", SIGN_IN),
    ("aws", "(RequestExpired", "session expired", SIGN_IN),
    ("aws", "Unable to locate credentials", "no credentials", SIGN_IN),
    ("aws", "config profile", "no credentials", "Name a profile that exists with --profile."),
    ("aws", "(InvalidClientTokenId", "no credentials", SIGN_IN),
    ("aws", "(UnrecognizedClientException", "no credentials", SIGN_IN),
    ("aws", "Could not connect to the endpoint URL", "no connection", "Check the connection and the proxy."),
    ("aws", "Connect timeout on endpoint URL", "no connection", "Check the connection and the proxy."),
];
const CLUSTER: &str = "Correct the kubeconfig or choose another --context, then run this again.";
const SIGN_IN: &str = "Sign in (aws sso login) or choose another --profile, then run this again.";

/// How each says that this caller may not ask, or not so often.
const REFUSING: [(&str, &str, &str); 7] = [
    (
        "violates PodSecurity",
        "refused",
        "Run irsa-probe debug-profile with --uid and --gid of the application, so that the container needs no root.",
    ),
    ("(Forbidden)", "forbidden", "Someone with that permission must run the command."),
    ("(AccessDenied", "access denied", "Someone with that permission must run the command."),
    ("(Throttling", "throttled", "Run this again in a minute."),
    ("(TooManyRequests", "throttled", "Run this again in a minute."),
    ("Rate exceeded", "throttled", "Run this again in a minute."),
    ("must specify a region", "no region", "Name the cluster's region with --region."),
];

impl Failure {
    /// `None` if the command printed documents. `program` is the name by which questions call it.
    pub(super) fn of<T>(ended: &Ended<T>, program: &str) -> Option<Failure> {
        let failure = |short, why: String, stops| Some(Failure { short, why, stops });
        match ended {
            Ended::Printed(_) => None,
            Ended::Failed(said) => Some(said_by(program, said)),
            Ended::TimedOut(limit) => failure(
                "timed out",
                format!(
                    "{program} did not end within {} s. If it waits for input, such as an MFA code, run the command by hand.",
                    limit.as_secs()
                ),
                false,
            ),
            Ended::NotStarted(ErrorKind::NotFound) => failure(
                "not found",
                format!("{program} is not installed here. Name it with --{program}, or run the commands elsewhere."),
                true,
            ),
            Ended::NotStarted(kind) => failure("cannot run", format!("{program} cannot be run: {kind}."), true),
        }
    }
}

fn said_by(program: &str, said: &str) -> Failure {
    let quoted = quoted(said);
    let why = |what: &str| format!("{program} said: {quoted}. {what}");
    let stopping = STOPPING.iter().find(|(whose, words, ..)| *whose == program && said.contains(words));
    if let Some((_, _, short, what)) = stopping {
        return Failure { short, why: why(what), stops: true };
    }
    match REFUSING.iter().find(|(words, ..)| said.contains(words)) {
        Some((_, short, what)) => Failure { short, why: why(what), stops: false },
        None => Failure { short: "failed", why: why("").trim_end().to_owned(), stops: false },
    }
}

/// The last line that says something: before it stand warnings and retries.
fn quoted(said: &str) -> String {
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("nothing");
    let line = line.trim_end_matches(['.', '?']);
    match line.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_evidence() {
        for (program, said, short, stops) in [
            (
                "kubectl",
                "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
                "no cluster",
                true,
            ),
            ("kubectl", "Unable to connect to the server: dial tcp: lookup x: no such host", "no cluster", true),
            ("kubectl", "error: context \"x\" does not exist", "no cluster", true),
            ("kubectl", "error: You must be logged in to the server (Unauthorized)", "not signed in", true),
            (
                "kubectl",
                "Unable to connect to the server: getting credentials: exec: executable aws not found",
                "no cluster",
                true,
            ),
            (
                "kubectl",
                "Error from server (Forbidden): pods \"p\" is forbidden: User \"me\" cannot get resource \"pods\" in API group \"\" in the namespace \"payments\"",
                "forbidden",
                false,
            ),
            ("kubectl", "Error from server (TooManyRequests): the server is overloaded", "throttled", false),
            ("aws", "Error loading SSO Token: Token for x does not exist", "session expired", true),
            (
                "aws",
                "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login",
                "session expired",
                true,
            ),
            (
                "aws",
                "\nAn error occurred (ExpiredToken) when calling the GetRole operation: The security token included in the request is expired",
                "session expired",
                true,
            ),
            (
                "aws",
                "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
                "no credentials",
                true,
            ),
            ("aws", "The config profile (prod) could not be found", "no credentials", true),
            ("aws", "Could not connect to the endpoint URL: \"https://iam.amazonaws.com/\"", "no connection", true),
            (
                "aws",
                "An error occurred (AccessDenied) when calling the GetRole operation: User: arn:aws:iam::1:user/me is not authorized to perform: iam:GetRole",
                "access denied",
                false,
            ),
            (
                "aws",
                "An error occurred (AccessDeniedException) when calling the ListPodIdentityAssociations operation: no",
                "access denied",
                false,
            ),
            (
                "aws",
                "An error occurred (Throttling) when calling the GetRole operation (reached max retries: 2): Rate exceeded",
                "throttled",
                false,
            ),
            (
                "aws",
                "You must specify a region. You can also configure your region by running \"aws configure\".",
                "no region",
                false,
            ),
            ("aws", "Segmentation fault", "failed", false),
        ] {
            let failure = said_by(program, said);
            assert_eq!((failure.short, failure.stops), (short, stops), "{said}");
            assert!(
                failure.why.starts_with(program) && failure.why.ends_with(|c: char| c == '.' || c.is_alphanumeric())
            );
        }
    }

    #[test]
    fn a_long_complaint_is_cut() {
        assert!(said_by("aws", &"\u{fc}".repeat(1_000)).why.chars().count() < 400);
        assert!(said_by("aws", "").why.contains("nothing"));
    }
}
