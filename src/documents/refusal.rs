//! The errors of kubectl and aws that answer a question: what they were asked for is not there.

/// Something that a command looked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// By name; the account is that of who asked.
    Role(String),
    /// By ARN.
    Provider(String),
    /// By name; the error does not tell the namespace.
    ServiceAccount(String),
}

impl Absent {
    /// `None` where the error is about something else, such as a missing permission.
    pub(super) fn read(refusal: &str) -> Option<Absent> {
        let named = |before: &str, after: &str| Some(refusal.split_once(before)?.1.split_once(after)?.0.to_owned());
        if refusal.contains("(NoSuchEntity)") {
            let role = named("The role with name ", " cannot be found").map(Absent::Role);
            let arn = || Some(refusal.split_once("Provider not found for arn ")?.1.trim_end_matches('.').to_owned());
            return role.or_else(|| arn().map(Absent::Provider));
        }
        let not_found = refusal.contains("(NotFound)");
        not_found.then(|| named("serviceaccounts \"", "\" not found").map(Absent::ServiceAccount))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_read_from_the_errors_of_the_commands() {
        const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
        let of_provider = format!(
            "aws: [ERROR]: An error occurred (NoSuchEntity) when calling the GetOpenIDConnectProvider operation: \
             OpenIDConnect Provider not found for arn {PROVIDER}"
        );
        for (refusal, absent) in [
            (
                "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name checkout cannot be found.",
                Some(Absent::Role("checkout".into())),
            ),
            (&of_provider, Some(Absent::Provider(PROVIDER.into()))),
            (
                "Error from server (NotFound): serviceaccounts \"checkout\" not found",
                Some(Absent::ServiceAccount("checkout".into())),
            ),
            ("Error from server (NotFound): pods \"checkout\" not found", None),
            ("An error occurred (AccessDenied) when calling the GetRole operation: User is not authorized", None),
        ] {
            assert_eq!(Absent::read(refusal), absent, "{refusal}");
        }
    }
}
