//! Errors of kubectl and aws that answer a question: the object does not exist.

/// An object that a command did not find.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Absent {
    /// By name, in the account of the caller.
    Role(String),
    /// By ARN.
    Provider(String),
    /// By name. The error does not contain the namespace.
    ServiceAccount(String),
    Namespace(String),
    WebhookConfiguration(String),
    /// Any other object: the error message.
    Other(String),
}

impl Absent {
    /// `None` if the error is about something else, such as a missing permission.
    pub(super) fn read(error: &str) -> Option<Absent> {
        if error.contains("(NoSuchEntity)") {
            let name = missing_role(error).map(Absent::Role);
            let arn = || Some(error.split_once("Provider not found for arn ")?.1.trim_end_matches('.').to_owned());
            return Some(name.or_else(|| arn().map(Absent::Provider)).unwrap_or_else(|| other(error)));
        }
        if error.contains("(ResourceNotFoundException)") {
            return Some(other(error));
        }
        // Without a name in quotes, the server does not know the kind.
        let (resource, name) = error.split_once("(NotFound): ")?.1.split_once(" \"")?;
        let name = name.strip_suffix("\" not found")?.to_owned();
        Some(match resource.split_once('.').map_or(resource, |(resource, _group)| resource) {
            "serviceaccounts" => Absent::ServiceAccount(name),
            "namespaces" => Absent::Namespace(name),
            "mutatingwebhookconfigurations" => Absent::WebhookConfiguration(name),
            _ => other(error),
        })
    }
}

/// AWS says "The role with name checkout cannot be found.", which need not stay so, and other servers have other words: the
/// code and the operation decide, and the name follows.
fn missing_role(error: &str) -> Option<String> {
    const OPERATIONS: [&str; 3] = ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies"];
    let named = || {
        let (operation, message) = error.split_once(" when calling the ")?.1.split_once(" operation: ")?;
        let mut words = message.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("role")).skip(1);
        let name = words.find(|word| !["with", "name", "named"].contains(word))?;
        OPERATIONS.contains(&operation).then(|| name.trim_matches(['\'', '"']).to_owned())
    };
    between(error, "The role with name ", " cannot be found").or_else(named)
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    Some(text.split_once(before)?.1.split_once(after)?.0.to_owned())
}

fn other(error: &str) -> Absent {
    Absent::Other(error.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_objects_are_read_from_errors_of_commands() {
        const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
        let of_provider = format!(
            "aws: [ERROR]: An error occurred (NoSuchEntity) when calling the GetOpenIDConnectProvider operation: \
             OpenIDConnect Provider not found for arn {PROVIDER}"
        );
        for (error, absent) in [
            (
                "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name checkout cannot be found.",
                Some(Absent::Role("checkout".into())),
            ),
            (
                "An error occurred (NoSuchEntity) when calling the GetRole operation: Role checkout not found",
                Some(Absent::Role("checkout".into())),
            ),
            (
                "An error occurred (NoSuchEntity) when calling the ListRolePolicies operation: Role 'a.b' is unknown.",
                Some(Absent::Role("a.b".into())),
            ),
            (
                "An error occurred (NoSuchEntity) when calling the GetRolePolicy operation: The role policy with name x cannot be found.",
                Some(Absent::Other("An error occurred (NoSuchEntity) when calling the GetRolePolicy operation: The role policy with name x cannot be found.".into())),
            ),
            (&of_provider, Some(Absent::Provider(PROVIDER.into()))),
            (
                "Error from server (NotFound): serviceaccounts \"checkout\" not found",
                Some(Absent::ServiceAccount("checkout".into())),
            ),
            (
                "Error from server (NotFound): mutatingwebhookconfigurations.admissionregistration.k8s.io \"pod-identity-webhook\" not found",
                Some(Absent::WebhookConfiguration("pod-identity-webhook".into())),
            ),
            ("Error from server (NotFound): namespaces \"shop\" not found", Some(Absent::Namespace("shop".into()))),
            (
                "Error from server (NotFound): pods \"checkout\" not found",
                Some(Absent::Other("Error from server (NotFound): pods \"checkout\" not found".into())),
            ),
            (
                "An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: prod.",
                Some(Absent::Other(
                    "An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: prod.".into(),
                )),
            ),
            ("Error from server (NotFound): the server could not find the requested resource", None),
            ("An error occurred (AccessDenied) when calling the GetRole operation: User is not authorized", None),
        ] {
            assert_eq!(Absent::read(error), absent, "{error}");
        }
    }
}
