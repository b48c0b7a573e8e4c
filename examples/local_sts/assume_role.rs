//! AssumeRoleWithWebIdentity: what AWS checks, in the order in which its answers show that it does.

use super::answer::{StsError, escaped, iso_date};
use super::jwt::Jwt;
use super::request::Request;
use super::role_session::RoleSession;
use super::world::{Provider, Role, World};
use irsa_probe::aws::arn::RoleArn;
use irsa_probe::documents::trust_policy::{self, Policy};
use irsa_probe::text::timestamp::Timestamp;
use serde_json::Value;

/// STS takes an issuer's clock to be wrong by this much at most. No text of AWS gives the number; other
/// implementations use five minutes.
const LEEWAY: i64 = 300;

/// Whom the caller may now be.
pub struct Grant {
    pub session: RoleSession,
    provider_arn: String,
    audience: String,
    subject: String,
}

/// The form's fields, as far as their shape is right.
struct Parameters {
    role_arn: String,
    session_name: String,
    token: String,
    duration: u32,
}

pub fn assume(world: &World, request: &Request) -> Result<Grant, StsError> {
    let parameters = validated(request)?;
    let role_arn = RoleArn::parse(&parameters.role_arn).map_err(|_| StsError::validation("Request ARN is invalid"))?;
    // STS accepts a newline behind the token: the Go SDK sends the file unchanged, and files with a newline work
    // (mongo-go-driver, pull request 1965).
    let jwt = Jwt::parse(parameters.token.trim_ascii_end()).ok_or_else(|| {
        StsError::invalid_token(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    })?;
    let (issuer, audience) = required_claims(&jwt.claims)?;
    let provider = trusted_provider(world, &role_arn, &issuer)?;
    let audience = accepted_audience(provider, &jwt.claims, &audience)?;
    verify_signature(world, &issuer, &jwt)?;
    verify_times(world.now(), &jwt.claims)?;
    let role = world.roles.iter().find(|role| role.arn == role_arn).ok_or_else(StsError::access_denied)?;
    if !trusts(role, &jwt.claims, &audience, &parameters.session_name, world.now()) {
        return Err(StsError::access_denied());
    }
    if parameters.duration > role.max_session {
        return Err(StsError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(Grant {
        session: RoleSession { role: role_arn, name: parameters.session_name, duration: parameters.duration },
        provider_arn: provider.arn.clone(),
        audience,
        subject: text(&jwt.claims, "sub"),
    })
}

/// The constraints of the service model, all of whose breaches AWS tells in one message.
fn validated(request: &Request) -> Result<Parameters, StsError> {
    let mut breaches = Vec::new();
    let mut breach = |field: &str, value: Option<&str>, constraint: &str| {
        let value = value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
        breaches.push(format!("Value {value} at '{field}' failed to satisfy constraint: Member must {constraint}"));
    };
    let mut field = |name: &str, member: &str, least: usize, most: usize| {
        let value = request.field(name);
        match value.as_deref() {
            None => breach(member, None, "not be null"),
            Some(value) if value.chars().count() < least => {
                breach(member, Some(value), &format!("have length greater than or equal to {least}"));
            }
            Some(value) if value.chars().count() > most => {
                breach(member, Some(value), &format!("have length less than or equal to {most}"));
            }
            Some(_) => {}
        }
        value.unwrap_or_default()
    };
    let role_arn = field("RoleArn", "roleArn", 20, 2048);
    let session_name = field("RoleSessionName", "roleSessionName", 2, 64);
    let token = field("WebIdentityToken", "webIdentityToken", 4, 20_000);
    if !session_name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
        breach("roleSessionName", Some(&session_name), r"satisfy regular expression pattern: [\w+=,.@-]*");
    }
    let duration = request.field("DurationSeconds").unwrap_or_else(|| "3600".to_owned());
    let seconds = duration.parse::<u32>().unwrap_or_default();
    if seconds < 900 {
        breach("durationSeconds", Some(&duration), "have value greater than or equal to 900");
    } else if seconds > 43_200 {
        breach("durationSeconds", Some(&duration), "have value less than or equal to 43200");
    }
    match breaches.len() {
        0 => Ok(Parameters { role_arn, session_name, token, duration: seconds }),
        n => {
            let plural = if n == 1 { "" } else { "s" };
            Err(StsError::validation(format!("{n} validation error{plural} detected: {}", breaches.join("; "))))
        }
    }
}

/// The issuer and the audiences, if every claim that STS asks for is there.
fn required_claims(claims: &Value) -> Result<(String, Vec<String>), StsError> {
    for claim in ["aud", "iss", "sub", "iat", "exp"] {
        if claims[claim].is_null() {
            return Err(StsError::invalid_token(format!("Missing a required claim: {claim}")));
        }
    }
    let audience = match &claims["aud"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        one => vec![one.as_str().unwrap_or_default().to_owned()],
    };
    Ok((text(claims, "iss"), audience))
}

fn trusted_provider<'a>(world: &'a World, role: &RoleArn, issuer: &str) -> Result<&'a Provider, StsError> {
    let arn = role.provider_arn(issuer);
    world.providers.iter().find(|provider| provider.arn == arn).ok_or_else(|| StsError::no_provider(issuer))
}

/// `azp` stands for the audience where it is present.
fn accepted_audience(provider: &Provider, claims: &Value, audience: &[String]) -> Result<String, StsError> {
    let accepted = match (claims["azp"].as_str(), audience) {
        (Some(party), _) => party,
        (None, [one]) => one,
        (None, _) => {
            return Err(StsError::invalid_token(
                "Token audience contains more than one audience while authorized party is not present",
            ));
        }
    };
    match provider.client_ids.iter().any(|id| id == accepted) {
        true => Ok(accepted.to_owned()),
        false => Err(StsError::invalid_token("Incorrect token audience")),
    }
}

fn verify_signature(world: &World, issuer: &str, jwt: &Jwt<'_>) -> Result<(), StsError> {
    let published = world.issuers.iter().find(|known| known.url == issuer).and_then(|known| known.jwks.as_ref());
    match published.and_then(|jwks| jwt.is_signed_by(jwks)) {
        None => Err(StsError::no_verification_key()),
        Some(false) => Err(StsError::invalid_token("The web identity token provided could not be validated")),
        Some(true) => Ok(()),
    }
}

fn verify_times(now: i64, claims: &Value) -> Result<(), StsError> {
    let time = |claim: &str| claims[claim].as_i64();
    let not_valid = || StsError::invalid_token("The web identity token provided could not be validated");
    let expiry = time("exp").ok_or_else(not_valid)?;
    if now >= expiry {
        return Err(StsError::token_expired(now, expiry));
    }
    let early = |claim: &str| time(claim).is_some_and(|begin| begin > now + LEEWAY);
    if time("iat").is_none() || early("iat") || early("nbf") {
        return Err(not_valid());
    }
    Ok(())
}

/// Whether the role's trust policy lets the token in.
fn trusts(role: &Role, claims: &Value, audience: &str, session_name: &str, now: i64) -> bool {
    let Ok(policy) = Policy::from_value(&role.trust_policy) else { return false };
    let (issuer, subject) = (text(claims, "iss"), text(claims, "sub"));
    let mut call = trust_policy::Request::new(role.arn.clone(), issuer, subject, [audience]);
    call.now = Some(Timestamp(now));
    call.session_name = Some(session_name.to_owned());
    trust_policy::evaluate(&policy, &call).is_allowed()
}

fn text(claims: &Value, claim: &str) -> String {
    claims[claim].as_str().unwrap_or_default().to_owned()
}

impl Grant {
    /// The XML within the result element.
    pub fn to_xml(&self, credentials: &super::caller_identity::Credentials) -> String {
        format!(
            "    <Audience>{}</Audience>\n    <AssumedRoleUser>\n      <AssumedRoleId>{}</AssumedRoleId>\n      \
             <Arn>{}</Arn>\n    </AssumedRoleUser>\n    <Provider>{}</Provider>\n    <Credentials>\n      \
             <AccessKeyId>{}</AccessKeyId>\n      <SecretAccessKey>{}</SecretAccessKey>\n      \
             <SessionToken>{}</SessionToken>\n      <Expiration>{}</Expiration>\n    </Credentials>\n    \
             <SubjectFromWebIdentityToken>{}</SubjectFromWebIdentityToken>\n",
            escaped(&self.audience),
            self.session.user_id(),
            self.session.arn(),
            self.provider_arn,
            credentials.access_key_id,
            credentials.secret_access_key,
            credentials.session_token,
            iso_date(credentials.expires_at),
            escaped(&self.subject),
        )
    }
}
