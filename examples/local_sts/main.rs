//! `cargo run --example local_sts`: the stand-in for STS and for a cluster's OIDC issuer, on its own, so that pods on a
//! laptop cluster can try IRSA without AWS.
//!
//! With a real cluster: `kubectl get --raw /openid/v1/jwks > jwks.json`, then
//! `cargo run --example local_sts -- --listen 0.0.0.0:8443 --tls --name host.example --ca-out ca.pem \
//!    --issuer https://kubernetes.default.svc.cluster.local --jwks jwks.json --service-account default/app`
//!
//! With `--agent` it is the node's agent of EKS Pod Identity too. The node needs the agent's address first:
//! `ip address add 169.254.170.23/32 dev lo`. Pods reach it if the node runs it in its own network (`hostNetwork: true`).

#![allow(clippy::disallowed_methods, reason = "a program of its own, which reads the files that it is given")]

#[path = "mod.rs"]
mod local_sts;

use clap::Parser;
use irsa_probe::aws::arn::RoleArn;
use local_sts::jwt::Minted;
use local_sts::keys::{Jwks, SigningKey};
use local_sts::tls::Authority;
use local_sts::{LocalSts, Misbehaviour, Operation, World, pod_identity, world};
use std::fs;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A stand-in for AWS STS that verifies tokens and signatures for real.
#[derive(Parser)]
#[command(name = "local_sts", after_help = misbehaviours())]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Speak https, with a certificate of an authority made at the start.
    #[arg(long)]
    tls: bool,
    /// Where to write that authority's certificate.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// A further host name for the certificate.
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,
    /// Who mints the tokens: their `iss`.
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
    )]
    issuer: String,
    /// The issuer's public keys; without this, a test key whose tokens `--token-out` writes.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Where to write a token for the service account, valid for a day and signed with the test key.
    #[arg(long, value_name = "FILE", conflicts_with = "jwks")]
    token_out: Option<PathBuf>,
    /// The role that exists.
    #[arg(long, value_name = "ARN", default_value = "arn:aws:iam::111122223333:role/checkout", value_parser = parse_role)]
    role: RoleArn,
    /// Whom the role trusts, unless there is a `--trust-policy`.
    #[arg(long, value_name = "NAMESPACE/NAME", default_value = "payments/checkout")]
    service_account: String,
    /// The role's trust policy, as JSON.
    #[arg(long, value_name = "FILE")]
    trust_policy: Option<PathBuf>,
    /// An audience that the IAM provider accepts; sts.amazonaws.com if there is none.
    #[arg(long)]
    audience: Vec<String>,
    /// Be the agent of EKS Pod Identity at 169.254.170.23, port 80, too: the service account has its role by an
    /// association.
    #[arg(long)]
    agent: bool,
    /// Refuse signatures for any other region.
    #[arg(long)]
    region: Option<String>,
    /// Seconds by which this STS's clock is ahead; negative if behind.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_ahead: i64,
    /// Misbehave: `assume=html`, `identity=hang`, or for the first three calls only `assume*3=Throttling`.
    #[arg(long, value_name = "CALL[*TIMES]=HOW", value_parser = parse_misbehaviour)]
    misbehave: Vec<(Operation, Option<u32>, Misbehaviour)>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let sts = LocalSts::new(world(&arguments)?);
    for (operation, times, misbehaviour) in arguments.misbehave {
        match times {
            Some(times) => sts.misbehave_times(operation, misbehaviour, times),
            None => sts.misbehave(operation, misbehaviour),
        }
    }
    let mut names: Vec<&str> = vec!["localhost", "127.0.0.1", "::1"];
    names.extend(arguments.name.iter().map(String::as_str));
    let tls = match arguments.tls {
        true => {
            let authority = Authority::new()?;
            if let Some(path) = &arguments.ca_out {
                fs::write(path, &authority.pem)?;
                println!("export AWS_CA_BUNDLE={}", path.display());
            }
            Some(authority.server(&names)?)
        }
        false => None,
    };
    let scheme = if arguments.tls { "https" } else { "http" };
    let address = sts.listen_at(arguments.listen, tls)?;
    println!("export AWS_ENDPOINT_URL_STS={scheme}://{address}");
    let token_variable = match arguments.agent {
        true => {
            let [ipv4, ipv6] = pod_identity::ADDRESSES.map(|address| sts.listen_as_agent_at(address));
            let address = ipv4.map_err(|error| Error::other(format!("no agent at 169.254.170.23:80: {error}")))?;
            // Not where the node has no such address.
            drop(ipv6);
            println!("export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://{}/v1/credentials", address.ip());
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
        }
        false => {
            println!("export AWS_ROLE_ARN={}", arguments.role);
            "AWS_WEB_IDENTITY_TOKEN_FILE"
        }
    };
    if let Some(path) = &arguments.token_out {
        println!("export {token_variable}={}", path.display());
    }
    loop {
        std::thread::park();
    }
}

fn world(arguments: &Arguments) -> Result<World> {
    let key = SigningKey::rs256()?;
    let jwks = match &arguments.jwks {
        Some(path) => Jwks::from_json(&fs::read_to_string(path)?)?,
        None => Jwks::of(&[&key]),
    };
    let (namespace, name) = arguments
        .service_account
        .split_once('/')
        .ok_or_else(|| Error::other("--service-account takes NAMESPACE/NAME"))?;
    let mut audiences: Vec<&str> = arguments.audience.iter().map(String::as_str).collect();
    if audiences.is_empty() {
        audiences.push(if arguments.agent { pod_identity::AUDIENCE } else { "sts.amazonaws.com" });
    }
    let policy = match &arguments.trust_policy {
        Some(path) => serde_json::from_str(&fs::read_to_string(path)?)?,
        None if arguments.agent => world::pod_identity_policy(),
        None => {
            let subject = format!("system:serviceaccount:{namespace}:{name}");
            world::trust_policy(&arguments.role, &arguments.issuer, &subject, audiences[0])
        }
    };
    let mut world = World::default()
        .issuer(&arguments.issuer, Some(jwks))
        .provider(&arguments.role, &arguments.issuer, &audiences)
        .role(&arguments.role, policy)
        .clock_ahead(arguments.clock_ahead);
    world.region = arguments.region.clone();
    if arguments.agent {
        world = world.association(namespace, name, &arguments.role);
    }
    if let Some(path) = &arguments.token_out {
        let minted = Minted::new(&arguments.issuer, namespace, name, world.now()).audience(&audiences[..1]);
        fs::write(path, minted.sign(&key)?)?;
    }
    Ok(world)
}

fn parse_role(text: &str) -> std::result::Result<RoleArn, String> {
    RoleArn::parse(text).map_err(|fault| format!("the ARN {fault}"))
}

fn parse_misbehaviour(text: &str) -> std::result::Result<(Operation, Option<u32>, Misbehaviour), String> {
    let (call, how) = text.split_once('=').ok_or("there is no '='")?;
    let (call, times) = match call.split_once('*') {
        Some((call, times)) => (call, Some(times.parse().map_err(|_| format!("{times:?} is no number"))?)),
        None => (call, None),
    };
    let operation = match call {
        "assume" => Operation::AssumeRoleWithWebIdentity,
        "identity" => Operation::GetCallerIdentity,
        "openid" => Operation::OpenId,
        "agent" => Operation::PodIdentity,
        other => return Err(format!("{other:?} is none of assume, identity, openid and agent")),
    };
    Ok((operation, times, how.parse().map_err(|error: Error| error.to_string())?))
}

fn misbehaviours() -> String {
    format!(
        "HOW is the code of an STS error, such as AccessDenied or Throttling, or one of: {}",
        Misbehaviour::NAMES.join(", ")
    )
}
