//! Everything that comes from outside, taken apart as the program does it: what the fuzz targets (`tests/fuzz`) and the
//! mutation test below call. Each function holds what must be true of any input.
#![allow(clippy::disallowed_methods, clippy::expect_used, reason = "compiled for tests and fuzzing only")]

use crate::aws::arn::RoleArn;
use crate::documents::Documents;
use crate::documents::audit::{Context, audit};
use crate::documents::trust_policy::{Answer, Policy, Request, Verdict, evaluate, json, unwrap};
use crate::explain;
use crate::probe::{collect, jwt};
use crate::render;
use crate::text::timestamp::Timestamp;

/// A secret that answers hold in these tests: nothing that is said of an answer may hold it.
pub const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

pub fn token(bytes: &[u8]) {
    if let Ok(token) = jwt::decode(bytes) {
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
    assert_eq!(decision.fault.is_some(), decision.verdict == Verdict::Denied);
    let mut changed = policy.clone();
    changed.statements.reverse();
    assert_eq!(evaluate(&changed, &request).is_allowed(), decision.is_allowed(), "order must not matter");
    let deny = Policy::parse(r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}"#).expect("a policy");
    changed.statements.extend(deny.statements);
    assert_eq!(evaluate(&changed, &request).verdict, Verdict::Denied, "a Deny of everything must win");
    let answer = Answer::new(request, &policy, unwrap(&value).expect("a policy").as_ref());
    if let Some(command) = &answer.command {
        let corrected = command.split_once("--policy-document ").expect("a policy").1;
        let corrected = corrected.trim_matches('\'').replace(r"'\''", "'").replace(r"'\\'", r"\");
        let corrected = evaluate(&Policy::parse(&corrected).expect("a policy"), &answer.request);
        assert_ne!(corrected.verdict, Verdict::Denied, "the fix must not leave the token out");
    }
    assert!(render::trust_policy::answer_text(&answer).lines().last().is_some_and(|line| line.starts_with("exit ")));
    json(&render::trust_policy::answer_json(&answer)).expect("JSON");
}

pub fn documents(bytes: &[u8]) {
    let mut documents = Documents::default();
    let input = String::from_utf8_lossy(bytes);
    documents.read("input", &input);
    let audit = audit(&documents, Context::at(Timestamp(1_795_395_600)));
    let (text, line) = (render::audit::text(&audit, &documents), render::audit::json(&audit, &documents));
    assert!(!drives_the_terminal(&text), "what a document holds must not drive the terminal");
    json(&line).expect("JSON");
    let keys =
        documents.pods.iter().flat_map(|pod| pod.containers()).filter_map(|one| one.value("AWS_SECRET_ACCESS_KEY"));
    // What stands elsewhere too, in a name say, may be shown from there.
    for key in keys.filter(|key| key.len() >= 20 && input.matches(key).count() == 1) {
        assert!(!text.contains(key) && !line.contains(key), "the key is shown");
    }
}

pub fn error_text(bytes: &[u8]) {
    let explanation = explain::text(bytes);
    let page = explanation.to_text();
    assert!(!drives_the_terminal(&page), "what a text holds must not drive the terminal");
    json(&explanation.to_json()).expect("JSON");
    let input = String::from_utf8_lossy(bytes);
    let tokens =
        input.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).filter(|word| word.starts_with("eyJ"));
    for signature in tokens.filter_map(|token| token.rsplit('.').next()) {
        let is_a_signature = signature.len() >= 40 && input.matches(signature).count() == 1;
        assert!(!is_a_signature || !page.contains(signature), "the signature is shown");
    }
}

fn drives_the_terminal(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && c != '\n')
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
    // An answer that has the secret in its error code, say, has made it public there.
    let mut elsewhere = String::from_utf8_lossy(body).into_owned();
    while let Some((before, secret)) = elsewhere.split_once("<SecretAccessKey>") {
        elsewhere = format!("{before}{}", secret.find('<').map_or("", |end| &secret[end..]));
    }
    // Whatever stands between its letters: control characters, for one, are not shown.
    let shows = |text: &str| {
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        letters.contains(&SECRET[..20])
    };
    assert!(shows(&elsewhere) || !shows(&said), "the secret is shown");
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

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

    fn mutate(dice: &mut Rng, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..1 + dice.usize(..4) {
            let (at, length) = (dice.usize(..bytes.len() + 1), dice.usize(..12));
            let end = (at + length).min(bytes.len());
            match dice.usize(..6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, PIECES[dice.usize(..PIECES.len())].iter().copied())),
                3 => drop(bytes.splice(at..end, PIECES[dice.usize(..PIECES.len())].iter().copied())),
                4 if at < bytes.len() => bytes[at] ^= 1 << dice.usize(..8),
                _ => {
                    let copy = bytes[at..end].to_vec();
                    let to = dice.usize(..bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
            }
        }
        bytes
    }

    /// Each seed of the fuzz target of that name, and mutants of it.
    fn survives(target: &str, rounds: usize, take: fn(&[u8])) {
        let directory = format!("{}/tests/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(directory).expect("seeds").map(|file| file.expect("a seed").path());
        // A directory's order differs from machine to machine, and the mutants with it.
        let files: std::collections::BTreeSet<_> = files.collect();
        assert!(!files.is_empty());
        files.iter().for_each(|file| seed_survives(&std::fs::read(file).expect("a seed"), rounds, take));
    }

    fn seed_survives(seed: &[u8], rounds: usize, take: fn(&[u8])) {
        let mut dice = Rng::with_seed(20_261_122);
        take(seed);
        for _ in 0..rounds {
            let mutant = mutate(&mut dice, seed);
            if std::panic::catch_unwind(|| take(&mutant)).is_err() {
                panic!("this input: {:?}", String::from_utf8_lossy(&mutant));
            }
        }
    }

    #[test]
    fn no_token_breaks_the_program() {
        survives("token", 3_000, token);
    }

    #[test]
    fn no_arn_breaks_the_program() {
        survives("arn", 5_000, arn);
    }

    #[test]
    fn no_policy_breaks_the_program() {
        survives("policy", 500, policy);
    }

    #[test]
    fn no_document_breaks_the_program() {
        survives("documents", 600, documents);
        for pod in [
            include_str!("../tests/webhook/init-and-sidecar.out.json"),
            include_str!("../tests/webhook/pod-identity-wins.out.json"),
            include_str!("../tests/webhook/service-accounts.yaml"),
        ] {
            seed_survives(pod.as_bytes(), 60, documents);
        }
    }

    #[test]
    fn no_error_text_breaks_the_program() {
        survives("error_text", 300, error_text);
    }

    #[test]
    fn no_answer_breaks_the_program_or_gives_the_secret_away() {
        survives("sts_answer", 150, sts_answer);
    }
}
