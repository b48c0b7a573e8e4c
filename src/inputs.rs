//! Everything that comes from outside, taken apart as the program does it: what the fuzz targets (`tests/fuzz`) and the
//! mutation test below call. Each function holds what must be true of any input.
#![allow(clippy::disallowed_methods, clippy::expect_used, reason = "compiled for tests and fuzzing only")]

use crate::arn::RoleArn;
use crate::audit::{Context, audit};
use crate::documents::Documents;
use crate::timestamp::Timestamp;
use crate::trust_policy::{Answer, Policy, Request, Verdict, evaluate, json};
use crate::{collect, render, sts_errors};

/// A secret that answers hold in these tests: nothing that is said of an answer may hold it.
pub const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

pub fn token(bytes: &[u8]) {
    if let Ok(token) = collect::jwt::decode(bytes) {
        let said = format!("{token:?}");
        let signature = bytes.rsplit(|byte| *byte == b'.').next().unwrap_or_default().trim_ascii();
        let signature = String::from_utf8_lossy(signature);
        assert!(signature.len() < 40 || !said.contains(signature.as_ref()), "the signature is shown");
    }
}

pub fn arn(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match RoleArn::parse(text) {
        Ok(role) => {
            assert_eq!(role.to_string(), text);
            assert!(role.provider_arn(text).starts_with("arn:"));
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}

pub fn policy(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(value) = json(&text) else { return };
    let policy = match Policy::from_value(&value) {
        Ok(policy) => policy,
        Err(fault) => return assert!(!fault.to_string().is_empty()),
    };
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").expect("an ARN");
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/A";
    let request = Request::new(role, issuer, "system:serviceaccount:payments:checkout", ["sts.amazonaws.com"]);
    let decision = evaluate(&policy, &request);
    assert_eq!(decision.mistake.is_some(), decision.verdict == Verdict::Denied);
    let mut reversed = policy.clone();
    reversed.statements.reverse();
    assert_eq!(evaluate(&reversed, &request).is_allowed(), decision.is_allowed());
    let answer = Answer::new(request, &policy, &value);
    assert!(render::trust_policy::answer_text(&answer).lines().last().is_some_and(|line| line.starts_with("exit ")));
    json(&render::trust_policy::answer_json(&answer)).expect("JSON");
}

pub fn documents(bytes: &[u8]) {
    let mut documents = Documents::default();
    documents.read("input", &String::from_utf8_lossy(bytes));
    let audit = audit(&documents, Context::at(Timestamp(1_795_395_600)));
    let text = render::audit::text(&audit, &documents);
    let forbidden = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(forbidden), "what a document holds must not drive the terminal");
    json(&render::audit::json(&audit, &documents)).expect("JSON");
}

pub fn error_text(bytes: &[u8]) {
    let (_, readings) = sts_errors::read_text(bytes);
    for reading in readings {
        assert!(!reading.suspects.is_empty() && crate::checks::cause(reading.code()).is_some());
    }
}

/// The first byte chooses the status.
pub fn sts_answer(bytes: &[u8]) {
    let Some((choice, body)) = bytes.split_first() else { return };
    let status = [200, 400, 403, 500, 503][usize::from(*choice) % 5];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let said = match runtime.block_on(collect::sts::replay::assume(status, body)) {
        Ok(session) => format!("{session:?}"),
        Err(fault) => format!("{fault:?} {fault}"),
    };
    assert!(!said.contains(&SECRET[..20]), "the secret is shown");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small random generator (splitmix64): the same seed mutates alike everywhere.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
        }
    }

    /// Pieces that parsers trip over.
    const PIECES: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b":",
        b",",
        b".",
        b"\n",
        b"\0",
        b"\x1b[31m",
        b"\xff",
        b"\xef\xbb\xbf",
        b"null",
        b"true",
        b"1e999",
        b"-1",
        b"9223372036854775808",
        b"${",
        b"}",
        b"*",
        b"?",
        b"%7B",
        b"&a",
        b"*a",
        b"---\n",
        b"<",
        b"</",
        b"<![CDATA[",
        b"&lt;",
        b"&#x0;",
        "\u{201c}".as_bytes(),
        "\u{200b}".as_bytes(),
        b"ForAnyValue:",
        b"IfExists",
        b"arn:aws:iam::",
        b"eyJ",
        b"=",
        b" ",
    ];

    fn mutate(dice: &mut Dice, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..1 + dice.roll(4) {
            let (at, length) = (dice.roll(bytes.len() + 1), dice.roll(12));
            let end = (at + length).min(bytes.len());
            match dice.roll(6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, PIECES[dice.roll(PIECES.len())].iter().copied())),
                3 => drop(bytes.splice(at..end, PIECES[dice.roll(PIECES.len())].iter().copied())),
                4 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
                _ => {
                    let copy = bytes[at..end].to_vec();
                    let to = dice.roll(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
            }
        }
        bytes
    }

    fn survives(seeds: &[&[u8]], rounds: usize, take: fn(&[u8])) {
        let mut dice = Dice(20_261_122);
        for seed in seeds {
            take(seed);
            for _ in 0..rounds {
                let mutant = mutate(&mut dice, seed);
                if std::panic::catch_unwind(|| take(&mutant)).is_err() {
                    panic!("this input: {:?}", String::from_utf8_lossy(&mutant));
                }
            }
        }
    }

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"},"Action":["sts:AssumeRoleWith*"],
        "Condition":{"StringLike":{"oidc.eks.eu-west-1.amazonaws.com/id/A:sub":["system:serviceaccount:payments:*","${aws:x, 'y'}"]},
        "ForAllValues:StringEqualsIfExists":{"oidc.eks.eu-west-1.amazonaws.com/id/A:aud":"sts.amazonaws.com"},
        "DateLessThan":{"aws:CurrentTime":"2030-01-01"},"Bool":{"aws:SecureTransport":true}}}]}"#;

    #[test]
    fn no_token_breaks_the_program() {
        let token_of = |claims: &str| {
            use base64::Engine;
            let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.{}", encode(r#"{"alg":"RS256","kid":"k"}"#), encode(claims), encode(&"s".repeat(40)))
        };
        let seeds = [
            token_of(
                r#"{"iss":"https://i","sub":"system:serviceaccount:a:b","aud":["sts.amazonaws.com"],"exp":1,"iat":0.5}"#,
            ),
            token_of(
                r#"{"kubernetes.io":{"namespace":"a","serviceaccount":{"name":"b"},"pod":{"name":"c"}},"nbf":"x"}"#,
            ),
        ];
        survives(&seeds.each_ref().map(|seed| seed.as_bytes()), 3_000, token);
    }

    #[test]
    fn no_arn_breaks_the_program() {
        survives(
            &[b"arn:aws:iam::111122223333:role/a/b", b"arn:aws-us-gov:iam::111122223333:role/x=+,.@-_"],
            5_000,
            arn,
        );
    }

    #[test]
    fn no_policy_breaks_the_program() {
        let wrapped =
            format!(r#"{{"Role":{{"Arn":"arn:aws:iam::111122223333:role/a","AssumeRolePolicyDocument":{POLICY}}}}}"#);
        survives(&[POLICY.as_bytes(), wrapped.as_bytes()], 500, policy);
    }

    #[test]
    fn no_document_breaks_the_program() {
        let pods = [
            include_str!("../tests/webhook/init-and-sidecar.out.json"),
            include_str!("../tests/webhook/pod-identity-wins.out.json"),
            include_str!("../tests/webhook/service-accounts.yaml"),
        ];
        survives(&pods.map(str::as_bytes), 60, documents);
        let small: [&[u8]; 2] = [
            br#"{"kind":"Pod","metadata":{"name":"p","uid":"u"},"spec":{"containers":[{"name":"a","env":[{"name":"AWS_ROLE_ARN","value":"x"}]}]}}"#,
            b"kind: List\nitems:\n- kind: MutatingWebhookConfiguration\n  webhooks: [{name: iam-for-pods, clientConfig: {caBundle: YQ==}}]\n",
        ];
        survives(&small, 1_000, documents);
    }

    #[test]
    fn no_error_text_breaks_the_program() {
        let seeds: [&[u8]; 3] = [
            b"An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/A",
            b"operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: 1-2, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
            br#"{"level":"error","msg":"WebIdentityErr: failed to retrieve credentials\ncaused by: RequestError: dial tcp: lookup sts.eu-west-1.amazonaws.com: no such host"}"#,
        ];
        survives(&seeds, 300, error_text);
    }

    #[test]
    fn no_answer_breaks_the_program_or_gives_the_secret_away() {
        let good = format!(
            "\0<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
             <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/a/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>\
             <Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2026-11-22T02:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        );
        let bad: &[u8] = b"\x01<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
            <Code>InvalidIdentityToken</Code><Message>Incorrect token audience</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        survives(&[good.as_bytes(), bad, b"\0<html>login</html>", b"\x03{}"], 150, sts_answer);
    }
}
