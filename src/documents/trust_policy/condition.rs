//! Whether a condition holds: "IAM JSON policy elements: Condition operators" and, for the set operators, "Multivalued
//! context keys".

use super::operator::{Operator, Order, Set, Test};
use super::pattern::Pattern;
use super::request::{Keys, Lookup};
use super::truth::Truth;
use super::version::Version;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use ipnet::IpNet;
use std::net::IpAddr;

/// One key of one operator: the values are alternatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub operator: Operator,
    pub key: String,
    pub values: Vec<String>,
}

impl Condition {
    pub(super) fn holds(&self, version: Version, request: &dyn Keys) -> Truth {
        let lookup = request.lookup(&self.key);
        if self.operator.test == Test::Null {
            return self.is_null(lookup);
        }
        let values = match lookup {
            Lookup::Unknown(why) => return Truth::Unknown(why),
            Lookup::Absent => return self.operator.without_key(),
            // For a set operator, an empty string is an empty set.
            Lookup::Values(values) if self.operator.set.is_some() && values.iter().all(String::is_empty) => {
                return self.operator.without_key();
            }
            Lookup::Values(values) => values,
        };
        if values.len() > 1 && self.operator.set.is_none() {
            return Truth::Unknown(format!(
                "{} has several values in this token, and IAM does not document how {} treats them: use ForAnyValue:{} to \
                 require one of them",
                self.key, self.operator.name, self.operator.name
            ));
        }
        let patterns: Vec<_> = self.values.iter().map(|text| self.operator.pattern(text, version, request)).collect();
        let truths = values.iter().map(|value| self.operator.matches_any(value, &patterns));
        match self.operator.set {
            Some(Set::All) => Truth::all(truths),
            Some(Set::Any) => Truth::any(truths),
            // There is one value.
            None => Truth::all(truths),
        }
    }

    /// `Null` does not compare values: `true` requires that the key is absent, `false` that it is present and not empty.
    fn is_null(&self, lookup: Lookup) -> Truth {
        let absent = match lookup {
            Lookup::Unknown(why) => return Truth::Unknown(why),
            Lookup::Absent => true,
            Lookup::Values(values) => values.iter().all(String::is_empty),
        };
        Truth::of(self.values.iter().any(|wanted| wanted.eq_ignore_ascii_case(if absent { "true" } else { "false" })))
    }
}

impl Operator {
    /// If the request lacks the key, `ForAllValues` is true and `ForAnyValue` is false, with or without `IfExists`, which
    /// applies to each value (measured on IAM: the pages of these operators on iam.cloudcopilot.io, and AWS re:Post).
    /// Other operators are true with `IfExists` or if they are negated, and false otherwise.
    fn without_key(&self) -> Truth {
        Truth::of(match self.set {
            Some(Set::All) => true,
            Some(Set::Any) => false,
            None => self.if_exists || self.negated,
        })
    }

    /// Variables are replaced only for string and ARN operators, and only in version 2012-10-17.
    fn pattern(&self, text: &str, version: Version, request: &dyn Keys) -> Result<Pattern, String> {
        let wildcards = matches!(self.test, Test::Like | Test::Arn);
        let takes_variables = wildcards || matches!(self.test, Test::Equal | Test::EqualIgnoringCase);
        match (takes_variables && version == Version::Y2012, wildcards) {
            (true, _) => Pattern::with_variables(text, wildcards, request),
            (false, true) => Ok(Pattern::with_wildcards(text)),
            (false, false) => Ok(Pattern::literal(text)),
        }
    }

    /// Compares one value of the request with all values of the policy, negation included.
    fn matches_any(&self, value: &str, patterns: &[Result<Pattern, String>]) -> Truth {
        let truth = Truth::any(patterns.iter().map(|pattern| match pattern {
            Ok(pattern) => self.matches(value, pattern),
            Err(why) => Truth::Unknown(why.clone()),
        }));
        match (self.negated, truth) {
            (true, Truth::Yes) => Truth::No,
            (true, Truth::No) => Truth::Yes,
            (_, truth) => truth,
        }
    }

    fn matches(&self, value: &str, pattern: &Pattern) -> Truth {
        let text = pattern.text();
        let compared = match self.test {
            Test::Equal | Test::Like | Test::Binary => Some(pattern.matches(value)),
            Test::EqualIgnoringCase => Some(pattern.matches_ignoring_case(value)),
            // "Boolean condition operators": true and false, and nothing else.
            Test::Bool => Some(boolean(value).is_some_and(|value| boolean(&text) == Some(value))),
            Test::Arn => match pattern.matches_arn(value) {
                Some(matches) => Some(matches),
                None => return Truth::Unknown(self.undocumented("a value that is not an ARN")),
            },
            Test::Number(order) => ordered(number(value), order, number(&text)),
            Test::Date(_) if [value, &text].into_iter().any(is_year_or_epoch) => {
                return Truth::Unknown(self.undocumented("four digits, which can be a year or seconds since 1970"));
            }
            Test::Date(order) => ordered(seconds(value), order, seconds(&text)),
            Test::Address => within(value, &text),
            // `Condition::is_null` handles it.
            Test::Null => Some(false),
        };
        match compared {
            Some(matches) => Truth::of(matches),
            // A test is false for a value that it cannot parse. Whether its negation is then true is not documented.
            None if self.negated => Truth::Unknown(self.undocumented("a value that it cannot parse")),
            None => Truth::No,
        }
    }

    fn undocumented(&self, what: &str) -> String {
        format!("IAM does not document how {} treats {what}", self.name)
    }
}

/// `None` if one of the two cannot be parsed.
fn ordered<T: PartialOrd>(left: Option<T>, order: Order, right: Option<T>) -> Option<bool> {
    let (left, right) = (left?, right?);
    Some(match order {
        Order::Equal => left == right,
        Order::Less => left < right,
        Order::LessOrEqual => left <= right,
        Order::Greater => left > right,
        Order::GreaterOrEqual => left >= right,
    })
}

fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

/// "Date condition operators" accept both the year alone (a W3C form of ISO 8601) and epoch time.
fn is_year_or_epoch(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// One of the W3C forms of ISO 8601, or seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let whole = match text.len() {
        7 if text.contains('-') => format!("{text}-01T00:00:00Z"),
        10 if text.contains('-') => format!("{text}T00:00:00Z"),
        17 if text.ends_with('Z') => text.replace('Z', ":00Z"),
        _ => text.to_owned(),
    };
    let parsed = DateTime::from_str(&whole, Format::DateTimeWithOffset).map(|time| time.secs());
    parsed.ok().or_else(|| text.parse().ok())
}

/// `network` is a CIDR block or a single address. `None` if one of the two cannot be parsed.
fn within(address: &str, network: &str) -> Option<bool> {
    let address: IpAddr = address.parse().ok()?;
    match network.parse::<IpNet>() {
        Ok(network) => Some(network.contains(&address)),
        Err(_) => Some(network.parse::<IpAddr>().ok()? == address),
    }
}
