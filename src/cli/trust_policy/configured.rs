//! What this pod is configured for, by variables or by a profile, and its token.

use super::{Configured, TrustPolicyOptions};
use crate::modes::clock::now;
use crate::probe::collect;
use crate::probe::evidence::{Evidence, Expectations, Seen, Token};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use std::time::Duration;

pub(super) fn configured(options: &TrustPolicyOptions, secrets: &Secrets) -> Result<Configured, String> {
    let evidence = evidence(options, secrets)?;
    Ok(Configured { role_arn: evidence.role_arn().map(str::to_owned), token: token(&evidence) })
}

fn evidence(options: &TrustPolicyOptions, secrets: &Secrets) -> Result<Evidence, String> {
    let mut subject = Subject::this_process();
    if let Some(path) = &options.token_file {
        // Unlike a variable of a pod, what is typed here may be relative.
        let path =
            subject.absolute(path).map_err(|error| format!("cannot find {}: {error}", path.to_string_lossy()))?;
        subject.variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", path);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let by_options = options.token_file.is_some();
    let options = collect::Options {
        run_timeout: Duration::ZERO,
        expected: Expectations { no_sts: true, by_options, ..Expectations::default() },
        issuer_check: collect::IssuerCheck::Never,
        imds: false,
    };
    Ok(runtime.block_on(collect::run(&subject, &options, now(), secrets)))
}

fn token(evidence: &Evidence) -> Result<Token, String> {
    let fault = crate::diagnosis::judged::judge(evidence)
        .iter()
        .filter_map(crate::diagnosis::judged::Judged::finding)
        .find(|finding| finding.cause.code.starts_with("token-file"));
    match (&evidence.token, fault) {
        (Seen::Seen(token), _) => Ok(token.clone()),
        (_, Some(finding)) if evidence.token_path().is_some() => Err(finding.diagnosis.cause),
        _ => Err("no token given: set AWS_WEB_IDENTITY_TOKEN_FILE, or use --token-file".to_owned()),
    }
}
