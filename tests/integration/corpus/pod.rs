//! The pod of a case, as far as the case tells: variables, claims, the token file's mode, what STS answers.

use super::case::Case;
use crate::local_sts::answer::StsError;
use crate::local_sts::proxy::Manner;
use crate::local_sts::world::trust_policy;
use crate::local_sts::{Misbehaviour, Operation};
use crate::stage::{AUDIENCE, ISSUER, SUBJECT, Stage, UNSET};
use irsa_probe::aws::arn::RoleArn;
use serde_json::{Map, Value};

/// `None` where the case does not tell enough to build a pod of.
pub fn of(case: &Case) -> Option<Stage> {
    let answer = answer(case);
    let env = case.seen.get("env").and_then(Value::as_object);
    if answer.is_none() && env.is_none() && !case.seen.contains_key("file_mode") || !is_described(env) {
        return None;
    }
    let mut stage = Stage::healthy().expect("a stage");
    // Where the variables are missing, the probe would inspect whatever else runs on this machine.
    stage.arguments.extend(["--target-pid", "none"].map(str::to_owned));
    for (name, value) in env.into_iter().flatten() {
        set(&mut stage, name, value.as_str());
    }
    if let Some(claims) = case.seen.get("claims").and_then(Value::as_object) {
        stage.claims = Some(claims_of(stage.minted.claims(), claims));
    }
    let message = case.text("message").unwrap_or_default();
    if message.contains("Is a directory") {
        stage.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/");
    } else if message.contains("CONNECT: 403") {
        stage.proxy = Manner::Refuse(403);
    } else {
        stage.unreadable = case.seen.contains_key("file_mode");
    }
    if let Some((operation, refusal)) = answer {
        stage.misbehave(operation, Misbehaviour::Refuse(refusal));
    }
    Some(stage)
}

/// Whether the variables are those of a pod that can be built here: values (not prose), both of the webhook's or neither,
/// not of Windows, and not just those of a proxy.
fn is_described(env: Option<&Map<String, Value>>) -> bool {
    let Some(env) = env else { return true };
    let prose = env.values().filter_map(Value::as_str).any(|value| value.contains(' '));
    let missing = |name: &str| env.get(name).is_some_and(Value::is_null);
    let half = WEBHOOKS.iter().any(|name| missing(name)) && !WEBHOOKS.iter().all(|name| env.contains_key(*name));
    let only_proxy = env.keys().all(|name| name.ends_with("_PROXY")) && env.contains_key("NO_PROXY");
    !prose && !half && !only_proxy && !env.contains_key("os")
}

const WEBHOOKS: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// A healthy token with the case's claims, but of today.
fn claims_of(mut minted: Value, claims: &Map<String, Value>) -> Value {
    for (name, value) in claims.iter().filter(|(name, _)| !matches!(name.as_str(), "note" | "exp" | "iat" | "nbf")) {
        match value {
            Value::Null => drop(minted.as_object_mut().and_then(|minted| minted.remove(name))),
            value => minted[name] = value.clone(),
        }
    }
    minted
}

fn set(stage: &mut Stage, name: &str, value: Option<&str>) {
    match (name, value) {
        (_, None) => stage.set(name, UNSET),
        // The stage has its own proxy, and lays the token down where it can. Some values were left out of the thread.
        ("HTTPS_PROXY", _) | ("AWS_WEB_IDENTITY_TOKEN_FILE", Some("present" | "set" | WEBHOOKS_PATH)) => {}
        ("AWS_ROLE_ARN", Some(value)) if matches!(value, "present" | "set") || value.contains('$') => {}
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Some("set")) => stage.set(name, "http://169.254.170.23/v1/credentials"),
        (_, Some("set")) => stage.set(name, "AKIAIOSFODNN7EXAMPLE"),
        (_, Some(value)) => stage.set(name, value),
    }
    if let ("AWS_ROLE_ARN", Some(Ok(role))) = (name, value.map(RoleArn::parse)) {
        stage.world = stage.world.clone().provider(&role, ISSUER, &[AUDIENCE]);
        stage.trust_policy = trust_policy(&role, ISSUER, SUBJECT, AUDIENCE);
        stage.role = role;
    }
}

const WEBHOOKS_PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

/// What STS answers to one of the probe's own calls.
fn answer(case: &Case) -> Option<(Operation, StsError)> {
    let operation = match case.text("operation")? {
        "AssumeRoleWithWebIdentity" => Operation::AssumeRoleWithWebIdentity,
        "GetCallerIdentity" => Operation::GetCallerIdentity,
        _ => return None,
    };
    let code = case.text("error_code").filter(|code| *code != "MethodNotAllowed")?;
    let status = case.seen.get("http_status")?.as_u64().and_then(|status| u16::try_from(status).ok())?;
    let message = case.text("wire_message").or(case.text("message")).unwrap_or_default();
    // The stand-in's refusals are made of constants; a case's are few and live as long as the test.
    let code: &'static str = Box::leak(code.to_owned().into_boxed_str());
    Some((operation, StsError::new(status, code, message)))
}
