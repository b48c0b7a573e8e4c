use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};
use crate::probe::sdks::network::{Connection, failure, listed, without_proxy};

/// SDKs do not read the variable whose proxy the probe used, and fail without a proxy.
pub(crate) static SDK_IGNORES_PROXY: Cause = Cause {
    code: "sdk-ignores-proxy",
    title: "some SDKs do not read the proxy variable that is set",
    compare: "the proxy variables that the SDK reads",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // What each SDK reads, with sources, is in `probe::sdks::network`.
    explanation: "\
The probe reached STS through a proxy that some SDKs do not use. Rust, PHP and .NET read ALL_PROXY. boto3, the AWS \
CLI, Go, Java, Kotlin and Ruby do not read ALL_PROXY; they read HTTPS_PROXY. The SDKs for JavaScript and C++ read no \
proxy variable; their programs must set the proxy in code. An SDK that does not use the proxy connects directly. The \
probe tried a direct connection without sending anything, and it failed.

Set HTTPS_PROXY to the proxy, or set the SDK's proxy in the program's code. Then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    let endpoint = match &evidence.endpoint {
        Seen::Seen(endpoint) => endpoint,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("there is no endpoint"),
    };
    let names = without_proxy(evidence);
    let direct = Connection { host: endpoint.host.clone(), is_direct: true };
    let (false, Some(fault)) = (names.is_empty(), failure(evidence, &direct)) else {
        return Outcome::Pass;
    };
    let (variable, _) = evidence.environment.https_proxy().unwrap_or(("HTTPS_PROXY", ""));
    let cause = format!(
        "The probe reached STS through the proxy in {variable}, but {variable} is not read by {}. Without a proxy, the \
         connection fails here: {fault}.",
        listed(&names)
    );
    let text = match variable.eq_ignore_ascii_case("ALL_PROXY") {
        true => format!("Set HTTPS_PROXY to the proxy in {variable}, then recreate the pod."),
        false => "Set the SDK's proxy in the program's code.".to_owned(),
    };
    Outcome::Warning(Box::new(Diagnosis::new(cause, Fix::new(text))))
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Set HTTPS_PROXY to the proxy, or the SDK's proxy in the program's code, then recreate the pod.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, found, with_sdk};
    use crate::probe::evidence::{AddressFault, Dial, SdkKind, TcpFault};

    #[test]
    fn a_proxy_that_only_some_sdks_use_counts_where_the_direct_connection_fails() {
        let fault = AddressFault { address: ([52, 1, 1, 1], 443).into(), fault: TcpFault::TimedOut { after_ms: 1500 } };
        for (variable, closed, program, sdk, words) in [
            ("ALL_PROXY", true, "app", None, "boto3"),
            ("all_proxy", true, "app", None, "Go 2"),
            ("ALL_PROXY", false, "app", None, ""),
            ("HTTPS_PROXY", true, "app", None, ""),
            ("HTTPS_PROXY", true, "node", Some(SdkKind::JavaScriptV3), "JavaScript 3"),
            ("ALL_PROXY", true, "dotnet", Some(SdkKind::DotNet), ""),
            ("ALL_PROXY", true, "python3", Some(SdkKind::Boto3), "ALL_PROXY is not read by boto3 1.34.0."),
        ] {
            let mut evidence = environment(&[("AWS_REGION", "eu-west-1"), (variable, "http://proxy:3128")]);
            if let Some(kind) = sdk {
                evidence.target = Some(with_sdk(program, kind, "1.34.0"));
            }
            if let Seen::Seen(endpoint) = &mut evidence.endpoint {
                endpoint.proxy = Some("proxy:3128".into());
                let tcp = closed.then(|| Err(vec![fault]));
                evidence.other_connections = vec![Dial { host: endpoint.host.clone(), tcp, ..Dial::default() }];
            }
            assert_eq!(found(&SDK_IGNORES_PROXY, &evidence), !words.is_empty(), "{variable} {closed} {sdk:?}");
            if let Outcome::Warning(diagnosis) = judge(&evidence) {
                assert!(diagnosis.cause.contains(words), "{}", diagnosis.cause);
            }
        }
    }
}
