//! Outside Linux, where no pod runs: the role of the variable, and the token of the file that was named.

use super::{Configured, TrustPolicyOptions, input};
use crate::probe::evidence::Token;
use crate::probe::jwt;
use crate::probe::variables::Variables;
use crate::text::secrets::Secrets;
use std::ffi::OsStr;

pub(super) fn configured(options: &TrustPolicyOptions, secrets: &Secrets) -> Result<Configured, String> {
    let variables = Variables::of_this_process();
    let role_arn = variables.filled("AWS_ROLE_ARN").map(str::to_owned);
    Ok(Configured { role_arn, token: token(options, &variables, secrets) })
}

fn token(options: &TrustPolicyOptions, variables: &Variables, secrets: &Secrets) -> Result<Token, String> {
    let of_variable = variables.filled("AWS_WEB_IDENTITY_TOKEN_FILE").map(OsStr::new);
    let path = options.token_file.as_deref().or(of_variable);
    let path = path.ok_or("no token given: set AWS_WEB_IDENTITY_TOKEN_FILE, or use --token-file")?;
    let text = input::read(path)?;
    secrets.keep_tokens(&text);
    jwt::decode(text.as_bytes()).map_err(|malformed| format!("{} {}", input::name(path), malformed.in_words()))
}
