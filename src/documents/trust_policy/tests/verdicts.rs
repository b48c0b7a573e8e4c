//! Policies, claims and what IAM decides about them. Sources are pages of the IAM User Guide unless a row says otherwise.
//!
//! Within a row `P` stands for the right provider's ARN, `K` for the issuer as condition keys name it, and `W` for the
//! action. The token is that of payments/checkout with the audience sts.amazonaws.com; the claims column changes it.

use crate::aws::arn::RoleArn;
use crate::documents::trust_policy::{Policy, Request, Verdict, evaluate};
use crate::text::timestamp::Timestamp;

const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";

fn request(claims: &str) -> Request {
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
    let mut request = Request::new(role, ISSUER, "system:serviceaccount:payments:checkout", ["sts.amazonaws.com"]);
    for claim in claims.split_whitespace() {
        let (name, value) = claim.split_once('=').expect("name=value");
        let values = || value.split(',').filter(|value| !value.is_empty()).map(str::to_owned).collect();
        match name {
            "iss" => request.issuer = value.to_owned(),
            "sub" => request.subject = value.to_owned(),
            "aud" => request.audience = values(),
            "azp" => request.authorized_party = Some(value.to_owned()),
            "amr" => request.methods = values(),
            "role" => request.role = RoleArn::parse(value).expect(value),
            "session" => request.session_name = Some(value.to_owned()),
            "now" => request.now = Some(Timestamp(value.parse().expect(value))),
            key => drop(request.known.insert(key.to_owned(), values())),
        }
    }
    request
}

/// `allowed`, `unknown`, or the code of the fault.
fn judged(policy: &str, claims: &str) -> (String, String) {
    let request = request(claims);
    let text = policy
        .replace("\"P\"", &format!("{:?}", request.provider_arn()))
        .replace("\"W\"", "\"sts:AssumeRoleWithWebIdentity\"")
        .replace("K:", &request.key(""));
    let policy = Policy::parse(&text).unwrap_or_else(|fault| panic!("the policy {fault}: {text}"));
    let decision = evaluate(&policy, &request);
    let fault = decision.fault;
    match decision.verdict {
        Verdict::Allowed => ("allowed".into(), String::new()),
        Verdict::Unknown(why) => ("unknown".into(), why.join("; ")),
        Verdict::Denied => fault.map(|fault| (fault.cause.code.to_owned(), fault.text)).expect("a fault"),
    }
}

/// Runs rows of (fragment, claims, verdict, words of the reason) through `wrap`, which makes a policy of a fragment.
fn run(rows: &[(&str, &str, &str, &str)], wrap: impl Fn(&str) -> String) {
    let wrong = |(fragment, claims, verdict, words): &(&str, &str, &str, &str)| {
        let (found, reason) = judged(&wrap(fragment), claims);
        let right = found == *verdict && reason.contains(words);
        (!right).then(|| format!("{fragment} {claims}\n  {found}: {reason}\n  instead of {verdict}: ... {words}\n"))
    };
    let wrong: Vec<String> = rows.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), rows.len(), wrong.concat());
}

const SUB: &str = "wrong-subject-in-trust-policy";
const LIKE: &str = "subject-wildcard-needs-stringlike";
const KEY: &str = "condition-key-wrong-in-trust-policy";
const AUD: &str = "wrong-aud-condition-in-trust-policy";
const PROVIDER: &str = "wrong-provider-in-trust-policy";
const LACKS: &str = "trust-policy-lacks-web-identity-statement";
const DENY: &str = "explicit-deny-in-trust-policy";
const YES: &str = "allowed";
const OPEN: &str = "unknown";

#[test]
fn conditions() {
    let wrap = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"P"}},"Action":"W",
                "Condition":{condition}}}]}}"#
        )
    };
    run(
        &[
            // "Condition": no condition, no test; several keys and operators must all hold.
            (r#"{}"#, "", YES, ""),
            (r#"{"StringEquals":{"K:sub":"system:serviceaccount:payments:checkout"}}"#, "", YES, ""),
            (
                r#"{"StringEquals":{"K:sub":"system:serviceaccount:payments:checkout","K:aud":"sts.amazonaws.com"}}"#,
                "",
                YES,
                "",
            ),
            (
                r#"{"StringEquals":{"K:sub":"system:serviceaccount:payments:checkout","K:aud":"x"}}"#,
                "",
                AUD,
                "requires the audience x",
            ),
            (
                r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"},"StringLike":{"K:sub":"system:serviceaccount:payments:*"}}"#,
                "",
                YES,
                "",
            ),
            (
                r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"},"StringLike":{"K:sub":"system:serviceaccount:shop:*"}}"#,
                "",
                SUB,
                "namespace \"shop\"",
            ),
            // "Conditions with multiple context keys or values": the values of a key are alternatives.
            (
                r#"{"StringEquals":{"K:sub":["system:serviceaccount:a:b","system:serviceaccount:payments:checkout"]}}"#,
                "",
                YES,
                "",
            ),
            (r#"{"StringEquals":{"K:sub":["a","b"]}}"#, "", SUB, "\"a\""),
            (r#"{"StringEquals":{"K:sub":[]}}"#, "", SUB, "no value"),
            // The same page: of a negated operator, none of the values may match.
            (r#"{"StringNotEquals":{"K:sub":["a","system:serviceaccount:payments:checkout"]}}"#, "", SUB, "excludes"),
            (r#"{"StringNotEquals":{"K:sub":["a","b"]}}"#, "", YES, ""),
            // "Condition": key names are not case-sensitive, "String condition operators": values are.
            (r#"{"StringEquals":{"k:SUB":"system:serviceaccount:payments:checkout"}}"#, "iss=https://k", YES, ""),
            (r#"{"StringEquals":{"K:SUB":"system:serviceaccount:payments:checkout"}}"#, "", YES, ""),
            (
                r#"{"StringEquals":{"K:sub":"system:serviceaccount:Payments:checkout"}}"#,
                "",
                SUB,
                "upper and lower case",
            ),
            (r#"{"StringEqualsIgnoreCase":{"K:sub":"System:ServiceAccount:payments:Checkout"}}"#, "", YES, ""),
            (
                r#"{"StringNotEqualsIgnoreCase":{"K:sub":"SYSTEM:serviceaccount:payments:checkout"}}"#,
                "",
                SUB,
                "excludes",
            ),
            (r#"{"StringNotEqualsIgnoreCase":{"K:sub":"SYSTEM:serviceaccount:payments:x"}}"#, "", YES, ""),
            // "String condition operators": StringLike knows * and ?, StringEquals does not.
            (r#"{"StringLike":{"K:sub":"system:serviceaccount:*:checkout"}}"#, "", YES, ""),
            (r#"{"StringLike":{"K:sub":"system:serviceaccount:payments:check???"}}"#, "", YES, ""),
            (r#"{"StringLike":{"K:sub":"system:serviceaccount:payments:check??"}}"#, "", SUB, "service account"),
            (r#"{"StringLike":{"K:sub":"*"}}"#, "", YES, ""),
            (r#"{"StringLike":{"K:sub":"SYSTEM:*"}}"#, "", SUB, ""),
            (r#"{"StringNotLike":{"K:sub":"system:serviceaccount:kube-system:*"}}"#, "", YES, ""),
            (r#"{"StringNotLike":{"K:sub":"system:serviceaccount:*"}}"#, "", SUB, "excludes"),
            (r#"{"StringEquals":{"K:sub":"system:serviceaccount:payments:*"}}"#, "", LIKE, "StringLike"),
            (r#"{"StringEquals":{"K:sub":"system:serviceaccount:*:checkout"}}"#, "", LIKE, "StringLike"),
            (r#"{"StringEqualsIgnoreCase":{"K:sub":"system:serviceaccount:payments:check???"}}"#, "", LIKE, ""),
            // A pattern that would not match under StringLike either is another fault.
            (r#"{"StringEquals":{"K:sub":"system:serviceaccount:shop:*"}}"#, "", SUB, "namespace"),
            (r#"{"StringEquals":{"K:sub":"a*"}}"#, "sub=a*", YES, ""),
            // "Condition operators", Important: an absent key fails a test, and passes a negated one.
            (r#"{"StringEquals":{"K:email":"a"}}"#, "", KEY, "\"email\""),
            (r#"{"StringNotEquals":{"K:email":"a"}}"#, "", YES, ""),
            (r#"{"StringNotLike":{"K:email":"*"}}"#, "", YES, ""),
            (r#"{"ArnNotLike":{"K:email":"*"}}"#, "", YES, ""),
            (r#"{"NumericNotEquals":{"K:email":"1"}}"#, "", YES, ""),
            (r#"{"DateNotEquals":{"K:email":"2026-01-01"}}"#, "", YES, ""),
            (r#"{"NotIpAddress":{"K:email":"10.0.0.0/8"}}"#, "", YES, ""),
            (r#"{"StringLike":{"K:email":"*"}}"#, "", KEY, "only sub and aud"),
            (r#"{"Bool":{"K:email_verified":"true"}}"#, "", KEY, ""),
            // "...IfExists": passes where the key is absent, tests where it is there.
            (r#"{"StringEqualsIfExists":{"K:email":"a"}}"#, "", YES, ""),
            (r#"{"StringEqualsIfExists":{"K:sub":"a"}}"#, "", SUB, ""),
            (r#"{"StringLikeIfExists":{"K:sub":"system:*"}}"#, "", YES, ""),
            (r#"{"BoolIfExists":{"K:x":"true"}}"#, "", YES, ""),
            // Measured on IAM: a set operator inspects each value, and does not mind IfExists.
            (r#"{"ForAnyValue:StringEqualsIfExists":{"K:x":"a"}}"#, "", KEY, "\"x\""),
            (r#"{"ForAnyValue:StringNotEqualsIfExists":{"K:x":"a"}}"#, "", KEY, ""),
            (r#"{"ForAnyValue:StringEqualsIfExists":{"K:aud":"sts.amazonaws.com"}}"#, "", YES, ""),
            (r#"{"ForAllValues:StringEqualsIfExists":{"K:x":"a"}}"#, "", YES, ""),
            // "Condition operator to check existence of condition keys": Null.
            (r#"{"Null":{"K:sub":"false"}}"#, "", YES, ""),
            (r#"{"Null":{"K:sub":"true"}}"#, "", SUB, ""),
            (r#"{"Null":{"K:email":"true"}}"#, "", YES, ""),
            (r#"{"Null":{"K:email":"false"}}"#, "", KEY, ""),
            (r#"{"Null":{"K:email":true}}"#, "", YES, ""),
            (r#"{"Null":{"K:email":["true","false"]}}"#, "", YES, ""),
            (r#"{"Null":{"K:sub":"true"}}"#, "sub=", YES, ""),
            // "Multivalued context keys": ForAllValues passes without a key, ForAnyValue does not.
            (r#"{"ForAllValues:StringEquals":{"K:aud":["sts.amazonaws.com","b"]}}"#, "", YES, ""),
            (r#"{"ForAllValues:StringEquals":{"K:aud":["a","b"]}}"#, "aud=a,b", YES, ""),
            (r#"{"ForAllValues:StringEquals":{"K:aud":["a"]}}"#, "aud=a,b", AUD, ""),
            (r#"{"ForAllValues:StringEquals":{"K:email":"a"}}"#, "", YES, ""),
            (r#"{"ForAllValues:StringEquals":{"K:email":"a"}}"#, "K:email=", YES, ""),
            (r#"{"ForAllValues:StringLike":{"K:amr":"pwd*"}}"#, "amr=pwd,pwd2", YES, ""),
            (r#"{"ForAnyValue:StringEquals":{"K:aud":["b"]}}"#, "aud=a,b", YES, ""),
            (r#"{"ForAnyValue:StringEquals":{"K:aud":["c"]}}"#, "aud=a,b", AUD, "has a, b"),
            (r#"{"ForAnyValue:StringEquals":{"K:email":"a"}}"#, "", KEY, ""),
            (r#"{"ForAnyValue:StringNotEquals":{"K:aud":"a"}}"#, "aud=a,b", YES, ""),
            (r#"{"ForAnyValue:StringNotEquals":{"K:aud":"a"}}"#, "aud=a", AUD, ""),
            (r#"{"ForAllValues:StringNotEquals":{"K:aud":"a"}}"#, "aud=a,b", AUD, ""),
            (r#"{"ForAllValues:StringNotEquals":{"K:aud":"c"}}"#, "aud=a,b", YES, ""),
            (r#"{"ForAnyValue:StringLike":{"K:amr":"authenticated"}}"#, "amr=authenticated,x", YES, ""),
            (r#"{"ForAnyValue:StringLike":{"K:amr":"authenticated"}}"#, "", KEY, "\"amr\""),
            // "Single-valued vs. multivalued context keys" wants a set operator for several values and leaves open what
            // becomes without one.
            (r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"}}"#, "aud=sts.amazonaws.com,b", OPEN, "several values"),
            (r#"{"StringEquals":{"K:aud":["a","b"]}}"#, "aud=a,b", OPEN, "ForAnyValue:StringEquals"),
            (r#"{"StringEquals":{"K:aud":"c"}}"#, "aud=a,b", OPEN, ""),
            (r#"{"StringNotLike":{"K:aud":"c*"}}"#, "aud=a,b", OPEN, ""),
            (r#"{"StringEqualsIfExists":{"K:aud":"a"}}"#, "aud=a,b", OPEN, ""),
            (r#"{"Null":{"K:aud":"false"}}"#, "aud=a,b", YES, ""),
            // "IAM and AWS STS condition context keys", OIDC: azp takes the place of aud, which becomes oaud.
            (r#"{"StringEquals":{"K:aud":"client"}}"#, "azp=client", YES, ""),
            (r#"{"StringEquals":{"K:aud":"sts.amazonaws.com"}}"#, "azp=client", AUD, "the token has client"),
            (r#"{"StringEquals":{"K:oaud":"sts.amazonaws.com"}}"#, "azp=client", YES, ""),
            (r#"{"StringEquals":{"K:oaud":"sts.amazonaws.com"}}"#, "", KEY, "only sub and aud"),
            // "Numeric condition operators".
            (r#"{"NumericLessThanEquals":{"sts:DurationSeconds":"3600"}}"#, "sts:DurationSeconds=3600", YES, ""),
            (r#"{"NumericLessThan":{"sts:DurationSeconds":3600}}"#, "sts:DurationSeconds=3600", KEY, ""),
            (r#"{"NumericGreaterThan":{"sts:DurationSeconds":899.5}}"#, "sts:DurationSeconds=900", YES, ""),
            (r#"{"NumericGreaterThanEquals":{"sts:DurationSeconds":"x"}}"#, "sts:DurationSeconds=900", KEY, ""),
            (r#"{"NumericEquals":{"sts:DurationSeconds":"900"}}"#, "sts:DurationSeconds=900.0", YES, ""),
            (r#"{"NumericNotEquals":{"sts:DurationSeconds":"900"}}"#, "sts:DurationSeconds=901", YES, ""),
            (r#"{"NumericNotEquals":{"sts:DurationSeconds":"x"}}"#, "sts:DurationSeconds=901", OPEN, "cannot parse"),
            (r#"{"NumericNotEquals":{"sts:DurationSeconds":["x","901"]}}"#, "sts:DurationSeconds=901", KEY, ""),
            (r#"{"NumericNotEquals":{"sts:DurationSeconds":"900"}}"#, "sts:DurationSeconds=x", OPEN, ""),
            (r#"{"NumericLessThanEquals":{"sts:DurationSeconds":"3600"}}"#, "", OPEN, "sts:durationseconds"),
            // "Date condition operators": ISO 8601 or epoch. 1795395600 is 2026-11-23T01:00:00Z.
            (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-23T01:00:01Z"}}"#, "now=1795395600", YES, ""),
            (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-23T01:00:00Z"}}"#, "now=1795395600", KEY, ""),
            (r#"{"DateLessThanEquals":{"aws:CurrentTime":"2026-11-23T02:00:00+01:00"}}"#, "now=1795395600", YES, ""),
            (r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-23"}}"#, "now=1795395600", YES, ""),
            (r#"{"DateGreaterThan":{"aws:CurrentTime":"2027"}}"#, "now=1795395600", OPEN, "a year or seconds"),
            (r#"{"DateLessThan":{"aws:CurrentTime":2027}}"#, "now=1795395600", OPEN, ""),
            (r#"{"DateNotEquals":{"aws:CurrentTime":"2027"}}"#, "now=1795395600", OPEN, ""),
            (r#"{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-12"}}"#, "now=1795395600", KEY, ""),
            (r#"{"DateEquals":{"aws:EpochTime":"1795395600"}}"#, "now=1795395600", YES, ""),
            (r#"{"DateGreaterThan":{"aws:EpochTime":1795395599}}"#, "now=1795395600", YES, ""),
            (r#"{"NumericLessThan":{"aws:EpochTime":"1795395601"}}"#, "now=1795395600", YES, ""),
            (r#"{"DateNotEquals":{"aws:CurrentTime":"2026-11-23T01:00Z"}}"#, "now=1795395600", KEY, ""),
            (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-23"}}"#, "", OPEN, "aws:currenttime"),
            (r#"{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}"#, "now=1795395600", KEY, ""),
            (r#"{"DateNotEquals":{"aws:CurrentTime":"tomorrow"}}"#, "now=1795395600", OPEN, "DateNotEquals"),
            // "Boolean condition operators"; values need no quotes ("Grammar of the IAM JSON policy language").
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, "aws:SecureTransport=true", YES, ""),
            (r#"{"Bool":{"aws:SecureTransport":true}}"#, "aws:securetransport=true", YES, ""),
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, "aws:SecureTransport=false", KEY, ""),
            // STS has only HTTPS endpoints (AWS General Reference).
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, "", YES, ""),
            (r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#, "", OPEN, "only AWS knows"),
            (r#"{"Bool":{"aws:SecureTransport":"FALSE"}}"#, "aws:SecureTransport=false", YES, ""),
            (r#"{"Bool":{"aws:SecureTransport":"yes"}}"#, "aws:SecureTransport=yes", KEY, ""),
            (r#"{"Bool":{"aws:SecureTransport":["yes","true"]}}"#, "aws:SecureTransport=true", YES, ""),
            // "IP address condition operators".
            (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, "aws:SourceIp=203.0.113.7", YES, ""),
            (r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.7"]}}"#, "aws:SourceIp=203.0.113.7", YES, ""),
            (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, "aws:SourceIp=203.0.114.7", KEY, ""),
            (r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, "aws:SourceIp=203.0.114.7", YES, ""),
            (r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/99"}}"#, "aws:SourceIp=203.0.114.7", OPEN, ""),
            (r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#, "aws:SourceIp=2001:db8::1", YES, ""),
            (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, "", OPEN, "aws:sourceip"),
            (r#"{"StringEquals":{"aws:SourceVpc":"vpc-1"}}"#, "", OPEN, "aws:sourcevpc"),
            // "Amazon Resource Name (ARN) condition operators": field by field.
            (
                r#"{"ArnLike":{"aws:SourceArn":"arn:aws:eks:*:111122223333:cluster/*"}}"#,
                "aws:SourceArn=arn:aws:eks:eu-west-1:111122223333:cluster/c",
                YES,
                "",
            ),
            (
                r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:ecs:*:*:cluster/*"}}"#,
                "aws:SourceArn=arn:aws:eks:eu-west-1:111122223333:cluster/c",
                KEY,
                "",
            ),
            // What is no ARN of six fields, in the policy or in the request, is left open.
            (
                r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:eks:*"}}"#,
                "aws:SourceArn=arn:aws:eks:eu-west-1:111122223333:cluster/c",
                OPEN,
                "not an ARN",
            ),
            (r#"{"ArnNotEquals":{"K:sub":"arn:aws:eks:*:*:cluster/c"}}"#, "", OPEN, "ArnNotEquals"),
            (
                r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:eks:*:*:cluster/d"}}"#,
                "aws:SourceArn=arn:aws:eks:eu-west-1:111122223333:cluster/c",
                YES,
                "",
            ),
            (
                r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:eks:*:*:*"}}"#,
                "aws:SourceArn=arn:aws:eks:eu-west-1:111122223333:cluster/c",
                KEY,
                "",
            ),
            (r#"{"ArnLike":{"K:sub":"system:serviceaccount:payments:*"}}"#, "", OPEN, "not an ARN"),
            (r#"{"ArnLike":{"K:sub":"*"}}"#, "", OPEN, ""),
            // "Binary condition operators" compare letter by letter.
            (r#"{"BinaryEquals":{"K:sub":"QmluYXJ5"}}"#, "sub=QmluYXJ5", YES, ""),
            // "Variables and tags": put in where the key has one value, literal if ${*}, ${?} or ${$}.
            (r#"{"StringEquals":{"K:sub":"${K:sub}"}}"#, "", YES, ""),
            (r#"{"StringEquals":{"K:sub":"a${*}"}}"#, "sub=a*", YES, ""),
            (r#"{"StringLike":{"K:sub":"a${*}"}}"#, "sub=ab", SUB, ""),
            (r#"{"StringLike":{"K:sub":"a${?}*"}}"#, "sub=a?b", YES, ""),
            (r#"{"StringEquals":{"K:sub":"${$}{x}"}}"#, "sub=${x}", YES, ""),
            (r#"{"StringEquals":{"K:sub":"${aws:username}"}}"#, "", OPEN, "${aws:username}"),
            (r#"{"StringEquals":{"K:sub":"${aws:PrincipalTag/sub}"}}"#, "", OPEN, "policy variable"),
            (
                r#"{"StringEquals":{"K:sub":["${aws:username}","system:serviceaccount:payments:checkout"]}}"#,
                "",
                YES,
                "",
            ),
            (r#"{"StringEquals":{"K:sub":"x-${K:email, 'none'}"}}"#, "sub=x-none", YES, ""),
            (r#"{"StringEquals":{"K:sub":"${K:aud}"}}"#, "aud=a,b", OPEN, "${"),
            (r#"{"StringNotEquals":{"K:sub":"${aws:username}"}}"#, "", OPEN, ""),
            // "Pass session tags in AWS STS": tags are claims of the token, and that of a service account has none.
            (r#"{"StringEquals":{"aws:RequestTag/kubernetes-namespace":"payments"}}"#, "", KEY, "session tags"),
            (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}}"#, "", KEY, "session tags"),
            (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"team"}}"#, "", YES, ""),
            (r#"{"StringEquals":{"sts:SourceIdentity":"x"}}"#, "", KEY, "sts:SourceIdentity"),
            (r#"{"StringEquals":{"aws:RequestTag/team":"a"}}"#, "sub=repo:octo/repo:push", OPEN, "aws:requesttag/team"),
            // The key of another provider, or of another service, is not in the request.
            (r#"{"StringEquals":{"accounts.google.com:sub":"1"}}"#, "", KEY, "another issuer"),
            (r#"{"StringEquals":{"sts:ExternalId":"x"}}"#, "", KEY, "ExternalId"),
            (r#"{"StringEqualsIfExists":{"sts:ExternalId":"x"}}"#, "", YES, ""),
            (r#"{"StringLike":{"sts:RoleSessionName":"app-*"}}"#, "session=app-1", YES, ""),
            (r#"{"StringLike":{"sts:RoleSessionName":"app-*"}}"#, "session=b", KEY, ""),
            (r#"{"StringLike":{"sts:RoleSessionName":"app-*"}}"#, "", OPEN, "workload"),
            (r#"{"StringEquals":{"sub":"a"}}"#, "", KEY, ""),
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, "", OPEN, ""),
            // What is known to fail fails, whatever else is unknown.
            (r#"{"StringEquals":{"aws:SourceVpc":"v","K:aud":"x"}}"#, "", AUD, ""),
        ],
        wrap,
    );
}

#[test]
fn faults_of_conditions() {
    let wrap = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"P"}},"Action":"W",
                "Condition":{{"StringEquals":{{{condition}}}}}}}]}}"#
        )
    };
    run(
        &[
            // Keys: each of these has been made in public (see "Troubleshoot OIDC federation").
            (r#""K:aud":"system:serviceaccount:payments:checkout""#, "", KEY, "its value is a subject"),
            (r#""K:sub":"sts.amazonaws.com""#, "", KEY, "its value is an audience"),
            (r#""arn:aws:iam::111122223333:oidc-provider/K:sub":"x""#, "", KEY, "begins with the provider's ARN"),
            (
                r#""arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B:sub":"x""#,
                "",
                KEY,
                "for another issuer",
            ),
            (r#""https://K:sub":"x""#, "", KEY, "https://"),
            (
                r#""oidc.eu-west-1.eks.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"x""#,
                "",
                KEY,
                "in the wrong order",
            ),
            (
                r#""oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"x""#,
                "",
                KEY,
                "region us-east-1",
            ),
            (r#""oidc-eks.eu-west-1.api.aws/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"x""#, "", KEY, "dual-stack"),
            (
                r#""oidc.eks.eu-west-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"x""#,
                "",
                KEY,
                "another partition",
            ),
            (r#""oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE/:sub":"x""#, "", KEY, "slash"),
            (
                r#""oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE :sub":"x""#,
                "",
                KEY,
                "white space",
            ),
            (
                r#""oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE":"x""#,
                "",
                KEY,
                "is missing at its end",
            ),
            (
                r#""oidc.eks.eu-west-1.amazonaws.com/id/OTHER:sub":"system:serviceaccount:payments:checkout""#,
                "",
                KEY,
                "another cluster in eu-west-1",
            ),
            (
                r#""oidc.eks.eu-west-1.amazonaws.com/id/OTHER:sub":"system:serviceaccount:payments:checkout",
                    "K:sub":"system:serviceaccount:payments:checkout""#,
                "",
                KEY,
                "keys of two issuers",
            ),
            (r#""K:namespace":"payments""#, "", KEY, "\"namespace\""),
            (r#""K:kubernetes.io/serviceaccount/name":"checkout""#, "", KEY, "only sub and aud"),
            // Subjects.
            (r#""K:sub":"system:serviceaccount:payments:checkout ""#, "", SUB, "white space around"),
            (r#""K:sub":"system:serviceaccount:payments:checkout\n""#, "", SUB, "white space around"),
            (r#""K:sub":"system:serviceaccount: payments:checkout""#, "", SUB, "white space"),
            (r#""K:sub":"system:serviceaccount:payments:check\u200bout""#, "", SUB, "invisible"),
            (r#""K:sub":"\u201csystem:serviceaccount:payments:checkout\u201d""#, "", SUB, "quotes"),
            (r#""K:sub":"system:serviceaccount:payments:checkout/""#, "", SUB, "slash"),
            (r#""K:sub":"system:serviceaccount:shop:checkout""#, "", SUB, "namespace \"shop\""),
            (r#""K:sub":"system:serviceaccount:payments:basket""#, "", SUB, "service account \"basket\""),
            (r#""K:sub":"system:serviceaccount:checkout:payments""#, "", SUB, "swapped"),
            (r#""K:sub":"system:serviceaccount:shop:basket""#, "", SUB, "shop/basket"),
            (r#""K:sub":"system:serviceaccount:payments/checkout""#, "", SUB, "no colon"),
            (r#""K:sub":"payments:checkout""#, "", SUB, "lacks \"system:serviceaccount:\""),
            (r#""K:sub":"checkout""#, "", SUB, "lacks"),
            (r#""K:sub":"system:serviceaccounts:payments:checkout""#, "", SUB, "not a service account"),
            (r#""K:sub":"repo:octo/repo:pull""#, "sub=repo:octo/repo:push", SUB, "no value of the condition"),
            // Audiences: it is sts.amazonaws.com in every partition (EKS User Guide, "Assign IAM roles to service accounts").
            (r#""K:aud":"sts.amazonaws.com.cn""#, "", AUD, "in China too"),
            (r#""K:aud":"pods.eks.amazonaws.com""#, "", AUD, "Pod Identity"),
            (r#""K:aud":"https://sts.amazonaws.com""#, "", AUD, "https://"),
            (r#""K:aud":"sts.amazonaws.com/""#, "", AUD, "slash"),
            (r#""K:aud":"STS.amazonaws.com""#, "", AUD, "case"),
            (r#""K:aud":"sts.amazonaws.com""#, "aud=vault.example", AUD, "the token has vault.example"),
        ],
        wrap,
    );
}

#[test]
fn principals_and_actions() {
    let wrap = |parts: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{parts}}}]}}"#);
    run(
        &[
            // "Principal": a string or a list; federated names are compared literally.
            (r#""Principal":{"Federated":"P"},"Action":"W""#, "", YES, ""),
            (r#""Principal":{"Federated":["arn:aws:iam::1:saml-provider/x","P"]},"Action":"W""#, "", YES, ""),
            (r#""Principal":{"Federated":"P","Service":"ec2.amazonaws.com"},"Action":"W""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"Action":"W""#, "role=arn:aws-cn:iam::111122223333:role/a", YES, ""),
            // "Principal", "All principals": "*" and {"AWS": "*"} are everyone.
            (r#""Principal":"*","Action":"W""#, "", YES, ""),
            (r#""Principal":{"AWS":"*"},"Action":"W""#, "", YES, ""),
            (r#""Principal":{"Federated":"*"},"Action":"W""#, "", OPEN, "Federated"),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/*"},"Action":"W""#,
                "",
                PROVIDER,
                "wildcards",
            ),
            (
                r#""Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole""#,
                "",
                LACKS,
                "ec2.amazonaws.com",
            ),
            (
                r#""Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]"#,
                "",
                LACKS,
                "Pod Identity",
            ),
            (r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"W""#, "", LACKS, "root"),
            (r#""Principal":{"AWS":"P"},"Action":"W""#, "", PROVIDER, "under \"AWS\""),
            (
                r#""Principal":{"Federated":"https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "ARN",
            ),
            (
                r#""Principal":{"Federated":"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "ARN",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/adfs"},"Action":"W""#,
                "",
                PROVIDER,
                "SAML",
            ),
            (r#""Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"W""#, "", PROVIDER, "not the ARN"),
            (
                r#""Principal":{"Federated":"arn:aws:iam::999922223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "account \"999922223333\"",
            ),
            (
                r#""Principal":{"Federated":"arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "partition \"aws-cn\"",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "https://",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eu-west-1.eks.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "wrong order",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B"},"Action":"W""#,
                "",
                PROVIDER,
                "another cluster in eu-west-1",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/B"},"Action":"W""#,
                "",
                PROVIDER,
                "in another region",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc-eks.eu-west-1.api.aws/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"W""#,
                "",
                PROVIDER,
                "dual-stack",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"W""#,
                "",
                PROVIDER,
                "another issuer, token.actions",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE/"},"Action":"W""#,
                "",
                PROVIDER,
                "slash",
            ),
            (
                r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/exampled539d4633e53de1b71example"},"Action":"W""#,
                "",
                PROVIDER,
                "case",
            ),
            // "NotPrincipal": all but these.
            (r#""NotPrincipal":{"Federated":"P"},"Action":"W""#, "", PROVIDER, "NotPrincipal"),
            (r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"W""#, "", YES, ""),
            // "Action": not case-sensitive, with wildcards; "NotAction": all but these.
            (r#""Principal":{"Federated":"P"},"Action":"STS:assumerolewithwebidentity""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"Action":"sts:*""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"Action":"*""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"Action":"sts:AssumeRole*""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"Action":"sts:AssumeRoleWith???Identity""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"Action":["sts:TagSession","W"]"#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"NotAction":"sts:AssumeRole""#, "", YES, ""),
            (r#""Principal":{"Federated":"P"},"NotAction":["iam:*","sts:*"]"#, "", LACKS, "NotAction"),
            (r#""Principal":{"Federated":"P"},"Action":"sts:AssumeRole""#, "", LACKS, "another API call"),
            (r#""Principal":{"Federated":"P"},"Action":"sts:AssumeRoleWithSAML""#, "", LACKS, "SAML"),
            (r#""Principal":{"Federated":"P"},"Action":"sts:AssumeRoleWithWebIdentity ""#, "", LACKS, "white space"),
            (r#""Principal":{"Federated":"P"},"Action":[]"#, "", LACKS, ""),
        ],
        wrap,
    );
}

#[test]
fn statements_together() {
    const ALLOW: &str = r#"{"Effect":"Allow","Principal":{"Federated":"P"},"Action":"W"}"#;
    const EC2: &str = r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    const OTHER: &str = r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B"},
        "Action":"W","Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/B:sub":"system:serviceaccount:payments:checkout"}}}"#;
    const NEAR: &str = r#"{"Effect":"Allow","Principal":{"Federated":"P"},"Action":"W",
        "Condition":{"StringEquals":{"K:sub":"system:serviceaccount:payments:basket"}}}"#;
    const VPC: &str = r#"{"Effect":"Allow","Principal":{"Federated":"P"},"Action":"W",
        "Condition":{"StringEquals":{"aws:SourceVpc":"v"}}}"#;
    const DENY_ALL: &str = r#"{"Effect":"Deny","Principal":"*","Action":"*"}"#;
    const DENY_ELSE: &str = r#"{"Effect":"Deny","Principal":"*","Action":"*",
        "Condition":{"StringNotLike":{"K:sub":"system:serviceaccount:payments:*"}}}"#;
    const DENY_OUTSIDE: &str = r#"{"Effect":"Deny","Principal":"*","Action":"*",
        "Condition":{"StringNotEquals":{"aws:SourceVpc":"v"}}}"#;
    const DENY_BUT_US: &str = r#"{"Effect":"Deny","NotPrincipal":{"Federated":"P"},"Action":"*"}"#;
    for (statements, verdict, words) in [
        // "Policy evaluation logic": default deny, allow, and explicit deny over both.
        (vec![], LACKS, "no statement"),
        (vec![ALLOW], YES, ""),
        (vec![EC2], LACKS, "ec2"),
        (vec![EC2, ALLOW], YES, ""),
        (vec![OTHER, ALLOW], YES, ""),
        (vec![ALLOW, DENY_ALL], DENY, "Deny"),
        (vec![DENY_ALL], DENY, ""),
        (vec![DENY_ELSE], LACKS, "no statement"),
        (vec![ALLOW, DENY_ELSE], YES, ""),
        (vec![ALLOW, DENY_BUT_US], YES, ""),
        (vec![ALLOW, DENY_OUTSIDE], OPEN, "aws:sourcevpc"),
        (vec![VPC], OPEN, "aws:sourcevpc"),
        (vec![VPC, ALLOW], YES, ""),
        (vec![VPC, DENY_ALL], DENY, ""),
        (vec![VPC, NEAR], OPEN, ""),
        // The fault is that of the statement that comes closest.
        (vec![EC2, OTHER], PROVIDER, "another cluster"),
        (vec![EC2, OTHER, NEAR], SUB, "basket"),
        (vec![OTHER, NEAR, EC2], SUB, "basket"),
    ] {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let (found, reason) = judged(&policy, "");
        assert_eq!(found, verdict, "{policy}\n{reason}");
        assert!(reason.contains(words), "{policy}\n{reason}");
    }
    // "Version": without 2012-10-17, `${...}` is text like any other; "Statement": a single one needs no list.
    let literal = |version: &str| {
        let condition = r#"{"StringEquals":{"K:sub":"a${*}"}}"#;
        format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Principal":{{"Federated":"P"}},"Action":"W","Condition":{condition}}}}}"#
        )
    };
    assert_eq!(judged(&literal(r#""Version":"2012-10-17","#), "sub=a*").0, YES);
    assert_eq!(judged(&literal(""), "sub=a*").0, SUB);
    assert_eq!(judged(&literal(r#""Version":"2008-10-17","#), "sub=a${*}").0, YES);
}
