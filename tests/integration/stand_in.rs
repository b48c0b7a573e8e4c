//! The stand-in for STS against clients that are not the probe: what a real cluster minted must pass or be refused for
//! the right reason, and every misbehaviour must be what it says.

use crate::http;
use crate::local_sts::jwt::Minted;
use crate::local_sts::keys::{Jwks, SigningKey};
use crate::local_sts::proxy::{Manner, Proxy};
use crate::local_sts::world::trust_policy;
use crate::local_sts::{LocalSts, Misbehaviour, Operation, World};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use irsa_probe::aws::arn::RoleArn;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const SUBJECT: &str = "system:serviceaccount:irsa:s3-reader";
const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/reader/test-session";

fn role() -> RoleArn {
    RoleArn::parse("arn:aws:iam::111122223333:role/team/reader").expect("an ARN")
}

fn world(jwks: Jwks) -> World {
    World::default()
        .issuer(ISSUER, Some(jwks))
        .provider(&role(), ISSUER, &["sts.amazonaws.com"])
        .role(&role(), trust_policy(&role(), ISSUER, SUBJECT, "sts.amazonaws.com"))
}

fn published(folder: &str) -> Jwks {
    let text = std::fs::read_to_string(format!("{}/tests/k8s/{folder}", env!("CARGO_MANIFEST_DIR"))).expect(folder);
    Jwks::from_json(&text).expect("a JWKS")
}

fn minted_by_a_cluster(path: &str) -> String {
    let text = std::fs::read_to_string(format!("{}/tests/k8s/{path}.jwt", env!("CARGO_MANIFEST_DIR"))).expect(path);
    text.trim().to_owned()
}

fn minted() -> Minted {
    Minted::new(ISSUER, "irsa", "s3-reader", World::default().now())
}

fn assume(server: SocketAddr, role: &str, token: &str) -> String {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithWebIdentity")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", role)
        .append_pair("RoleSessionName", "test-session")
        .append_pair("WebIdentityToken", token)
        .finish();
    http::post(server, &[], &body)
}

/// `Ok` is the ARN of the session.
fn verdict(answer: &str) -> Result<&str, (u16, &str, &str)> {
    match http::status(answer) {
        Some(200) => Ok(http::element(answer, "Arn").expect("an ARN")),
        status => Err((
            status.expect("a status"),
            http::element(answer, "Code").expect("a code"),
            http::element(answer, "Message").expect("a message"),
        )),
    }
}

#[test]
fn tokens_of_a_real_cluster_pass_or_are_refused_for_the_right_reason() {
    let no_key = "Couldn't retrieve verification key from your identity provider,  please reference \
                  AssumeRoleWithWebIdentity documentation for requirements";
    let invalid = |text| Err((400, "InvalidIdentityToken", text));
    let denied = Err((403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
    for (keys, token, expected) in [
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/normal-sts-aud", Ok(CALLER)),
        ("rs256-eks-issuer/jwks-one-key.json", "rs256-eks-issuer/normal-sts-aud", Ok(CALLER)),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/unbound", Ok(CALLER)),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/bound-secret", Ok(CALLER)),
        ("es256-eks-issuer/jwks.json", "es256-eks-issuer/normal-sts-aud", Ok(CALLER)),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer-rotated-out/normal-sts-aud", Ok(CALLER)),
        ("rs256-eks-issuer/jwks-one-key.json", "rs256-eks-issuer-rotated-out/normal-sts-aud", invalid(no_key)),
        ("rs256-eks-issuer/jwks.json", "es256-eks-issuer/normal-sts-aud", invalid(no_key)),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/wrong-audience-kube", invalid("Incorrect token audience")),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/wrong-audience-podid", invalid("Incorrect token audience")),
        ("es256-eks-issuer/jwks.json", "es256-eks-issuer/wrong-audience-podid", invalid("Incorrect token audience")),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/kube-api-access-3607", invalid("Incorrect token audience")),
        (
            "rs256-eks-issuer/jwks.json",
            "rs256-eks-issuer/two-audiences",
            invalid("Token audience contains more than one audience while authorized party is not present"),
        ),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/legacy-secret", invalid("Missing a required claim: aud")),
        ("es256-eks-issuer/jwks.json", "es256-eks-issuer/legacy-secret", invalid("Missing a required claim: aud")),
        ("rs256-eks-issuer/jwks.json", "rs256-eks-issuer/default-sa", denied),
    ] {
        let server = LocalSts::new(world(published(keys))).listen(None).expect("listen");
        let answer = assume(server, &role().to_string(), &minted_by_a_cluster(token));
        assert_eq!(verdict(&answer), expected, "{token} with {keys}");
    }
}

#[test]
fn a_real_token_that_has_expired_is_refused_with_both_times() {
    let sts = LocalSts::new(world(published("rs256-eks-issuer/jwks.json")));
    let server = sts.listen(None).expect("listen");
    let answer = assume(server, &role().to_string(), &minted_by_a_cluster("rs256-eks-issuer/short-600s"));
    let (status, code, message) = verdict(&answer).expect_err("a refusal");
    assert_eq!((status, code), (400, "ExpiredTokenException"));
    assert!(message.starts_with("Token expired: current date/time "), "{message}");
    assert!(message.contains(" must be before the expiration date/time 1795309952"), "{message}");
}

#[test]
fn minted_tokens_are_as_a_clusters_and_a_changed_one_is_refused() {
    let (rsa, ec) = (SigningKey::rs256().expect("a key"), SigningKey::es256().expect("a key"));
    let server = LocalSts::new(world(Jwks::of(&[&rsa, &ec]))).listen(None).expect("listen");
    for key in [&rsa, &ec] {
        let token = minted().sign(key).expect("a token");
        assert_eq!(verdict(&assume(server, &role().to_string(), &token)), Ok(CALLER));
        let other = Minted { namespace: "other".into(), ..minted() }.sign(key).expect("a token");
        let (claims, signature) = (other.split('.').nth(1).expect("claims"), token.rsplit('.').next().expect("one"));
        let forged = format!("{}.{claims}.{signature}", token.split('.').next().expect("a header"));
        let answer = assume(server, &role().to_string(), &forged);
        let not_validated = "The web identity token provided could not be validated";
        assert_eq!(verdict(&answer), Err((400, "InvalidIdentityToken", not_validated)));
    }
    let real: Value =
        serde_json::from_str(&payload(&minted_by_a_cluster("rs256-eks-issuer/normal-sts-aud"))).expect("JSON");
    assert_eq!(shape(&minted().claims()), shape(&real));
    let legacy: Value =
        serde_json::from_str(&payload(&minted_by_a_cluster("rs256-eks-issuer/legacy-secret"))).expect("JSON");
    assert_eq!(shape(&minted().legacy_claims()), shape(&legacy));
}

fn payload(token: &str) -> String {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("claims");
    String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("UTF-8")
}

/// The names and types in a JSON value, without its values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Number(_) => json!(0),
        _ => json!(""),
    }
}

#[test]
fn each_claim_provider_role_and_policy_is_inspected() {
    let key = SigningKey::es256().expect("a key");
    let other_role = RoleArn::parse("arn:aws:iam::111122223333:role/other").expect("an ARN");
    let world = world(Jwks::of(&[&key])).role(&other_role, trust_policy(&other_role, ISSUER, "x", "sts.amazonaws.com"));
    let server = LocalSts::new(world).listen(None).expect("listen");
    let now = World::default().now();
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut claims = minted().claims();
        edit(&mut claims);
        key.sign(&claims).expect("a token")
    };
    let good = with(&|_| ());
    let role = role().to_string();
    for (role, token, code, text) in [
        (
            role.as_str(),
            with(&|c| c["iss"] = json!("https://else.example")),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://else.example",
        ),
        (role.as_str(), with(&|c| c["azp"] = json!("other")), "InvalidIdentityToken", "Incorrect token audience"),
        (
            role.as_str(),
            with(&|c| c["nbf"] = json!(now + 3600)),
            "InvalidIdentityToken",
            "The web identity token provided could not be validated",
        ),
        (
            role.as_str(),
            with(&|c| c["exp"] = json!("soon")),
            "InvalidIdentityToken",
            "The web identity token provided could not be validated",
        ),
        (role.as_str(), with(&|c| c["sub"] = Value::Null), "InvalidIdentityToken", "Missing a required claim: sub"),
        (
            role.as_str(),
            with(&|c| c["sub"] = json!("system:serviceaccount:irsa:else")),
            "AccessDenied",
            "Not authorized",
        ),
        ("arn:aws:iam::111122223333:role/other", good.clone(), "AccessDenied", "Not authorized"),
        ("arn:aws:iam::111122223333:role/nobody", good.clone(), "AccessDenied", "Not authorized"),
        (
            "arn:aws:iam::444455556666:role/team/reader",
            good.clone(),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
        ),
        (
            "arn:aws-cn:iam::111122223333:role/team/reader",
            good.clone(),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
        ),
        ("arn:aws:iam::11112222333:role/team/reader", good.clone(), "ValidationError", "Request ARN is invalid"),
        (
            "reader",
            good.clone(),
            "ValidationError",
            "1 validation error detected: Value 'reader' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
        ),
        (
            role.as_str(),
            String::new(),
            "ValidationError",
            "1 validation error detected: Value '' at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4",
        ),
        (role.as_str(), "no token".to_owned(), "InvalidIdentityToken", ""),
    ] {
        let answer = assume(server, role, &token);
        let (_, got, message) = verdict(&answer).expect_err("a refusal");
        assert_eq!(got, code, "{message}");
        assert!(message.starts_with(text), "{message}");
    }
}

#[test]
fn parameters_are_validated_in_awss_words() {
    let key = SigningKey::es256().expect("a key");
    let server = LocalSts::new(world(Jwks::of(&[&key]))).listen(None).expect("listen");
    let token = minted().sign(&key).expect("a token");
    let role = form_urlencoded::byte_serialize(role().to_string().as_bytes()).collect::<String>();
    for (fields, message) in [
        (
            format!("RoleArn={role}&RoleSessionName=dependabot%5Bbot%5D&WebIdentityToken={token}"),
            r"1 validation error detected: Value 'dependabot[bot]' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
        ),
        (
            format!("RoleArn={role}&RoleSessionName=session"),
            "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null",
        ),
        (
            format!("RoleArn={role}&RoleSessionName=session&DurationSeconds=7200&WebIdentityToken={token}"),
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ),
        (
            format!("RoleArn={role}&RoleSessionName=s&DurationSeconds=60&WebIdentityToken={token}"),
            "2 validation errors detected: Value 's' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2; Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
        ),
    ] {
        let answer = http::post(server, &[], &format!("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&{fields}"));
        assert_eq!(verdict(&answer), Err((400, "ValidationError", message)));
    }
}

#[test]
fn an_answer_has_awss_envelope_and_headers() {
    let key = SigningKey::es256().expect("a key");
    let server = LocalSts::new(world(Jwks::of(&[&key]))).listen(None).expect("listen");
    let answer = assume(server, &role().to_string(), &minted().sign(&key).expect("a token"));
    let refusal = assume(server, "arn:aws:iam::111122223333:user/a", "token");
    for answer in [&answer, &refusal] {
        let id = http::element(answer, "RequestId").expect("a request id");
        assert_eq!(id.len(), 36);
        assert!(answer.contains(&format!("x-amzn-requestid: {id}\r\n")), "{answer}");
        assert!(answer.contains("Content-Type: text/xml\r\n") && answer.contains("\r\nDate: "), "{answer}");
        assert!(answer.contains("xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""), "{answer}");
    }
    assert!(http::element(&answer, "AccessKeyId").expect("a key").starts_with("ASIA"));
    assert_eq!(
        http::element(&answer, "AssumedRoleId").expect("an id").len(),
        "AROA".len() + 17 + ":test-session".len()
    );
    assert_eq!(http::element(&answer, "SubjectFromWebIdentityToken"), Some(SUBJECT));
    assert_eq!(http::element(&answer, "Provider"), Some(role().provider_arn(ISSUER).as_str()));
}

#[test]
fn a_signature_is_verified_for_real() {
    let key = SigningKey::es256().expect("a key");
    let server = LocalSts::new(world(Jwks::of(&[&key])).region("eu-west-1")).listen(None).expect("listen");
    let answer = assume(server, &role().to_string(), &minted().sign(&key).expect("a token"));
    let part = |name| http::element(&answer, name).expect(name).to_owned();
    let (id, secret, token) = (part("AccessKeyId"), part("SecretAccessKey"), part("SessionToken"));
    let (now, region) = (SystemTime::now(), "eu-west-1");
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let mismatch = "The request signature we calculated does not match";
    let invalid = "The security token included in the request is invalid";

    let signed = signed(server, &id, &secret, &token, now, region);
    let answer = http::post(server, &signed, CALLER_IDENTITY);
    assert_eq!(http::element(&answer, "Arn"), Some(CALLER), "{answer}");
    assert_eq!(http::element(&answer, "Account"), Some("111122223333"));

    let call = |id: &str, secret: &str, token: &str, time, region| {
        http::post(server, &self::signed(server, id, secret, token, time, region), CALLER_IDENTITY)
    };
    for (answer, status, code, text) in [
        (
            http::post(server, &signed, "Version=2011-06-15&Action=GetCallerIdentity"),
            403,
            "SignatureDoesNotMatch",
            mismatch,
        ),
        (
            http::post(server, &[], CALLER_IDENTITY),
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ),
        (call(&id, "wrong", &token, now, region), 403, "SignatureDoesNotMatch", mismatch),
        (call("ASIAUNKNOWN", &secret, &token, now, region), 403, "InvalidClientTokenId", invalid),
        (call(&id, &secret, "other", now, region), 403, "InvalidClientTokenId", invalid),
        (call(&id, &secret, &token, now - minutes(20), region), 403, "SignatureDoesNotMatch", "Signature expired: 2"),
        (
            call(&id, &secret, &token, now + minutes(20), region),
            403,
            "SignatureDoesNotMatch",
            "Signature not yet current: 2",
        ),
        (call(&id, &secret, &token, now - minutes(10), region), 200, "", ""),
        (
            call(&id, &secret, &token, now, "us-east-1"),
            403,
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region.",
        ),
    ] {
        assert_eq!(http::status(&answer), Some(status), "{answer}");
        assert_eq!(http::element(&answer, "Code").unwrap_or_default(), code);
        assert!(http::element(&answer, "Message").unwrap_or_default().starts_with(text), "{answer}");
    }
}

const CALLER_IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The headers of a signed GetCallerIdentity, made by AWS's own signer.
fn signed(
    server: SocketAddr,
    id: &str,
    secret: &str,
    token: &str,
    time: SystemTime,
    region: &str,
) -> Vec<(String, String)> {
    let identity = Credentials::new(id, secret, Some(token.to_owned()), None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .expect("complete")
        .into();
    let url = format!("http://{server}/");
    let headers = std::iter::once(("content-type", "application/x-www-form-urlencoded"));
    let request =
        SignableRequest::new("POST", &url, headers, SignableBody::Bytes(CALLER_IDENTITY.as_bytes())).expect("signable");
    let (instructions, _) = sign(request, &params).expect("signed").into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn each_misbehaviour_is_what_it_says() {
    let key = SigningKey::es256().expect("a key");
    let token = minted().sign(&key).expect("a token");
    let right_length = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        head.to_lowercase().contains(&format!("content-length: {}", body.len()))
    };
    type Check<'a> = &'a dyn Fn(&str) -> bool;
    let checks: &[(&str, Check<'_>)] = &[
        ("delay:1", &|a| http::status(a) == Some(200) && right_length(a)),
        ("close", &str::is_empty),
        ("reset", &str::is_empty),
        ("not-http", &|a| http::status(a).is_none() && !a.is_empty()),
        ("cut-in-headers", &|a| a.starts_with("HTTP/1.1 200") && !a.contains("\r\n\r\n")),
        ("cut-in-body", &|a| a.contains("\r\n\r\n") && !right_length(a)),
        ("endless-headers", &|a| a.len() >= 1024 * 1024 && !a.contains("\r\n\r\n")),
        ("endless-body", &|a| a.len() >= 1024 * 1024 && a.contains("\r\n\r\n")),
        ("content-length-too-long", &|a| a.contains("</AssumeRoleWithWebIdentityResponse>") && !right_length(a)),
        ("content-length-too-short", &|a| a.contains("</AssumeRoleWithWebIdentityResponse>") && !right_length(a)),
        ("content-length-malformed", &|a| a.contains("Content-Length: a few\r\n")),
        ("html", &|a| http::status(a) == Some(200) && a.contains("text/html") && right_length(a)),
        ("json", &|a| http::status(a) == Some(200) && a.ends_with('}') && right_length(a)),
        ("empty", &|a| http::status(a) == Some(200) && a.ends_with("\r\n\r\n") && right_length(a)),
        ("redirect:https://portal.example/", &|a| a.contains("Location: https://portal.example/\r\n")),
        ("gzip", &|a| a.contains("Content-Encoding: gzip\r\n") && !a.contains("<AccessKeyId>")),
        ("status:502", &|a| http::status(a) == Some(502) && a.contains("<html>")),
        ("s3", &|a| http::status(a) == Some(405) && a.contains("<Error><Code>MethodNotAllowed</Code>")),
        ("truncated-credentials", &|a| a.ends_with("<SecretAccessKey>") && right_length(a)),
        ("no-credentials", &|a| {
            a.contains("<AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResult>")
                && a.contains("<RequestId>")
                && a.ends_with("</AssumeRoleWithWebIdentityResponse>")
        }),
        ("malformed-expiration", &|a| a.contains("<Expiration>in an hour or so</Expiration>") && right_length(a)),
        ("skewed-date:-3600", &|a| http::status(a) == Some(200) && a.matches("Date: ").count() == 1),
        ("Throttling", &|a| verdict(a) == Err((400, "Throttling", "Rate exceeded"))),
        ("RegionDisabledException", &|a| {
            verdict(a).is_err_and(|(status, code, _)| (status, code) == (403, "RegionDisabledException"))
        }),
    ];
    for (name, is_right) in checks {
        let sts = LocalSts::new(world(Jwks::of(&[&key])));
        sts.misbehave(Operation::AssumeRoleWithWebIdentity, name.parse().expect("a misbehaviour"));
        let answer = assume(sts.listen(None).expect("listen"), &role().to_string(), &token);
        assert!(is_right(&answer), "{name}: {answer:.600}");
    }
    assert!("nonsense".parse::<Misbehaviour>().is_err());
}

#[test]
fn a_misbehaviour_ends_after_its_number_of_calls() {
    let key = SigningKey::es256().expect("a key");
    let token = minted().sign(&key).expect("a token");
    let sts = LocalSts::new(world(Jwks::of(&[&key])));
    sts.misbehave_times(Operation::AssumeRoleWithWebIdentity, Misbehaviour::Status(503), 2);
    let server = sts.listen(None).expect("listen");
    let statuses = [(); 3].map(|()| http::status(&assume(server, &role().to_string(), &token)));
    assert_eq!(statuses, [Some(503), Some(503), Some(200)]);
    assert_eq!(sts.calls(Operation::AssumeRoleWithWebIdentity), 3);
}

#[test]
fn the_issuers_documents_are_served_below_its_path() {
    let jwks = published("rs256-eks-issuer/jwks.json");
    let server = LocalSts::new(world(jwks)).listen(None).expect("listen");
    let path = "/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let answer = http::get(server, &format!("{path}/.well-known/openid-configuration"));
    let document: Value = serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    let served = std::fs::read_to_string(format!(
        "{}/tests/k8s/rs256-eks-issuer/openid-configuration.json",
        env!("CARGO_MANIFEST_DIR")
    ));
    assert_eq!(document, serde_json::from_str::<Value>(&served.expect("a file")).expect("JSON"));
    let keys = http::get(server, &format!("{path}/keys"));
    assert!(keys.contains("application/jwk-set+json") && keys.contains("VkjwZvHHiJJwsFTyFZNUBDWJmQ-9N9yqj8OVnaF4OXM"));
    assert_eq!(http::status(&http::get(server, "/keys")), Some(404));
}

#[test]
fn the_proxy_leads_real_names_to_loopback_and_refuses_the_rest() {
    let key = SigningKey::es256().expect("a key");
    let sts = LocalSts::new(world(Jwks::of(&[&key]))).listen(None).expect("listen");
    let proxy = Proxy::new(Manner::Allow, &[("sts.eu-west-1.amazonaws.com:443", sts)]);
    let server = proxy.listen().expect("listen");
    let connect = |name| format!("CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n");
    let tunnelled = "GET /keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = http::exchange(server, &format!("{}{tunnelled}", connect("sts.eu-west-1.amazonaws.com:443")));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 404 "), "{answer}");
    let answer = http::exchange(server, &connect("elsewhere.example:443"));
    assert_eq!(http::status(&answer), Some(502));
    assert_eq!(proxy.asked(), ["sts.eu-west-1.amazonaws.com:443", "elsewhere.example:443"]);
    let refusing = Proxy::new(Manner::Refuse(407), &[]).listen().expect("listen");
    assert!(http::exchange(refusing, &connect("x.example:443")).contains("Proxy-Authenticate: "));
}
