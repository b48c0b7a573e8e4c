//! The ARN of an IAM role, taken apart instead of matched.

use crate::aws::partition::Partition;
use std::fmt;

/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn {
    pub partition: Partition,
    /// Twelve digits.
    pub account: String,
    /// `/`, or `/a/b/` with a slash at both ends.
    pub path: String,
    pub name: String,
}

/// The first thing about a text that keeps it from being a role's ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArnFault {
    Empty,
    /// White space, quotes, a backslash or a control character, at this byte.
    BadCharacter {
        character: char,
        at: usize,
    },
    /// Does not begin with `arn:`; `bare_name` if it looks like a role's name alone.
    NotAnArn {
        bare_name: bool,
    },
    /// An ARN has six fields between colons.
    Fields(usize),
    UnknownPartition(String),
    /// Not `iam`, such as `sts` in the ARN of an assumed role.
    WrongService(String),
    /// IAM is global: the region field is empty.
    HasRegion(String),
    /// Not twelve digits.
    BadAccount(String),
    /// Not `role/...`, such as `user/...` or `instance-profile/...`.
    NotARole(String),
    NoName,
    /// Longer than 64, or with characters that IAM does not allow in it.
    BadName(String),
    BadPath(String),
    /// Longer than the 2048 that STS takes.
    TooLong(usize),
}

impl RoleArn {
    /// The rules of the IAM API reference (`Role`, `CreateRole`) and of STS (`RoleArn`: 20 to 2048 characters).
    pub fn parse(text: &str) -> Result<RoleArn, ArnFault> {
        if text.is_empty() {
            return Err(ArnFault::Empty);
        }
        if text.len() > 2048 {
            return Err(ArnFault::TooLong(text.len()));
        }
        let bad = |c: char| c.is_whitespace() || c.is_control() || "\"'`\\\u{201c}\u{201d}\u{2018}\u{2019}".contains(c);
        if let Some((at, character)) = text.char_indices().find(|(_, c)| bad(*c)) {
            return Err(ArnFault::BadCharacter { character, at });
        }
        if !text.starts_with("arn:") {
            let bare_name = !text.contains(':');
            return Err(ArnFault::NotAnArn { bare_name });
        }
        let fields: Vec<&str> = text.split(':').collect();
        let [_, partition, service, region, account, resource] = fields[..] else {
            return Err(ArnFault::Fields(fields.len()));
        };
        let partition =
            Partition::from_id(partition).ok_or_else(|| ArnFault::UnknownPartition(partition.to_owned()))?;
        if service != "iam" {
            return Err(ArnFault::WrongService(service.to_owned()));
        }
        if !region.is_empty() {
            return Err(ArnFault::HasRegion(region.to_owned()));
        }
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ArnFault::BadAccount(account.to_owned()));
        }
        let Some(path_and_name) = resource.strip_prefix("role/") else {
            return Err(ArnFault::NotARole(resource.to_owned()));
        };
        let (path, name) = match path_and_name.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name),
            None => ("/".to_owned(), path_and_name),
        };
        if name.is_empty() {
            return Err(ArnFault::NoName);
        }
        if name.len() > 64 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b)) {
            return Err(ArnFault::BadName(name.to_owned()));
        }
        if path.len() > 512 || path.contains("//") || !path.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Err(ArnFault::BadPath(path));
        }
        Ok(RoleArn { partition, account: account.to_owned(), path, name: name.to_owned() })
    }

    /// The ARN that the IAM provider for `issuer` has in this role's account: the one a trust policy must name.
    pub fn provider_arn(&self, issuer: &str) -> String {
        let (partition, account) = (self.partition.id(), &self.account);
        format!("arn:{partition}:iam::{account}:oidc-provider/{}", without_scheme(issuer))
    }

    /// Whether a caller's `arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION` is a session of this role. Such an ARN
    /// drops the role's path, so only partition, account and name are compared.
    pub fn is_role_of(&self, caller_arn: &str) -> bool {
        let (partition, account, name) = (self.partition.id(), &self.account, &self.name);
        caller_arn
            .strip_prefix(&format!("arn:{partition}:sts::{account}:assumed-role/{name}/"))
            .is_some_and(|session| !session.is_empty() && !session.contains('/'))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (partition, account) = (self.partition.id(), &self.account);
        write!(f, "arn:{partition}:iam::{account}:role{}{}", self.path, self.name)
    }
}

impl fmt::Display for ArnFault {
    /// A clause that follows "it".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArnFault::Empty => f.write_str("is empty"),
            ArnFault::BadCharacter { character, at } => {
                write!(f, "holds the character {character:?} at position {}", at + 1)
            }
            ArnFault::NotAnArn { bare_name: true } => f.write_str("is a name where the whole ARN is needed"),
            ArnFault::NotAnArn { bare_name: false } => f.write_str("does not begin with \"arn:\""),
            ArnFault::Fields(n) => write!(f, "has {n} fields between colons where a role's ARN has 6"),
            ArnFault::UnknownPartition(id) => write!(f, "names the partition {id:?}, which does not exist"),
            ArnFault::WrongService(service) => write!(f, "is of the service {service:?}, not \"iam\""),
            ArnFault::HasRegion(region) => write!(f, "names the region {region:?}; IAM's ARNs have none"),
            ArnFault::BadAccount(account) => write!(f, "has the account {account:?}, which is not twelve digits"),
            ArnFault::NotARole(resource) => write!(f, "names {resource:?}, not a \"role/...\""),
            ArnFault::NoName => f.write_str("ends without the role's name"),
            ArnFault::BadName(name) => write!(f, "has the role name {name:?}, which IAM does not allow"),
            ArnFault::BadPath(path) => write!(f, "has the path {path:?}, which IAM does not allow"),
            ArnFault::TooLong(length) => write!(f, "has {length} characters; STS takes 2048 at most"),
        }
    }
}

/// An issuer as IAM writes it in ARNs and condition keys.
pub fn without_scheme(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_arn_is_taken_apart_and_put_together_again() {
        for (text, path, name) in [
            ("arn:aws:iam::111122223333:role/checkout", "/", "checkout"),
            ("arn:aws-cn:iam::111122223333:role/a/b/c", "/a/b/", "c"),
            ("arn:aws-us-gov:iam::111122223333:role/x=+,.@-_", "/", "x=+,.@-_"),
            ("arn:aws-eusc:iam::111122223333:role/r", "/", "r"),
        ] {
            let arn = RoleArn::parse(text).expect(text);
            assert_eq!((arn.path.as_str(), arn.name.as_str()), (path, name));
            assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn each_fault_is_distinguished() {
        use ArnFault::*;
        for (text, fault) in [
            ("", Empty),
            (" arn:aws:iam::111122223333:role/a", BadCharacter { character: ' ', at: 0 }),
            ("arn:aws:iam::111122223333:role\\/a", BadCharacter { character: '\\', at: 30 }),
            ("checkout", NotAnArn { bare_name: true }),
            ("aws:iam::111122223333:role/a", NotAnArn { bare_name: false }),
            ("arn:aws:iam:111122223333:role/a", Fields(5)),
            ("arn:aws:iam::111122223333:role:a", Fields(7)),
            ("arn:amazon:iam::111122223333:role/a", UnknownPartition("amazon".into())),
            ("arn:aws:sts::111122223333:assumed-role/a/b", WrongService("sts".into())),
            ("arn:aws:iam:eu-west-1:111122223333:role/a", HasRegion("eu-west-1".into())),
            ("arn:aws:iam::11112222333:role/a", BadAccount("11112222333".into())),
            ("arn:aws:iam::111122223333:user/a", NotARole("user/a".into())),
            ("arn:aws:iam::111122223333:role/", NoName),
            ("arn:aws:iam::111122223333:role/a/", NoName),
            ("arn:aws:iam::111122223333:role/a*", BadName("a*".into())),
            ("arn:aws:iam::111122223333:role//a", BadPath("//".into())),
        ] {
            assert_eq!(RoleArn::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_caller_is_compared_by_partition_account_and_name_without_path() {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/team/checkout").expect("an ARN");
        for (caller, is) in [
            ("arn:aws:sts::111122223333:assumed-role/checkout/s", true),
            ("arn:aws:sts::111122223333:assumed-role/checkout2/s", false),
            ("arn:aws:sts::111122223333:assumed-role/checkout/", false),
            ("arn:aws:sts::999922223333:assumed-role/checkout/s", false),
            ("arn:aws-cn:sts::111122223333:assumed-role/checkout/s", false),
            ("arn:aws:iam::111122223333:role/team/checkout", false),
        ] {
            assert_eq!(role.is_role_of(caller), is, "{caller}");
        }
        assert_eq!(
            role.provider_arn("https://oidc.eks.eu-west-1.amazonaws.com/id/EX"),
            "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EX"
        );
    }
}
