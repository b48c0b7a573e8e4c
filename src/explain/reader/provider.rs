//! Issuer and subject out of words that begin with the ARN of a provider: keys of conditions, and callers as CloudTrail names
//! them.

pub(super) const SUBJECT: &str = "system:serviceaccount:";

/// CloudTrail names a caller `PROVIDER:AUDIENCE:SUBJECT`.
pub(super) fn subject_in(word: &str) -> Option<&str> {
    word.rfind(SUBJECT).map(|at| &word[at..])
}

/// The issuer in the ARN of its provider, which the keys of conditions and CloudTrail's callers begin with.
pub(super) fn issuer_in(word: &str) -> Option<&str> {
    let issuer = word.split_once(":oidc-provider/").map_or(word, |(_, issuer)| issuer);
    let scheme = issuer.find("://").map_or(0, |at| at + 3);
    Some(&issuer[..issuer[scheme..].find(':').map_or(issuer.len(), |at| scheme + at)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_audience_and_subject_are_apart() {
        let issuer = "oidc.eks.eu-west-1.amazonaws.com/id/A";
        let caller =
            format!("arn:aws:iam::111122223333:oidc-provider/{issuer}:sts.amazonaws.com:system:serviceaccount:a:b");
        assert_eq!((issuer_in(&caller), subject_in(&caller)), (Some(issuer), Some("system:serviceaccount:a:b")));
        assert_eq!(issuer_in("https://oidc.eks.x/id/A"), Some("https://oidc.eks.x/id/A"));
        assert_eq!(issuer_in("oidc.eks.x/id/A:sub"), Some("oidc.eks.x/id/A"));
    }
}
