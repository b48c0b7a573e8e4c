//! The sessions that STS gave, and GetCallerIdentity, which they sign.

use super::answer::StsError;
use super::keys::ring_error;
use super::request::Request;
use super::role_session::RoleSession;
use super::sigv4;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::HashMap;
use std::io::{Error, Result};
use std::sync::{Mutex, PoisonError};

/// What AssumeRoleWithWebIdentity and the agent of EKS Pod Identity hand out.
#[derive(Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    /// Seconds since 1970.
    pub expires_at: i64,
}

/// Whom a session is.
#[derive(Clone)]
struct Session {
    credentials: Credentials,
    arn: String,
    account: String,
    user_id: String,
}

/// Every session since the start, by access key id.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    pub fn open(&self, session: &RoleSession, now: i64) -> Result<Credentials> {
        const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        const MIXED: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let credentials = Credentials {
            access_key_id: format!("ASIA{}", random_text::<16>(UPPER)?),
            secret_access_key: random_text::<40>(MIXED)?,
            // As STS's own begin; of the length of those of a regional endpoint.
            session_token: format!("IQoJb3JpZ2luX2Vj{}", random_text::<800>(MIXED)?),
            expires_at: now + i64::from(session.duration),
        };
        let opened = Session {
            credentials: credentials.clone(),
            arn: session.arn(),
            account: session.role.account.clone(),
            user_id: session.user_id(),
        };
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(credentials.access_key_id.clone(), opened);
        Ok(credentials)
    }

    pub fn secrets(&self) -> Vec<String> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let credentials = sessions.values().map(|session| &session.credentials);
        credentials.flat_map(|given| [given.secret_access_key.clone(), given.session_token.clone()]).collect()
    }

    fn find(&self, access_key_id: &str) -> Option<Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    /// GetCallerIdentity: the XML within the result element.
    pub fn caller_identity(
        &self,
        request: &Request,
        now: i64,
        region: Option<&str>,
    ) -> std::result::Result<String, StsError> {
        let authorization = sigv4::Authorization::of(request)?;
        let session = self.find(&authorization.access_key_id).ok_or_else(StsError::unknown_key)?;
        if request.header("x-amz-security-token") != Some(&session.credentials.session_token) {
            return Err(StsError::unknown_key());
        }
        authorization.verify(request, &session.credentials.secret_access_key, now, region)?;
        if now >= session.credentials.expires_at {
            let message = "The security token included in the request is expired";
            return Err(StsError::new(403, "ExpiredToken", message));
        }
        let Session { arn, account, user_id, .. } = session;
        Ok(format!("    <Arn>{arn}</Arn>\n    <UserId>{user_id}</UserId>\n    <Account>{account}</Account>\n"))
    }
}

/// `N` letters of an alphabet whose size divides 256.
fn random_text<const N: usize>(alphabet: &[u8]) -> Result<String> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(ring_error)?;
    Ok(bytes.iter().map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect())
}

/// A request id as AWS writes it: a UUID of version 4.
pub fn request_id() -> String {
    let mut bytes = [0u8; 16];
    // Without randomness the id is all zeros, as AWS's own once were in an outage.
    let _ = SystemRandom::new().fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
