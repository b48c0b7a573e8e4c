//! Condition operators and their names: "IAM JSON policy elements: Condition operators".

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// As written.
    pub name: String,
    pub(super) test: Test,
    pub(super) negated: bool,
    pub(super) set: Option<Set>,
    pub(super) if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    EqualIgnoringCase,
    Like,
    Arn,
    Bool,
    Null,
    Binary,
    Number(Order),
    Date(Order),
    Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    All,
    Any,
}

impl Operator {
    /// `[ForAllValues:|ForAnyValue:]NAME[IfExists]`. Case does not matter: a policy that IAM has accepted is not rejected here.
    pub fn parse(name: &str) -> Option<Operator> {
        let lower = name.to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Set::All), rest),
            Some(("foranyvalue", rest)) => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, lower.as_str()),
        };
        let (base, if_exists) = match rest.strip_suffix("ifexists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (test, negated) = match base {
            "stringequals" => (Test::Equal, false),
            "stringnotequals" => (Test::Equal, true),
            "stringequalsignorecase" => (Test::EqualIgnoringCase, false),
            "stringnotequalsignorecase" => (Test::EqualIgnoringCase, true),
            "stringlike" => (Test::Like, false),
            "stringnotlike" => (Test::Like, true),
            "arnequals" | "arnlike" => (Test::Arn, false),
            "arnnotequals" | "arnnotlike" => (Test::Arn, true),
            "bool" => (Test::Bool, false),
            "null" if !if_exists && set.is_none() => (Test::Null, false),
            "binaryequals" => (Test::Binary, false),
            "ipaddress" => (Test::Address, false),
            "notipaddress" => (Test::Address, true),
            "numericequals" => (Test::Number(Order::Equal), false),
            "numericnotequals" => (Test::Number(Order::Equal), true),
            "numericlessthan" => (Test::Number(Order::Less), false),
            "numericlessthanequals" => (Test::Number(Order::LessOrEqual), false),
            "numericgreaterthan" => (Test::Number(Order::Greater), false),
            "numericgreaterthanequals" => (Test::Number(Order::GreaterOrEqual), false),
            "dateequals" => (Test::Date(Order::Equal), false),
            "datenotequals" => (Test::Date(Order::Equal), true),
            "datelessthan" => (Test::Date(Order::Less), false),
            "datelessthanequals" => (Test::Date(Order::LessOrEqual), false),
            "dategreaterthan" => (Test::Date(Order::Greater), false),
            "dategreaterthanequals" => (Test::Date(Order::GreaterOrEqual), false),
            _ => return None,
        };
        Some(Operator { name: name.to_owned(), test, negated, set, if_exists })
    }
}
