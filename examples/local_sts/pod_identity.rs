//! The agent of EKS Pod Identity on a node, and the eks-auth behind it. Statuses and texts are those of the agent's
//! source (aws/eks-pod-identity-agent) and of public reports; where neither shows a text, the comment says so.

use super::answer::{Answer, iso_date};
use super::caller_identity::{Sessions, request_id};
use super::jwt::Jwt;
use super::request::Request;
use super::role_session::RoleSession;
use super::world::{Association, CLUSTER, World};
use serde_json::{Value, json};
use std::io::Result;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where the agent listens; both are link-local to the node.
pub const ADDRESSES: [SocketAddr; 2] = [
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)), 80),
    SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)), 80),
];

/// Of the tokens that EKS accepts.
pub const AUDIENCE: &str = "pods.eks.amazonaws.com";
const PATH: &str = "/v1/credentials";
/// Six hours.
const LIFETIME: u32 = 21_600;

/// What the agent answers in the place of credentials, as plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub text: String,
}

impl Refusal {
    fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// The agent's rendering of an error of eks-auth.
    fn of_eks_auth(status: u16, code: &str, message: &str) -> Self {
        let fault = if status < 500 { "client" } else { "server" };
        Self::new(status, format!("[{}]: ({code}): {message}, fault: {fault}", request_id()))
    }

    fn unauthorized() -> Self {
        Self::of_eks_auth(400, "AccessDeniedException", UNAUTHORIZED)
    }

    /// A refusal that no token and no association brings about.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "agent-rate-limited" => Self::new(429, "Too Many Requests"),
            "foreign-host" => Self::new(
                403,
                "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] \
                 address not example.com",
            ),
            "eks-auth-throttled" => Self::of_eks_auth(429, "ThrottlingException", "Rate exceeded"),
            "eks-auth-unreachable" => Self::new(500, "[]"),
            // Derived from the SDK's own texts.
            "no-node-credentials" => Self::new(
                500,
                "unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, get \
                 identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found",
            ),
            // The form in which AWS refuses a role any action.
            "node-role-denied" => Self::of_eks_auth(
                400,
                "AccessDeniedException",
                "User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0abcd1234ef567890 is not authorized to perform: \
                 eks-auth:AssumeRoleForPodIdentity on resource: arn:aws:eks:eu-west-1:111122223333:cluster/prod",
            ),
            "eks-auth-internal" => Self::of_eks_auth(500, "InternalServerException", "An internal error occurred."),
            "eks-auth-unavailable" => {
                Self::of_eks_auth(503, "ServiceUnavailableException", "The service is unavailable.")
            }
            "invalid-token" => Self::of_eks_auth(400, "InvalidTokenException", INVALID),
            "token-expired" => Self::of_eks_auth(
                400,
                "ExpiredTokenException",
                "The token included in the request is expired: current date/time 1731098245 must be before the \
                 expiration date/time 1731095240",
            ),
            // As agents of the first year answered.
            "unauthorized-of-old" => Self::new(
                500,
                format!(
                    "operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: \
                     {}, AccessDeniedException: {UNAUTHORIZED}",
                    request_id()
                ),
            ),
            _ => return None,
        })
    }

    pub fn answer(&self) -> Answer {
        let text = format!("{}\n", self.text);
        Answer::new(self.status, "text/plain; charset=utf-8", text).header("X-Content-Type-Options", "nosniff")
    }
}

const UNAUTHORIZED: &str = "Unauthorized Exception! EKS does not have permissions to assume the associated role.";
/// No report shows this text.
const INVALID: &str = "The token included in the request is invalid.";

/// What the agent gives for a request: credentials that `sessions` then knows.
pub fn answer(world: &World, sessions: &Sessions, request: &Request) -> Result<Answer> {
    let session = match admit(world, request) {
        Ok(session) => session,
        Err(refusal) => return Ok(refusal.answer()),
    };
    let credentials = sessions.open(&session, world.now())?;
    let body = json!({
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "Token": credentials.session_token,
        "AccountId": session.role.account,
        "Expiration": iso_date(credentials.expires_at),
    });
    Ok(Answer::new(200, "application/json", body.to_string()))
}

/// In the order in which the agent and eks-auth check.
fn admit(world: &World, request: &Request) -> std::result::Result<RoleSession, Refusal> {
    if request.target != PATH {
        return Err(Refusal::new(404, "404 page not found"));
    }
    let host = request.header("host").unwrap_or_default();
    if !["169.254.170.23", "[fd00:ec2::23]"].contains(&host.trim_end_matches(":80")) {
        return Err(Refusal::new(
            403,
            format!(
                "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] \
                 address not {host}"
            ),
        ));
    }
    let token = request.header("authorization").unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::new(400, "Service account token cannot be empty"));
    }
    let Some(jwt) = Jwt::parse(token) else {
        return Err(Refusal::new(
            400,
            "Service account token cannot be parsed: token is malformed: token contains an invalid number of segments",
        ));
    };
    // The agent goes by its node's clock, and does not tolerate any difference.
    let node = world.now() - world.clock_ahead;
    let claims = |why: &str| Refusal::new(400, format!("Service account token failed basic claim validations: {why}"));
    if jwt.claims["exp"].as_i64().is_none_or(|expiry| expiry <= node) {
        return Err(claims("token is expired"));
    }
    if jwt.claims["nbf"].as_i64().is_some_and(|begin| begin > node) {
        return Err(claims("token is not valid yet"));
    }
    assume(world, &jwt)
}

fn assume(world: &World, jwt: &Jwt<'_>) -> std::result::Result<RoleSession, Refusal> {
    let invalid = || Refusal::of_eks_auth(400, "InvalidTokenException", INVALID);
    let audience = match &jwt.claims["aud"] {
        Value::Array(all) => all.iter().any(|one| one == AUDIENCE),
        one => one == AUDIENCE,
    };
    let issuer = world.issuers.iter().find(|issuer| jwt.claims["iss"] == issuer.url.as_str());
    let signed = issuer.and_then(|issuer| jwt.is_signed_by(issuer.jwks.as_ref()?)).unwrap_or_default();
    let kubernetes = &jwt.claims["kubernetes.io"];
    let Some(pod) = kubernetes["pod"]["name"].as_str().filter(|_| audience && signed) else {
        return Err(invalid());
    };
    let is_of_this_account = |association: &&Association| {
        kubernetes["namespace"] == association.namespace.as_str()
            && kubernetes["serviceaccount"]["name"] == association.service_account.as_str()
    };
    let Some(association) = world.associations.iter().find(is_of_this_account) else {
        return Err(Refusal::of_eks_auth(
            404,
            "ResourceNotFoundException",
            "The token included in the request has no service account role association for it.",
        ));
    };
    let role = world.roles.iter().find(|role| role.arn == association.role);
    if !role.is_some_and(|role| trusts_eks(&role.trust_policy, kubernetes)) {
        return Err(Refusal::unauthorized());
    }
    let name = format!("eks-{CLUSTER}-{pod}-{}", request_id());
    Ok(RoleSession { role: association.role.clone(), name, duration: LIFETIME })
}

/// Whether a statement allows EKS both actions, with the conditions on session tags that the documentation shows.
fn trusts_eks(policy: &Value, kubernetes: &Value) -> bool {
    let names = |value: &Value, name: &str| match value {
        Value::Array(all) => all.iter().any(|one| one == name),
        one => one == name,
    };
    let tag = |key: &str| match key {
        "aws:RequestTag/kubernetes-namespace" => kubernetes["namespace"].clone(),
        "aws:RequestTag/kubernetes-service-account" => kubernetes["serviceaccount"]["name"].clone(),
        "aws:RequestTag/eks-cluster-name" => CLUSTER.into(),
        _ => Value::Null,
    };
    policy["Statement"].as_array().into_iter().flatten().any(|statement| {
        let mut conditions = statement["Condition"]["StringEquals"].as_object().into_iter().flatten();
        statement["Effect"] == "Allow"
            && names(&statement["Principal"]["Service"], AUDIENCE)
            && ["sts:AssumeRole", "sts:TagSession"].iter().all(|action| names(&statement["Action"], action))
            && conditions.all(|(key, wanted)| tag(key) == *wanted)
    })
}
