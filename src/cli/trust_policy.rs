//! `irsa-probe trust-policy`: the policy that a token needs, or what a policy makes of a token.

#[cfg_attr(not(target_os = "linux"), path = "trust_policy/configured_laptop.rs")]
mod configured;
mod pod_identity;

use super::out::{complain, print};
use super::{Output, input};
use crate::aws::arn::RoleArn;
use crate::causes::shell_word;
use crate::diagnosis::report::exit;
use crate::documents::trust_policy::{Answer, Given, Needed, Policy, PolicyFault, Request, json, unwrap};
use crate::documents::{self, Association};
use crate::probe::evidence::Token;
use crate::probe::variables::Variables;
use crate::render::trust_policy as render;
use crate::text::printable::Notation;
use crate::text::secrets::Secrets;
use clap::Args;
use configured::configured;
use serde_json::Value;
use std::ffi::OsString;

pub(super) const EXAMPLES: &str = "Examples:
  irsa-probe trust-policy
  aws iam get-role --role-name checkout --output json > role.json
  irsa-probe trust-policy --check role.json
  irsa-probe trust-policy --terraform > trust.tf

Without a pod, with a token that the cluster mints for you:
  kubectl create token checkout -n payments --audience sts.amazonaws.com > token
  irsa-probe trust-policy --check role.json --token-file token

For EKS Pod Identity, with what the cluster has for the service account:
  aws eks describe-pod-identity-association --cluster-name CLUSTER --association-id ID --output json > association.json
  irsa-probe trust-policy --check role.json --association association.json

Exit codes of --check:
  0  allowed                         2  usage error
  1  denied                          3  depends on what only AWS knows";

#[derive(Args)]
pub(super) struct TrustPolicyOptions {
    /// Policy to judge, or the output of `aws iam get-role`; `-` reads standard input
    #[arg(long, value_name = "FILE", env = "IRSA_PROBE_CHECK")]
    check: Option<OsString>,
    /// Print the policy as HCL for Terraform
    #[arg(long, env = "IRSA_PROBE_TERRAFORM", value_parser = clap::builder::FalseyValueParser::new(), conflicts_with_all = ["check", "eksctl"])]
    terraform: bool,
    /// Print the policy as a ClusterConfig for eksctl
    #[arg(long, env = "IRSA_PROBE_EKSCTL", value_parser = clap::builder::FalseyValueParser::new(), conflicts_with = "check")]
    eksctl: bool,
    /// Judge or print the policy for EKS Pod Identity [default: if the token or an association is for it]
    #[arg(long, env = "IRSA_PROBE_POD_IDENTITY", value_parser = clap::builder::FalseyValueParser::new())]
    pod_identity: bool,
    /// Output of `aws eks describe-pod-identity-association`; `-` reads standard input
    #[arg(long, value_name = "FILE", env = "IRSA_PROBE_ASSOCIATION")]
    association: Option<OsString>,
    /// Role to test [default: the role of the checked document or the association, else that of $AWS_ROLE_ARN or of the profile]
    #[arg(long, value_name = "ARN", env = "IRSA_PROBE_ROLE_ARN")]
    role_arn: Option<String>,
    /// Token file to read [default: that of the pod's own mechanism]
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_TOKEN_FILE")]
    token_file: Option<OsString>,
    #[arg(long, env = "IRSA_PROBE_OUTPUT", value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(options: &TrustPolicyOptions) -> u8 {
    let secrets = Secrets::default();
    Variables::of_this_process().keep_secrets(&secrets);
    let notation = options.output.notation();
    match answer(options, &secrets) {
        Ok((text, exit_code)) => {
            print(secrets.hide_in(text, notation), notation);
            exit_code
        }
        Err(what) => complain(&secrets.hide_in(what, Notation::Text)),
    }
}

fn answer(options: &TrustPolicyOptions, secrets: &Secrets) -> Result<(String, u8), String> {
    let document = match &options.check {
        Some(path) => Some(parsed(&input::read(path)?).map_err(|fault| format!("the policy {fault}"))?),
        None => None,
    };
    if let Some((call, given)) = pod_identity::call(options, document.as_ref(), secrets)? {
        return pod_identity::answer(options, call, &given, document.as_ref());
    }
    let request = request(options, document.as_ref(), secrets)?;
    let Some(document) = document else { return needed(options, &request).map(|text| (text, exit::WORKS)) };
    let fault = |fault| format!("the policy {fault}");
    let bare = unwrap(&document).map_err(fault)?;
    let answer = Answer::new(request, &Policy::from_value(&bare).map_err(fault)?, &bare);
    let text = match options.output {
        Output::Text => render::answer_text(&answer),
        Output::Json => render::answer_json(&answer),
    };
    Ok((text, answer.exit_code()))
}

/// JSON, URL-encoded JSON, or YAML.
fn parsed(text: &str) -> Result<Value, String> {
    json(text).or_else(|fault| match fault {
        PolicyFault::NotJson { .. } => documents::only(text),
        fault => Err(fault.to_string()),
    })
}

fn needed(options: &TrustPolicyOptions, request: &Request) -> Result<String, String> {
    let needed = Needed::from(request);
    if options.terraform {
        return Ok(needed.terraform());
    }
    if options.eksctl {
        let why = "eksctl creates only roles without a path, for EKS service accounts whose tokens have only the \
                   audience sts.amazonaws.com";
        return needed.eksctl().ok_or_else(|| why.to_owned());
    }
    Ok(match options.output {
        Output::Text => render::needed_text(request, &needed, &given(options)),
        Output::Json => render::needed_json(request, &needed, &given(options)),
    })
}

fn given(options: &TrustPolicyOptions) -> Given {
    let token =
        options.token_file.as_ref().map(|path| format!(" --token-file {}", shell_word(&path.to_string_lossy())));
    Given { saved: None, options: token.unwrap_or_default() }
}

/// The role and the token that are meant.
fn request(options: &TrustPolicyOptions, document: Option<&Value>, secrets: &Secrets) -> Result<Request, String> {
    let configured = configured(options, secrets)?;
    let role = role(options, document, None, &configured)?;
    let mut request = Request::of_token(role, &configured.token?)
        .map_err(|claim| format!("the token has no {claim} claim, which a trust policy needs"))?;
    request.now = Some(crate::modes::clock::now());
    Ok(request)
}

/// What the variables, a profile and the options say.
struct Configured {
    role_arn: Option<String>,
    token: Result<Token, String>,
}

/// The role of a document that is checked counts before the environment's: it is the one whose policy is in hand.
fn role(
    options: &TrustPolicyOptions,
    document: Option<&Value>,
    association: Option<&Association>,
    configured: &Configured,
) -> Result<RoleArn, String> {
    let of_document = document.and_then(|document| document["Role"]["Arn"].as_str());
    let of_association = association.and_then(|association| association.role_arn.as_deref());
    let named = options.role_arn.as_deref().or(of_document).or(of_association);
    let arn = named.or(configured.role_arn.as_deref());
    let arn = arn.ok_or("no role given: set AWS_ROLE_ARN, or use --role-arn")?;
    RoleArn::parse(arn).map_err(|fault| format!("{arn:?} is not a role ARN: it {fault}"))
}
