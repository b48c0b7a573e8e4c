//! The same for EKS Pod Identity, whose trust policy names a service and not a token.

use super::{TrustPolicyOptions, configured, input, role};
use crate::aws::pod_identity::AUDIENCE;
use crate::causes::shell_word;
use crate::cli::Output;
use crate::diagnosis::report::exit;
use crate::documents::trust_policy::{Given, PodIdentityAnswer, PodIdentityCall, Policy, unwrap};
use crate::documents::{Association, Documents};
use crate::probe::evidence::Token;
use crate::render::trust_policy::pod_identity as render;
use crate::text::secrets::Secrets;
use serde_json::Value;

/// Where a command puts an association that was read from standard input.
const SAVED: &str = "association.json";

/// The call that is meant, and how a command repeats it. `None` if it is one of IRSA.
///
/// # Errors
/// What was given cannot be read, or names no role.
pub(super) fn call(
    options: &TrustPolicyOptions,
    document: Option<&Value>,
    secrets: &Secrets,
) -> Result<Option<(PodIdentityCall, Given)>, String> {
    let association = association(options)?;
    let configured = configured(options, secrets)?;
    let is_for_it = |token: &Token| token.audience == [AUDIENCE];
    if !options.pod_identity && association.is_none() && !configured.token.as_ref().is_ok_and(is_for_it) {
        return Ok(None);
    }
    let role = role(options, document, association.as_ref(), &configured);
    let token = match configured.token {
        Err(why) if options.token_file.is_some() => return Err(why),
        token => token.ok(),
    };
    let role = role?;
    let call = match &association {
        Some(association) => PodIdentityCall::of_association(role, association),
        None => PodIdentityCall::new(role),
    };
    let kubernetes = token.map(|token| token.kubernetes).unwrap_or_default();
    let of_token = kubernetes.namespace.zip(kubernetes.service_account);
    if let (Some(account), Some(of_token)) = (&call.account, &of_token)
        && account != of_token
        && options.token_file.is_some()
    {
        return Err(format!(
            "the association is for {}/{}, but the token is of {}/{}",
            account.0, account.1, of_token.0, of_token.1
        ));
    }
    let pod = kubernetes.pod.filter(|_| call.account.is_none() || call.account == of_token);
    let account = call.account.clone().or(of_token);
    let call = PodIdentityCall { account, pod, now: Some(crate::modes::clock::now()), ..call };
    Ok(Some((call, given(options, association.as_ref()))))
}

/// An association says by itself that it is one of EKS Pod Identity.
fn given(options: &TrustPolicyOptions, association: Option<&Association>) -> Given {
    let is_piped = options.association.as_ref().is_some_and(|path| path == "-");
    let saved = association.filter(|_| is_piped).map(|one| format!("{} > {SAVED}", one.describe_command()));
    let path = options.association.as_ref().map(|path| if is_piped { SAVED.into() } else { path.to_string_lossy() });
    let of_token = super::given(options).options;
    Given {
        saved,
        options: match path {
            Some(path) => format!(" --association {}{of_token}", shell_word(&path)),
            None => format!(" --pod-identity{of_token}"),
        },
    }
}

/// The association of `--association`.
fn association(options: &TrustPolicyOptions) -> Result<Option<Association>, String> {
    let Some(path) = &options.association else { return Ok(None) };
    let mut documents = Documents::default();
    documents.read("the association", &input::read(path)?);
    if let Some(why) = documents.unusable.into_iter().next() {
        return Err(why);
    }
    let all = documents.associations.unwrap_or_default();
    let mut described = all.into_iter().filter(|one| one.role_arn.is_some());
    match (described.next(), described.next()) {
        (Some(one), None) => Ok(Some(one)),
        (None, _) => {
            Err("the association has no roleArn: use the output of aws eks describe-pod-identity-association".into())
        }
        (Some(_), Some(_)) => Err("the file contains more than one association".into()),
    }
}

pub(super) fn answer(
    options: &TrustPolicyOptions,
    call: PodIdentityCall,
    given: &Given,
    document: Option<&Value>,
) -> Result<(String, u8), String> {
    let Some(document) = document else { return needed(options, &call, given).map(|text| (text, exit::WORKS)) };
    let fault = |fault| format!("the policy {fault}");
    let bare = unwrap(document).map_err(fault)?;
    let answer = PodIdentityAnswer::new(call, &Policy::from_value(&bare).map_err(fault)?, &bare);
    let text = match options.output {
        Output::Text => render::answer_text(&answer),
        Output::Json => render::answer_json(&answer),
    };
    Ok((text, answer.exit_code()))
}

fn needed(options: &TrustPolicyOptions, call: &PodIdentityCall, given: &Given) -> Result<String, String> {
    if options.terraform {
        return Ok(call.terraform());
    }
    if options.eksctl {
        let why = "eksctl creates only roles without a path, for a known service account: use --association or a token";
        return call.eksctl().ok_or_else(|| why.to_owned());
    }
    Ok(match options.output {
        Output::Text => render::needed_text(call, given),
        Output::Json => render::needed_json(call, given),
    })
}
