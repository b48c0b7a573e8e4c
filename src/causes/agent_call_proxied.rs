use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, POD_IDENTITY_VARIABLES, Seen};
use crate::probe::sdks::network::listed;
use crate::probe::sdks::traps::asking_the_agent_through_a_proxy;
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// Some SDKs send the call to the agent of EKS Pod Identity, with the token, to the HTTP proxy.
pub(crate) static AGENT_CALL_PROXIED: Cause = Cause {
    code: "agent-call-proxied",
    title: "some SDKs send the Pod Identity token to the HTTP proxy",
    compare: "NO_PROXY must contain the agent's address",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    // Sources: aws-sdk-go-v2 credentials/endpointcreds with net/http ProxyFromEnvironment; the SDK for Rust, run beside a
    // proxy; EKS user guide, "Configure pods to access AWS services with service accounts" (NO_PROXY).
    explanation: "\
The SDKs for Go and Rust use the proxy in HTTP_PROXY for the agent of EKS Pod Identity too, unless NO_PROXY contains the \
agent's address. The proxy then receives the pod's token, and usually cannot reach the agent: the address \
169.254.170.23 exists only on the pod's own node. boto3, the AWS CLI and the SDKs for JavaScript, Ruby, PHP and .NET \
connect to the agent directly. The probe also connects directly and never sends the token to a proxy.

Add 169.254.170.23 to NO_PROXY, in an IPv6 cluster fd00:ec2::23 without brackets. Then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_pod_identity() {
        return Outcome::skip(why);
    }
    match &evidence.agent {
        Seen::Seen(()) => {}
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("the agent gave no credentials"),
    }
    let environment = &evidence.environment;
    let agent = environment.value(POD_IDENTITY_VARIABLES[0]).and_then(|url| url.parse::<Uri>().ok());
    let proxy = environment.first(&["HTTP_PROXY", "http_proxy"]);
    let (Some(agent), Some((variable, proxy))) = (agent, proxy) else {
        return Outcome::Pass;
    };
    let exceptions = environment.first(&["NO_PROXY", "no_proxy"]).map_or("", |(_, value)| value);
    let names = asking_the_agent_through_a_proxy(evidence);
    if names.is_empty() || !is_proxied(&agent, exceptions) {
        return Outcome::Pass;
    }
    let address = address(&agent);
    let cause = format!(
        "{variable} is {proxy}, and NO_PROXY does not contain {address}. {} would send the request to the agent, with \
         the pod's token, to this proxy. A direct connection to the agent works.",
        listed(&names)
    );
    Diagnosis::new(cause, add(&address)).into()
}

/// Whether a client of Go or Rust asks the proxy for this URL (golang.org/x/net/http/httpproxy, hyper-util's matcher).
/// Both read an address in NO_PROXY only without brackets. A lone asterisk exempts addresses in Go, but not in Rust, and
/// who sets it wants no proxy at all.
fn is_proxied(url: &Uri, exceptions: &str) -> bool {
    let is_off = exceptions.split(',').any(|entry| entry.trim() == "*");
    !is_off && Matcher::builder().http("http://proxy").no(exceptions).build().intercept(url).is_some()
}

fn address(url: &Uri) -> String {
    url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned()
}

fn add(address: &str) -> Fix {
    Fix::new(format!("Add {address} to NO_PROXY (and no_proxy) in the pod template, then recreate the pod."))
        .snippet(format!("env:\n- name: NO_PROXY\n  value: {address}"))
}

fn fix(_: &Facts) -> Fix {
    add("169.254.170.23")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{environment, with_sdk};
    use crate::probe::evidence::SdkKind;

    #[test]
    fn only_a_proxy_that_a_client_of_go_or_rust_uses_counts() {
        const V4: &str = "http://169.254.170.23/v1/credentials";
        const V6: &str = "http://[fd00:ec2::23]/v1/credentials";
        for (agent, variable, exceptions, sdk, words) in [
            (V4, "HTTP_PROXY", "", None, "Go 1, Go 2 and Rust would send"),
            (V4, "http_proxy", "10.0.0.0/8,.svc", None, "does not contain 169.254.170.23"),
            (V4, "HTTP_PROXY", "", Some(("app", SdkKind::GoV2)), "AWS SDK for Go 2 1.30.0 would send"),
            (V4, "HTTP_PROXY", "", Some(("python3", SdkKind::Boto3)), ""),
            (V4, "HTTPS_PROXY", "", None, ""),
            (V4, "HTTP_PROXY", "localhost,169.254.170.23", None, ""),
            (V4, "HTTP_PROXY", "169.254.0.0/16", None, ""),
            (V4, "HTTP_PROXY", "*", None, ""),
            (V6, "HTTP_PROXY", "fd00:ec2::23", None, ""),
            (V6, "HTTP_PROXY", "[fd00:ec2::23]", None, "does not contain fd00:ec2::23"),
        ] {
            let variables = [
                (POD_IDENTITY_VARIABLES[0], agent),
                (POD_IDENTITY_VARIABLES[1], "/token"),
                (variable, "http://proxy:3128"),
                ("NO_PROXY", exceptions),
            ];
            let target = sdk.map(|(program, kind)| with_sdk(program, kind, "1.30.0"));
            let evidence = Evidence { agent: Seen::Seen(()), target, ..environment(&variables) };
            match judge(&evidence) {
                Outcome::Fault(found) => assert!(!words.is_empty() && found.cause.contains(words), "{}", found.cause),
                other => assert!(words.is_empty(), "{agent} {variable} {exceptions} {sdk:?}: {other:?}"),
            }
        }
    }
}
